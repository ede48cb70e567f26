"""One token for a fleet, over real sockets."""
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import pytest

from frontegg_async import Fleet, FronteggSession, MemoryTokenStore, RedisFleet
from frontegg_async.emulator import Emulator, Stall

from ..support.redis_servers import RedisServer
from ..support.routes import AUTH
from ..support.sessions import API_KEY, manager_of, session_on

pytestmark = pytest.mark.anyio
SESSIONS: Final = 32


async def sessions_of(
    stack: AsyncExitStack, emulator: Emulator, fleet: Fleet, count: int
) -> list[FronteggSession]:
    """Open sessions of a fleet."""
    return [
        await stack.enter_async_context(session_on(emulator, fleet=fleet)) for _ in range(count)
    ]


async def test_cold_sessions_fetch_one_token(emulator: Emulator, fleet: Fleet) -> None:
    """Of 32 sessions that begin at once, one asks an auth route that takes 0.3 s."""
    emulator.inject(Stall(0.3), on=AUTH, times=None)
    async with AsyncExitStack() as stack:
        sessions = await sessions_of(stack, emulator, fleet, SESSIONS)
        found = await asyncio.gather(*(session.users.get("user-0") for session in sessions))
    assert [user.id for user in found] == SESSIONS * ["user-0"]
    assert emulator.count(AUTH) == 1


async def test_one_revocation_costs_one_token(emulator: Emulator, fleet: Fleet) -> None:
    """Eight busy sessions replace a revoked token by one, and fail no call."""
    emulator.inject(Stall(0.05), on=AUTH, times=None)
    async with AsyncExitStack() as stack:
        sessions = await sessions_of(stack, emulator, fleet, 8)
        await asyncio.gather(*(session.users.get("user-0") for session in sessions))
        before = emulator.count(AUTH)
        revoked = asyncio.Event()

        async def call(session: FronteggSession, *, revokes: bool) -> None:
            for turn in range(10):
                if revokes and turn == 5:
                    emulator.revoke_tokens()
                    revoked.set()
                await session.users.get("user-1")
            await revoked.wait()
            await session.users.get("user-1")

        busy = [session for session in sessions for _ in range(4)]
        await asyncio.gather(
            *(call(session, revokes=number == 0) for number, session in enumerate(busy))
        )
    assert emulator.count(AUTH) == before + 1


async def test_a_token_store_beside_a_fleet(emulator: Emulator, fleet: Fleet) -> None:
    """A ``token_store`` keeps the token instead of the fleet, which keeps none."""
    store = MemoryTokenStore()
    async with session_on(emulator, fleet=fleet, token_store=store) as session:
        await session.users.get("user-0")
        key = session._settings.store_key()
    assert await store.load(key) is not None
    async with session_on(emulator, fleet=fleet) as other:
        await other.users.get("user-0")
    assert emulator.count(AUTH) == 2


async def test_the_keys_in_redis(emulator: Emulator, redis: RedisServer) -> None:
    """All keys begin with the prefix, expire, and tell neither secret nor client id."""
    fleet = RedisFleet.from_url(redis.url, prefix="app:")
    async with session_on(emulator, fleet=fleet) as session:
        await session.users.get("user-0")
        token = manager_of(session).current()
        assert token is not None
    async with redis.client() as client:
        names = [name if isinstance(name, str) else name.decode() for name in await client.keys()]
        assert names
        for name in names:
            assert name.startswith("app:")
            assert await client.pttl(name) > 0
            for secret in (API_KEY, emulator.client_id, token.value):
                assert secret not in name
