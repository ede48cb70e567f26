"""Claims of partitions in Redis: attempts on other machines know of each other.

Needs ``pip install frontegg-async[redis]``, and Redis 6.2 or newer, or Valkey. A claim is one key,
so a cluster needs nothing else. It must not be evicted (``maxmemory-policy noeviction``), and a
Redis that loses its last writes loses the claims of that time: where that may happen, use
PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

from .._core.extras import imports_of

with imports_of("redis", __name__):
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

from .._core.secret import Secret
from ..bulk.partition.claims import Busy, ClaimStore, Finished, Held, UrlClaims, store_error
from ..fleet.redis_url import client_of, problem_of

_PREFIX: Final = "frontegg_async:claim:1:"
_NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function keep(milliseconds)
    redis.call('PEXPIRE', KEYS[1], milliseconds)
end
local function lease(milliseconds)
    redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + milliseconds))
end
local claim = redis.call('HMGET', KEYS[1], 'holder', 'until', 'result')
local until_ = tonumber(claim[2] or 0)
local mine = claim[1] == ARGV[1] and not claim[3] and until_ > now
"""
"""Beginning of each script, with the holder as its first argument; times are in milliseconds.

redis-py sends a script again if the connection is lost before the response: a holder that asks
twice is told the same.
"""
_CLAIM: Final = f"""{_NOW}
if claim[3] then
    return {{2, claim[3]}}
end
if until_ > now and claim[1] ~= ARGV[1] then
    return {{1, until_ - now}}
end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'holder', ARGV[1])
lease(ARGV[2])
keep(ARGV[3])
local idle = 0
if claim[2] then
    idle = math.max(now - until_, 0)
end
local records = {{}}
for number = 1, tonumber(redis.call('HGET', KEYS[1], 'records') or 0) do
    records[number] = redis.call('HGET', KEYS[1], 'record:' .. number)
end
return {{0, attempt, idle, records}}
"""
_WRITE: Final = f"""{_NOW}
if not mine then
    return 0
end
if #ARGV[4] > 0 then
    local number = redis.call('HINCRBY', KEYS[1], 'records', 1)
    redis.call('HSET', KEYS[1], 'record:' .. number, ARGV[4])
end
lease(ARGV[2])
keep(ARGV[3])
return 1
"""
_FINISH: Final = f"""{_NOW}
if claim[3] and claim[1] == ARGV[1] then
    return 1
end
if not mine then
    return 0
end
local attempt = redis.call('HGET', KEYS[1], 'attempt')
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'attempt', attempt, 'holder', ARGV[1], 'result', ARGV[3])
keep(ARGV[2])
return 1
"""
_RELEASE: Final = f"""{_NOW}
if mine then
    lease(0)
end
return 0
"""


class RedisClaims(UrlClaims):
    """Claims in Redis, such as ``RedisClaims.from_url("rediss://redis.internal/3")``."""

    def problem_of(self, url: Secret) -> str | None:
        """Say why a URL is none of Redis, without showing it, or return None."""
        return problem_of(url)

    def open(self) -> ClaimStore:
        """Return the open store, which connects when it is first used."""
        return RedisClaimStore(client_of(self.url()))


class RedisClaimStore:
    """Claims over a client of redis-py that does not decode responses; it is closed with it."""

    def __init__(self, client: Redis) -> None:
        self._client: Final = client
        self._claim: Final = client.register_script(_CLAIM)
        self._write: Final = client.register_script(_WRITE)
        self._finish: Final = client.register_script(_FINISH)
        self._release: Final = client.register_script(_RELEASE)

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim, as ``ClaimStore`` says."""
        args: list[Any] = [holder, _ms(lease_s), _ms(keep_s)]
        code, *found = await _asked(self._claim(keys=[_PREFIX + key], args=args))
        if code == 2:
            return Finished(found[0])
        if code == 1:
            return Busy(found[0] / 1_000)
        attempt, idle, records = found
        return Held(attempt, records, idle / 1_000)

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record, as ``ClaimStore`` says."""
        args: list[Any] = [holder, _ms(lease_s), _ms(keep_s), record]
        return bool(await _asked(self._write(keys=[_PREFIX + key], args=args)))

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Keep the result, as ``ClaimStore`` says."""
        args: list[Any] = [holder, _ms(keep_s), result]
        return bool(await _asked(self._finish(keys=[_PREFIX + key], args=args)))

    async def release(self, key: str, holder: str) -> None:
        """End the lease, as ``ClaimStore`` says."""
        await _asked(self._release(keys=[_PREFIX + key], args=[holder]))

    async def aclose(self) -> None:
        """Close the client."""
        await self._client.aclose(close_connection_pool=True)


def _ms(seconds: float) -> int:
    return max(int(seconds * 1_000), 1)


async def _asked(asking: Awaitable[Any]) -> Any:
    try:
        return await asking
    except (RedisError, OSError) as error:
        raise store_error(error) from None
