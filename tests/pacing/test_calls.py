"""Limits as calls meet them over a real socket: waits, looks and refusals."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import anyio
import msgspec
import pytest

from frontegg_async import (
    Assignment,
    FixedRate,
    FronteggSession,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from frontegg_async.emulator import (
    Announce,
    AnswerStatus,
    CutBeforeCommit,
    Emulator,
    Fault,
    Injection,
    RateLimit,
    RecordedRequest,
    Stall,
)
from frontegg_async.emulator.http.response import Response
from frontegg_async.endpoints import users
from frontegg_async.models.users import AddToTenantRequest
from frontegg_async.pacing import GroupPacer, Learned, RunAllowance
from frontegg_async.pacing.published import Plan

from ..support.bulk import until
from ..support.clocks import FairClock, FakeClock, spin
from ..support.routes import ADD, GET, LOCK
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def session(emulator: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give a session that has its token and waits by the fake clock."""
    async with session_on(emulator, clock=clock) as opened:
        await opened.users.get("user-0")
        emulator.requests.clear()
        yield opened


@asynccontextmanager
async def fair(**options: object) -> AsyncGenerator[tuple[Emulator, FronteggSession]]:
    """Give a server and a session that agree on a time that passes only while all wait."""
    clock = FairClock()
    async with (
        Emulator(clock=clock.monotonic, wall_clock=clock.time, **options) as server,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        session_on(server, clock=clock) as session,
    ):
        for number in range(10):
            server.add_user(f"user-{number}", tenant_ids=["home"])
        await session.users.get("user-0")
        server.requests.clear()
        yield server, session


async def burst(session: FronteggSession, calls: int = 100) -> None:
    """Send interactive calls at once, all of which have to succeed."""
    found = await asyncio.gather(*(session.users.get("user-0") for _ in range(calls)))
    assert len(found) == calls


def statuses(server: Emulator) -> list[int | None]:
    return [request.status for request in server.requests]


# Looking behind refusals


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "20"}], ids=repr)
async def test_a_stray_refusal_costs_later_calls_nothing(
    emulator: Emulator, session: FronteggSession, clock: FakeClock, headers: dict[str, str]
) -> None:
    """One 429 of a server without a limit delays its own call, and no later one."""
    await burst(session)
    assert clock.slept == []
    emulator.inject(AnswerStatus(429, headers=headers), on=GET)
    await burst(session)
    clock.slept.clear()
    await burst(session)
    assert clock.slept == []
    assert statuses(emulator).count(429) == 1
    assert statuses(emulator).count(200) == 300


async def test_a_server_that_recovers_early_is_noticed(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """An hour that a 503 states holds calls back until the first look, a second later."""
    emulator.inject(AnswerStatus(503, headers={"Retry-After": "3600"}), on=GET)
    with pytest.raises(ServerError) as first:
        await session.users.get("user-0")
    assert (first.value.attempts, first.value.retry_after) == (1, 3_600.0)
    clock.advance(0.5)
    with pytest.raises(RateLimitError) as second:
        await session.users.get("user-0")
    assert second.value.attempts == 0
    assert second.value.retry_after == pytest.approx(3_599.5)
    clock.advance(0.5)
    await session.users.get("user-0")
    await burst(session)
    assert clock.slept == []
    assert len(emulator.requests) == 102


async def test_a_bulk_call_notices_it_too(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A bulk call does not believe in an hour, and is done a second later."""
    emulator.inject(AnswerStatus(503, headers={"Retry-After": "3600"}), on=GET)
    began = clock.now
    await session.for_bulk().users.get("user-0")
    assert clock.now - began == pytest.approx(1.0)
    assert statuses(emulator) == [503, 200]


async def test_a_bulk_call_believes_it_in_the_end(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A wait that is too long for a bulk call ends it after 15 s of looks, and not at once."""
    emulator.inject(AnswerStatus(503, headers={"Retry-After": "3600"}), on=GET, times=None)
    began = clock.now
    with pytest.raises(RateLimitError) as caught:
        await session.for_bulk().users.get("user-0")
    assert 15.0 <= clock.now - began <= 20.5
    assert caught.value.retry_after == pytest.approx(3_600.0)
    assert 1 < len(emulator.requests) == caught.value.attempts < 10


# Successes that say that nothing is left


ON_EVERY_ANSWER = [Announce.X_RATE_LIMIT, Announce.X_RATELIMIT, Announce.RATELIMIT_DRAFT]


async def through(window: float, announce: Announce) -> list[RecordedRequest]:
    """Send nine calls, one after the other, through a limit of three."""
    limit = RateLimit(3, window, on=GET, announce=announce)
    async with fair(rate_limits=[limit]) as (server, session):
        view = session.with_options(timeout=200.0)
        with anyio.fail_after(20):
            for _ in range(9):
                await view.users.get("user-0")
        return server.requests


@pytest.mark.parametrize("announce", ON_EVERY_ANSWER)
async def test_an_announced_end_is_waited_for(anyio_backend: str, announce: Announce) -> None:
    """After a success that says that nothing is left for a second, no request is refused."""
    requests = await through(1.0, announce)
    assert [request.status for request in requests] == [200] * 9
    assert requests[-1].at - requests[0].at == pytest.approx(3.0, abs=1e-3)


@pytest.mark.parametrize("announce", ON_EVERY_ANSWER)
@pytest.mark.parametrize("window", [2.0, 30.0])
async def test_a_longer_end_is_looked_behind(
    anyio_backend: str, announce: Announce, window: float
) -> None:
    """After one that names a longer time the next call waits, and looks a few times at most."""
    requests = await through(window, announce)
    assert sum(request.status == 200 for request in requests) == 9
    for before, after in pairwise(requests):
        if after.status == 429:
            assert after.at - before.at >= 1.0 - 1e-3
    looks = sum(request.status == 429 for request in requests)
    assert looks <= 3 * max(1.0, window / 4.0)
    # The headers name whole seconds, rounded up.
    assert 3.0 * window <= requests[-1].at - requests[0].at <= 3.0 * (window + 1.0)


# Waits of calls


async def test_an_interactive_call_does_not_wait_for_a_rate(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Beside a bulk run that keeps to a learned rate, other calls go at once."""
    session.pacing.begin_with([Learned(LOCK, "users.lock", 1.0, 2.0)])
    view = session.for_bulk()
    clock.hold()
    run = [asyncio.create_task(view.users.lock("user-0")) for _ in range(3)]
    await clock.asleep()
    began = clock.now
    await asyncio.gather(*(session.users.lock("user-1") for _ in range(100)))
    assert clock.now == began
    assert sum("user-1" in request.raw_path for request in emulator.requests) == 100
    clock.release()
    await asyncio.gather(*run)


async def test_a_refusal_at_once(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A call that cannot be sent in time raises before any request, with the time to wait."""
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "20"}), on=GET)
    with pytest.raises(RateLimitError):
        await session.with_options(max_attempts=1).users.get("user-0")
    clock.advance(0.5)
    for hurried in (session.with_options(timeout=10.0), session.with_options(max_wait=10.0)):
        with pytest.raises(RateLimitError) as caught:
            await hurried.users.get("user-0")
        assert caught.value.attempts == 0
        assert caught.value.operation == "users.get"
        assert caught.value.retry_after == pytest.approx(19.5)
    assert len(emulator.requests) == 1
    assert clock.slept == []
    await session.users.lock("user-0")


async def test_a_deadline_in_line(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A call that is refused until its deadline ends there, as throttled, after all its looks."""
    emulator.inject(AnswerStatus(429), on=GET, times=None)
    began = clock.now
    with pytest.raises(RateLimitError) as caught:
        await session.users.get("user-0")
    assert 25.0 < clock.now - began <= 30.0
    assert 4 < caught.value.attempts == len(emulator.requests) < 30
    assert caught.value.retry_after is not None


async def test_in_doubt_and_then_no_room(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A call that may have been done, and is refused until its deadline, ends in doubt."""
    emulator.inject(CutBeforeCommit(), on=ADD)
    emulator.inject(AnswerStatus(429), on=ADD, times=None)
    with pytest.raises(OutcomeUnknownError, match="leaves no time"):
        await session.users.add_to_tenant("user-0", "new", skip_invite_email=True)
    emulator.clear_faults()
    clock.advance(60.0)
    emulator.inject(AnswerStatus(429), on=ADD, times=None)
    with pytest.raises(RateLimitError):
        await session.users.add_to_tenant("user-0", "new", skip_invite_email=True)


# Runs


def rows(tenant: str, count: int) -> list[Assignment]:
    return [Assignment(user_id=f"{tenant}-{number}", tenant_id=tenant) for number in range(count)]


def of_tenant(server: Emulator, tenant: str) -> list[RecordedRequest]:
    """Return the adds to a tenant that the server has seen."""
    return [
        request
        for request in server.requests
        if f"{request.method} {request.template}" == ADD
        and msgspec.json.decode(request.body, type=AddToTenantRequest).tenant_id == tenant
    ]


def most_in(requests: list[RecordedRequest], seconds: float) -> int:
    """Return the most requests that arrived in any stretch of time."""
    times = [request.at for request in requests]
    return max(sum(start <= at < start + seconds for at in times) for start in times)


async def test_two_runs_keep_to_their_rates(anyio_backend: str) -> None:
    """Two runs of one session at once each have their own rate, and all of it."""
    async with fair(implicit_users=True) as (server, session):
        slow, quick = await asyncio.gather(
            session.bulk.assign(
                rows("slow", 30),
                rate=FixedRate(3, 1.0),
                plan="never",
                workers=2,
            ),
            session.bulk.assign(
                rows("quick", 100),
                rate=FixedRate(10, 1.0),
                plan="never",
                workers=2,
            ),
        )
        assert (slow.applied, quick.applied) == (30, 100)
        for tenant, rate in (("slow", 3), ("quick", 10)):
            sent = of_tenant(server, tenant)
            # As many as there are workers may arrive a moment later than they were sent.
            assert rate <= most_in(sent, 1.0 - 1e-3) <= rate + 2
            # Half of a rate would take 20 s; a busy machine lets this clock leap by a few.
            assert 8.5 <= sent[-1].at - sent[0].at <= 16.0


async def test_two_runs_keep_to_their_shares(anyio_backend: str) -> None:
    """Two runs of one session at once each keep to a part of the limit that was learned."""
    async with fair(implicit_users=True) as (server, session):
        session.pacing.begin_with([Learned(ADD, users.ADD_TO_TENANT.name, 20.0, 1.0)])
        half, fifth = await asyncio.gather(
            session.bulk.assign(
                rows("half", 100),
                max_share=0.5,
                plan="never",
                workers=2,
            ),
            session.bulk.assign(
                rows("fifth", 40),
                max_share=0.2,
                plan="never",
                workers=2,
            ),
        )
        assert (half.applied, fifth.applied) == (100, 40)
        for tenant, rate in (("half", 10.0), ("fifth", 4.0)):
            sent = of_tenant(server, tenant)
            assert len(sent) / (sent[-1].at - sent[0].at) == pytest.approx(rate, rel=0.1)
            assert most_in(sent, 1.0) <= rate + 2


# Calls that must not delay others


async def test_calls_cancelled_on_the_wire_are_not_counted_for_ever(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Calls cancelled before their response do not count as in flight for ever."""
    stall = emulator.inject(Stall(), on=GET, times=None)
    calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(64)]
    await stall.wait(64)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    emulator.clear_faults()
    await spin()
    pacer = session.pacing.group(GET)._pacer
    assert isinstance(pacer, GroupPacer)
    assert pacer._in_flight == 0
    emulator.inject(AnswerStatus(429), on=GET, times=3)
    began = clock.now
    await burst(session, 10)
    assert clock.now - began < 5.0


class RefuseOne(Fault):
    """Refuse the requests for one user."""

    def __init__(self, server: Emulator, user_id: str) -> None:
        self._server = server
        self._user_id = user_id

    async def before(self, injection: Injection) -> Response | None:
        """Refuse, or let the request through."""
        path = self._server.requests[-1].raw_path
        return Response(429) if path.endswith(f"/{self._user_id}") else None


async def test_one_call_that_is_always_refused_holds_up_nobody(anyio_backend: str) -> None:
    """A limit of one user's own lets other users' calls of the same group through."""
    async with fair() as (server, session):
        server.inject(RefuseOne(server, "user-0"), on=GET, times=None)
        refused = asyncio.create_task(session.users.get("user-0"))
        await until(lambda: len(server.requests) > 2)
        began = session.clock.monotonic()
        found = await asyncio.gather(
            *(session.users.get(f"user-{number}") for number in range(1, 6)),
            return_exceptions=True,
        )
        assert not [each for each in found if isinstance(each, BaseException)]
        assert session.clock.monotonic() - began < 10.0
        refused.cancel()
        await asyncio.wait((refused,))


async def test_a_zero_wait_is_not_hammered(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Refusals that state no time to wait are looked behind no more often than silent ones."""
    counts: list[int] = []
    for headers in ({}, {"Retry-After": "0"}):
        emulator.requests.clear()
        emulator.inject(AnswerStatus(429, headers=headers), on=GET, times=None)
        with pytest.raises(RateLimitError):
            await session.users.get("user-0")
        counts.append(len(emulator.requests))
        emulator.clear_faults()
        clock.advance(10.0)
        await session.users.get("user-0")
    assert counts[1] <= counts[0] + 2


# Published limits


RESET_PASSWORD = "POST /identity/resources/users/v1/passwords/reset"


@pytest.mark.parametrize(
    ("settings", "at_once"),
    [
        ({"base_url": "https://acme.test"}, False),
        ({"base_url": "https://acme.test", "limits_plan": "enterprise"}, False),
        ({"base_url": "https://acme.test", "limits_plan": Plan.LAUNCH}, False),
        ({"base_url": "https://acme.test", "limits_plan": None}, True),
        ({"base_url": "http://127.0.0.1:8400"}, True),
        ({"base_url": "http://localhost:8400"}, True),
        ({"base_url": "http://localhost:8400", "limits_plan": "scale"}, False),
        ({"base_url": "http://127.0.0.1:8400", "limits_plan": None}, True),
    ],
)
async def test_published_limits_are_expected(
    anyio_backend: str, settings: dict[str, str], at_once: bool
) -> None:
    """Bulk calls to Frontegg begin at its published limits; on this machine if a plan is named."""
    clock = FakeClock()
    async with FronteggSession(client_id="id", api_key="key", clock=clock, **settings) as session:  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        group = session.pacing.group(RESET_PASSWORD)
        admitted = [group.try_admit(RunAllowance()) for _ in range(10)]
        assert admitted == [True] * 10 if at_once else [True] + [False] * 9
        assert not group.state().limited
        assert all(group.try_admit() for _ in range(100))


async def test_an_expected_limit_is_none_that_was_met(anyio_backend: str) -> None:
    """An expected limit is not passed on to later sessions as a learned one."""
    async with FronteggSession(
        client_id="id", api_key="key", base_url="https://acme.test", clock=FakeClock()
    ) as session:
        session.pacing.group(RESET_PASSWORD)
        assert session.pacing.learned() == ()
        assert session.allowance is None
        assert session.for_bulk(max_share=0.5).allowance is not None


async def test_who_waits_for_a_connection_heeds_the_gate() -> None:
    """Calls that queue for a connection are not sent any more once the limit is used up."""
    async with Emulator(rate_limits=[RateLimit(20, 3_600.0, on=GET)]) as emulator:
        emulator.add_user("user-0")
        async with session_on(emulator, max_connections=4) as session:
            calls = [session.users.get("user-0") for _ in range(200)]
            ended = await asyncio.gather(*calls, return_exceptions=True)
        refused = [each for each in ended if isinstance(each, RateLimitError)]
        assert len(refused) == 180
        assert emulator.count(GET) <= 20 + 2 * 4
