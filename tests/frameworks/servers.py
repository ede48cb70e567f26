"""Runs applications as people do: by their server's own command, in processes of their own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SO_REUSEPORT, SOL_SOCKET, socket

import frontegg_async
from frontegg_async.emulator import Emulator

EXAMPLES = Path(__file__).parents[2] / "examples"
_ADDRESS = re.compile(r"Uvicorn running on (http://[\d.]+:\d+)")


class Server:
    """A server with its log.

    Attributes:
        url: address that it listens on.
        log: lines on stderr.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.url = ""
        self.log: list[str] = []

    async def start(self, workers: int) -> None:
        """Wait until all workers have run the startup of the application."""
        while sum("Application startup complete" in line for line in self.log) < workers:
            await self._read()
            if found := _ADDRESS.search(self.log[-1]):
                self.url = found[1]

    async def stop(self) -> int:
        """Send SIGTERM, read the log to its end, and return the exit code."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.stderr is not None
        self.log += (await self._process.stderr.read()).decode().splitlines()
        return await self._process.wait()

    async def _read(self) -> None:
        assert self._process.stderr is not None
        line = await self._process.stderr.readline()
        if not line:
            raise AssertionError("\n".join(self.log))
        self.log.append(line.decode().rstrip())


def environment(emulator: Emulator) -> dict[str, str]:
    """Return environment variables with the credentials of an emulator."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("FRONTEGG_")
    }
    return inherited | {
        "DJANGO_SECRET_KEY": "a secret of the test",
        "FRONTEGG_CLIENT_ID": emulator.client_id,
        "FRONTEGG_API_KEY": emulator.api_key,
        "FRONTEGG_BASE_URL": emulator.url,
        "PYTHONPATH": str(Path(frontegg_async.__file__).parents[1]),
    }


@asynccontextmanager
async def uvicorn(app: str, emulator: Emulator, *, workers: int) -> AsyncGenerator[Server]:
    """Run an example under uvicorn, with the credentials of an emulator."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", app, "--port", "0", "--workers", str(workers)),
        *("--no-access-log", "--no-use-colors"),
        cwd=EXAMPLES,
        env=environment(emulator),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    server = Server(process)
    try:
        await server.start(workers)
        yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@asynccontextmanager
async def aiohttp_processes(
    script: str, emulator: Emulator, *, workers: int
) -> AsyncGenerator[list[Server]]:
    """Run an example of aiohttp.web in processes that listen on one port."""
    processes: list[asyncio.subprocess.Process] = []
    with socket() as bound:
        # Keeps the port, and gets no connections: it does not listen.
        bound.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
        bound.bind(("0.0.0.0", 0))  # noqa: S104  # as the example does
        port: int = bound.getsockname()[1]
        try:
            for _ in range(workers):
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-W", "error", "-u", script, str(port)),
                    cwd=EXAMPLES,
                    env=environment(emulator),
                    stderr=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                )
                processes.append(process)
            for process in processes:
                assert process.stdout is not None
                assert b"Running on" in await process.stdout.readline()
            servers = [Server(process) for process in processes]
            for server in servers:
                server.url = f"http://127.0.0.1:{port}"
            yield servers
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                await process.communicate()
