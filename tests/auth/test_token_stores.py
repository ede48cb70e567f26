"""Token stores that return no valid token, or cannot keep one."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import pytest

from frontegg_async import MemoryTokenStore, StoredToken
from frontegg_async.emulator import Emulator

from ..support.clocks import FakeClock
from ..support.routes import AUTH, GET
from ..support.sessions import session_on
from ..support.tokens import StubFetch, make_manager

pytestmark = pytest.mark.anyio

ODD_FIELDS: Final[list[dict[str, Any]]] = [
    {"value": b"bytes"},
    {"value": None},
    {"value": "a b"},
    {"issued_at": "0"},
    {"expires_at": None},
    {"expires_at": math.inf},
    {"expires_at": math.nan},
]


class Giving(MemoryTokenStore):
    """A store that returns the object it was made with."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.found: Final = found

    async def load(self, key: str) -> StoredToken | None:
        """Give it."""
        return self.found  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "found",
    [
        "a text",
        {"value": "a dict"},
        *[
            msgspec.structs.replace(StoredToken(value="x", issued_at=0.0, expires_at=4e9), **odd)
            for odd in ODD_FIELDS
        ],
    ],
    ids=["str", "dict", *["_".join(map(str, odd.items())) for odd in ODD_FIELDS]],
)
async def test_what_is_no_token(emulator: Emulator, found: Any) -> None:
    """An invalid token in a store costs one fetch, and no call."""
    async with session_on(emulator, token_store=Giving(found)) as session:
        assert (await session.users.get("user-0")).id == "user-0"
    assert emulator.count(AUTH) == 1
    assert emulator.count(GET) == 1


class Unwritable(MemoryTokenStore):
    """A store with leases that keeps no token, such as one that pickles it."""

    async def save(self, key: str, token: StoredToken) -> None:
        """Fail."""
        raise TypeError("cannot be pickled")


async def test_a_token_that_cannot_be_stored() -> None:
    """The lease ends with a fetch whose token cannot be stored: no other session waits for it."""
    store, clock, fetch = Unwritable(), FakeClock(), StubFetch()
    for _ in range(3):
        manager = make_manager(fetch, clock, store=store)
        assert (await manager.get(30.0)).value
        await manager.close()
    assert fetch.calls == 3
    assert not clock.slept


class LateHolder(MemoryTokenStore):
    """A store in which another session has saved its token just before a lease is given."""

    async def lease(self, key: str, holder: str, seconds: float) -> bool:
        """Save the other's token, and give the lease."""
        now = FakeClock().time()
        await self.save(key, StoredToken(value="theirs", issued_at=now, expires_at=now + 1_000.0))
        return await super().lease(key, holder, seconds)


async def test_a_token_stored_before_the_lease() -> None:
    """Who gets the lease takes a token that was stored since the look before, and frees it."""
    store, fetch = LateHolder(), StubFetch()
    manager = make_manager(fetch, FakeClock(), store=store)
    assert (await manager.get(30.0)).value == "theirs"
    assert fetch.calls == 0
    assert await MemoryTokenStore.lease(store, "key", "another", 10.0)
    await manager.close()


async def test_a_revocation_after_one_session_has_renewed(emulator: Emulator) -> None:
    """The token that one of eight had renewed in advance dies with theirs, and one replaces it."""
    store = MemoryTokenStore()
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(session_on(emulator, token_store=store))
            for _ in range(8)
        ]
        await asyncio.gather(*[session.users.get("user-0") for session in sessions])
        key = sessions[0]._settings.store_key()
        kept = await store.load(key)
        assert kept is not None
        await store.discard(key, kept.value)
        async with session_on(emulator, token_store=store) as ahead:
            await ahead.users.get("user-0")
        before = emulator.count(AUTH)
        emulator.revoke_tokens()
        await asyncio.gather(*[session.users.get("user-0") for session in sessions])
        assert emulator.count(AUTH) == before + 1
