"""A real Redis, and a real tracer provider that keeps its spans."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from redis.asyncio import Redis

from ..support.redis_servers import RedisServer, run_redis


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
