"""Real servers of Redis, which tests kill, stop, slow down and start again."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

SCRIPTS: Final = ("evalsha", "eval", "fcall")
"""Commands that execute a script."""
_ATTEMPTS: Final = 5
"""Another process may take the port after we find it free and before Redis listens on it."""


class RedisServer:
    """A ``redis-server`` on the loopback interface, with nothing in it and nothing on disk.

    Args:
        program: its path.
        folder: its working directory.
        settings: further settings of ``redis.conf``, as arguments.

    Attributes:
        port: where it listens, also after it was started again.
    """

    def __init__(self, program: str, folder: Path, *settings: str) -> None:
        self._program: Final = program
        self._folder: Final = folder
        self._settings: Final = settings
        self.port = 0
        self._process = self._started()

    @property
    def url(self) -> str:
        """URL without a password."""
        return f"redis://127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """Kill it; return when it has ended. A second time does nothing."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start_again(self) -> None:
        """Start it on the same port, empty."""
        self._process = self._started()

    def freeze(self) -> None:
        """Let it answer nothing, with its connections open (SIGSTOP)."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def command(self, *arguments: str) -> None:
        """Send one command over a connection of its own; return when it was answered.

        Raises:
            RuntimeError: it was answered with an error.
        """
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            parts = [f"*{len(arguments)}", *(f"${len(each)}\r\n{each}" for each in arguments)]
            connection.sendall("".join(f"{part}\r\n" for part in parts).encode())
            answer = connection.recv(4_096).decode(errors="replace")
        if answer.startswith("-"):
            raise RuntimeError(answer.strip())

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Redis]:
        """Give a client of its own."""
        async with Redis(port=self.port) as client:
            yield client

    async def scripts_executed(self) -> int:
        """Return the number of scripts that it has executed so far."""
        async with self.client() as client:
            stats: dict[str, dict[str, int]] = await client.info("commandstats")
        return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in SCRIPTS)

    def _started(self) -> subprocess.Popen[str]:
        log = ""
        for _ in range(_ATTEMPTS):
            port = self.port or _free_port()
            command = [self._program, "--port", str(port), "--bind", "127.0.0.1"]
            command += ["--dir", str(self._folder), "--save", "", "--appendonly", "no"]
            command += ["--daemonize", "no", "--logfile", "", *self._settings]
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
            assert process.stdout is not None
            log = ""
            # Its log says when it listens: nothing to poll, nothing to sleep for.
            for line in process.stdout:
                log += line
                if "Ready to accept connections" in line:
                    self.port = port
                    return process
            process.communicate()
        raise RuntimeError(f"redis-server does not start:\n{log}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@contextmanager
def run_redis(folder: Path, *settings: str) -> Generator[RedisServer, None, None]:
    """Run a Redis for one test; skip the test where it is not installed, but fail it in CI."""
    import pytest  # only here: benchmarks run such servers without it

    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = RedisServer(program, folder, *settings)
    try:
        yield server
    finally:
        server.thaw()
        server.stop()


class SlowProxy:
    """A TCP proxy that delays.

    Attributes:
        port: where it listens.
        delay: seconds from a chunk to its delivery, in either direction; chunks keep their order.
        clear: not set while nothing gets through, over old connections and new ones.
    """

    def __init__(self, target: int, delay: float) -> None:
        self._target: Final = target
        self.delay = delay
        self.port = 0
        self.clear = asyncio.Event()
        self.clear.set()
        self._tasks: Final[set[asyncio.Task[None]]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await self.clear.wait()
            behind, ahead = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                await asyncio.gather(self._pass(reader, ahead), self._pass(behind, writer))
            finally:
                ahead.close()
        writer.close()
        self._tasks.discard(task)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while chunk := await source.read(1 << 16):
            await self.clear.wait()
            loop.call_later(self.delay, sink.write, chunk)
        loop.call_later(self.delay, sink.close)

    async def end(self) -> None:
        """Cut all connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def slowed(port: int, delay: float = 0.0) -> AsyncGenerator[SlowProxy]:
    """Listen for clients of a server, which they reach after ``delay`` seconds each way."""
    proxy = SlowProxy(port, delay)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    async with listening:
        try:
            yield proxy
        finally:
            await proxy.end()
