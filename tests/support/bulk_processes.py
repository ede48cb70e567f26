"""Processes of bulk runs, to be killed; none outlives the test that started it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from frontegg_async.emulator import Emulator

from .bulk_child import Said, Settings

CHILD: Final = Path(__file__).with_name("bulk_child.py")
HANGS: Final = 45.0
"""Seconds after which a child counts as hanging."""


class HangingError(AssertionError):
    """A child that did not end."""


class Nursery:
    """A process that has everything imported, and forks a run whenever it is told to."""

    def __init__(self, process: Process) -> None:
        self._process: Final = process
        self._pid = 0

    async def fork(self) -> int:
        """Start a run and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._pid = int(await self._line())
        return self._pid

    async def end(self) -> Said | None:
        """Wait for the end of the run, and return its result, or None if it was killed."""
        line = await self._line()
        said = msgspec.json.decode(line, type=Said) if line.startswith(b"{") else None
        status = int(await self._line()) if said is not None else int(line)
        self._pid = 0
        assert status == (0 if said is not None else -signal.SIGKILL)
        return said

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(HANGS):
                return await self._process.stdout.readline()
        except TimeoutError:
            raise HangingError("the child neither ends nor says anything") from None

    def kill(self, spin: float = 0.0) -> None:
        """Kill the run with SIGKILL, some fraction of a second from now."""
        until = time.perf_counter() + spin
        while time.perf_counter() < until:
            pass  # sleeping is not as exact
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)


@asynccontextmanager
async def nursery(server: Emulator, settings: Settings) -> AsyncGenerator[Nursery]:
    """Give a process that forks runs; end it and its fork."""
    process = await _start(server, settings, "nursery")
    found = Nursery(process)
    try:
        yield found
    finally:
        found.kill()
        await _end(process)


async def run_child(server: Emulator, settings: Settings) -> Said:
    """Run in a new process to the end, and return the result."""
    process = await _start(server, settings)
    try:
        async with asyncio.timeout(HANGS):
            said, trouble = await process.communicate()
    except TimeoutError:
        raise HangingError("the child does not end") from None
    finally:
        await _end(process)
    assert process.returncode == 0, trouble.decode()[-2_000:]
    return msgspec.json.decode(said, type=Said)


async def _start(server: Emulator, settings: Settings, *more: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        msgspec.json.encode(settings).decode(),
        *more,
        stdin=PIPE,
        stdout=PIPE,
        stderr=None if more else PIPE,
        env={
            **os.environ,
            "PYTHONPATH": str(CHILD.parents[2]),
            "FRONTEGG_CLIENT_ID": server.client_id,
            "FRONTEGG_API_KEY": server.api_key,
            "FRONTEGG_BASE_URL": server.url,
        },
    )


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
    await process.communicate()


async def quiet(server: Emulator) -> None:
    """Return when the server has closed every connection of the processes that died."""
    while server.open_connections:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(0)
    for _ in range(50):
        await asyncio.sleep(0)
