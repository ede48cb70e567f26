"""A Redis that fails in every way there is: no call fails for it, and sharing comes back."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from frontegg_async import FronteggSession, RedisFleet
from frontegg_async.emulator import Emulator, RateLimit

from ..support.redis_servers import RedisServer, run_redis, slowed
from ..support.routes import ADD, AUTH
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

Strike = Callable[[RedisServer], Awaitable[None]]
CALLS: Final = 6
"""Calls of each session at a time."""


async def killed(redis: RedisServer) -> None:
    redis.stop()


async def started_again(redis: RedisServer) -> None:
    redis.start_again()


async def frozen(redis: RedisServer) -> None:
    redis.freeze()


async def thawed(redis: RedisServer) -> None:
    redis.thaw()


async def restarted(redis: RedisServer) -> None:
    redis.stop()
    redis.start_again()


async def flushed(redis: RedisServer) -> None:
    redis.command("FLUSHALL")


async def without_scripts(redis: RedisServer) -> None:
    redis.command("SCRIPT", "FLUSH")


async def of_other_types(redis: RedisServer) -> None:
    """Put a list under every key."""
    async with redis.client() as client:
        for name in await client.keys():
            # At once: sessions may put their own there in between.
            async with client.pipeline() as both:
                both.delete(name)
                both.rpush(name, "no state")
                await both.execute()


async def garbled(redis: RedisServer) -> None:
    """Put a text under every key, where another version of the package might leave its own."""
    async with redis.client() as client:
        for name in await client.keys():
            await client.set(name, "no state")


async def a_replica(redis: RedisServer) -> None:
    redis.command("REPLICAOF", "127.0.0.1", "1")


async def no_replica(redis: RedisServer) -> None:
    redis.command("REPLICAOF", "NO", "ONE")


async def out_of_memory(redis: RedisServer) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "1")


async def with_memory(redis: RedisServer) -> None:
    redis.command("CONFIG", "SET", "maxmemory", "0")


async def nothing(redis: RedisServer) -> None:
    """Leave it as it is."""


@asynccontextmanager
async def pair(emulator: Emulator, url: str) -> AsyncGenerator[list[FronteggSession]]:
    """Give two open sessions of one fleet."""
    fleet = RedisFleet.from_url(url)
    async with (
        session_on(emulator, fleet=fleet) as first,
        session_on(emulator, fleet=fleet) as second,
    ):
        yield [first, second]


async def call(sessions: list[FronteggSession]) -> None:
    """Let each session make interactive and bulk calls; none fails."""
    views = [*sessions, *(session.for_bulk() for session in sessions)]
    await asyncio.gather(
        *(
            view.users.add_to_tenant(f"user-{number}", "acme", skip_invite_email=True)
            for view in views
            for number in range(CALLS)
        )
    )


async def until_shared(redis: RedisServer, sessions: list[FronteggSession]) -> None:
    """Call until Redis has executed scripts of both sessions again."""
    before = await redis.scripts_executed()
    while await redis.scripts_executed() < before + 4:
        await call(sessions)


@pytest.fixture
async def limited(emulator: Emulator) -> AsyncIterator[Emulator]:
    """Give a server with a limit that the calls of a test meet."""
    async with Emulator(implicit_users=True, rate_limits=[RateLimit(30, 0.5, on=ADD)]) as server:
        yield server


@pytest.mark.parametrize(
    ("strike", "mend"),
    [
        (killed, started_again),
        (frozen, thawed),
        (restarted, nothing),
        (flushed, nothing),
        (without_scripts, nothing),
        (of_other_types, flushed),
        (garbled, flushed),
        (a_replica, no_replica),
        (out_of_memory, with_memory),
    ],
    ids=lambda each: each.__name__,
)
async def test_no_call_fails(
    limited: Emulator, redis: RedisServer, strike: Strike, mend: Strike
) -> None:
    """Calls that meet a limit succeed before, during and after a fault, and share again then."""
    async with pair(limited, redis.url) as sessions:
        await call(sessions)
        await strike(redis)
        limited.revoke_tokens()
        for _ in range(2):
            await call(sessions)
        await mend(redis)
        await until_shared(redis, sessions)


async def test_a_slow_way_to_redis(limited: Emulator, redis: RedisServer) -> None:
    """With 200 ms to Redis and back no call fails, and one token serves both sessions."""
    async with (
        slowed(redis.port, 0.1) as way,
        pair(limited, f"redis://127.0.0.1:{way.port}/0") as sessions,
    ):
        for _ in range(3):
            await call(sessions)
        await until_shared(redis, sessions)
    assert limited.count(AUTH) == 1


async def test_a_user_without_channels(
    limited: Emulator, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A user of Redis who may not publish, as Redis 7 makes them, costs no exchange."""
    rights = ("+@read", "+@write", "+@scripting", "+time", "~frontegg_async:*", "resetchannels")
    caplog.set_level(logging.DEBUG, "frontegg_async.fleet")
    redis.command("ACL", "SETUSER", "app", "on", ">pw", *rights)
    async with pair(limited, f"redis://app:pw@127.0.0.1:{redis.port}/0") as sessions:
        for _ in range(2):
            await call(sessions)
        await until_shared(redis, sessions)
    assert limited.count(AUTH) == 1
    assert "an exchange with the fleet's store failed" not in caplog.text


async def test_a_wrong_password(
    limited: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A Redis that refuses the password costs a warning without it, and no call."""
    with run_redis(tmp_path, "--requirepass", "right") as redis:
        async with pair(limited, f"redis://:wr0ng-pw@127.0.0.1:{redis.port}/0") as sessions:
            await call(sessions)
    assert limited.count(AUTH) == 2
    assert "AuthenticationError" in caplog.text
    assert "wr0ng-pw" not in caplog.text
