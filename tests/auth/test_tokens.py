"""The environment token: one call however many ask, renewed in time, never lost early."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Final

import pytest

from frontegg_async import (
    AuthenticationError,
    CallTimeoutError,
    FronteggError,
    FronteggSession,
    MemoryTokenStore,
    RateLimitError,
    ServerError,
)
from frontegg_async.auth import store_access
from frontegg_async.auth import token_manager as tokens
from frontegg_async.auth.token_manager import TokenManager
from frontegg_async.auth.token_stores import TokenStore
from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator, Fault, Stall

from ..support.clocks import FakeClock, spin
from ..support.routes import AUTH, GET
from ..support.sessions import manager_of, session_on
from ..support.tokens import StubFetch, make_manager, refresh_over

pytestmark = pytest.mark.anyio

LIFE: Final = 1_000.0
FRESH, ADVISORY, MANDATORY = 10.0, 850.0, 960.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def timed(clock: FakeClock) -> AsyncIterator[Emulator]:
    """Give a server that lives by the fake clock, and whose tokens live for LIFE."""
    async with Emulator(
        token_lifetime=LIFE, clock=clock.monotonic, wall_clock=clock.time
    ) as server:
        server.add_user("user-0", tenant_ids=["home"])
        yield server


@pytest.fixture
async def session(timed: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give a session that lives by the same clock, and has been used."""
    async with session_on(timed, clock=clock) as opened:
        await opened.users.get("user-0")
        yield opened


# Many at once


async def test_thousand_tasks_one_token_call(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A cold session asks for one token, however many calls start at once."""
    await asyncio.gather(*(frontegg.users.get("user-0") for _ in range(1_000)))
    assert emulator.count(AUTH) == 1
    assert emulator.count(GET) == 1_000


async def test_revoked_in_flight_one_more_token_call(emulator: Emulator) -> None:
    """A token revoked under 500 calls is replaced by one token call, and no caller notices."""
    async with session_on(emulator, max_connections=500) as session:
        await session.users.get("user-0")
        stall = emulator.inject(Stall(), on=GET, times=None)
        calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(500)]
        await stall.wait(500)
        emulator.revoke_tokens()
        stall.clear()
        users = await asyncio.gather(*calls)
    assert [user.id for user in users] == ["user-0"] * 500
    assert emulator.count(AUTH) == 2
    assert emulator.count(GET) == 1 + 500 + 500


async def test_cancelled_waiters_harm_nobody(emulator: Emulator) -> None:
    """Of 1,000 calls that wait for the first token 999 are cancelled, and the last one works."""
    async with session_on(emulator) as session:
        stall = emulator.inject(Stall(), on=AUTH)
        calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(1_000)]
        await stall.wait()
        for call in calls[:999]:
            call.cancel()
        await asyncio.wait(calls[:999])
        stall.clear()
        assert (await calls[999]).id == "user-0"
    assert all(call.cancelled() for call in calls[:999])
    assert emulator.count(AUTH) == 1


# An auth route that fails


@pytest.mark.parametrize("zone", [ADVISORY, MANDATORY], ids=["advisory", "mandatory"])
@pytest.mark.parametrize(
    "fault",
    [AnswerStatus(500), AnswerStatus(503), CutBeforeCommit(), CutBeforeCommit(reset=True)],
    ids=["500", "503", "cut", "reset"],
)
async def test_auth_route_down_old_token_serves(
    timed: Emulator, session: FronteggSession, clock: FakeClock, fault: Fault, zone: float
) -> None:
    """While the auth route is down the old token serves to its end; after it a typed error."""
    clock.advance(zone)
    down = timed.inject(fault, on=AUTH, times=None)
    end = manager_of(session)._token
    assert end is not None
    while clock.now + 10 < end.expires_at:
        await session.users.get("user-0")
        await refresh_over(manager_of(session))
        clock.advance(5)
    assert down.struck > 0
    clock.advance(end.expires_at - clock.now)
    with pytest.raises(FronteggError) as caught:
        await session.users.get("user-0")
    assert caught.value.operation == "users.get"
    assert caught.value.attempts == 0
    down.clear()
    clock.advance(tokens.MAX_BACKOFF_S)
    assert (await session.users.get("user-0")).id == "user-0"


async def test_hanging_auth_route_does_not_cost_a_good_token(clock: FakeClock) -> None:
    """A fetch that hangs near the end of the old token's life lets calls use the old token."""
    fetch = StubFetch()
    manager = make_manager(fetch, clock)
    first = await manager.get(1.0)
    fetch.gate = asyncio.Event()
    clock.advance(MANDATORY)
    assert await manager.get(0.01) is first
    await manager.close()


async def test_advisory_refresh_waits_for_nobody(clock: FakeClock) -> None:
    """In the advisory zone the old token is served at once, while one fetch runs."""
    fetch = StubFetch()
    manager = make_manager(fetch, clock)
    first = await manager.get(1.0)
    fetch.gate = asyncio.Event()
    clock.advance(ADVISORY)
    assert manager.current() is None
    assert [await manager.get(1.0) for _ in range(10)] == [first] * 10
    await spin()
    fetch.gate.set()
    await refresh_over(manager)
    assert (await manager.get(1.0)).value == "token-2"
    assert fetch.calls == 2


@pytest.mark.parametrize(
    ("life", "margin"), [(50.0, 5.0), (100.0, 10.0), (400.0, 30.0), (2_000.0, 100.0)]
)
async def test_callers_wait_only_near_the_end(clock: FakeClock, life: float, margin: float) -> None:
    """Callers wait in a token's last 30 s, or 5 % of its life, but never for more than 10 %."""
    fetch = StubFetch()
    fetch.expires_in = life
    manager = make_manager(fetch, clock)
    first = await manager.get(1.0)
    fetch.gate = asyncio.Event()
    clock.advance(life - margin - 0.01)
    served = asyncio.create_task(manager.get(30.0))
    await spin()
    assert served.done()
    assert await served is first
    clock.advance(0.02)
    waiting = asyncio.create_task(manager.get(30.0))
    await spin()
    assert not waiting.done()
    fetch.gate.set()
    assert (await waiting).value == "token-2"


async def test_backoff_between_failing_fetches(clock: FakeClock) -> None:
    """Fetches that fail are 1, 2, 4 … 30 seconds apart, however many ask."""
    fetch = StubFetch(*(ServerError("down", status=500) for _ in range(8)))
    manager = make_manager(fetch, clock)
    for number, pause in enumerate([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0], start=1):
        for _ in range(3):
            with pytest.raises(ServerError):
                await manager.get(1.0)
        assert fetch.calls == number
        clock.advance(pause - 0.01)
        with pytest.raises(ServerError):
            await manager.get(1.0)
        assert fetch.calls == number
        clock.advance(0.02)


async def test_throttled_fetch_waits_as_long_as_it_is_told(clock: FakeClock) -> None:
    """After a 429 the auth route is left alone for as long as it asked, and callers are told."""
    fetch = StubFetch(RateLimitError("too many", status=429, retry_after=120.0))
    manager = make_manager(fetch, clock)
    for pause in (0.0, 60.0, 59.0):
        clock.advance(pause)
        with pytest.raises(RateLimitError) as caught:
            await manager.get(1.0)
        assert caught.value.retry_after == 120.0
        assert fetch.calls == 1
    clock.advance(2.0)
    assert (await manager.get(1.0)).value == "token-2"


async def test_a_day_that_a_429_states_is_not_waited_for(clock: FakeClock) -> None:
    """The auth route is asked again after five minutes, also if its 429 states a day."""
    fetch = StubFetch(RateLimitError("too many", status=429, retry_after=86_400.0))
    manager = make_manager(fetch, clock)
    for pause in (0.0, 299.0):
        clock.advance(pause)
        with pytest.raises(RateLimitError):
            await manager.get(1.0)
    assert fetch.calls == 1
    clock.advance(2.0)
    assert (await manager.get(1.0)).value == "token-2"


async def test_patient_view_waits_out_an_outage_of_the_auth_route(
    timed: Emulator, clock: FakeClock
) -> None:
    """A bulk view's call outlasts an auth route that is down for a while, as it does any other."""
    timed.inject(AnswerStatus(500), on=AUTH, times=9)
    async with session_on(timed, clock=clock) as session:
        assert (await session.for_bulk().users.get("user-0")).id == "user-0"


async def test_impatient_caller(clock: FakeClock) -> None:
    """A caller without time to wait gets a timeout, and the fetch goes on for the next one."""
    fetch = StubFetch()
    fetch.gate = asyncio.Event()
    manager = make_manager(fetch, clock)
    with pytest.raises(CallTimeoutError):
        await manager.get(0.0)
    fetch.gate.set()
    assert (await manager.get(1.0)).value == "token-1"
    assert fetch.calls == 1


# Credentials and tokens that are refused


async def test_refused_credentials_are_not_hammered(timed: Emulator, clock: FakeClock) -> None:
    """Rejected credentials cost one token call a minute, for any number of calls."""
    async with session_on(timed, api_key="wrong", clock=clock) as session:
        for _ in range(1_001):
            with pytest.raises(AuthenticationError):
                await session.users.get("user-0")
        assert timed.count(AUTH) == 1
        clock.advance(tokens.REFUSED_BACKOFF_S)
        for _ in range(10):
            with pytest.raises(AuthenticationError):
                await session.users.get("user-0")
    assert timed.count(AUTH) == 2
    assert timed.count() == 2


async def test_host_that_refuses_every_token(
    timed: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A host that takes no token costs a token call per pause, not one per call."""
    timed.inject(AnswerStatus(401), on=GET, times=None)
    for calls, pause in ((2, 60.0), (3, 120.0), (4, 240.0), (5, 240.0)):
        for _ in range(50):
            with pytest.raises(AuthenticationError):
                await session.users.get("user-0")
        assert timed.count(AUTH) == calls
        clock.advance(pause)


async def test_one_route_that_refuses_every_token(
    timed: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """One route that always answers 401 costs the others no token: one more in a minute."""
    timed.inject(AnswerStatus(401), on=GET, times=None)
    for _ in range(50):
        with pytest.raises(AuthenticationError):
            await session.users.get("user-0")
        await session.users.set_superuser("user-0", True)
        clock.advance(1.0)
    assert timed.count(AUTH) == 2


async def test_revoked_twice_within_a_second(timed: Emulator, session: FronteggSession) -> None:
    """Tokens that are revoked one after another are replaced each time."""
    for revocations in range(1, 6):
        timed.revoke_tokens()
        found = await asyncio.gather(*[session.users.get("user-0") for _ in range(50)])
        assert {user.id for user in found} == {"user-0"}
        assert timed.count(AUTH) == 1 + revocations


async def test_the_last_seconds_of_a_token(clock: FakeClock) -> None:
    """A token that ends while its renewal hangs is waited for, to the caller's own deadline."""
    fetch = StubFetch()
    manager = make_manager(fetch, clock)
    await manager.get(1.0)
    clock.advance(LIFE - 0.25)
    fetch.gate = asyncio.Event()
    waiting = asyncio.create_task(manager.get(30.0))
    await spin()
    clock.advance(0.3)
    await asyncio.sleep(0.3)  # the event loop's own time, in which the wait for it is over
    assert not waiting.done()
    fetch.gate.set()
    assert (await waiting).value == "token-2"


async def sessions_on(
    stack: AsyncExitStack, emulator: Emulator, store: TokenStore, count: int
) -> list[FronteggSession]:
    """Open sessions that share a token store."""
    return [
        await stack.enter_async_context(session_on(emulator, token_store=store))
        for _ in range(count)
    ]


async def test_sessions_that_start_at_once_fetch_one_token() -> None:
    """While one of 32 sessions fetches the token for a shared store, the others wait for it."""
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(latency=0.05))
        emulator.add_user("user-0")
        sessions = await sessions_on(stack, emulator, MemoryTokenStore(), 32)
        await asyncio.gather(*[session.users.get("user-0") for session in sessions])
    assert emulator.count(AUTH) == 1


async def test_one_revocation_seen_by_eight_sessions() -> None:
    """Sessions with a shared store replace a revoked token by one, at once or one by one."""
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator())
        emulator.add_user("user-0")
        sessions = await sessions_on(stack, emulator, MemoryTokenStore(), 8)
        await asyncio.gather(*[session.users.get("user-0") for session in sessions])
        emulator.revoke_tokens()
        await asyncio.gather(*[session.users.get("user-0") for session in sessions])
        assert emulator.count(AUTH) == 2
        emulator.revoke_tokens()
        for session in sessions:
            await session.users.get("user-0")
        assert emulator.count(AUTH) == 3


async def test_a_dead_token_in_the_store(clock: FakeClock) -> None:
    """A token from the store that is as dead as the one before it is followed by a new one."""
    store = MemoryTokenStore()
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator())
        emulator.add_user("user-0")
        old, new = await sessions_on(stack, emulator, store, 2)
        await old.users.get("user-0")
        key = old._settings.store_key()
        kept = await store.load(key)
        assert kept is not None
        await store.discard(key, kept.value)
        await new.users.get("user-0")
        emulator.revoke_tokens()
        # It has the first token, and finds the second one in the store.
        assert (await old.users.get("user-0")).id == "user-0"
    assert emulator.count(AUTH) == 3


@pytest.mark.parametrize("method", ["load", "save", "lease", "release"])
async def test_a_store_that_hangs_delays_only_the_start(
    emulator: Emulator, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store of which any method hangs costs a start one short timeout, and later calls none."""
    monkeypatch.setattr(store_access, "STORE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(store_access, "STORE_PAUSE_S", 60.0)
    store = MemoryTokenStore()
    hung: list[object] = []

    async def hang(*arguments: object) -> None:
        hung.append(arguments)
        await asyncio.Event().wait()

    monkeypatch.setattr(store, method, hang)
    async with session_on(emulator, token_store=store) as session:
        for _ in range(3):
            assert (await session.users.get("user-0")).id == "user-0"
            emulator.revoke_tokens()
    assert len(hung) == 1
    assert emulator.count(AUTH) == 3


async def test_401_replays_with_new_token_only(timed: Emulator, session: FronteggSession) -> None:
    """After a 401 the call goes out once more, with another token than the refused one."""
    timed.requests.clear()
    timed.revoke_tokens()
    await session.users.get("user-0")
    sent = [
        request.headers["Authorization"] for request in timed.requests if "GET" in request.method
    ]
    assert len(sent) == len(set(sent)) == 2
    assert timed.count(AUTH) == 2


async def test_reload_from_own_store_is_the_same_token(clock: FakeClock) -> None:
    """A 401 drops the token by its value: the same one read from the store is no newer one."""
    jitters = iter([0.05, 0.0])
    fetch = StubFetch()
    manager = TokenManager(
        fetch,
        clock=clock,
        uniform=lambda low, high: next(jitters, 0.0),
        store=MemoryTokenStore(),
        key="key",
    )
    first = await manager.get(1.0)
    clock.advance(LIFE * 0.77)  # due by the first jitter, and not yet by the second
    await manager.get(1.0)
    await refresh_over(manager)
    assert manager.rejected(first, GET)
    assert (await manager.get(1.0)).value != first.value
