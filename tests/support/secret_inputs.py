"""Ways in which a secret reaches the SDK and ends in an error."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from frontegg_async import FronteggSession, Operation, Options, TokenKind, UserTokens
from frontegg_async.auth.token_stores import MemoryTokenStore, StoredToken
from frontegg_async.emulator import AnswerStatus, Emulator, Stall
from frontegg_async.models.authentication import LoginRequest

from .frames import CANARY
from .routes import AUTH, EITHER, GET
from .sessions import API_KEY, session_on

LOGIN: Final = "POST /identity/resources/auth/v1/user"
REFRESH: Final = "POST /identity/resources/auth/v1/user/token/refresh"
ANYTHING: Final = Operation("test.anything", "POST", "/identity/resources/users/v2", dict[str, Any])
LOOK: Final = Operation(
    "test.look", "GET", "/identity/resources/users/v3", dict[str, Any], token=TokenKind.EITHER
)
ONCE: Final = Options(timeout=5.0, attempt_timeout=1.0, max_attempts=1)


def echoing(status: int, secret: str = CANARY) -> AnswerStatus:
    """Return a response that repeats a secret in its body and headers."""
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
    """A store of a dead token that raises when the token is discarded."""

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
    """The session is closed under a call that is waiting for its response."""
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
