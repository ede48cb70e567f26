"""Fleets of both kinds, and a Redis that each test has to itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontegg_async import Fleet, MemoryFleet, RedisFleet

from ..support.redis_servers import RedisServer, run_redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Give an empty Redis."""
    with run_redis(tmp_path) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def fleet(request: pytest.FixtureRequest) -> Fleet:
    """Give a fleet of either kind, with nothing in it."""
    if request.param == "memory":
        return MemoryFleet()
    redis: RedisServer = request.getfixturevalue("redis")
    return RedisFleet.from_url(redis.url)
