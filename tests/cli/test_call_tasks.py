"""``call`` of work that goes on after the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from anyio.from_thread import BlockingPortal

from frontegg_async.emulator import AnswerStatus, Emulator

from ..support.sessions import API_KEY
from .shell import Shell

INVITE = ("call", "bulk_users.invite", "--tenant", "home", "--body", "-")
STATUS = "GET /identity/resources/users/bulk/v1/status/{id}"
ROLES = "PATCH /identity/resources/vendor-only/users/v1/{userId}/roles/bulk"


@pytest.fixture
def endless(portal: BlockingPortal, shell: Shell) -> Iterator[Emulator]:
    """Lead the shell to an emulator whose tasks never end."""
    with portal.wrap_async_context_manager(Emulator(api_key=API_KEY, task_seconds=1e9)) as server:
        shell.variables["FRONTEGG_BASE_URL"] = server.url
        yield server


def users(count: int) -> str:
    """Return a body with so many users."""
    return json.dumps({"users": [{"email": f"new-{at}@example.test"} for at in range(count)]})


def test_ids_at_once(shell: Shell, server: Emulator) -> None:
    """Without --wait the ids are printed and no status is requested."""
    result = shell.run(*INVITE, stdin=users(2))
    assert result.exit_code == 0, result.output
    (task_id,) = json.loads(result.stdout)["taskIds"]
    assert server.count(STATUS) == 0
    looked = shell.run("call", "bulk_users.get_invite_status", "--task-id", task_id)
    assert looked.exit_code == 0, looked.output


def test_waiting(shell: Shell, server: Emulator) -> None:
    """With --wait the ids are told on stderr, and stdout has the statuses at the end."""
    result = shell.run(*INVITE, "--wait", "--poll", "1ms", stdin=users(2))
    assert result.exit_code == 0, result.output
    (status,) = json.loads(result.stdout)
    assert "Completed" in {status["status"], status["state"]}
    assert result.stderr.startswith("Waiting for ")
    assert server.count(STATUS) == 2


def test_waiting_is_given_up(shell: Shell, endless: Emulator) -> None:
    """After --wait-timeout it exits with 1, and the message names the task, which goes on."""
    result = shell.run(
        *("call", "tenant_migrations.start", "--tenant-ids", "home"),
        *("--wait", "--poll", "1ms", "--wait-timeout", "1ms"),
    )
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    task_id = result.stderr.splitlines()[0].removeprefix("Waiting for ").rstrip(".")
    assert f"task {task_id} has not ended" in result.stderr
    assert endless.count() > 0


def test_a_single_task(shell: Shell, server: Emulator) -> None:
    """Of one task the id stands alone, or its status if it was done at once."""
    started = shell.run("call", "tenant_migrations.start", "--tenant-ids", "home")
    assert list(json.loads(started.stdout)) == ["taskId"]
    done = shell.run("call", "bulk_users.update_roles", "--user-id", "user-0", "--set", "roleIds=1")
    assert done.exit_code == 2
    done = shell.run("call", "bulk_users.update_roles", "--user-id", "user-0")
    assert done.exit_code == 0, done.output
    assert "taskId" not in json.loads(done.stdout)
    assert server.count(ROLES) == 1


def test_an_error_between_the_parts(shell: Shell, server: Emulator) -> None:
    """If a part of a long list fails, stderr has the ids of those before it."""
    fault = AnswerStatus(400)
    server.inject(fault, on="POST /identity/resources/users/bulk/v1/invite", times=1, every=2)
    result = shell.run(*INVITE, stdin=users(1_001))
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert result.stderr.startswith("Started before the error: ")
    assert "stopped after 1,000 of 1,001 users" in result.stderr


@pytest.mark.parametrize("option", ["--wait", "--poll", "--wait-timeout"])
def test_only_tasks_can_be_waited_for(shell: Shell, option: str) -> None:
    """Other operations have no options for waiting."""
    result = shell.run("call", "users.get", "--user-id", "user-0", option, "1")
    assert result.exit_code == 2
    assert f"No such option '{option}'" in result.stderr
