"""Servers that cut, stall, lie and flood: every call ends in a result or in a typed error."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import socket
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from frontegg_async import (
    Assignment,
    CallTimeoutError,
    ConfigurationError,
    ConnectionFailedError,
    FronteggError,
    FronteggSession,
    InvalidRequestError,
    NotFoundError,
    Options,
    OutcomeUnknownError,
    PermissionDeniedError,
    ResponseDecodeError,
    ServerError,
    User,
)
from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    Drip,
    EmptyBody,
    Emulator,
    ExtraFields,
    Fault,
    GzipBomb,
    HugeBody,
    Injection,
    MalformedJson,
    NullRiddled,
    Redirect,
    ReusedConnectionDrop,
    SetCookie,
    Stall,
    TruncatedJson,
    WrongContentLength,
)
from frontegg_async.emulator.http.response import Response

from ..support.clocks import FakeClock
from ..support.routes import ADD, AUTH, EITHER, GET, LOCK, REMOVE, SET_ACTIVE
from ..support.servers import raw_server
from ..support.sessions import session_on

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]

LIMIT: Final = 1 << 20
MEMORY: Final = 24 << 20
PATIENT: Final = Options(
    timeout=60.0, attempt_timeout=30.0, max_attempts=2, max_response_bytes=LIMIT
)
"""Long enough for a busy machine; ``fit_for`` shortens it for faults that never end."""


def fit_for(session: FronteggSession, fault: Fault) -> FronteggSession:
    """Return a view that does not wait long for a fault that never ends."""
    return session.with_options(attempt_timeout=0.2) if isinstance(fault, Stall | Drip) else session


@pytest.fixture
async def session(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give a session that has its token, and waits by a fake clock."""
    async with session_on(emulator, options=PATIENT, clock=FakeClock()) as opened:
        await opened.users.get("user-0")
        emulator.requests.clear()
        yield opened


def sent(emulator: Emulator) -> Counter[str]:
    """Count the recorded requests, by method and template."""
    return Counter(f"{request.method} {request.template}" for request in emulator.requests)


# Bodies

BODIES: Final[dict[str, tuple[Fault, type[FronteggError]]]] = {
    "bomb": (GzipBomb(300 << 20), ResponseDecodeError),
    "huge length": (HugeBody(1 << 40), ResponseDecodeError),
    "truncated": (TruncatedJson(), ResponseDecodeError),
    "malformed": (MalformedJson(), ResponseDecodeError),
    "not text": (MalformedJson(b'{"id": "\xff"}'), ResponseDecodeError),
    "surrogate": (MalformedJson(b'{"id": "\\ud800"}'), ResponseDecodeError),
    "nested": (MalformedJson(b'{"x": ' + b"[" * 200_000), ResponseDecodeError),
    "html": (AnswerStatus(200), ResponseDecodeError),
    "html 502": (AnswerStatus(502), ServerError),
    "nested 403": (AnswerStatus(403, b'{"x": ' + b"[" * 200_000), PermissionDeniedError),
    "errors of another type": (AnswerStatus(403, b'{"errors": [{"a": 1}]}'), PermissionDeniedError),
    "status 999": (AnswerStatus(999), ServerError),
    "brotli": (AnswerStatus(200, headers={"Content-Encoding": "br"}), ResponseDecodeError),
    "encoding": (
        AnswerStatus(200, headers={"Content-Encoding": "?" * 500}),
        ResponseDecodeError,
    ),
    "no gzip": (AnswerStatus(200, headers={"Content-Encoding": "gzip"}), ResponseDecodeError),
    "huge header": (AnswerStatus(200, headers={"X": "y" * 100_000}), ResponseDecodeError),
    "cut mid body": (CutMidBody(), ConnectionFailedError),
    "length too long": (WrongContentLength(off=50), ConnectionFailedError),
    "length too short": (WrongContentLength(off=-7), ResponseDecodeError),
    "drip": (Drip(0.01), CallTimeoutError),
    "stall": (Stall(), CallTimeoutError),
    "stall after the work": (Stall(after_commit=True), CallTimeoutError),
}


@pytest.mark.parametrize("name", BODIES)
async def test_hostile_answer_is_a_typed_error(
    emulator: Emulator, session: FronteggSession, name: str
) -> None:
    """A hostile response is a typed error, within the memory allowed, and the next call works."""
    fault, kind = BODIES[name]
    injection = emulator.inject(fault, on=GET, times=None)
    tracemalloc.start()
    try:
        with pytest.raises(kind) as caught:
            await fit_for(session, fault).users.get("user-0")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    assert type(caught.value) is kind
    assert caught.value.operation == "users.get"
    assert caught.value.attempts == injection.struck
    emulator.clear_faults()
    assert (await session.users.get("user-0")).id == "user-0"


class Chunks(HugeBody):
    """The same flood without an announced length."""

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Leave the length out."""
        return msgspec.structs.replace(await super().after(answer, injection), announced=None)


async def test_endless_chunks(emulator: Emulator, session: FronteggSession) -> None:
    """A chunked body without end is read to the limit and no further."""
    emulator.inject(Chunks(1 << 40), on=GET)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseDecodeError, match="max_response_bytes"):
            await session.users.get("user-0")
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "fault",
    [ExtraFields(), MalformedJson(b'{"id": "user-0"}'), MalformedJson(b'{"id": "user-0", "x": 1}')],
    ids=["extra", "id", "id and more"],
)
async def test_poor_answer_is_an_answer(
    emulator: Emulator, session: FronteggSession, fault: Fault
) -> None:
    """A response that lacks fields, or has more than are known, decodes all the same."""
    emulator.inject(fault, on=GET)
    assert isinstance(await session.users.get("user-0"), User)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [EmptyBody(), NullRiddled(), MalformedJson(b"null"), MalformedJson(b"{}")],
    ids=["empty", "nulls", "null", "object"],
)
async def test_answer_that_names_nobody(
    emulator: Emulator, session: FronteggSession, fault: Fault
) -> None:
    """A response without the user's id is an error, and is requested once."""
    emulator.inject(fault, on=GET)
    with pytest.raises(ResponseDecodeError):
        await session.users.get("user-0")
    assert len(emulator.requests) == 1


async def test_undecodable_answer_after_a_retry(
    emulator: Emulator, session: FronteggSession
) -> None:
    """A response that cannot be decoded says how many attempts it took."""
    emulator.inject(AnswerStatus(500), on=GET)
    emulator.inject(MalformedJson(), on=GET)
    with pytest.raises(ResponseDecodeError) as caught:
        await session.users.get("user-0")
    assert caught.value.attempts == 2


@pytest.mark.parametrize("trace_id", ["\xff\xfe", "x" * 5_000], ids=["not text", "long"])
async def test_hostile_trace_id(trace_id: str, tmp_path: Path) -> None:
    """An error can be printed and written to files with any trace id of the server."""
    async with (
        Emulator(extra_headers={"frontegg-trace-id": trace_id}) as emulator,
        session_on(emulator) as session,
    ):
        with pytest.raises(NotFoundError) as caught:
            await session.users.get("nobody")
        text = f"{caught.value} {caught.value.trace_id}"
        assert len(text.encode()) < 2_000
        rows = [Assignment(user_id="nobody", tenant_id="home")]
        for name in ("failures.csv", "failures.jsonl"):
            report = await session.bulk.assign(rows, failures=tmp_path / name)
            assert report.failed == 1


# Redirects and cookies


async def test_redirect_is_not_followed(emulator: Emulator, session: FronteggSession) -> None:
    """A redirect is an error that names the other host, which hears nothing of the token."""
    async with Emulator() as elsewhere:
        for status in (301, 302, 307, 308):
            emulator.inject(Redirect(f"{elsewhere.url}/steal", status), on=GET)
            with pytest.raises(ConfigurationError, match="redirects to '127") as caught:
                await session.users.get("user-0")
            assert caught.value.status == status
        assert elsewhere.count() == 0
    assert len(emulator.requests) == 4


async def test_cookies_are_not_sent_back(emulator: Emulator) -> None:
    """A cookie that the server sets does not come back to it."""
    # By name: cookie jars leave the cookies of mere addresses out in any case.
    named = emulator.url.replace("127.0.0.1", "localhost")
    async with session_on(emulator, base_url=named) as session:
        emulator.inject(SetCookie(), times=None)
        for _ in range(3):
            await session.users.get("user-0")
    assert not [request for request in emulator.requests if "Cookie" in request.headers]


# Connections that end

Call = Callable[[FronteggSession], Awaitable[object]]


async def get(session: FronteggSession) -> object:
    return await session.users.get("user-0")


async def put(session: FronteggSession) -> object:
    return await session.users.set_active_tenant("user-0", "home")


async def lock(session: FronteggSession) -> object:
    await session.users.lock("user-0")
    return None


async def invite(session: FronteggSession) -> object:
    return await session.users.add_to_tenant("user-0", "new")


async def add(session: FronteggSession) -> object:
    return await session.users.add_to_tenant("user-0", "new", skip_invite_email=True)


BEFORE: Final = CutBeforeCommit()
AFTER: Final = CutAfterCommit()
Expected = tuple[Call, Fault, dict[str, int], type[FronteggError] | None]
CUTS: Final[list[Expected]] = [
    *((get, fault, {GET: 2}, None) for fault in (BEFORE, AFTER, CutMidBody(), AnswerStatus(502))),
    *((put, fault, {SET_ACTIVE: 2}, None) for fault in (BEFORE, AFTER, CutMidBody())),
    *((lock, fault, {LOCK: 2}, None) for fault in (BEFORE, AFTER, AnswerStatus(500))),
    *((invite, fault, {ADD: 1, GET: 1}, None) for fault in (AFTER, CutMidBody())),
    (invite, CutAfterCommit(reset=True), {ADD: 1, GET: 1}, None),
    (invite, AnswerStatus(502, after_commit=True), {ADD: 1, GET: 1}, None),
    (invite, AnswerStatus(500, after_commit=True), {ADD: 1, GET: 1}, None),
    (invite, Stall(after_commit=True), {ADD: 1, GET: 1}, None),
    (invite, BEFORE, {ADD: 1, GET: 1}, OutcomeUnknownError),
    (invite, AnswerStatus(502), {ADD: 1, GET: 1}, OutcomeUnknownError),
    (invite, AnswerStatus(504), {ADD: 1, GET: 1}, OutcomeUnknownError),
    (invite, AnswerStatus(500), {ADD: 1, GET: 1}, OutcomeUnknownError),
    (invite, AnswerStatus(421), {ADD: 1, GET: 1}, ServerError),
    (invite, Stall(), {ADD: 1, GET: 1}, OutcomeUnknownError),
    (add, BEFORE, {ADD: 2, GET: 1}, None),
    (add, AnswerStatus(500), {ADD: 2, GET: 1}, None),
    (add, AFTER, {ADD: 1, GET: 1}, None),
    (add, ReusedConnectionDrop(), {ADD: 2, GET: 1}, None),
]


@pytest.mark.parametrize(
    ("call", "fault", "requests", "error"),
    CUTS,
    ids=[f"{call.__name__}-{number}-{fault}" for number, (call, fault, _, _) in enumerate(CUTS)],
)
async def test_who_is_sent_again(
    emulator: Emulator,
    session: FronteggSession,
    call: Call,
    fault: Fault,
    requests: dict[str, int],
    error: type[FronteggError] | None,
) -> None:
    """After a cut, a call is repeated if that is safe, read back if not, or raises as unknown."""
    emulator.inject(fault, on=next(iter(requests)))
    session = fit_for(session, fault)
    if error is None:
        await call(session)
    else:
        with pytest.raises(error) as caught:
            await call(session)
        assert caught.value.attempts == 1
    emulator.clear_faults()
    assert sent(emulator) == requests
    assert len(emulator.invites) == (call is invite and error is None)
    assert ("user-0", "new") in emulator.memberships() or call not in {invite, add} or error


async def test_removal_done_but_unanswered(emulator: Emulator, session: FronteggSession) -> None:
    """A removal that was done, but had no response, is no NotFoundError of the second attempt."""
    emulator.inject(CutAfterCommit(), on=REMOVE)
    await session.users.remove_from_tenant("user-0", "home")
    assert ("user-0", "home") not in emulator.memberships()


async def test_stale_keepalive(emulator: Emulator, session: FronteggSession) -> None:
    """A kept connection that the server has closed costs a read nothing but a second attempt."""
    dropped = emulator.inject(ReusedConnectionDrop(), on=GET)
    assert (await session.users.get("user-0")).id == "user-0"
    assert dropped.struck == 1
    assert len({request.connection for request in emulator.requests}) == 2


async def test_connection_closed_while_idle(emulator: Emulator, session: FronteggSession) -> None:
    """A server that restarts between two calls is simply connected to once more."""
    port = int(emulator.url.rpartition(":")[2])
    await emulator.stop()
    emulator._port = port
    await emulator.start()
    assert (await session.users.get("user-0")).id == "user-0"
    assert sent(emulator) == {GET: 1}


async def test_nobody_listens() -> None:
    """A port without a server is a failed connection, tried as often as the options say."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        clock = FakeClock()
        async with FronteggSession(
            client_id="id", api_key="key", base_url=url, clock=clock
        ) as session:
            with pytest.raises(ConnectionFailedError) as refused:
                await session.as_user("token").call(EITHER)
            assert refused.value.attempts == session.traffic.requests == 4
            assert len(clock.slept) == 3
            with pytest.raises(ConnectionFailedError) as caught:
                await session.users.get("user-0")
    assert caught.value.attempts == 0  # of this call: its token was never there
    assert caught.value.status is None


@pytest.mark.parametrize(
    "reply",
    [
        b"220 mail.example.test ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\n\x00: 1\r\n\r\n{}",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nLocation",
        b"",
        b"\r\n\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=lambda reply: repr(reply[:40]),
)
async def test_server_that_is_no_http_server(reply: bytes) -> None:
    """A server that speaks no HTTP causes a typed error, which shows no token."""
    async with (
        raw_server(reply) as (url, heard),
        FronteggSession(
            client_id="id", api_key="key", base_url=url, options=PATIENT, clock=FakeClock()
        ) as session,
    ):
        view = session.as_user("user-token-canary")
        with pytest.raises(FronteggError) as caught:
            await view.call(EITHER)
    assert isinstance(caught.value, ResponseDecodeError | ConnectionFailedError)
    assert 1 <= caught.value.attempts == len(heard) <= 2
    assert "canary" not in str(caught.value)


async def test_hostile_auth_route(emulator: Emulator) -> None:
    """A hostile response to the token call is a typed error of the call that needed the token."""
    for name, (fault, _) in BODIES.items():
        injection = emulator.inject(fault, on=AUTH, times=None)
        seconds = 0.2 if isinstance(fault, Stall | Drip) else 30.0
        options = msgspec.structs.replace(PATIENT, attempt_timeout=seconds)
        async with session_on(emulator, options=options, clock=FakeClock()) as session:
            with pytest.raises(FronteggError) as caught:
                await session.users.get("user-0")
            assert caught.value.operation == "users.get", name
            assert not isinstance(caught.value, InvalidRequestError)
        injection.clear()
        emulator.clear_faults()
    assert emulator.count(GET) == 0
