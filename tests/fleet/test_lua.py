"""The copy of the arithmetic in Lua, in a real Redis."""

from __future__ import annotations

from redis import Redis

from ..support.redis_servers import RedisServer
from .lua import compare


def test_the_script_calculates_as_python_does(redis: RedisServer) -> None:
    """Over 6,000 random exchanges, grants, states and members differ by nothing at all."""
    with Redis(port=redis.port) as client:
        difference, visited = compare(client, 6_000)
    assert difference == 0.0
    assert visited["Seeking"]
    assert visited["Stream"]
    assert visited["Windowed"]
