"""The canary: neither the secret nor a token shows anywhere but on the wire."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import base64
import copy
import importlib
import logging
import pickle
import pkgutil
import time
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pytest
from rich.pretty import pretty_repr

from frontegg_async import (
    Assignment,
    FronteggError,
    FronteggSession,
    InvalidRequestError,
    MemoryTokenStore,
    Options,
    ResponseDecodeError,
    StoredToken,
    Tenant,
    UserTokens,
    models,
)
from frontegg_async._core.secret import MASK, Secret
from frontegg_async._core.transport import Request, RequestHeaders
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    CutMidBody,
    Emulator,
    Fault,
    GzipBomb,
    MalformedJson,
    Redirect,
    Stall,
)
from frontegg_async.endpoints.users import GET as GET_USER
from frontegg_async.models import RequestModel, ResponseModel, is_secret, secrets_of
from frontegg_async.models.authentication import AuthenticateRequest, LoginRequest

from ..support.bulk import files_in
from ..support.frames import shown
from ..support.routes import ADD, AUTH, EITHER, GET
from ..support.sessions import API_KEY, manager_of, session_on, token_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]

USER_TOKEN: Final = "canary-user-token-77aa01"
SHORT: Final = Options(timeout=5.0, attempt_timeout=0.4, max_attempts=2)


@pytest.fixture
async def canary(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give a session that has its token and sends everything once."""
    async with session_on(emulator, options=Options(max_attempts=1)) as session:
        await session.users.get("user-0")
        yield session


def assert_clean(text: str | bytes, *tokens: str) -> None:
    """Fail if ``text`` holds a secret, in part too; say which line, without the rest."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    for secret in (API_KEY, USER_TOKEN, *tokens):
        # The head of a JWT is the same for all, and messages are shortened: a piece between.
        needle = secret if len(secret) < 400 else secret[340:370]
        for line in text.splitlines():
            assert needle not in line, f"a secret shows: {line[: line.index(needle)][-80:]}…"


async def error_of(call: Any) -> BaseException:
    """Return the error of a call."""
    with pytest.raises((FronteggError, TimeoutError)) as caught:
        await call
    return caught.value


# Errors

FAULTS: Final[dict[str, Fault]] = {
    "401": AnswerStatus(401),
    "403": AnswerStatus(403),
    "404": AnswerStatus(404),
    "429": AnswerStatus(429, headers={"Retry-After": "9999"}),
    "500": AnswerStatus(500),
    "stall": Stall(),
    "cut": CutBeforeCommit(),
    "reset": CutBeforeCommit(reset=True),
    "cut mid body": CutMidBody(),
    "malformed": MalformedJson(),
    "bomb": GzipBomb(1 << 26),
    "redirect": Redirect("https://elsewhere.test/"),
}


@pytest.mark.parametrize("on", [AUTH, GET], ids=["auth route", "call"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_errors_show_nothing(emulator: Emulator, fault: Fault, on: str) -> None:
    """No error of a call, in text, chain, frames' variables or pickled, holds a secret."""
    async with session_on(emulator, options=SHORT) as session:
        tokens: list[str] = []
        if on == GET:
            await session.users.get("user-0")
            tokens.append(token_of(session))
        emulator.inject(fault, on=on, times=None)
        error = await error_of(session.users.get("user-0"))
        if on == GET:
            tokens.append(token_of(session))
        emulator.clear_faults()
    assert isinstance(error, FronteggError)
    assert_clean(shown(error), *tokens)
    assert_clean(pickle.dumps(error), *tokens)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


async def test_refused_credentials_and_closed(emulator: Emulator) -> None:
    """Errors of rejected credentials, closed and unopened sessions show no secret."""
    async with session_on(emulator, client_id="nobody") as session:
        error = await error_of(session.users.get("user-0"))
        assert_clean(shown(error))
        error = await error_of(session.as_user(USER_TOKEN).users.get("user-0"))
        assert_clean(shown(error))
    assert_clean(shown(await error_of(session.users.get("user-0"))))
    assert_clean(shown(await error_of(session_on(emulator).users.get("user-0"))))


@pytest.mark.parametrize("bad", [{"region": "xx"}, {"max_connections": 0}, {"client_id": ""}])
async def test_refused_settings(emulator: Emulator, bad: dict[str, Any]) -> None:
    """An error about another setting does not show the api key that was handed in with it."""
    with pytest.raises(FronteggError) as caught:
        session_on(emulator, **bad)
    assert_clean(shown(caught.value))


@pytest.mark.parametrize("key", [f"{API_KEY}\n", f"{API_KEY}\x00"], ids=repr)
async def test_refused_api_key(emulator: Emulator, key: str) -> None:
    """An api key that cannot work is not shown by the error that says so."""
    with pytest.raises(FronteggError) as caught:
        session_on(emulator, api_key=key)
    assert_clean(shown(caught.value))


@pytest.mark.parametrize("on", [AUTH, GET], ids=["auth route", "call"])
async def test_timeout_of_the_callers_own(emulator: Emulator, on: str) -> None:
    """A caller's own ``asyncio.timeout`` around a call shows no token in the frames' variables."""
    async with session_on(emulator) as session:
        if on == GET:
            await session.users.get("user-0")
        stall = emulator.inject(Stall(), on=on)

        async def impatient() -> None:
            async with asyncio.timeout(None) as limit:
                call = asyncio.ensure_future(stall.wait())
                call.add_done_callback(lambda _: limit.reschedule(0.0))
                await session.users.get("user-0")

        error = await error_of(impatient())
        assert isinstance(error, TimeoutError)
        token = manager_of(session)._token
        assert_clean(shown(error), *([] if token is None else [token.value]))
        emulator.clear_faults()


async def test_server_repeats_the_secret(emulator: Emulator) -> None:
    """A server that repeats the secret in its error does not get it into ours."""
    body = msgspec.json.encode({"errors": [f"bad secret {API_KEY}"], "errorCode": API_KEY})
    emulator.inject(AnswerStatus(401, body=body), on=AUTH)
    async with session_on(emulator, options=SHORT) as session:
        assert_clean(shown(await error_of(session.users.get("user-0"))))


@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("as_user", [False, True], ids=["environment", "user"])
async def test_server_repeats_the_token(
    emulator: Emulator, canary: FronteggSession, status: int, as_user: bool
) -> None:
    """A server that repeats the token in its error does not get it into ours."""
    token = USER_TOKEN if as_user else token_of(canary)
    body = msgspec.json.encode({"errors": [f"no good: Bearer {token}"], "errorCode": token})
    on = EITHER.limit_group if as_user else GET
    emulator.inject(AnswerStatus(status, body=body), on=on, times=None)
    session = canary.as_user(USER_TOKEN) if as_user else canary
    call = session.call(EITHER) if as_user else session.users.get("user-0")
    assert_clean(shown(await error_of(call)), token)


class _DeadStore(MemoryTokenStore):
    """A store that has yet another dead token when one was rejected."""

    rejected = False

    async def load(self, key: str) -> StoredToken | None:
        now = time.time()
        dead = StoredToken(value="second-dead-token", issued_at=now, expires_at=now + 9_000.0)
        return dead if self.rejected else None

    async def discard(self, key: str, value: str) -> None:
        self.rejected = True


async def test_all_tokens_of_a_call_are_known(emulator: Emulator) -> None:
    """Of a call that was replayed twice, a false success repeats none of its three tokens."""
    async with session_on(emulator, token_store=_DeadStore()) as session:
        await session.users.get("user-0")
        first = token_of(session)
        emulator.inject(AnswerStatus(401), on=GET, times=2)
        echo = f"dead: {first.upper()} and second-dead-token"
        body = msgspec.json.encode({"errors": [echo], "errorCode": "second-dead-token"})
        emulator.inject(AnswerStatus(200, body), on=GET)
        error = await error_of(session.users.get("user-0"))
        assert isinstance(error, ResponseDecodeError)
        assert error.messages == ("dead: *** and ***",)
        assert_clean(shown(error), first, "second-dead-token")


@pytest.mark.parametrize("way", ["as it is", "percent", "base64", "upper case"])
async def test_echoes_in_headers(emulator: Emulator, canary: FronteggSession, way: str) -> None:
    """Neither a trace id nor the host of a redirect nor a log shows the token that was sent."""
    token = token_of(canary)
    echo = {
        "as it is": token,
        "percent": quote(token.replace(".", "%2E"), safe="%"),
        "base64": base64.urlsafe_b64encode(token.encode()).decode().rstrip("="),
        "upper case": token.upper(),
    }[way]
    trace = {"frontegg-trace-id": echo[:2_000]}
    emulator.inject(AnswerStatus(403, headers=trace), on=GET)
    error = await error_of(canary.users.get("user-0"))
    assert isinstance(error, FronteggError)
    assert error.trace_id == "***"
    emulator.inject(Redirect(f"https://{echo}.test/x"), on=GET)
    error = await error_of(canary.users.get("user-0"))
    assert "***" in str(error)
    assert_clean(shown(error), token, echo)
    emulator.inject(AnswerStatus(200, b'{"id": "user-0"}', headers=trace), on=GET)
    answer = await canary.send(GET_USER, "user-0")
    assert answer.trace_id == "***"
    assert_clean(f"{answer!r} {pretty_repr(answer)}", token, echo)


# Pickles


async def test_what_holds_a_token_is_not_pickled(canary: FronteggSession) -> None:
    """Pickling an object with a token raises TypeError with a reason; copying works."""
    answer = await canary.send(GET_USER, "user-0")
    tokens = UserTokens(access_token=USER_TOKEN, refresh_token=USER_TOKEN)
    values: list[tuple[Any, str]] = [
        (canary, "session"),
        (canary.as_user(USER_TOKEN), "session"),
        (answer, "Response"),
        (answer.sent, "Call"),
        (Request("GET", "/", RequestHeaders({"X-Own": API_KEY}), API_KEY.encode()), "Request"),
        (StoredToken(value=USER_TOKEN, issued_at=0.0, expires_at=1.0), "StoredToken"),
        (tokens, "UserTokens"),
        ([{"a": tokens}], "UserTokens"),
        (AuthenticateRequest(client_id="id", secret=API_KEY), "AuthenticateRequest"),
        (manager_of(canary)._token, "secret"),
        (canary._settings, "secret"),
        (Options(headers={"x-api-key": API_KEY}), "secret"),
    ]
    for value, named in values:
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match=named):
                pickle.dumps(value, protocol)
    assert copy.deepcopy(tokens) == copy.copy(tokens) == tokens


async def test_what_holds_none_is_pickled(canary: FronteggSession) -> None:
    """Errors, and Structs without secrets, are pickled and copied as ever."""
    user = await canary.users.get("user-0")
    home = Tenant(tenant_id="home", post_code="12345", country_code="DE")
    error = await error_of(canary.users.get("nobody"))
    for value in (user, home, Options(timeout=3.0), UserTokens(expires_in=5)):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value  # noqa: S301
    assert str(copy.copy(error)) == str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


# Logs


async def test_logs_show_nothing(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """No record of any logger at any level holds a secret, with asyncio's debug mode on."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    tokens: list[str] = []
    try:
        with caplog.at_level(logging.DEBUG):
            for name in ("aiohttp.client", "aiohttp.internal", "asyncio", "frontegg_async"):
                caplog.set_level(logging.DEBUG, logger=name)
            async with session_on(emulator, options=SHORT) as session:
                await session.users.get("user-0")
                tokens.append(token_of(session))
                # A limit comes last: while the server asks to stay away, nothing more is sent.
                for name in sorted(FAULTS, key="429".__eq__):
                    emulator.inject(FAULTS[name], on=GET, times=None)
                    await error_of(session.users.get("user-0"))
                    tokens.append(token_of(session))
                    emulator.clear_faults()
            async with session_on(emulator, options=SHORT) as session:
                await session.users.get("user-0")
                tokens.append(token_of(session))
                emulator.inject(AnswerStatus(500), on=AUTH, times=None)
                emulator.revoke_tokens()
                await error_of(session.users.get("user-0"))
                emulator.clear_faults()
    finally:
        loop.set_debug(False)
    assert {record.name for record in caplog.records} > {"frontegg_async", "asyncio"}
    for record in caplog.records:
        assert_clean(f"{record.getMessage()} {record.args!r} {record.exc_info!r}", *tokens)
        if record.exc_info is not None and record.exc_info[1] is not None:
            assert_clean(shown(record.exc_info[1]), *tokens)


# Values


async def test_values_show_nothing(canary: FronteggSession) -> None:
    """No text, variable or pickle of a value that a program may hold shows a secret."""
    token = manager_of(canary)._token
    assert token is not None
    stored = StoredToken(value=token.value, issued_at=0.0, expires_at=1.0)
    user = canary.as_user(USER_TOKEN)
    values: list[Any] = [
        canary,
        user,
        canary.for_tenant("home").with_options(headers={"X-Own": "1"}),
        canary.options,
        AuthenticateRequest(client_id="id", secret=API_KEY),
        Request("GET", "/", RequestHeaders({"X-Own": API_KEY}), API_KEY.encode()),
        token,
        stored,
        await canary.token_info(),
        canary._settings,
        user._view,
        canary._sender,
        manager_of(canary),
        manager_of(canary)._store,
        manager_of(canary)._store._store,
    ]
    for value in values:
        assert_clean(f"{value!r} {value!s} {value:} {[value]} {{'a': {value!r}}}", token.value)
        assert_clean(repr(getattr(value, "__dict__", None)), token.value)
        # rich, and with it the tracebacks of structlog, asks another method than ``repr``.
        assert_clean(pretty_repr(value), token.value)
    with pytest.raises(TypeError):
        pickle.dumps(Secret(API_KEY))


def secret_structs() -> list[type[msgspec.Struct]]:
    """Return the Structs of the models that have a field with the name of a secret."""
    for module in pkgutil.iter_modules(models.__path__, "frontegg_async.models."):
        importlib.import_module(module.name)
    found = [*RequestModel.__subclasses__(), *ResponseModel.__subclasses__()]
    for struct in found:
        found += struct.__subclasses__()
    return [each for each in found if any(map(is_secret, each.__struct_fields__))]


def test_structs_show_nothing() -> None:
    """No Struct with a secret shows it to ``repr`` or to rich, alone or within another."""
    structs = secret_structs()
    assert len(structs) > 60
    for struct in structs:
        value = struct(
            **{name: API_KEY if is_secret(name) else "visible" for name in struct.__struct_fields__}
        )
        assert_clean(f"{value!r} {pretty_repr(value)} {pretty_repr([{'a': value}])}")
        assert MASK in pretty_repr(value)


async def test_rejected_token_is_in_no_variable(emulator: Emulator) -> None:
    """A rejected token that is not replaced is in no variable as plain text."""
    async with session_on(emulator, options=SHORT) as session:
        await session.users.get("user-0")
        token = token_of(session)
        emulator.revoke_tokens()
        emulator.inject(AnswerStatus(500), on=AUTH, times=None)
        await error_of(session.users.get("user-0"))
        assert_clean(repr(vars(manager_of(session))), token)


def shown_below(error: BaseException) -> str:
    """Return a traceback with variables, without the frame of the test, which is the program's."""
    trace = error.__traceback__
    assert trace is not None
    shown = traceback.TracebackException(type(error), error, trace.tb_next, capture_locals=True)
    return "".join(shown.format())


async def test_secrets_where_they_do_not_belong(
    emulator: Emulator, canary: FronteggSession
) -> None:
    """A password in bytes, which JSON would hold in base64, is rejected and not shown."""
    before = len(emulator.requests)
    password: Any = API_KEY.encode()
    login = canary.authentication.login(email="a@x.io", password=password)
    with pytest.raises(InvalidRequestError, match="a secret must be a string") as caught:
        await login
    assert_clean(shown_below(caught.value))
    assert_clean(repr(LoginRequest(password=password)))
    assert len(emulator.requests) == before


def test_secrets_as_arguments_of_something_else() -> None:
    """The value of an argument ``secret``, which a session does not have, is in no traceback."""
    given: Any = {"secret": API_KEY}
    try:
        FronteggSession(client_id="id", api_key="key-of-another", **given)
    except TypeError as error:
        assert_clean(shown_below(error))
    else:
        pytest.fail("taken")


# Files


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("status", [400, 403, 500])
async def test_failures_file_shows_nothing(
    emulator: Emulator, canary: FronteggSession, tmp_path: Path, suffix: str, status: int
) -> None:
    """The failures that bulk work writes hold no secret, even if the server repeats the token."""
    token = token_of(canary)
    body = msgspec.json.encode({"errors": [f"no good: {token} {API_KEY}"], "errorCode": token})
    emulator.inject(AnswerStatus(status, body=body, headers={"Retry-After": "0"}), on=ADD)
    path = tmp_path / f"failures.{suffix}"
    rows = [Assignment(user_id="user-0", tenant_id="new")]
    report = await canary.bulk.assign(rows, failures=path, workers=1)
    assert report.rows == 1
    assert_clean(path.read_bytes(), token)
    assert_clean(repr(report), token)
    assert_clean(repr(vars(report)), token)


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_ledger_shows_nothing(
    emulator: Emulator, canary: FronteggSession, tmp_path: Path, status: int
) -> None:
    """No file that a run leaves beside its ledger holds a secret, nor do the ledger's values."""
    token = token_of(canary)
    body = msgspec.json.encode({"errors": [f"no good: {token} {API_KEY}"], "errorCode": token})
    emulator.inject(AnswerStatus(status, body=body, headers={"Retry-After": "0"}), on=ADD)
    rows = [Assignment(user_id="user-0", tenant_id="new")]
    report = await canary.bulk.assign(rows, ledger=tmp_path / "ledger", workers=1)
    assert report.rows == 1
    files = files_in(tmp_path)
    assert "ledger" in files
    for name in files:
        assert_clean((tmp_path / name).read_bytes(), token)
    ledger = Ledger.read(tmp_path / "ledger")
    assert_clean(repr([ledger.header(), *ledger.export()]), token)
    ledger.close()


def test_secrets_in_lists() -> None:
    """The strings of a list with a secret name are secrets, at any depth, and of no other list."""
    body = {
        "password": ["hunter2-one", ("hunter2-two", Secret("hunter2-three"))],
        "tags": ["a-tag"],
    }
    assert secrets_of({1: "a", 2: ["b"], "c": {3: "d"}}) == ()  # keys that are numbers
    assert sorted(secrets_of(body)) == ["hunter2-one", "hunter2-three", "hunter2-two"]
