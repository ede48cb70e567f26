"""``bulk status``, ``export`` and ``retry``, and ledgers that do not fit."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from frontegg_async.bulk import Assign
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.wait_note import NotedWait, write_wait
from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator, ExtraFields

from ..support.sessions import API_KEY
from .bulk_runs import command_in, held, many_users, posted, signal_until, status_of
from .conftest import MakeFile
from .shell import ADD, COMMAND, GET, Shell

STATUS_KEYS = [
    *("ledger", "job", "source", "environment", "settings", "complete", "rows", "outcomes"),
    *("in_flight", "pending", "runs", "requests", "throttled", "elapsed_s", "wait"),
    *("under_way", "duplicates"),
]


READS = [
    "GET /identity/resources/users/v3",
    "GET /identity/resources/tenants/users/v1/statuses",
]


def ledger_of(path: Path) -> Path:
    """Return where the ledger of a file is, if nothing else is said."""
    return Path(f"{path}.ledger")


def test_status(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """It tells job, source, environment, counts and totals, for machines and for people."""
    path = make_file("user-0,acme", "user-1,home", "nobody,acme", "oops")
    shell.run("bulk", "assign", path)
    found = status_of(shell, ledger_of(path))
    assert list(found) == STATUS_KEYS
    assert found["outcomes"] == {
        "added": 1,
        "already_member": 1,
        "failed": 1,
        "unknown": 0,
        "invalid": 1,
    }
    assert (found["job"], found["source"], found["rows"]) == ("assign", str(path), 4)
    assert found["environment"] == f"{server.client_id} on {server.url}"
    assert (found["complete"], found["runs"]) == (True, 1)
    text = shell.run("bulk", "status", ledger_of(path)).stdout
    for part in (
        "assign",
        str(path),
        server.url,
        "1  added",
        "1  failed",
        "in doubt again: frontegg-async bulk retry",
    ):
        assert part in text


def test_status_during_a_run(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """During a run it shows the rows under way, and does not disturb the run.

    Three rows are sent, and the others of the group are about to be: they are not all called "in
    flight".
    """
    path = make_file(*many_users(server, 100))
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=3)
    found = status_of(shell, ledger_of(path))
    assert (found["under_way"], found["pending"], found["complete"]) == (24, 76, False)
    text = shell.run("bulk", "status", ledger_of(path)).stdout
    assert "24  under way: sent, or sent next" in text
    assert "in flight" not in text
    portal.call(server.clear_faults)
    process.communicate()
    assert process.returncode == 0


def test_retry_is_offered_after_the_run(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """While a run goes on, it says so, and names no retry of the rows that have failed."""
    path = make_file(
        ",no-such-user@example.test,acme", "user-0,,acme", header="user_id,email,tenant_id"
    )
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=1)
    while status_of(shell, ledger_of(path))["outcomes"]["failed"] == 0:
        assert process.poll() is None
    text = shell.run("bulk", "status", ledger_of(path)).stdout
    assert "A run on this ledger is going on." in text
    assert "bulk retry" not in text
    portal.call(server.clear_faults)
    process.communicate()
    assert process.returncode == 3
    text = shell.run("bulk", "status", ledger_of(path)).stdout
    assert "going on" not in text
    assert "bulk retry" in text


def test_status_of_a_run_that_waits(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """While a run waits for a limit, another process names the limit, and the time that is left.

    Once that time is over nothing is said of it, although the ledger is as it was.
    """
    refused = AnswerStatus(429, headers={"Retry-After": "3000"})
    server.inject(refused, on=ADD, times=None)
    path = make_file(*many_users(server, 20))
    process = shell.start("bulk", "assign", path)
    wait = None
    while wait is None:
        assert process.poll() is None
        # While the ledger is being made there is none, or none that is whole.
        result = shell.run("bulk", "status", ledger_of(path), "--json")
        wait = json.loads(result.stdout)["wait"] if result.exit_code == 0 else None
    assert wait["operation"] == "users.add_to_tenant"
    assert 0 < wait["seconds"] <= 3000
    text = shell.run("bulk", "status", ledger_of(path)).stdout
    assert re.search(
        r"^waiting +limit of users\.add_to_tenant used up, next calls in \d+ s$", text, re.MULTILINE
    )
    process.kill()
    process.communicate()
    with closing(Ledger.reopened(ledger_of(path), Assign().form)) as ledger:
        write_wait(ledger, NotedWait("users.add_to_tenant", time.time() - 1))
    assert status_of(shell, ledger_of(path))["wait"] is None
    assert "used up" not in shell.run("bulk", "status", ledger_of(path)).stdout


def test_complete_already(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """The same command on a finished ledger writes nothing, and says why."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    again = shell.run("bulk", "assign", path)
    assert again.exit_code == 0
    assert "Nothing was sent: every row has ended in an earlier run" in again.stdout
    assert "--no-ledger" in again.stderr
    assert server.count(ADD) == 1


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_export_is_fed_back(
    shell: Shell, server: Emulator, make_file: MakeFile, tmp_path: Path, file_format: str
) -> None:
    """Exported failures are a file that another run can read, once their cause is gone."""
    path = make_file("nobody-0,acme", "user-0,acme", "nobody-1,acme")
    run = shell.run("bulk", "assign", path)
    target = tmp_path / f"failed.{file_format}"
    assert command_in(run.stderr, "Every row that was not done: ") == [
        *("bulk", "export", str(ledger_of(path)), "--outcome", "failed")
    ]
    exported = shell.run(
        *("bulk", "export", ledger_of(path), "--outcome", "failed"),
        *("--format", file_format, "-o", target),
    )
    assert (exported.exit_code, exported.stdout) == (0, "")
    assert "2 rows in " in exported.stderr
    for number in range(2):
        server.add_user(f"nobody-{number}")
    again = shell.run("bulk", "assign", target, "--json")
    assert json.loads(again.stdout)["added"] == 2
    assert {("nobody-0", "acme"), ("nobody-1", "acme")} <= server.memberships()


@pytest.mark.parametrize(
    ("name", "options", "first"),
    [
        ("rows.jsonl", (), '{"user_id"'),
        ("rows.NDJSON", (), '{"user_id"'),
        ("rows.csv", (), "user_id,"),
        ("rows.txt", ("--format", "jsonl"), '{"user_id"'),
        ("rows.xlsx", (), None),
        ("rows", (), None),
        ("rows.jsonl", ("--format", "csv"), None),
        ("rows.csv", ("--format", "jsonl"), None),
    ],
)
def test_export_as_the_name_says(
    shell: Shell,
    make_file: MakeFile,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    first: str | None,
) -> None:
    """A file is written in the format that its name says, and refused with 2 if that cannot be."""
    path = make_file("user-0,acme", name="source.csv")
    shell.run("bulk", "assign", path)
    target = tmp_path / name
    result = shell.run("bulk", "export", ledger_of(path), "-o", target, *options)
    assert result.exit_code == (2 if first is None else 0), result.output
    assert target.exists() is (first is not None)
    if first is not None:
        assert target.read_text().startswith(first)


def test_export_to_stdout(shell: Shell, make_file: MakeFile) -> None:
    """Without -o rows go to stdout, those of all outcomes that were named, or every row."""
    path = make_file("user-0,acme", "n\u00f6body,acme", "oops", "user-1,home")
    shell.run("bulk", "assign", path)
    process = shell.start(
        *("bulk", "export", ledger_of(path), "--outcome", "failed", "--outcome", "invalid"),
        LC_ALL="C",
    )
    stdout, stderr = process.communicate()
    assert (process.returncode, stderr) == (0, "")
    rows = list(csv.DictReader(stdout.splitlines()))
    assert [(row["user_id"], row["outcome"]) for row in rows] == [
        ("n\u00f6body", "failed"),
        ("", "invalid"),
    ]
    every = shell.run("bulk", "export", ledger_of(path), "--format", "jsonl")
    assert [json.loads(line)["outcome"] for line in every.stdout.splitlines()] == [
        *("added", "failed", "invalid", "already_member")
    ]


def test_export_of_unknown_outcomes(shell: Shell, make_file: MakeFile) -> None:
    """A name that no row can end in is refused with 2, and the names there are."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    result = shell.run("bulk", "export", ledger_of(path), "--outcome", "removed")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "added, already_member, failed, unknown, invalid, skipped" in result.stderr


def test_export_must_not_replace_the_ledger(shell: Shell, make_file: MakeFile) -> None:
    """-o with the ledger itself is refused with 2, and the ledger is as it was."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    refused = shell.run("bulk", "export", ledger_of(path), "-o", ledger_of(path))
    assert refused.exit_code == 2
    assert status_of(shell, ledger_of(path))["rows"] == 1


def test_retry(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Rows that failed are sent again, the others are not, and the ledger knows."""
    path = make_file("nobody,acme", "user-0,acme")
    run = shell.run("bulk", "assign", path)
    server.add_user("nobody")
    command = command_in(run.stderr, "To run rows that failed or are in doubt again: ")
    assert command == ["bulk", "retry", str(ledger_of(path))]
    again = shell.run(*command, "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["added"] == 2
    assert posted(server) == {("nobody", "acme"): 2, ("user-0", "acme"): 1}
    nothing = shell.run(*command)
    assert nothing.exit_code == 0
    assert "Nothing was sent" in nothing.stdout


@pytest.mark.parametrize(("extra", "code", "posts"), [((), 5, 1), (("--resend",), 0, 2)])
def test_retry_sends_no_second_invite(
    shell: Shell,
    server: Emulator,
    make_file: MakeFile,
    extra: tuple[str, ...],
    code: int,
    posts: int,
) -> None:
    """A row in doubt that might be invited twice is sent again only with --resend."""
    server.inject(CutBeforeCommit(), on=ADD)
    # The look before the invite is answered, those after it are not.
    server.inject(ExtraFields(), on=GET)
    for route in (GET, *READS):
        server.inject(AnswerStatus(403), on=route, times=None)
    path = make_file("user-0,acme")
    assert shell.run("bulk", "assign", path, "--invite").exit_code == 5
    again = shell.run("bulk", "retry", ledger_of(path), *extra)
    assert again.exit_code == code, again.output
    assert server.count(ADD) == posts


def test_retry_in_another_environment(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Credentials of another environment are refused with 2, and nothing is sent."""
    path = make_file("nobody,acme")
    shell.run("bulk", "assign", path)
    before = server.count()
    result = shell.run("bulk", "retry", ledger_of(path), "--client-id", "another")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "belongs to another environment" in result.stderr
    assert f"another on {server.url}" in result.stderr
    assert server.count() == before


def test_busy(shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile) -> None:
    """A second process on the same ledger exits with 1 with its own message, and sends nothing."""
    path = make_file(*many_users(server, 4))
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=2)
    before = server.count()
    for command in (("assign", path), ("retry", ledger_of(path))):
        result = shell.run("bulk", *command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "another process is running on" in result.stderr
    assert server.count() == before
    signal_until(process, signal.SIGINT, "Stopping: ")
    portal.call(server.clear_faults)
    process.communicate()
    assert process.returncode == 130


def test_changed_input(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """A file that is not the same any more exits with 2, and nothing is sent."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    make_file("user-0,acme", "user-1,acme")
    result = shell.run("bulk", "assign", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the input has changed" in result.stderr
    assert server.count(ADD) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("assign", "--invite"), "other settings"),
        (("activate",), "the job assign, not activate"),
        (("assign", "--client-id", "another"), "another environment"),
    ],
)
def test_ledger_of_something_else(
    shell: Shell, server: Emulator, make_file: MakeFile, command: tuple[str, ...], said: str
) -> None:
    """Another job, other settings or another environment exit with 2, and nothing is sent."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    before = server.count()
    result = shell.run("bulk", *command, path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert server.count() == before


@pytest.mark.parametrize("command", ["assign", "status", "export", "retry"])
def test_other_version(shell: Shell, server: Emulator, make_file: MakeFile, command: str) -> None:
    """A ledger of another version of this program exits with 2, with its own message."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    database = sqlite3.connect(ledger_of(path))
    database.execute("PRAGMA user_version = 99")
    database.close()
    before = server.count()
    result = shell.run("bulk", command, path if command == "assign" else ledger_of(path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is a ledger of version 99" in result.stderr
    assert server.count() == before


@pytest.mark.parametrize("command", ["assign", "status", "export", "retry"])
@pytest.mark.parametrize("kind", ["text", "database", "torn"])
def test_no_ledger_at_all(
    shell: Shell, server: Emulator, make_file: MakeFile, command: str, kind: str
) -> None:
    """A file that is no ledger, or not whole, exits with 1 with its own message."""
    path = make_file(*many_users(server, 400))
    ledger = ledger_of(path)
    if kind == "text":
        ledger.write_text("dear diary\n" * 1_000)
    elif kind == "database":
        database = sqlite3.connect(ledger)
        database.execute("CREATE TABLE diary (text)")
        database.commit()
        database.close()
    else:
        shell.run("bulk", "assign", path)
        for suffix in ("-wal", "-shm"):
            Path(f"{ledger}{suffix}").unlink(missing_ok=True)
        ledger.write_bytes(ledger.read_bytes()[: ledger.stat().st_size // 2])
    before = server.count()
    result = shell.run("bulk", command, path if command == "assign" else ledger)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert "no ledger" in result.stderr or "damaged" in result.stderr
    assert result.stderr.count("\n") == 1
    assert server.count() == before


def test_database_of_somebody_else(shell: Shell, make_file: MakeFile) -> None:
    """A database that is no ledger is left as it was, to the byte."""
    path = make_file("user-0,acme")
    database = sqlite3.connect(ledger_of(path))
    database.execute("CREATE TABLE diary (text)")
    database.commit()
    database.close()
    before = ledger_of(path).read_bytes()
    shell.run("bulk", "assign", path)
    assert ledger_of(path).read_bytes() == before


@pytest.mark.parametrize("command", ["status", "export", "retry"])
def test_missing(shell: Shell, tmp_path: Path, command: str) -> None:
    """A ledger that is not there exits with 1, and is not made."""
    result = shell.run("bulk", command, tmp_path / "none.ledger")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no ledger at" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_full(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Without space for the ledger it exits with 1 with its own message, and no row is sent."""
    path = make_file(*many_users(server, 500))
    process = subprocess.Popen(
        [*COMMAND, "bulk", "assign", str(path)],
        env=shell.environment(PYTHONDONTWRITEBYTECODE="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
    )
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (1, "")
    assert "the disk may be full" in stderr
    assert "Traceback" not in stderr
    assert server.count(ADD) == 0


def test_no_secrets_in_a_ledger(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Neither the key nor a token is written to a ledger, after any error."""
    path = make_file("user-0,acme", "nobody,acme")
    shell.run("bulk", "assign", path)
    tokens = {request.headers.get("Authorization", "Bearer -")[7:] for request in server.requests}
    content = ledger_of(path).read_bytes()
    assert not [secret for secret in {API_KEY, *tokens} - {"-"} if secret.encode() in content]


def test_files_for_their_owner(shell: Shell, make_file: MakeFile, tmp_path: Path) -> None:
    """Report page and export are readable by their owner alone; one that was there stays open."""
    path = make_file("user-0,acme")
    page, rows = tmp_path / "page.html", tmp_path / "rows.csv"
    rows.touch()
    rows.chmod(0o644)
    former = os.umask(0)
    try:
        assert shell.run("bulk", "assign", path, "--report", page).exit_code == 0
        assert shell.run("bulk", "export", ledger_of(path), "-o", rows).exit_code == 0
    finally:
        os.umask(former)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (page, rows)] == [0o600, 0o644]


def test_another_environment_id(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Another environment id exits with 2 for a run and a retry; ``status`` names the ledger's."""
    path = make_file("user-0,acme", "nobody,acme")
    shell.run("bulk", "assign", path, "--environment-id", "staging")
    before = server.count()
    for command in (("assign", path), ("retry", ledger_of(path))):
        result = shell.run("bulk", *command, "--environment-id", "production")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "environment id staging" in result.stderr
        assert "environment id production" in result.stderr
    assert server.count() == before
    assert status_of(shell, ledger_of(path))["environment"].endswith("environment id staging")
