"""A real Redis, and a real tracer provider that keeps its spans."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis

_ATTEMPTS: Final = 5
"""Another process may take the port after we find it free and before Redis listens on it."""


class RedisServer:
    """A ``redis-server`` on the loopback interface, with nothing in it and nothing on disk."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.port: Final = port
        self._process: Final = process

    def stop(self) -> None:
        """End it; return when it has ended. A second time does nothing."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _start_redis(program: str, folder: Path) -> RedisServer:
    log = ""
    for _ in range(_ATTEMPTS):
        with socket.create_server(("127.0.0.1", 0)) as found:
            port: int = found.getsockname()[1]
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", ""]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        assert process.stdout is not None
        log = ""
        # Its log says when it listens: nothing to poll, nothing to sleep for.
        for line in process.stdout:
            log += line
            if "Ready to accept connections" in line:
                return RedisServer(process, port)
        process.communicate()
    raise RuntimeError(f"redis-server does not start:\n{log}")


@contextmanager
def run_redis(folder: Path) -> Generator[RedisServer, None, None]:
    """Run a Redis for one test; skip the test where it is not installed, but fail it in CI."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian: apt-get install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = _start_redis(program, folder)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give the Redis that tests share."""
    with run_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=[False, True], ids=["bytes", "decode_responses"])
async def redis(
    request: pytest.FixtureRequest, redis_server: RedisServer, anyio_backend: str
) -> AsyncIterator[Redis]:
    """Give a client of an empty Redis, of either kind."""
    async with Redis(port=redis_server.port, decode_responses=bool(request.param)) as client:
        await client.flushdb()
        yield client


@pytest.fixture(scope="session")
def _exporter() -> InMemorySpanExporter:
    """Set the global tracer provider, which can be done once in a process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(_exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    """Give the exporter that collects the spans of this test."""
    _exporter.clear()
    return _exporter
