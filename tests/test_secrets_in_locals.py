"""The canary in variables: what reports errors with the variables of frames finds no secret.

Each way in which a secret reaches the SDK ends in an error, which is shown to the standard
library, to rich and to structlog with all variables, and to the Sentry SDK
(``sentry_program.py``). Frames of the tests themselves are left out: they hold the canaries.
"""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest
from rich.traceback import Traceback
from structlog.tracebacks import ExceptionDictTransformer

from frontegg_async import FronteggError, FronteggSession, Operation, Options, TokenKind, UserTokens
from frontegg_async._core.secret import is_secret
from frontegg_async.auth.token_stores import MemoryTokenStore, StoredToken
from frontegg_async.emulator import AnswerStatus, Emulator, Stall
from frontegg_async.models.authentication import LoginRequest

from .clocks import AUTH, EITHER, GET, session_on
from .conftest import API_KEY
from .drift.recording import CALLABLE, parameters_of, value_for

pytestmark = pytest.mark.anyio

HERE: Final = str(Path(__file__).parent)
CANARY: Final = "canary-in-a-frame-41d7"
CANARIES: Final = (API_KEY, CANARY)

LOGIN: Final = "POST /identity/resources/auth/v1/user"
REFRESH: Final = "POST /identity/resources/auth/v1/user/token/refresh"
ANYTHING: Final = Operation("test.anything", "POST", "/identity/resources/users/v2", dict[str, Any])
LOOK: Final = Operation(
    "test.look", "GET", "/identity/resources/users/v3", dict[str, Any], token=TokenKind.EITHER
)
ONCE: Final = Options(timeout=5.0, attempt_timeout=1.0, max_attempts=1)


# How errors are shown


def links_of(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that hangs on it, suppressed or not."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [each for each in (link.__cause__, link.__context__) if each is not None]


def by_the_standard_library(error: BaseException) -> str:
    """Show the frames with ``capture_locals``."""
    parts: list[str] = []
    for link in links_of(error):
        report = traceback.TracebackException(
            type(link), link, link.__traceback__, capture_locals=True
        )
        frames = [frame for frame in report.stack if not frame.filename.startswith(HERE)]
        parts += [str(frame.locals) for frame in frames]
        parts += [repr(link), str(link), repr(link.args), repr(vars(link))]
    return "\n".join(parts)


def by_rich(error: BaseException) -> str:
    """Show the frames as ``rich.traceback.install(show_locals=True)`` does."""
    parts: list[str] = []
    for link in links_of(error):
        trace = Traceback.extract(
            type(link),
            link,
            link.__traceback__,
            show_locals=True,
            locals_max_length=10_000,
            locals_max_string=10_000,
            locals_hide_dunder=False,
        )
        for stack in trace.stacks:
            parts += [
                str(frame.locals) for frame in stack.frames if not frame.filename.startswith(HERE)
            ]
    return "\n".join(parts)


def by_structlog(error: BaseException) -> str:
    """Show the frames as structlog's dictionaries do by default, and at any length."""
    parts: list[str] = []
    for use_rich in (True, False):
        transform = ExceptionDictTransformer(
            show_locals=True, locals_max_length=10_000, locals_max_string=10_000, use_rich=use_rich
        )
        for link in links_of(error):
            for entry in transform((type(link), link, link.__traceback__)):
                frames = cast("list[dict[str, Any]]", entry["frames"])
                parts += [
                    json.dumps(frame, default=str)
                    for frame in frames
                    if not frame["filename"].startswith(HERE)
                ]
                parts.append(str(entry["exc_value"]))
    return "\n".join(parts)


def assert_hidden(error: BaseException, *more: str) -> None:
    """Fail if one of the canaries stands in what any of the three shows."""
    for show in (by_the_standard_library, by_rich, by_structlog):
        text = show(error)
        for canary in (*CANARIES, *more):
            at = text.find(canary)
            assert at < 0, f"{show.__name__}: …{text[max(at - 200, 0) : at]}"


async def error_of(work: Awaitable[Any]) -> BaseException:
    """Give what something ends in."""
    try:
        await work
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # of any kind
        return error
    pytest.fail("it raised nothing")


# Ways in


def echoing(status: int, secret: str = CANARY) -> AnswerStatus:
    """Give an answer that repeats a secret that it was sent wherever it can."""
    body = msgspec.json.encode({"errors": [f"no: {secret}"], "errorCode": secret, "got": secret})
    headers = {"frontegg-trace-id": secret, "Set-Cookie": f"fe_refresh_x={secret}"}
    return AnswerStatus(status, body, "application/json", headers=headers)


async def wrong_password(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.add_user("anna", email="anna@x.io", password="another")
    await frontegg.authentication.login(email="anna@x.io", password=CANARY)


async def both_names(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.authentication.login(email="a@x.io", username="a", password=CANARY)


async def forgotten_argument(emulator: Emulator, frontegg: FronteggSession) -> None:
    login: Any = frontegg.authentication.login
    await login(password=CANARY, emial="a@x.io")


async def forgotten_position(emulator: Emulator, frontegg: FronteggSession) -> None:
    change: Any = frontegg.passwords.change
    await change(CANARY)


async def password_no_text(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.authentication.login(email="a@x.io", password=f"{CANARY}\ud800")


async def password_in_struct(emulator: Emulator, frontegg: FronteggSession) -> None:
    operation = Operation(
        "x.login", "POST", "/identity/resources/auth/v1/user", dict[str, Any], token=TokenKind.NONE
    )
    await frontegg.call(operation, body=LoginRequest(email="a@x.io", password=CANARY))


async def password_in_dict(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(400), on="POST /identity/resources/users/v2")
    await frontegg.call(ANYTHING, body={"email": "a@x.io", "deep": [{"password": CANARY}]})


async def dict_no_json(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.call(ANYTHING, body={"password": CANARY, "other": object()})


async def token_in_query(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(500), on="GET /identity/resources/users/v3")
    await frontegg.call(LOOK, query={"token": CANARY})


async def query_no_text(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.call(LOOK, query={"token": f"{CANARY}\ud800"})


async def token_in_header(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(403), on="GET /identity/resources/users/v3")
    await frontegg.send(LOOK, headers={"x-api-key": CANARY})


async def header_no_text(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.call(LOOK, headers={"x-api-key": f"{CANARY}\n"})


async def option_header(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(403), on="GET /identity/resources/users/v3")
    await frontegg.with_options(headers={"x-api-key": CANARY}).call(LOOK)


async def option_header_beside_another(emulator: Emulator, frontegg: FronteggSession) -> None:
    view = frontegg.with_options(headers={"x-api-key": CANARY})
    await view.call(LOOK, headers={"x-other": "\n"})


async def option_header_no_text(emulator: Emulator, frontegg: FronteggSession) -> None:
    frontegg.with_options(headers={"x-api-key": f"{CANARY}\n"})


async def dead_refresh_token(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.authentication.refresh(CANARY, client_id="env")


async def refresh_token_no_cookie(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.authentication.logout(f"{CANARY} ; x", client_id="env")


async def user_token_refused(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(401), on=EITHER.limit_group)
    await frontegg.as_user(CANARY).call(EITHER)


async def user_token_no_token(emulator: Emulator, frontegg: FronteggSession) -> None:
    frontegg.as_user(f"{CANARY}\n")


async def logged_in_user_refused(emulator: Emulator, frontegg: FronteggSession) -> None:
    tokens = UserTokens(access_token=CANARY, refresh_token=CANARY, expires_in=600)
    emulator.inject(echoing(401), on=EITHER.limit_group, times=None)
    emulator.inject(echoing(401), on=REFRESH, times=None)
    await frontegg.as_user(tokens).call(EITHER)


async def logged_in_user_ended(emulator: Emulator, frontegg: FronteggSession) -> None:
    await frontegg.as_user(UserTokens(access_token=CANARY)).call(EITHER)


async def logged_in_user_no_token(emulator: Emulator, frontegg: FronteggSession) -> None:
    frontegg.as_user(UserTokens(access_token=f"{CANARY}\n", refresh_token=CANARY))


async def logged_in_without_client_id(emulator: Emulator, frontegg: FronteggSession) -> None:
    async with FronteggSession.for_users(base_url=emulator.url) as session:
        session.as_user(UserTokens(access_token=CANARY, refresh_token=CANARY))


async def undecodable_body(emulator: Emulator, frontegg: FronteggSession) -> None:
    body = b'{"id": {"token": "%b"}, "email": 5}' % CANARY.encode()
    emulator.inject(AnswerStatus(200, body, "application/json"), on=GET)
    await frontegg.users.get("user-0")


async def half_a_body(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(AnswerStatus(200, f'{{"id": "{CANARY}'.encode()), on=GET)
    await frontegg.users.get("user-0")


async def another_user(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(AnswerStatus(200, f'{{"id": "{CANARY}"}}'.encode()), on=GET)
    await frontegg.users.get("user-0")


async def auth_route_refuses(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(401, API_KEY), on=AUTH)
    async with session_on(emulator, options=ONCE) as session:
        await session.users.get("user-0")


async def auth_route_garbage(emulator: Emulator, frontegg: FronteggSession) -> None:
    body = msgspec.json.encode({"token": f"{CANARY} {CANARY}", "expiresIn": 60})
    emulator.inject(AnswerStatus(200, body, "application/json"), on=AUTH)
    async with session_on(emulator, options=ONCE) as session:
        await session.users.get("user-0")


async def wrong_setting(emulator: Emulator, frontegg: FronteggSession) -> None:
    session_on(emulator, region="nowhere")


async def wrong_variable(emulator: Emulator, frontegg: FronteggSession) -> None:
    os.environ["FRONTEGG_API_KEY"] = CANARY
    os.environ["FRONTEGG_CLIENT_ID"] = "id"
    os.environ["FRONTEGG_REGION"] = "nowhere"
    FronteggSession.from_env()


async def wrong_key_variable(emulator: Emulator, frontegg: FronteggSession) -> None:
    os.environ["FRONTEGG_API_KEY"] = f"{CANARY}\x00" if os.name == "nt" else f"{CANARY}\x01"
    os.environ["FRONTEGG_CLIENT_ID"] = "id"
    FronteggSession.from_env()


async def proxy_of_no_use(emulator: Emulator, frontegg: FronteggSession) -> None:
    session_on(emulator, proxy=f"http://user:{CANARY}@proxy.test:8080")


async def proxy_no_url(emulator: Emulator, frontegg: FronteggSession) -> None:
    session_on(emulator, proxy=f"http://user:{CANARY}@[proxy:8080")


async def proxy_variable(emulator: Emulator, frontegg: FronteggSession) -> None:
    os.environ["FRONTEGG_API_KEY"] = API_KEY
    os.environ["FRONTEGG_CLIENT_ID"] = "id"
    os.environ["FRONTEGG_PROXY"] = f"ftp://user:{CANARY}@proxy.test"
    FronteggSession.from_env()


async def proxy_not_there(emulator: Emulator, frontegg: FronteggSession) -> None:
    proxy = f"http://user:{CANARY}@127.0.0.1:1"
    async with FronteggSession(
        client_id="id", api_key=API_KEY, base_url="https://x.test", proxy=proxy, options=ONCE
    ) as session:
        await session.users.get("user-0")


class _BrokenStore(MemoryTokenStore):
    """A store whose token is dead, and which breaks when it is told so."""

    async def load(self, key: str) -> StoredToken | None:
        return StoredToken(value=CANARY, issued_at=0.0, expires_at=4e9)

    async def discard(self, key: str, value: str) -> None:
        raise ValueError(f"cannot discard {value}")


async def token_store(emulator: Emulator, frontegg: FronteggSession) -> None:
    emulator.inject(echoing(401), on=GET, times=None)
    async with session_on(emulator, token_store=_BrokenStore(), options=ONCE) as session:
        await session.users.get("user-0")


async def cancelled(emulator: Emulator, frontegg: FronteggSession) -> None:
    stall = emulator.inject(Stall(), on=LOGIN)
    work = asyncio.create_task(
        frontegg.authentication.login(email="a@x.io", password=CANARY), name="cancelled"
    )
    await stall.wait()
    work.cancel()
    try:
        await work
    finally:
        emulator.clear_faults()


async def hanging_up(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The session is closed under a call that is waiting for its answer."""
    session = session_on(emulator)
    async with session:
        stall = emulator.inject(Stall(), on=LOGIN)
        work = asyncio.create_task(
            session.authentication.login(email="a@x.io", password=CANARY), name="hanging up"
        )
        await stall.wait()
    emulator.clear_faults()
    await work


WAYS: Final[tuple[Callable[[Emulator, FronteggSession], Awaitable[None]], ...]] = (
    another_user,
    auth_route_garbage,
    auth_route_refuses,
    both_names,
    cancelled,
    dead_refresh_token,
    dict_no_json,
    forgotten_argument,
    forgotten_position,
    half_a_body,
    hanging_up,
    header_no_text,
    logged_in_user_ended,
    logged_in_user_no_token,
    logged_in_user_refused,
    logged_in_without_client_id,
    option_header,
    option_header_beside_another,
    option_header_no_text,
    password_in_dict,
    password_in_struct,
    password_no_text,
    proxy_no_url,
    proxy_not_there,
    proxy_of_no_use,
    proxy_variable,
    query_no_text,
    refresh_token_no_cookie,
    token_in_header,
    token_in_query,
    token_store,
    undecodable_body,
    user_token_no_token,
    user_token_refused,
    wrong_key_variable,
    wrong_password,
    wrong_setting,
    wrong_variable,
)


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a way in sets in the environment."""
    for name in (
        "API_KEY",
        "SECRET_KEY",
        "CLIENT_ID",
        "REGION",
        "BASE_URL",
        "ENVIRONMENT_ID",
        "PROXY",
    ):
        monkeypatch.setenv(f"FRONTEGG_{name}", "")


@pytest.mark.usefixtures("either_transport", "own_environment")
async def test_no_variable_shows_a_secret(emulator: Emulator) -> None:
    """Whichever way a secret came in, no frame of ours shows it in any traceback of the error."""
    for way in WAYS:
        async with session_on(emulator, options=ONCE) as session:
            await session.users.get("user-0")
            error = await error_of(way(emulator, session))
            emulator.clear_faults()
        tokens = {each.headers.get("Authorization", "") for each in emulator.requests}
        pieces = [token.removeprefix("Bearer ")[340:370] for token in tokens if "." in token]
        assert_hidden(error, *pieces)


async def test_every_coroutine_hides_its_secrets(emulator: Emulator) -> None:
    """Of every coroutine that takes a secret, no frame shows it when the server refuses the call.

    Nor do the frames of one that refuses its arguments by itself.
    """
    emulator.inject(AnswerStatus(400), times=None)
    looked_at = 0
    async with session_on(emulator, options=ONCE) as session:
        for operation in CALLABLE:
            parameters = parameters_of(operation)
            secrets = [each.name for each in parameters if is_secret(each.name)]
            if not secrets:
                continue
            looked_at += 1
            given = {
                each.name: value_for(each)
                for each in parameters
                if each.required or each.shown_default is not None
            }
            given |= dict.fromkeys(secrets, f"{CANARY}-secret")
            group, _, verb = operation.name.partition(".")
            view = session.as_user(CANARY) if operation.token is TokenKind.USER else session
            error = await error_of(getattr(getattr(view, group), verb)(**given))
            assert isinstance(error, FronteggError), operation.name
            assert_hidden(error)
    assert looked_at > 50


def test_sentry_is_sent_no_secret() -> None:
    """Neither events with variables, nor breadcrumbs or logs with stacks, hold one in Sentry's SDK.

    In a process of its own, because the SDK puts itself into much.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.sentry_program"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(events) > len(WAYS)
    frames = [frame for event in events for frame in frames_in(event)]
    ours = [frame for frame in frames if frame["module"].startswith("frontegg_async")]
    assert len(ours) > 100
    assert any(frame.get("vars") for frame in ours)
    for event in events:
        for frame in frames_in(event):
            # What the program of the test holds itself.
            if frame["module"].startswith(("tests", "__main__")):
                for part in ("vars", "context_line", "pre_context", "post_context"):
                    frame.pop(part, None)
        text = json.dumps(event)
        for canary in CANARIES:
            at = text.find(canary)
            assert at < 0, f"…{text[max(at - 300, 0) : at]}"


def frames_in(value: object) -> Iterator[dict[str, Any]]:
    """Yield the frames of all stacks in an event."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if "lineno" in found and "function" in found:
            yield found
        for inner in found.values():
            yield from frames_in(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from frames_in(inner)
