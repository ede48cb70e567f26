"""Stopping a bulk run from outside, and the same command again."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from frontegg_async.emulator import Emulator, Stall

from .bulk_runs import command_in, held, many_users, posted, signal_until, status_of
from .conftest import MakeFile
from .shell import ADD, Shell
from .terminal import Terminal

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_one_signal_lets_rows_end(
    shell: Shell,
    server: Emulator,
    portal: BlockingPortal,
    make_file: MakeFile,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    """A signal lets rows in flight end, reports, and names a command for the rest."""
    path = make_file(*many_users(server, 20), name="some rows.csv")
    files = ("--failures", tmp_path / "failures.csv", "--report", tmp_path / "report.html")
    process, _ = held(shell, server, portal, "bulk", "assign", path, *files, rows=4)
    said = signal_until(process, number, "Stopping: ")
    portal.call(server.clear_faults)
    stdout, stderr = process.communicate()
    assert process.returncode == 130, said + stderr
    assert "4  added" in stdout
    assert "16  skipped" in stdout
    assert "20 rows: this run ended 4 in " in stdout
    assert "arlier runs" not in stdout
    assert "Traceback" not in stderr
    assert server.count(ADD) == 4
    assert "It was interrupted." in (tmp_path / "report.html").read_text()
    assert (tmp_path / "failures.csv").read_text().count("\n") == 1
    again = shell.run(*command_in(stderr, "To continue: "))
    assert again.exit_code == 0, again.output
    assert "4 rows of these ended in earlier runs on this ledger." in again.stdout
    assert "20  added, 16 of them in this run" in again.stdout
    assert set(posted(server).values()) == {1}
    assert server.count(ADD) == 20


@pytest.mark.parametrize("number", SIGNALS)
def test_two_signals_stop_at_once(
    shell: Shell,
    server: Emulator,
    portal: BlockingPortal,
    make_file: MakeFile,
    number: signal.Signals,
) -> None:
    """A second signal waits for nothing, and the next run settles the rows in flight."""
    path = make_file(*many_users(server, 20))
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=4)
    signal_until(process, number, "Stopping: ")
    process.send_signal(number)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (130, "")
    assert "Stopped at once." in stderr
    assert "Traceback" not in stderr
    left = status_of(shell, Path(f"{path}.ledger"))
    assert (left["in_flight"], left["pending"]) == (4, 16)
    portal.call(server.clear_faults)
    again = shell.run(*command_in(stderr, "To continue: "), "--json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["rows"] == 20
    assert set(posted(server).values()) == {1}
    assert server.count(ADD) == 20


def test_rows_that_were_not_done_are_sent_again(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """Rows in flight that were not done are sent a second time, and no others."""
    path = make_file(*many_users(server, 10))
    stall = server.inject(Stall(), on=ADD, times=None)
    process = shell.start("bulk", "assign", path, "--workers", "3")
    portal.call(stall.wait, 3)
    signal_until(process, signal.SIGINT, "Stopping: ")
    process.send_signal(signal.SIGINT)
    process.communicate()
    portal.call(server.clear_faults)
    assert shell.run("bulk", "assign", path).exit_code == 0
    assert sorted(posted(server).values()) == [1] * 7 + [2] * 3
    assert len(server.memberships()) == 3 + 10


def test_killed(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """A killed run is told by its ledger, and the same command does the rest."""
    path = make_file(*many_users(server, 100))
    process, _ = held(shell, server, portal, "bulk", "assign", path, rows=3)
    process.kill()
    process.communicate()
    left = status_of(shell, Path(f"{path}.ledger"))
    assert (left["in_flight"], left["pending"], left["complete"]) == (24, 76, False)
    portal.call(server.clear_faults)
    assert shell.run("bulk", "assign", path).exit_code == 0
    assert set(posted(server).values()) == {1}


def test_interrupted_on_a_terminal(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """On a terminal the sentence stands above the progress, which goes on."""
    stall = server.inject(Stall(), on=ADD, times=None)
    path = make_file(*many_users(server, 5))
    with Terminal(shell, "bulk", "assign", path, "--workers", "2") as terminal:
        portal.call(stall.wait, 2)
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("Stopping: ")
        portal.call(server.clear_faults)
        assert terminal.finish() == 130
        assert "To continue: frontegg-async bulk assign" in terminal.text.replace("\r\n", "")


def test_interrupted_without_a_ledger(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """Without a ledger, a run that is stopped at once names no command to continue."""
    path = make_file(*many_users(server, 5))
    process, _ = held(shell, server, portal, "bulk", "assign", path, "--no-ledger", rows=2)
    signal_until(process, signal.SIGINT, "Stopping: ")
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert "Stopped at once.\n" in stderr
    assert "To continue" not in stderr
    assert not Path(f"{path}.ledger").exists()
    portal.call(server.clear_faults)
