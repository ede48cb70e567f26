"""The environment's token, a user's, or none: which operation accepts which."""

from __future__ import annotations

from types import NoneType
from typing import Any

import pytest

from frontegg_async import (
    FronteggError,
    FronteggSession,
    InvalidRequestError,
    Operation,
    TenantHeader,
    TokenKind,
)
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.endpoints.authentication import LOGOUT, REFRESH
from frontegg_async.errors import ConfigurationError
from frontegg_async.models.authentication import ApiTokenLogin, LoginResult
from frontegg_async.operation import UserHeader

from ..support.routes import AUTH

pytestmark = pytest.mark.anyio

PATH = "/identity/resources/nowhere/v1"


def operation(
    token: TokenKind,
    *,
    tenant: TenantHeader = TenantHeader.NONE,
    user: UserHeader = UserHeader.NONE,
) -> Operation[Any]:
    """Return an operation that the emulator does not have; it records the requests all the same."""
    return Operation("test.it", "GET", PATH, NoneType, token=token, tenant=tenant, user=user)


async def send(session: FronteggSession, made: Operation[Any], **arguments: Any) -> None:
    """Call it; raise errors before the first request, and ignore the emulator's."""
    try:
        await session.call(made, **arguments)
    except FronteggError as error:
        if error.attempts == 0:
            raise


@pytest.fixture
async def users_only(emulator: Emulator) -> Any:
    """Give an open session without credentials."""
    async with FronteggSession.for_users(client_id="env-id", base_url=emulator.url) as session:
        yield session


async def test_a_users_operation_on_the_session(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A user's operation on the session is rejected, with the view to call it on."""
    with pytest.raises(InvalidRequestError, match=r"session\.as_user\(token\)"):
        await send(frontegg, operation(TokenKind.USER))
    assert emulator.requests == []


async def test_an_environments_operation_on_a_users_view(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """An environment's operation on a user's view is rejected: it belongs on the session."""
    with pytest.raises(InvalidRequestError, match="call it on the session"):
        await send(frontegg.as_user("u"), operation(TokenKind.ENVIRONMENT))
    assert emulator.requests == []


async def test_no_credentials(emulator: Emulator, users_only: FronteggSession) -> None:
    """Without credentials no environment token is requested, and the error says why."""
    with pytest.raises(InvalidRequestError, match="no credentials: open it with client_id") as one:
        await send(users_only, operation(TokenKind.ENVIRONMENT))
    assert "as_user" not in str(one.value)
    with pytest.raises(InvalidRequestError, match=r"or call it on session\.as_user\(token\)"):
        await send(users_only, operation(TokenKind.EITHER))
    with pytest.raises(InvalidRequestError, match="no credentials"):
        await users_only.token_info()
    assert emulator.requests == []


async def test_no_token(emulator: Emulator, users_only: FronteggSession) -> None:
    """An operation without a token is sent without one, also on a user's view."""
    await send(users_only, operation(TokenKind.NONE))
    await send(users_only.as_user("u"), operation(TokenKind.NONE))
    assert ["Authorization" in request.headers for request in emulator.requests] == [False, False]


async def test_a_users_token(emulator: Emulator, users_only: FronteggSession) -> None:
    """A user's view needs no credentials behind it."""
    for kind in (TokenKind.USER, TokenKind.EITHER):
        await send(users_only.as_user("user-token"), operation(kind))
    assert {request.headers["Authorization"] for request in emulator.requests} == {
        "Bearer user-token"
    }
    assert emulator.count(AUTH) == 0


async def test_any_token(
    emulator: Emulator, frontegg: FronteggSession, users_only: FronteggSession
) -> None:
    """An operation for any token or none is sent with the token of its session or view."""
    made = operation(TokenKind.ANY)
    for each in (frontegg, frontegg.as_user("user-token"), users_only):
        await send(each, made)
    ours = [request for request in emulator.requests if request.raw_path == PATH]
    kinds = [request.headers.get("Authorization", "none")[:12] for request in ours]
    assert kinds == ["Bearer eyJhb", "Bearer user-", "none"]


async def test_the_user_header(emulator: Emulator, frontegg: FronteggSession) -> None:
    """With the environment token the user has to be named; a user's own token says it."""
    made = operation(TokenKind.EITHER, user=UserHeader.REQUIRED)
    with pytest.raises(InvalidRequestError, match=r"give user_id, or .*as_user"):
        await send(frontegg, made)
    assert emulator.requests == []
    await send(frontegg, made, user_id="user-0")
    await send(frontegg.as_user("u"), made)
    sent = [
        each.headers.get("frontegg-user-id") for each in emulator.requests if each.raw_path == PATH
    ]
    assert sent == ["user-0", None]


async def test_the_tenant_header(emulator: Emulator, frontegg: FronteggSession) -> None:
    """With the environment token the tenant has to be named; a user's own token says it."""
    made = operation(TokenKind.EITHER, tenant=TenantHeader.REQUIRED)
    with pytest.raises(InvalidRequestError, match=r"give tenant_id, or .*for_tenant"):
        await send(frontegg, made)
    assert emulator.requests == []
    await send(frontegg, made, tenant_id="home")
    await send(frontegg.as_user("u"), made)
    await send(frontegg.as_user("u").for_tenant("other"), made)
    sent = [
        each.headers.get("frontegg-tenant-id")
        for each in emulator.requests
        if each.raw_path == PATH
    ]
    assert sent == ["home", None, "other"]


async def test_headers_that_are_not_taken(emulator: Emulator, frontegg: FronteggSession) -> None:
    """An operation that takes neither header gets none from a view, and rejects an argument."""
    made = operation(TokenKind.ENVIRONMENT)
    for given in ({"user_id": "user-0"}, {"tenant_id": "home"}):
        with pytest.raises(InvalidRequestError, match=f"takes no {next(iter(given))}"):
            await send(frontegg, made, **given)
    assert emulator.requests == []
    await send(frontegg.for_tenant("home"), made)
    assert not {"frontegg-tenant-id", "frontegg-user-id"} & set(emulator.requests[-1].headers)


@pytest.mark.parametrize("value", ["", " ", "a\r\nX-Evil: 1", "\x00"], ids=repr)
async def test_values_that_no_header_holds(
    emulator: Emulator, frontegg: FronteggSession, value: str
) -> None:
    """A user id or header value that would break the request is rejected before sending."""
    made = operation(TokenKind.ENVIRONMENT, user=UserHeader.OPTIONAL)
    with pytest.raises(InvalidRequestError):
        await send(frontegg, made, user_id=value)
    with pytest.raises(InvalidRequestError):
        await send(frontegg, made, headers={"frontegg-vendor-host": value})
    assert emulator.requests == []


async def test_the_refresh_cookie(emulator: Emulator, users_only: FronteggSession) -> None:
    """A refresh token goes in the cookie named after the environment, and nowhere else."""
    with pytest.raises(FronteggError):
        await users_only.authentication.refresh("r-1", client_id="a-b-c", vendor_host="h.test")
    (request,) = emulator.requests
    assert request.headers["Cookie"] == "fe_refresh_ab-c=r-1"
    assert request.headers["frontegg-vendor-host"] == "h.test"
    assert (request.method, request.raw_path, request.body) == ("POST", REFRESH.template, b"{}")


@pytest.mark.parametrize("value", ["", "a;b", "a b", "a\r\nb", "a,b", 'a"b', "\u00e9"], ids=repr)
async def test_cookies_that_say_more(
    emulator: Emulator, users_only: FronteggSession, value: str
) -> None:
    """A refresh token that would end its cookie and begin another is rejected before sending."""
    for method in (users_only.authentication.refresh, users_only.authentication.logout):
        with pytest.raises(InvalidRequestError, match="cookie") as caught:
            await method(value or ";", client_id="id")
        assert not value or value not in str(caught.value)
    assert emulator.requests == []
    assert LOGOUT.token is TokenKind.NONE


@pytest.mark.parametrize(
    "tokens",
    [LoginResult(mfa_required=True, mfa_token="m"), LoginResult(access_token="a b")],
    ids=["second factor missing", "no token"],
)
async def test_not_logged_in_yet(users_only: FronteggSession, tokens: LoginResult) -> None:
    """An incomplete login makes no view, and the error names the next step."""
    with pytest.raises(ConfigurationError, match="mfa_login"):
        users_only.as_user(tokens)


async def test_renewing_takes_a_client_id(emulator: Emulator) -> None:
    """Without the environment's client id a login cannot be renewed; an API token's can."""
    async with FronteggSession.for_users(base_url=emulator.url) as session:
        with pytest.raises(ConfigurationError, match="client_id"):
            session.as_user(LoginResult(access_token="a", refresh_token="r", expires_in=60))
        session.as_user(ApiTokenLogin(access_token="a", refresh_token="r", expires_in=60))


@pytest.mark.parametrize("settings", [{"client_id": " "}, {"max_connections": 0}, {"region": "xx"}])
def test_settings_that_cannot_work(settings: dict[str, Any]) -> None:
    """A session for users checks its settings when it is made."""
    with pytest.raises(ConfigurationError):
        FronteggSession.for_users(**settings)


@pytest.mark.parametrize("where", ["body", "query", "cookie"])
async def test_secrets_that_the_server_repeats(
    emulator: Emulator, users_only: FronteggSession, where: str
) -> None:
    """A password, code or refresh token that an error of the server repeats is not shown."""
    canary = "canary-9f31"
    body = f'{{"errors": ["no {canary}"], "errorCode": "{canary}"}}'.encode()
    emulator.inject(AnswerStatus(400, body, "application/json"))
    calls = {
        "body": users_only.authentication.login(email="a@b.test", password=canary),
        "query": users_only.mfa_login.may_remember_device(canary),
        "cookie": users_only.authentication.logout(canary, client_id="id"),
    }
    for name, coroutine in calls.items():
        if name != where:
            coroutine.close()
    with pytest.raises(InvalidRequestError) as caught:
        await calls[where]
    assert caught.value.messages == ("no ***",)
    assert canary not in f"{caught.value!r} {caught.value} {caught.value.error_code}"
