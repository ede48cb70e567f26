"""Calls on their way to the socket: deadlines, waits, views, headers and paths."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from urllib.parse import quote

import pytest

from frontegg_async import (
    AuthenticationError,
    CallTimeoutError,
    ConnectionFailedError,
    FronteggSession,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    Emulator,
    Stall,
)
from frontegg_async.pacing.gate import FIRST_LOOK_S, STATED_LOOK_S

from ..support.clocks import FakeClock
from ..support.routes import AUTH, EITHER, GET, REMOVE
from ..support.sessions import session_on

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]


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


# Deadlines


async def test_deadline_covers_retries_and_waits(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """All attempts and waits end before the call's deadline, also with 1,000 attempts left."""
    emulator.inject(AnswerStatus(500), on=GET, times=None)
    view = session.with_options(timeout=5.0, max_attempts=1_000)
    started = clock.now
    with pytest.raises(ServerError) as caught:
        await view.users.get("user-0")
    assert clock.now - started < 5.0
    assert 1 < caught.value.attempts == len(emulator.requests) < 1_000


async def test_deadline_covers_the_wait_for_a_permit(emulator: Emulator) -> None:
    """A call whose turn does not come before its deadline is a timeout that sent nothing."""
    async with session_on(emulator, max_connections=1) as session:
        await session.users.get("user-0")
        stall = emulator.inject(Stall(), on=GET)
        holder = asyncio.create_task(session.users.get("user-0"))
        await stall.wait()
        sent = emulator.count()
        with pytest.raises(CallTimeoutError) as caught:
            await session.with_options(timeout=0.01).users.get("user-0")
        assert caught.value.attempts == 0
        assert caught.value.operation == "users.get"
        stall.clear()
        await holder
        assert emulator.count() == sent


async def test_deadline_passes_while_waiting_for_the_token(emulator: Emulator) -> None:
    """A call that cannot wait for the token is a timeout, and the token comes for the next."""
    async with session_on(emulator) as session:
        stall = emulator.inject(Stall(), on=AUTH)
        with pytest.raises(CallTimeoutError) as caught:
            await session.with_options(timeout=0.01).users.get("user-0")
        assert caught.value.operation == "users.get"
        stall.clear()
        await session.users.get("user-0")
        assert emulator.count(AUTH) == 1


async def test_deadline_passes_before_an_attempt(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A deadline that passes during a backoff ends the call without another request."""
    emulator.inject(AnswerStatus(500), on=GET)
    clock.hold()
    call = asyncio.create_task(session.users.get("user-0"))
    await clock.asleep()
    clock.advance(31.0)
    clock.release()
    with pytest.raises(CallTimeoutError) as caught:
        await call
    assert caught.value.attempts == len(emulator.requests) == 1


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize(
    ("method", "arguments"),
    [("get", ()), ("set_superuser", (True,)), ("remove_from_tenant", ("home",))],
)
async def test_one_attempt_is_one_request(
    emulator: Emulator,
    session: FronteggSession,
    method: str,
    arguments: tuple[str | bool, ...],
    reset: bool,
) -> None:
    """With ``max_attempts=1`` a cut connection costs one request: no layer below retries."""
    emulator.inject(CutBeforeCommit(reset=reset), times=None)
    view = session.with_options(max_attempts=1)
    for number in (1, 2):
        with pytest.raises(ConnectionFailedError) as caught:
            await getattr(view.users, method)("user-0", *arguments)
        assert caught.value.attempts == 1
        assert len(emulator.requests) == number


# Throttling


@pytest.mark.parametrize(
    ("headers", "look"), [({}, FIRST_LOOK_S), ({"Retry-After": "7"}, STATED_LOOK_S)], ids=repr
)
async def test_a_stray_refusal_costs_one_look(
    emulator: Emulator,
    session: FronteggSession,
    clock: FakeClock,
    headers: dict[str, str],
    look: float,
) -> None:
    """A single 429 delays its call until the first look, not for the stated wait."""
    emulator.inject(AnswerStatus(429, headers=headers), on=GET)
    began = clock.now
    await session.users.get("user-0")
    assert clock.now - began == pytest.approx(look)
    assert len(emulator.requests) == 2
    assert session.traffic.throttled == 1


async def test_refusals_are_no_attempts(emulator: Emulator, session: FronteggSession) -> None:
    """Six refusals use up none of a call's two attempts."""
    emulator.inject(AnswerStatus(429), on=GET, times=6)
    await session.with_options(max_attempts=2).users.get("user-0")
    assert len(emulator.requests) == 7


async def test_one_attempt_is_one_even_if_it_is_refused(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """With ``max_attempts=1`` a refusal is an error at once, with the time that it names."""
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "3"}), on=GET)
    with pytest.raises(RateLimitError) as caught:
        await session.with_options(max_attempts=1).users.get("user-0")
    assert (caught.value.attempts, caught.value.retry_after) == (1, 3.0)
    assert len(emulator.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "retry_after"),
    [
        ({"Retry-After": "61"}, 61.0),
        ({"Retry-After": "999999999"}, 315_360_000.0),
        ({"X-Rate-Limit-Reset": "9999-12-31T23:59:59Z"}, 315_360_000.0),
        ({"Retry-After": "31"}, 31.0),
    ],
    ids=repr,
)
async def test_long_wait_is_reported_not_slept(
    emulator: Emulator,
    session: FronteggSession,
    clock: FakeClock,
    status: int,
    headers: dict[str, str],
    retry_after: float,
) -> None:
    """A wait beyond the cap or the deadline is an error that states it, at once."""
    emulator.inject(AnswerStatus(status, headers=headers), on=GET)
    view = session.with_options(timeout=30.0 if retry_after < 60 else 1_000.0)
    with pytest.raises((RateLimitError, ServerError)) as caught:
        await view.users.get("user-0")
    assert isinstance(caught.value, RateLimitError if status == 429 else ServerError)
    assert caught.value.retry_after == retry_after
    assert clock.slept == []
    assert len(emulator.requests) == caught.value.attempts == 1


# Views


async def test_views_differ_in_what_they_say_only(
    emulator: Emulator, session: FronteggSession
) -> None:
    """A view changes the given options, keeps the others, and leaves its session unchanged."""
    before = session.options
    view = session.with_options(headers={"X-Own": "1"}).for_tenant("home")
    further = view.with_options(timeout=3.0, headers={"X-Two": "2"})
    assert further.options.timeout == 3.0
    assert further.options.max_attempts == before.max_attempts
    assert dict(further.options.headers) == {"X-Own": "1", "X-Two": "2"}
    assert dict(view.options.headers) == {"X-Own": "1"}
    assert session.options is before
    await further.call(EITHER)
    await session.call(EITHER)
    first, second = emulator.requests
    assert (first.headers["X-Own"], first.headers["X-Two"]) == ("1", "2")
    assert first.headers["frontegg-tenant-id"] == "home"
    assert not {"X-Own", "X-Two", "frontegg-tenant-id"} & set(second.headers)


async def test_bulk_view_counts_for_itself(emulator: Emulator, session: FronteggSession) -> None:
    """A bulk view is more patient and counts its own requests, from zero."""
    total = session.traffic.requests
    view = session.for_bulk()
    await view.users.get("user-0")
    assert (view.traffic.requests, session.traffic.requests) == (1, total)
    assert view.options.timeout > session.options.timeout
    patient = session.with_options(timeout=10_000.0, max_wait=9_000.0, max_attempts=99).for_bulk()
    options = patient.options
    assert (options.timeout, options.max_wait, options.max_attempts) == (10_000.0, 9_000.0, 99)
    assert len(emulator.requests) == 1


async def test_as_user_uses_the_users_token(emulator: Emulator, session: FronteggSession) -> None:
    """A user's view sends that user's token, and is never given the environment's instead."""
    view = session.as_user("user-token")
    for _ in range(2):
        with pytest.raises(AuthenticationError):
            await view.call(EITHER)
    assert [request.headers["Authorization"] for request in emulator.requests] == [
        "Bearer user-token"
    ] * 2
    with pytest.raises(InvalidRequestError, match="as_user") as caught:
        await view.users.get("user-0")
    assert caught.value.attempts == 0
    assert len(emulator.requests) == 2
    assert emulator.count(AUTH) == 1
    await session.users.get("user-0")
    assert emulator.count(AUTH) == 1


# Headers


async def test_tenant_header_only_where_it_belongs(
    emulator: Emulator, session: FronteggSession
) -> None:
    """A tenant's view sends the tenant header to the routes that accept it, and to no others."""
    view = session.for_tenant("home")
    await view.users.get("user-0")
    await view.users.set_superuser("user-0", True)
    await view.users.set_active_tenant("user-0", "home")
    await view.users.add_to_tenant("user-0", "new")
    async for _ in view.users.iterate():
        pass
    await view.users.remove_from_tenant("user-0", "new")
    tenants = [request.headers.get("frontegg-tenant-id") for request in emulator.requests]
    assert tenants == [None, None, None, None, "home", "new"]


async def test_delete_and_remove_cannot_be_confused(
    emulator: Emulator, session: FronteggSession
) -> None:
    """Deleting everywhere never names a tenant, and removing from one always does."""
    with pytest.raises(InvalidRequestError, match="beyond one tenant"):
        await session.for_tenant("home").users.delete_everywhere("user-0")
    for tenant_id in ("", " ", "\n", "a\r\nb"):
        with pytest.raises(InvalidRequestError):
            await session.users.remove_from_tenant("user-0", tenant_id)
    assert emulator.requests == []
    await session.users.remove_from_tenant("user-0", "home")
    assert emulator.user("user-0").tenants == {}
    await session.users.delete_everywhere("user-0")
    with pytest.raises(KeyError):
        emulator.user("user-0")
    tenants = [request.headers.get("frontegg-tenant-id") for request in emulator.requests]
    assert tenants == ["home", None]
    assert emulator.count(REMOVE) == 2


async def test_environment_id() -> None:
    """The environment's id goes with every call, and without it account credentials fail."""
    async with Emulator(account_credentials=["emulator-client"]) as emulator:
        emulator.add_user("user-0")
        async with session_on(emulator, environment_id="env-1") as session:
            await session.for_tenant("home").users.get("user-0")
        async with session_on(emulator) as session:
            with pytest.raises(PermissionDeniedError):
                await session.users.get("user-0")
    found = [
        r.headers.get("frontegg-environment-id") for r in emulator.requests if r.method == "GET"
    ]
    assert found == ["env-1", None]


@pytest.mark.parametrize("path", ["", "/", "/prefix", "/prefix/", "/a/b//"])
async def test_base_url_with_a_path(emulator: Emulator, path: str) -> None:
    """No part of the base URL's path gets lost, with or without a slash at its end."""
    async with session_on(emulator, base_url=emulator.url + path) as session:
        emulator.inject(AnswerStatus(200, b'{"token": "t"}'))
        emulator.inject(AnswerStatus(200, b'{"id": "user-0"}'))
        await session.users.get("user-0")
    prefix = path.rstrip("/")
    assert [request.raw_path for request in emulator.requests] == [
        f"{prefix}/auth/vendor",
        f"{prefix}/identity/resources/vendor-only/users/v1/user-0",
    ]


# Paths


REFUSED: Final = [
    "", " ", ".", "..", "../", "../../x", "a/../b", "..%2f", "%2e%2e", "%2E.", "a%2f..%2fb",
    "a\\..\\b", "..\\", "%2e%2e%5c", "a\nb", "a\r\nX: y", "a\x00", "%00", "a%0d%0ab", "\x7f",
    "\ud800", "a\udfff", "x" * 10_000,
]  # fmt: skip
TAKEN: Final = [
    "a/b", "%2f", "a%2fb", "%252f", "a b", "a?b=c", "a#b", "ünï/cödé", "日本", "😀", "a;b",
    "a&b=c", "a+b", "...", ".hidden", "~", "user@example.test", "%", "%zz", "a\\b",
    "x" * 1_024, "'\"<>", "email",
]  # fmt: skip


@pytest.mark.parametrize("user_id", REFUSED, ids=lambda value: ascii(value)[:24])
async def test_path_values_refused(
    emulator: Emulator, session: FronteggSession, user_id: str
) -> None:
    """A value that could lead to another path is rejected, and nothing is sent."""
    users = session.users
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: users.get(user_id),
        lambda: users.lock(user_id),
        lambda: users.delete_everywhere(user_id),
        lambda: users.add_to_tenant(user_id, "home"),
    ]
    for call in calls:
        with pytest.raises(InvalidRequestError) as caught:
            await call()
        assert caught.value.attempts == 0
    assert emulator.requests == []


@pytest.mark.parametrize("user_id", TAKEN, ids=lambda value: ascii(value)[:24])
async def test_path_values_arrive_as_they_are(
    emulator: Emulator, session: FronteggSession, user_id: str
) -> None:
    """Any other value reaches the intended route, as that very id."""
    with pytest.raises(NotFoundError):
        await session.users.get(user_id)
    emulator.add_user(user_id)
    assert (await session.users.get(user_id)).id == user_id
    await session.users.lock(user_id)
    assert emulator.user(user_id).locked
    await session.users.delete_everywhere(user_id)
    assert {request.template for request in emulator.requests} == {
        GET.partition(" ")[2],
        f"{REMOVE.partition(' ')[2]}/lock",
        REMOVE.partition(" ")[2],
    }
    assert emulator.requests[0].raw_path.endswith(f"/{quote(user_id, safe='~')}")


@pytest.mark.parametrize("tenant_id", ["\ud800", "", "  "], ids=ascii)
@pytest.mark.parametrize("method", ["add_to_tenant", "set_active_tenant", "remove_from_tenant"])
async def test_tenant_ids_refused(
    emulator: Emulator, session: FronteggSession, method: str, tenant_id: str
) -> None:
    """A tenant id that cannot be sent is rejected before any request."""
    with pytest.raises(InvalidRequestError) as caught:
        await getattr(session.users, method)("user-0", tenant_id)
    assert caught.value.attempts == 0
    assert emulator.requests == []
