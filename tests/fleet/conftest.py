"""Fleets of both kinds, and a Redis that each test has to itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from frontegg_async import Fleet, MemoryFleet, RedisFleet

from ..support.clocks import LoopTime, spin
from ..support.redis_servers import RedisServer, run_redis
from .scene import Scene


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


@pytest.fixture
async def scene(loop_time: LoopTime) -> AsyncIterator[Scene]:
    """Give two sessions, and check that they leave no task behind."""
    made = Scene(loop_time)
    yield made
    made.store.answer.set()
    closing = asyncio.gather(*(pacing.close() for pacing in made.pacings))
    while not closing.done():
        await loop_time.advance(0.1)
    await spin()
    assert not {task for task in asyncio.all_tasks() if "frontegg_async" in task.get_name()}
