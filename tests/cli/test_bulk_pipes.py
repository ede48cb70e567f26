"""Files that can be read only once, from the shell: read, refused in words, and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from frontegg_async.emulator import Emulator

from .bulk_runs import held, many_users, posted, signal_until
from .conftest import MakeFile
from .shell import ADD, COMMAND, Shell

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")


def piped(shell: Shell, *arguments: str | Path, stdin: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose stdin is a pipe."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=shell.directory,
        env=shell.environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_stdin(shell: Shell, server: Emulator, form: str) -> None:
    """``-`` is stdin, with the format of its first line; no ledger is left."""
    users = many_users(server, 10)
    rows = (
        "".join(f"{line}\n" for line in ("user_id,tenant_id", *users))
        if form == "csv"
        else "".join(
            '{{"userId": "{}", "tenantId": "{}"}}\n'.format(*line.split(",")) for line in users
        )
    )
    done = piped(shell, "bulk", "assign", "-", stdin=rows)
    assert done.returncode == 0, done.stderr
    assert "10  added" in done.stdout
    assert server.count(ADD) == 10
    assert list(shell.directory.iterdir()) == []


def test_stdin_with_a_ledger(shell: Shell, server: Emulator) -> None:
    """With a ledger, the same rows through a pipe are not sent twice, and others are refused."""
    users = many_users(server, 10)
    ledger = shell.directory / "ledger"
    rows = "".join(f"{line}\n" for line in ("user_id,tenant_id", *users))
    for _ in range(2):
        done = piped(shell, "bulk", "assign", "-", "--ledger", ledger, stdin=rows)
        assert done.returncode == 0, done.stderr
    assert set(posted(server).values()) == {1}
    done = piped(shell, "bulk", "assign", "-", "--ledger", ledger, stdin=rows + "x,y\n")
    assert done.returncode == 2
    assert "name a ledger for each time: --ledger" in done.stderr
    assert server.count(ADD) == 10


@pytest.mark.parametrize(
    ("stdin", "said"),
    [("", "no rows came"), ("a,b\n1,2\n", "needs tenant_id"), ("user_id\nu\n", "needs tenant_id")],
)
def test_stdin_without_rows(shell: Shell, server: Emulator, stdin: str, said: str) -> None:
    """Input without rows is rejected, not taken for success with 0 rows."""
    done = piped(shell, "bulk", "assign", "-", stdin=stdin)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("assign", "folder"), "is a directory"),
        (("assign", "-", "--emulator"), "can be read only once"),
        (("remove", "-"), "needs --yes"),
        (("remove", "pipe.csv"), "needs --yes"),
    ],
)
def test_what_is_refused(
    shell: Shell, server: Emulator, arguments: tuple[str, ...], said: str
) -> None:
    """A directory, and a pipe that would have to be read twice, are rejected as wrong usage."""
    (shell.directory / "folder").mkdir()
    os.mkfifo(shell.directory / "pipe.csv")
    done = piped(shell, "bulk", *arguments, stdin="")
    assert done.returncode == 2, done.stdout
    assert said in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("opened", [False, True])
def test_a_silent_pipe_hears_signals(
    shell: Shell, server: Emulator, number: signal.Signals, opened: bool
) -> None:
    """A run that waits for a pipe ends by one signal, with or without a writer."""
    path = shell.directory / "rows.csv"
    os.mkfifo(path)
    process = shell.start("bulk", "assign", path)
    # Opened for both, so that opening does not wait for the command; nothing is written.
    descriptor = os.open(path, os.O_RDWR) if opened else None
    try:
        # The token is asked for when the handlers are there, before the first row.
        while not server.count("POST /auth/vendor"):
            assert process.poll() is None
            os.sched_yield()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=50)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    assert process.returncode == 130, stderr
    assert "0 rows" in stdout
    assert "Traceback" not in stderr


def test_a_pipe_behind_a_link(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Rows that come through a link to a pipe are all done: none is lost by looking twice."""
    users = many_users(server, 300)
    os.mkfifo(shell.directory / "pipe")
    link = shell.directory / "rows.csv"
    link.symlink_to("pipe")
    process = shell.start("bulk", "assign", link, "--json")
    with link.open("w") as pipe:
        for line in ("user_id,tenant_id", *users):
            pipe.write(f"{line}\n")
    stdout, stderr = process.communicate(timeout=50)
    assert process.returncode == 0, stderr
    assert '"added":300' in stdout


def test_a_pipe_whose_run_is_stopped_at_once(
    shell: Shell, server: Emulator, portal: BlockingPortal
) -> None:
    """The outcomes are kept, and the message names the option that continues."""
    users = many_users(server, 20)
    rows = "".join(f"{line}\n" for line in ("user_id,tenant_id", *users))
    path = shell.directory / "rows.csv"
    os.mkfifo(path)
    # Opened for both, so that it does not wait for the command.
    descriptor = os.open(path, os.O_RDWR)
    os.write(descriptor, rows.encode())
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=4)
    signal_until(process, signal.SIGINT, "Stopping: ")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    os.close(descriptor)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    ledger = Path(stderr.partition("--ledger ")[2].split()[0])
    portal.call(server.clear_faults)
    done = piped(shell, "bulk", "assign", "-", "--ledger", ledger, "--json", stdin=rows)
    assert done.returncode == 0, done.stderr
    assert set(posted(server).values()) == {1}
    assert server.count(ADD) == 20
    shutil.rmtree(ledger.parent)
