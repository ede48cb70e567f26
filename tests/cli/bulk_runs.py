"""Helpers for tests of bulk runs in processes of their own, with a ledger."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal

from frontegg_async.emulator import Emulator, Stall
from frontegg_async.emulator.injection import Injection

from .shell import ADD, Shell


def many_users(server: Emulator, count: int) -> list[str]:
    """Make users, and return a line for each that makes it a member of acme."""
    for number in range(count):
        server.add_user(f"one-of-many-{number}")
    return [f"one-of-many-{number},acme" for number in range(count)]


def posted(server: Emulator) -> Counter[tuple[str, str]]:
    """Count how often each pair of user and tenant was posted."""
    return Counter(
        (request.raw_path.split("/")[-2], json.loads(request.body)["tenantId"])
        for request in server.requests
        if f"{request.method} {request.template}" == ADD
    )


def held(
    shell: Shell, server: Emulator, portal: BlockingPortal, *arguments: str | Path, rows: int
) -> tuple[subprocess.Popen[str], Injection]:
    """Start a run, and return once ``rows`` rows are in flight and get no response."""
    stall = server.inject(Stall(after_commit=True), on=ADD, times=None)
    process = shell.start(*arguments, "--workers", str(rows))
    portal.call(stall.wait, rows)
    return process, stall


def signal_until(process: subprocess.Popen[str], number: signal.Signals, said: str) -> str:
    """Send a signal, and return stderr up to the line that contains ``said``."""
    process.send_signal(number)
    assert process.stderr is not None
    lines: list[str] = []
    while said not in (line := process.stderr.readline()):
        assert line, f"ended without {said!r}: {lines}"
        lines.append(line)
    return "".join([*lines, line])


def command_in(text: str, before: str) -> list[str]:
    """Return the arguments of the command that stands behind ``before`` in an output."""
    line = next(line for line in text.splitlines() if before in line)
    program, *arguments = shlex.split(line.partition(before)[2])
    assert program == "frontegg-async"
    return arguments


def status_of(shell: Shell, ledger: Path) -> dict[str, Any]:
    """Return the object that ``bulk status --json`` prints."""
    result = shell.run("bulk", "status", ledger, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found
