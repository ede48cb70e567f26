"""The copy of the arithmetic in Lua, in a real Redis, over many exchanges."""

from __future__ import annotations

import pytest
from redis import Redis

from ..support.redis_servers import RedisServer
from .lua import compare


@pytest.mark.timeout(300)
def test_the_script_never_differs_from_python(redis: RedisServer) -> None:
    """Over 100,000 random exchanges that visit every situation, nothing differs."""
    with Redis(port=redis.port) as client:
        difference, visited = compare(client, 100_000)
    for situation, times in sorted(visited.items()):
        print(f"{times:8d}  {situation}")  # noqa: T201  # shown if it fails, and by -s
    assert difference == 0.0
    assert not [situation for situation, times in visited.items() if not times]
