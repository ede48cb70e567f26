"""Rules of a call over a real socket: what counts, what is given back, and what is tried again."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gzip
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

import pytest

from frontegg_async import (
    Attempt,
    AuthenticationError,
    FixedRate,
    FronteggSession,
    ObservedCall,
    Observer,
    RateLimitError,
    ServerError,
)
from frontegg_async._core.retry import BACKOFF_CAP_S, OUTAGE_PATIENCE_S
from frontegg_async.emulator import AnswerStatus, Emulator, Fault, Injection, Stall
from frontegg_async.emulator.http.response import Response
from frontegg_async.endpoints.users import GET as GET_USER

from ..support.clocks import FakeClock, spin
from ..support.routes import AUTH, GET
from ..support.sessions import session_on

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]

SLOWLY: Final = FixedRate(1, 3_600)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def session(emulator: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give a session that has its token and waits by the fake clock."""
    async with session_on(emulator, clock=clock, max_connections=1) as opened:
        await opened.users.get("user-0")
        emulator.requests.clear()
        clock.slept.clear()
        yield opened


async def test_successes_earn_retries(emulator: Emulator, session: FronteggSession) -> None:
    """An outage uses up the retries of a session, and eleven successes earn another one."""
    view = session.with_options(max_attempts=1_000, timeout=1e6)
    emulator.inject(AnswerStatus(500), on=GET, times=52)
    for attempts in (51, 1):
        with pytest.raises(ServerError) as caught:
            await view.users.get("user-0")
        assert caught.value.attempts == attempts
    for _ in range(11):
        await view.users.get("user-0")
    emulator.requests.clear()
    emulator.inject(AnswerStatus(500), on=GET)
    await view.users.get("user-0")
    assert [request.status for request in emulator.requests] == [500, 200]


class Slow(Observer):
    """Lets a minute pass with each attempt."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """Move the clock."""
        self._clock.advance(60.0)


async def test_a_401_is_answered_with_one_new_token(emulator: Emulator, clock: FakeClock) -> None:
    """A call that is rejected with a second token as well is not sent with a third one."""
    async with session_on(emulator, clock=clock, observers=[Slow(clock)]) as session:
        await session.users.get("user-0")
        emulator.inject(AnswerStatus(401), on=GET, times=5)
        with pytest.raises(AuthenticationError) as caught:
            await session.with_options(timeout=1e6).users.get("user-0")
    assert (emulator.count(GET), emulator.count(AUTH), caught.value.attempts) == (1 + 2, 2, 2)


async def test_throttled_bulk_calls_keep_their_attempts(
    emulator: Emulator, session: FronteggSession
) -> None:
    """However often a bulk call was throttled, it has attempts left for a failure."""
    view = session.for_bulk()
    most = view.options.max_attempts
    emulator.inject(AnswerStatus(429), on=GET, times=most + 2)
    emulator.inject(AnswerStatus(500), on=GET)
    await view.users.get("user-0")
    assert len(emulator.requests) == most + 4


class Refusing:
    """Keeps every attempt from being sent."""

    def before(self, operation: object) -> None:
        """Raise before anything is sent."""
        raise LookupError("not now")

    def after(self, operation: object, outcome: object, seconds: float) -> None:
        """Hear of an attempt: there is none."""
        raise AssertionError


async def test_what_is_not_sent_costs_no_rate(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A call that its observer stops leaves the one call an hour of its run to another."""
    view = session.for_bulk(rate=SLOWLY)
    with pytest.raises(LookupError):
        await view.send(GET_USER, "user-0", observer=Refusing())
    assert not emulator.requests
    await view.users.get("user-0")
    assert clock.slept == []


async def test_who_gives_up_waiting_for_a_connection_costs_no_rate(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A call that is cancelled before a connection is free leaves the rate of its run as well."""
    view = session.for_bulk(rate=SLOWLY)
    stall = emulator.inject(Stall(), on=GET)
    holding = asyncio.create_task(session.users.get("user-0"))
    await stall.wait(1)
    waiting = asyncio.create_task(view.users.get("user-0"))
    await spin()
    waiting.cancel()
    await asyncio.wait([waiting])
    emulator.clear_faults()
    await holding
    await view.users.get("user-0")
    assert clock.slept == []


class ThrownError(Exception):
    """Is thrown into a coroutine."""


def close(call: Coroutine[Any, Any, object]) -> None:
    """Close a coroutine by hand, as a framework does with a request that is gone."""
    call.close()


def throw(call: Coroutine[Any, Any, object]) -> None:
    """Throw an exception into a coroutine."""
    with pytest.raises(ThrownError):
        call.throw(ThrownError())


@pytest.mark.parametrize("end", [close, throw])
async def test_who_is_closed_while_waiting_for_a_connection_takes_none(
    emulator: Emulator, session: FronteggSession, end: Callable[[Any], None]
) -> None:
    """A coroutine that is ended by hand, and not cancelled, leaves its place for a connection."""
    stall = emulator.inject(Stall(), on=GET)
    holding = asyncio.create_task(session.users.get("user-0"))
    await stall.wait(1)
    waiting = session.users.get("user-0")
    waiting.send(None)
    end(waiting)
    emulator.clear_faults()
    await holding
    assert [await session.users.get("user-0") for _ in range(2)]
    assert session._opened().core.connections.free == 1


@pytest.mark.parametrize("end", [close, throw])
async def test_who_is_closed_in_line_leaves_it(
    session: FronteggSession, clock: FakeClock, end: Callable[[Any], None]
) -> None:
    """A coroutine that is ended by hand while it stands in line for the rate leaves its place."""
    view = session.for_bulk(rate=SLOWLY)
    await view.users.get("user-0")
    waiting = view.users.get("user-0")
    waiting.send(None)
    group = session.pacing.group(GET_USER.limit_group)
    assert group._line.waiting == 1
    end(waiting)
    assert group._line.waiting == 0


def test_the_ways_to_call_are_coroutine_functions() -> None:
    """Frameworks and mocks tell by their kind that ``call`` and ``send`` are to be awaited."""
    assert inspect.iscoroutinefunction(FronteggSession.call)
    assert inspect.iscoroutinefunction(FronteggSession.send)


async def test_an_observer_of_attempts_needs_no_confirm(
    emulator: Emulator, session: FronteggSession
) -> None:
    """``confirm`` is asked of observers of attempts that have it, and of no others."""

    class Noting:
        def __init__(self) -> None:
            self.noted: list[object] = []

        def before(self, operation: object) -> None:
            self.noted.append("before")

        def after(self, operation: object, outcome: object, seconds: float) -> None:
            self.noted.append("after")

    noting = Noting()
    await session.send(GET_USER, "user-0", observer=noting)
    assert noting.noted == ["before", "after"]


async def test_a_bulk_call_outlives_an_outage_of_minutes(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """While the server fails every call, a bulk call goes on for 180 s before attempts count."""
    emulator.inject(AnswerStatus(500), on=GET, times=None)
    view = session.for_bulk()
    began = clock.now
    with pytest.raises(ServerError) as caught:
        await view.users.get("user-0")
    most = view.options.max_attempts
    assert caught.value.attempts > most
    assert OUTAGE_PATIENCE_S < clock.now - began < OUTAGE_PATIENCE_S + most * BACKOFF_CAP_S


@pytest.mark.parametrize("headers", [{"Retry-After": "20"}, {"X-Rate-Limit-Reset": "20"}], ids=str)
async def test_a_503_with_a_wait_closes_the_gate(
    emulator: Emulator, session: FronteggSession, headers: dict[str, str]
) -> None:
    """A 503 that states a wait holds back the calls behind it, as a 429 does."""
    emulator.inject(AnswerStatus(503, headers=headers), on=GET)
    impatient: Any = session.with_options(max_attempts=1, max_wait=5.0)
    with pytest.raises(ServerError) as first:
        await impatient.users.get("user-0")
    with pytest.raises(RateLimitError) as second:
        await session.with_options(timeout=0.5).users.get("user-0")
    assert (first.value.retry_after, second.value.attempts, second.value.status) == (20.0, 0, None)
    assert len(emulator.requests) == session.traffic.throttled == 1


@pytest.mark.parametrize("cut", [1, 8], ids="without its last {} bytes".format)
async def test_a_compressed_body_that_ends_early(
    emulator: Emulator, session: FronteggSession, cut: int
) -> None:
    """A body whose checksum is missing is read again, although all of its content is there."""
    body = gzip.compress(b'{"id": "user-0", "email": "cut@x.io"}')[:-cut]
    headers = {"Content-Encoding": "gzip"}
    emulator.inject(AnswerStatus(200, body, "application/json", headers), on=GET)
    assert (await session.users.get("user-0")).email != "cut@x.io"
    assert len(emulator.requests) == 2


class FailingAlone(Fault):
    """Fails one call while the server takes another one of the same view."""

    view: FronteggSession

    async def before(self, injection: Injection) -> Response | None:
        """Let another call succeed, and answer 500."""
        await self.view.users.set_superuser("user-0", True)
        return Response(500)


async def test_a_bulk_call_that_fails_alone_is_given_up(
    emulator: Emulator, clock: FakeClock
) -> None:
    """While other calls of its run succeed, a call has no more than its attempts."""
    async with session_on(emulator, clock=clock) as session:
        view = session.for_bulk()
        fault = FailingAlone()
        fault.view = view
        emulator.inject(fault, on=GET, times=None)
        with pytest.raises(ServerError) as caught:
            await view.users.get("user-0")
    assert caught.value.attempts == view.options.max_attempts


async def test_a_wait_without_a_date_is_by_the_servers_clock(clock: FakeClock) -> None:
    """A reset is read by the server's clock, known from earlier responses, if it has no date."""
    ahead = 1_000.0
    async with Emulator(clock=clock.monotonic, wall_clock=lambda: clock.time() + ahead) as server:
        server.add_user("user-0")
        async with session_on(server, clock=clock) as session:
            await session.users.get("user-0")
            reset = f"{clock.time() + ahead + 20.0:.0f}"
            headers = {"X-Rate-Limit-Reset": reset, "Date": "today"}
            server.inject(AnswerStatus(429, headers=headers), on=GET)
            with pytest.raises(RateLimitError) as caught:
                await session.with_options(max_wait=5.0).users.get("user-0")
    assert caught.value.retry_after == pytest.approx(20.0, abs=1.0)
