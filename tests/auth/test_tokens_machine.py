"""The token manager under any order of events, and with stores of any kind."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from itertools import cycle
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from frontegg_async import (
    AuthenticationError,
    ClosedError,
    FronteggError,
    MemoryTokenStore,
    ServerError,
    StoredToken,
)
from frontegg_async.auth import grants, store_access
from frontegg_async.auth import token_manager as tokens
from frontegg_async.auth.token_manager import Token, TokenManager
from frontegg_async.emulator import Emulator
from frontegg_async.models.authentication import TokenGrant

from ..support.clocks import FakeClock, spin
from ..support.routes import AUTH, GET
from ..support.sessions import session_on
from ..support.tokens import StubFetch, make_manager

LIFE: Final = 1_000.0
FRESH, ADVISORY, MANDATORY = 10.0, 850.0, 960.0


class ManagerMachine(RuleBasedStateMachine):
    """Drives a manager in a loop of its own and checks each token that its callers get."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.store = MemoryTokenStore()
        chances = cycle([1.0, 0.0])
        self.manager = TokenManager(
            self.fetch,
            clock=self.clock,
            uniform=lambda low, high: low + (high - low) * next(chances),
            store=self.store,
            key="key",
        )
        self.pending: asyncio.Future[TokenGrant] | None = None
        self.waiters: list[asyncio.Task[Token]] = []
        self.served: dict[str, Token] = {}
        self.ends: dict[str, float] = {}
        self.rejected: set[str] = set()
        self.not_before = self.asked = 0.0
        self.failures = 0
        self.made = 0
        self.closed = False

    async def fetch(self) -> TokenGrant:
        """Check that a fetch may start now, and wait for a rule to end it."""
        assert self.pending is None, "two fetches at once"
        assert self.clock.now >= self.not_before, "a fetch before the backoff has ended"
        assert not self.closed, "a fetch after close"
        self.pending = self.loop.create_future()
        self.asked = self.clock.now
        try:
            return await self.pending
        finally:
            self.pending = None

    def settle(self) -> None:
        """Run the loop until all tasks wait, then check the results of the waiters."""
        self.loop.run_until_complete(spin())
        done = [waiter for waiter in self.waiters if waiter.done()]
        self.waiters = [waiter for waiter in self.waiters if not waiter.done()]
        for waiter in done:
            if not waiter.cancelled():
                self.check(waiter)

    def check(self, waiter: asyncio.Task[Token]) -> None:
        """Compare a waiter's result with the tokens that were good."""
        good = {
            value
            for value, end in self.ends.items()
            if end > self.clock.now and value not in self.rejected
        }
        error = waiter.exception()
        if error is not None:
            assert isinstance(error, FronteggError)
            assert isinstance(error, ClosedError) == self.closed
            if not self.closed:
                assert not good, f"{good} were there, and the caller got {error!r}"
            return
        token = waiter.result()
        assert token.value not in self.rejected, "a rejected token was served again"
        assert token.expires_at > self.clock.now or not good, "an ended token was served"
        self.served[token.value] = token

    @rule(seconds=st.sampled_from([0.4, 1.0, 3.0, 29.0, 61.0, 200.0, 777.0, 2_000.0]))
    def time_passes(self, seconds: float) -> None:
        """Move the clock."""
        self.clock.advance(seconds)

    @rule(callers=st.integers(1, 3))
    def get(self, callers: int) -> None:
        """Ask for the token, as some callers at once."""
        self.waiters += [self.loop.create_task(self.manager.get(1e6)) for _ in range(callers)]
        self.settle()

    @precondition(lambda self: self.pending is not None)
    @rule(life=st.sampled_from([1.0, 60.0, 1_000.0, 0.0, None]))
    def fetch_succeeds(self, life: float | None) -> None:
        """End the fetch with a new token."""
        assert self.pending is not None
        self.made += 1
        value = f"token-{self.made}"
        self.ends[value] = self.asked + (life or grants.UNSTATED_LIFE_S)
        self.failures, self.not_before = 0, 0.0
        self.pending.set_result(TokenGrant(token=value, expires_in=life))
        self.settle()

    @precondition(lambda self: self.pending is not None)
    @rule(refused=st.booleans())
    def fetch_fails(self, refused: bool) -> None:
        """End the fetch with an error."""
        assert self.pending is not None
        pause = tokens.REFUSED_BACKOFF_S if refused else min(30.0, 2.0**self.failures)
        self.failures += 1
        self.not_before = self.clock.now + pause
        kind = AuthenticationError if refused else ServerError
        self.pending.set_exception(kind("no"))
        self.settle()

    @precondition(lambda self: self.served)
    @rule(data=st.data())
    def server_rejects(self, data: st.DataObject) -> None:
        """Answer 401 to any token that was ever served."""
        token = self.served[data.draw(st.sampled_from(sorted(self.served)))]
        before = self.manager._token
        route = data.draw(st.sampled_from(["GET /a", "GET /b"]), label="route")
        again = self.manager.rejected(token, route)
        if again:
            self.rejected.add(token.value)
            assert self.manager._token is not token
        else:
            assert self.manager._token is before is token

    @rule()
    def server_accepts(self) -> None:
        """Answer 200 to the token."""
        token = self.manager._token
        if token is not None:
            self.manager.accepted(token, "GET /a")

    @precondition(lambda self: not self.closed)
    @rule(life=st.sampled_from([10.0, 1_000.0]))
    def another_process_saves(self, life: float) -> None:
        """Put a newer token into the store."""
        self.made += 1
        now = self.clock.time()
        shared = StoredToken(value=f"shared-{self.made}", issued_at=now, expires_at=now + life)
        self.loop.run_until_complete(self.store.save("key", shared))

    @precondition(lambda self: self.waiters)
    @rule(data=st.data())
    def waiter_is_cancelled(self, data: st.DataObject) -> None:
        """Cancel a waiting caller."""
        data.draw(st.sampled_from(self.waiters), label="waiter").cancel()
        self.settle()

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 9))
    def close(self, really: int) -> None:
        """Close the session, once in a while."""
        if really == 0:
            self.closed = True
            self.loop.run_until_complete(self.manager.close())
            self.settle()

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        """Check that callers wait only while there is a fetch."""
        assert self.pending is not None or not self.waiters

    def teardown(self) -> None:
        """Check that closing leaves no task."""
        for waiter in self.waiters:
            waiter.cancel()
        self.loop.run_until_complete(self.manager.close())
        self.settle()
        assert not asyncio.all_tasks(self.loop)
        self.loop.close()


ManagerMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=40)
TestManagerMachine = ManagerMachine.TestCase


# Stores


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class Broken(MemoryTokenStore):
    """A store that fails or hangs."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__()
        self.hangs = hangs

    async def load(self, key: str) -> StoredToken | None:
        """Fail, or never return."""
        if self.hangs:
            await asyncio.Event().wait()
        raise OSError(f"no store for {key}")

    async def save(self, key: str, token: StoredToken) -> None:
        """Fail as well."""
        await self.load(f"{key} {token}")

    async def discard(self, key: str, value: str) -> None:
        """Fail as well."""
        await self.load(f"{key} {value}")


def stored(clock: FakeClock, value: str, *, age: float = 0.0, life: float = LIFE) -> StoredToken:
    issued_at = clock.time() - age
    return StoredToken(value=value, issued_at=issued_at, expires_at=issued_at + life)


@pytest.mark.anyio
async def test_store_hit_and_miss(clock: FakeClock) -> None:
    """The first manager fetches and saves, the second one loads and does not fetch."""
    store = MemoryTokenStore()
    fetches = [StubFetch(), StubFetch()]
    values = [(await make_manager(fetch, clock, store=store).get(1.0)).value for fetch in fetches]
    assert values == ["token-1", "token-1"]
    assert [fetch.calls for fetch in fetches] == [1, 0]


@pytest.mark.parametrize(
    ("age", "calls"), [(-3_600.0, 0), (FRESH, 0), (ADVISORY, 1), (MANDATORY, 1), (2e9, 1)]
)
@pytest.mark.anyio
async def test_store_entry_of_some_age(clock: FakeClock, age: float, calls: int) -> None:
    """A stored token counts with the age it has, and never as younger than new."""
    store = MemoryTokenStore()
    await store.save("key", stored(clock, "shared", age=age))
    fetch = StubFetch()
    token = await make_manager(fetch, clock, store=store).get(1.0)
    assert fetch.calls == calls
    assert token.value == ("token-1" if calls else "shared")
    if not calls:
        assert token.expires_at == pytest.approx(clock.now + LIFE - max(age, 0.0))


@pytest.mark.parametrize("newer", [False, True])
@pytest.mark.anyio
async def test_store_discards_after_401(clock: FakeClock, newer: bool) -> None:
    """A refused token leaves the store, unless another session has put a newer one there."""
    store = MemoryTokenStore()
    fetch = StubFetch()
    manager = make_manager(fetch, clock, store=store)
    token = await manager.get(1.0)
    if newer:
        await store.save("key", stored(clock, "newer"))
    assert manager.rejected(token, GET)
    assert (await manager.get(1.0)).value == ("newer" if newer else "token-2")
    assert fetch.calls == (1 if newer else 2)


@pytest.mark.parametrize("hangs", [False, True], ids=["raises", "hangs"])
@pytest.mark.anyio
async def test_broken_store_is_left_out(
    clock: FakeClock, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that raises or hangs is left out, also after a 401."""
    monkeypatch.setattr(store_access, "STORE_TIMEOUT_S", 0.001)
    manager = make_manager(StubFetch(), clock, store=Broken(hangs=hangs))
    first = await manager.get(5.0)
    assert manager.rejected(first, GET)
    assert (await manager.get(5.0)).value == "token-2"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "", "\u00e9"], ids=repr)
@pytest.mark.anyio
async def test_poisoned_store(emulator: Emulator, clock: FakeClock, value: str) -> None:
    """A stored token that cannot stand in a header is left out, and none of it is sent."""
    store = MemoryTokenStore()
    async with session_on(emulator, token_store=store, clock=clock) as session:
        await store.save(session._settings.store_key(), stored(clock, value))
        assert (await session.users.get("user-0")).id == "user-0"
    assert emulator.count(AUTH) == emulator.count(GET) == 1
