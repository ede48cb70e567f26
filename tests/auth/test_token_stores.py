"""Token stores that return no valid token, or cannot keep one."""

from __future__ import annotations

import math
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
