"""Hosted login: the way of a user to tokens, and the attacks on it, against the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
import pytest

from frontegg_async import (
    AuthenticationError,
    ConfigurationError,
    FronteggError,
    FronteggSession,
    InvalidRequestError,
    LoginDeniedError,
    LoginError,
    ResponseDecodeError,
    ServerError,
    UserTokens,
)
from frontegg_async.auth import (
    HostedLogin,
    HostedTokens,
    OAuthClient,
    PendingLogin,
    TokenVerifier,
    begin_login,
    finish_login,
    logout_url,
    refresh_login,
    require,
)
from frontegg_async.emulator import AnswerStatus, Emulator, HostedLoginPolicy, OAuthErrors
from frontegg_async.integrations.error_responses import ErrorResponses

from ..support.browsers import Browser, browser, query_of
from ..support.clocks import FakeClock
from ..support.frames import CANARY, assert_hidden, error_of
from ..support.sessions import API_KEY

pytestmark = pytest.mark.anyio

APP: Final = "https://app.example.test"
CALLBACK: Final = f"{APP}/callback"
CLIENT: Final = OAuthClient(redirect_uri=CALLBACK)
TOKEN: Final = "POST /oauth/token"
LIFE: Final = 1_000.0


def emulator_with(clock: FakeClock | None = None, **policy: Any) -> Emulator:
    """Return an emulator that lets ada through without a page, not started yet."""
    times: dict[str, Any] = {}
    if clock is not None:
        times = {"clock": clock.monotonic, "wall_clock": clock.time}
    settings: dict[str, Any] = {"redirect_uris": [CALLBACK], "user_id": "ada", **policy}
    emulator = Emulator(
        api_key=API_KEY,
        access_token_lifetime=LIFE,
        hosted_login=HostedLoginPolicy(**settings),
        **times,
    )
    for name in ("ada", "bob"):
        emulator.add_user(
            name, email=f"{name}@example.test", tenant_ids=["home"], roles=["Admin"], password="pw"
        )
    return emulator


def session_of(emulator: Emulator, clock: FakeClock | None = None) -> FronteggSession:
    """Return a session of users on the emulator, not entered yet."""
    return FronteggSession.for_users(
        client_id=emulator.client_id, base_url=emulator.url, clock=clock
    )


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with emulator_with() as running:
        yield running


@pytest.fixture
async def session(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    async with session_of(emulator) as opened:
        yield opened


@pytest.fixture
async def user() -> AsyncIterator[Browser]:
    async with browser() as opened:
        yield opened


async def arrive(
    session: FronteggSession, user: Browser, client: OAuthClient = CLIENT, **options: Any
) -> tuple[PendingLogin, dict[str, str]]:
    """Send a browser to the login page; return the login begun and the query it comes back with."""
    url, pending = begin_login(session, client, **options)
    status, back = await user.open(url)
    assert (status, back.partition("?")[0]) == (302, CALLBACK)
    return pending, query_of(back)


async def log_in(
    session: FronteggSession, user: Browser, client: OAuthClient = CLIENT, **options: Any
) -> HostedLogin:
    """Log a user in."""
    pending, callback = await arrive(session, user, client, **options)
    return await finish_login(session, client, pending, callback)


# The way of a user


async def test_a_user_logs_in(emulator: Emulator, session: FronteggSession, user: Browser) -> None:
    """A user comes back with verified claims and tokens to call with, and to the page wanted."""
    url, pending = begin_login(session, CLIENT, return_to="/orders?page=2")
    pending = PendingLogin.from_json(pending.to_json())
    status, back = await user.open(url)
    verifier = TokenVerifier(session)
    login = await finish_login(session, CLIENT, pending, query_of(back), verifier=verifier)
    assert status == 302
    assert login.return_to == "/orders?page=2"
    assert login.claims is not None
    assert (login.claims.user_id, login.claims.tenant_id) == ("ada", "home")
    assert (await session.as_user(login.tokens).me.get()).id == "ada"
    asked = query_of(url)
    assert asked["code_challenge_method"] == "S256"
    assert pending.code_verifier not in url
    assert login.tokens.id_token is not None


@pytest.mark.parametrize(
    ("client", "policy"),
    [
        ({"path": "/frontegg/oauth"}, {}),
        ({"secret": API_KEY}, {"secret_required": True}),
        ({"secret": API_KEY, "authentication": "body"}, {"secret_required": True}),
        ({"client_id": "shop", "secret": "s"}, {"applications": {"shop": "s"}}),
        ({"client_id": "shop"}, {"applications": {"shop": "s"}}),
        ({}, {"id_token": False}),
        ({}, {"nonce": False}),
    ],
    ids=str,
)
async def test_every_client(client: dict[str, Any], policy: dict[str, Any], user: Browser) -> None:
    """Clients with and without a secret log in and renew, whatever of the wire is a guess."""
    app = OAuthClient(redirect_uri=CALLBACK, **client)
    async with emulator_with(**policy) as emulator, session_of(emulator) as session:
        pending, callback = await arrive(session, user, app)
        verifier = TokenVerifier(session, audience=app.client_id or emulator.client_id)
        login = await finish_login(session, app, pending, callback, verifier=verifier)
        renewed = await refresh_login(session, login.tokens)
        assert (await verifier.verify(renewed.access_token or "")).user_id == "ada"
        assert renewed.refresh_token != login.tokens.refresh_token


async def test_the_view_renews_itself(user: Browser) -> None:
    """However many calls wait, a token that has ended is renewed once, and told to the program."""
    clock = FakeClock()
    told: list[UserTokens] = []

    async def store(tokens: UserTokens) -> None:
        told.append(tokens)

    async with emulator_with(clock) as emulator, session_of(emulator, clock) as session:
        login = await log_in(session, user)
        view = session.as_user(login.tokens, on_refresh=store)
        clock.advance(2 * LIFE)
        mes = await asyncio.gather(*[view.me.get() for _ in range(20)])
        assert {me.id for me in mes} == {"ada"}
        assert emulator.count(TOKEN) == 2
    assert len(told) == 1
    assert isinstance(told[0], HostedTokens)
    assert told[0].client is CLIENT
    assert told[0].refresh_token != login.tokens.refresh_token


@pytest.mark.parametrize("errors", OAuthErrors)
async def test_a_login_that_has_ended(errors: OAuthErrors, user: Browser) -> None:
    """A refresh token that was used up says that the user has to log in again, in every shape."""
    async with emulator_with(errors=errors) as emulator, session_of(emulator) as session:
        login = await log_in(session, user)
        await refresh_login(session, login.tokens)
        with pytest.raises(AuthenticationError, match="log in again"):
            await refresh_login(session, login.tokens)


async def test_tokens_that_do_not_rotate(
    emulator: Emulator, session: FronteggSession, user: Browser
) -> None:
    """A renewal that gives out no refresh token and no id token leaves the ones before in use."""
    login = await log_in(session, user)
    body = b'{"access_token": "abc", "expires_in": 60}'
    emulator.inject(AnswerStatus(200, body, "application/json"), on=TOKEN)
    renewed = await refresh_login(session, login.tokens)
    assert renewed.access_token == "abc"
    assert renewed.refresh_token == login.tokens.refresh_token
    assert renewed.id_token == login.tokens.id_token


async def test_a_step_up(session: FronteggSession, user: Browser) -> None:
    """A login that asks for a second factor satisfies a requirement of a step-up."""
    step_up = require(step_up=60)
    verifier = TokenVerifier(session)
    pending, callback = await arrive(session, user)
    before = await finish_login(session, CLIENT, pending, callback, verifier=verifier)
    pending, callback = await arrive(session, user, step_up=True, max_age_s=60)
    after = await finish_login(session, CLIENT, pending, callback, verifier=verifier)
    assert before.claims is not None
    assert after.claims is not None
    with pytest.raises(FronteggError):
        step_up.check(before.claims)
    step_up.check(after.claims)


# Attacks on the callback


@pytest.mark.parametrize(
    ("changes", "kind", "status"),
    [
        ({"state": "another"}, LoginError, 400),
        ({"state": ""}, LoginError, 400),
        ({"state": None}, LoginError, 400),
        ({"state": "\udcff"}, LoginError, 400),
        ({"state": None, "error": "access_denied"}, LoginError, 400),
        ({"code": None}, LoginError, 400),
        ({"code": "c" * 5_000}, LoginError, 400),
        ({"error": "access_denied", "error_description": "<b>no</b>"}, LoginDeniedError, 403),
        ({"error": "login_required"}, LoginDeniedError, 403),
        ({"error": "invalid_scope"}, LoginError, 400),
        ({"error": "\x1b[2J"}, LoginError, 400),
        ({"error": "server_error"}, ServerError, 502),
    ],
    ids=str,
)
async def test_callbacks_that_are_rejected(
    changes: dict[str, str | None],
    kind: type[FronteggError],
    status: int,
    emulator: Emulator,
    session: FronteggSession,
    user: Browser,
) -> None:
    """A callback that is not of this login, or no success, is a typed error; no code is sent."""
    pending, callback = await arrive(session, user)
    changed = {k: v for k, v in {**callback, **changes}.items() if v is not None}
    with pytest.raises(FronteggError) as caught:
        await finish_login(session, CLIENT, pending, changed)
    assert type(caught.value) is kind
    assert ErrorResponses().respond(caught.value).status == status
    assert "\x1b" not in str(caught.value)
    assert emulator.count(TOKEN) == 0


async def test_a_callback_of_another_browser(session: FronteggSession, user: Browser) -> None:
    """An attacker's callback is worth nothing in a browser that has begun no login, or its own."""
    _, theirs = await arrive(session, user)
    pending, mine = await arrive(session, user)
    with pytest.raises(LoginError, match="no login was begun"):
        await finish_login(session, CLIENT, None, theirs)
    with pytest.raises(LoginError, match="state"):
        await finish_login(session, CLIENT, pending, theirs)
    # With the code alone the code verifier is of another login.
    with pytest.raises(LoginError, match="did not take the code") as caught:
        await finish_login(session, CLIENT, pending, {**mine, "code": theirs["code"]})
    assert caught.value.status == 400


@pytest.mark.parametrize("errors", OAuthErrors)
async def test_a_code_is_good_once_and_for_a_minute(errors: OAuthErrors, user: Browser) -> None:
    """A code that was used, or is older than a minute, is a ``LoginError`` in every shape."""
    clock = FakeClock()
    policy = {"errors": errors}
    async with emulator_with(clock, **policy) as emulator, session_of(emulator, clock) as session:
        pending, callback = await arrive(session, user)
        await finish_login(session, CLIENT, pending, callback)
        with pytest.raises(LoginError, match="used before"):
            await finish_login(session, CLIENT, pending, callback)
        pending, callback = await arrive(session, user)
        clock.advance(61)
        with pytest.raises(LoginError, match="has ended"):
            await finish_login(session, CLIENT, pending, callback)


async def test_a_foreign_redirect_uri(
    emulator: Emulator, session: FronteggSession, user: Browser
) -> None:
    """No code goes to a page that is not registered, and a code is bound to its page."""
    evil = OAuthClient(redirect_uri="https://evil.example.test/callback")
    assert await user.open(begin_login(session, evil)[0]) == (400, "")
    pending, callback = await arrive(session, user)
    moved = msgspec.structs.replace(pending, redirect_uri=evil.redirect_uri)
    with pytest.raises(LoginError, match="did not take the code"):
        await finish_login(session, CLIENT, moved, callback)


async def test_an_id_token_of_another_login(session: FronteggSession, user: Browser) -> None:
    """A code that was injected together with its state shows by the nonce of its id token."""
    url, pending = begin_login(session, CLIENT)
    _, back = await user.open(url.replace(pending.nonce, "of-the-attacker"))
    with pytest.raises(LoginError, match="id token is of another login"):
        await finish_login(session, CLIENT, pending, query_of(back))


async def test_tokens_that_do_not_verify(user: Browser) -> None:
    """Tokens for another audience, and tokens of two users, are no login."""
    policy: dict[str, Any] = {"user_id": None, "trust_hints": True, "nonce": False}
    async with emulator_with(**policy) as emulator, session_of(emulator) as session:
        pending, callback = await arrive(session, user, login_hint="ada@example.test")
        other = TokenVerifier(session, audience="other")
        with pytest.raises(LoginError, match="another audience"):
            await finish_login(session, CLIENT, pending, callback, verifier=other)
        ada = (await log_in(session, user, login_hint="ada@example.test")).tokens
        bob = (await log_in(session, user, login_hint="bob@example.test")).tokens
        mixed = {"access_token": ada.access_token, "id_token": bob.id_token}
        body = msgspec.json.encode(mixed)
        pending, callback = await arrive(session, user, login_hint="ada@example.test")
        emulator.inject(AnswerStatus(200, body, "application/json"), on=TOKEN)
        with pytest.raises(LoginError, match="two users"):
            await finish_login(session, CLIENT, pending, callback, verifier=TokenVerifier(session))


# Attacks on the token response


@pytest.mark.parametrize(
    "body",
    [
        b"<html><h1>Log in</h1></html>",
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"accessToken": "abc"}',
        b'{"access_token": ""}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a\\r\\nX: y"}',
        b'{"access_token": "abc", "token_type": "DPoP"}',
        b'{"error": "invalid_grant", "error_description": "no"}',
    ],
    ids=str,
)
async def test_token_responses_that_are_none(
    body: bytes, emulator: Emulator, session: FronteggSession, user: Browser
) -> None:
    """A response without a token that can be used is an error, and makes no user."""
    pending, callback = await arrive(session, user)
    emulator.inject(AnswerStatus(200, body, "text/html"), on=TOKEN)
    with pytest.raises(ResponseDecodeError) as caught:
        await finish_login(session, CLIENT, pending, callback)
    assert ErrorResponses().respond(caught.value).status == 502


async def test_a_wrong_secret(user: Browser) -> None:
    """A secret that the server does not take is a mistake of the application, not of the user."""
    client = OAuthClient(redirect_uri=CALLBACK, secret="wrong-secret")
    async with emulator_with() as emulator, session_of(emulator) as session:
        pending, callback = await arrive(session, user, client)
        with pytest.raises(AuthenticationError, match="refused the OAuth client") as caught:
            await finish_login(session, client, pending, callback)
    assert ErrorResponses().respond(caught.value).status == 502


async def test_a_login_that_fails_shows_no_secret(
    emulator: Emulator, session: FronteggSession, user: Browser
) -> None:
    """Neither code, verifier nor secret is in an error, its frames, or a ``repr``."""
    client = OAuthClient(redirect_uri=CALLBACK, secret=API_KEY)
    pending, callback = await arrive(session, user, client)
    echo = f'{{"error": "invalid_grant", "error_description": "{CANARY} {pending.code_verifier}"}}'
    emulator.inject(AnswerStatus(400, echo.encode(), "application/json"), on=TOKEN)
    error = await error_of(finish_login(session, client, pending, {**callback, "code": CANARY}))
    assert isinstance(error, LoginError)
    assert_hidden(error, pending.code_verifier)
    login = await finish_login(session, client, pending, callback)
    shown = f"{client!r} {pending!r} {login!r}"
    assert not {API_KEY, pending.code_verifier, login.tokens.refresh_token, CANARY} & set(
        shown.replace("'", " ").replace("=", " ").split()
    )
    assert (login.tokens.access_token or "") not in shown


# Open redirects, and settings that cannot work


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example.test/",
        "//evil.example.test",
        "/\\evil.example.test",
        "\\\\evil.example.test",
        "/\t/evil.example.test",
        "/\n/evil.example.test",
        " /orders",
        "javascript:alert(1)",
        "orders",
        "",
        "@evil.example.test",
        ".evil.example.test",
        "/ünter",
        "/a\r\nSet-Cookie: a=b",
    ],
)
def test_redirects_lead_nowhere_else(path: str) -> None:
    """A page to go to after a login or logout is a path of the application, or an error."""
    session = FronteggSession.for_users(client_id="c", base_url="https://acme.example.test")
    with pytest.raises(InvalidRequestError, match="path of this application"):
        begin_login(session, CLIENT, return_to=path)
    with pytest.raises(InvalidRequestError, match="path of this application"):
        logout_url(session, CLIENT, return_to=path)


async def test_logout(user: Browser) -> None:
    """A logout ends the login at the server, and returns to the application and nowhere else."""
    async with emulator_with(user_id=None) as emulator, session_of(emulator) as session:
        url, pending = begin_login(session, CLIENT)
        assert (await user.open(url))[0] == 200
        _, back = await user.submit(url, email="ada@example.test", password="pw")
        login = await finish_login(session, CLIENT, pending, query_of(back))
        # Logged in already: no page is shown.
        assert (await user.open(begin_login(session, CLIENT)[0]))[0] == 302
        leave = logout_url(session, CLIENT, return_to="/bye")
        assert await user.open(leave) == (302, f"{APP}/bye")
        assert (await user.open(begin_login(session, CLIENT)[0]))[0] == 200
        with pytest.raises(AuthenticationError, match="log in again"):
            await refresh_login(session, login.tokens)
        evil = leave.replace("app.example.test", "evil.example.test")
        assert await user.open(evil) == (400, "")


async def test_a_user_who_cancels(user: Browser) -> None:
    """Cancel on the page, and a page that must not be shown, come back as a denied login."""
    async with emulator_with(user_id=None) as emulator, session_of(emulator) as session:
        url, pending = begin_login(session, CLIENT)
        _, back = await user.submit(url, deny="1")
        with pytest.raises(LoginDeniedError) as caught:
            await finish_login(session, CLIENT, pending, query_of(back))
        assert caught.value.error_code == "access_denied"
        pending, callback = await arrive(session, user, prompt="none")
        with pytest.raises(LoginDeniedError) as caught:
            await finish_login(session, CLIENT, pending, callback)
        assert caught.value.error_code == "login_required"


async def test_the_host_of_a_region_is_refused() -> None:
    """Hosted login is on the own domain: a session on a region's host says so before sending."""
    tokens = HostedTokens(access_token="a.b.c", refresh_token="r", client=CLIENT)
    async with FronteggSession.for_users(client_id="c", region="eu") as session:
        for attempt in (begin_login, logout_url):
            with pytest.raises(ConfigurationError, match="own domain"):
                attempt(session, CLIENT)
        with pytest.raises(ConfigurationError, match="own domain"):
            session.as_user(tokens)
        with pytest.raises(ConfigurationError, match="own domain"):
            await refresh_login(session, tokens)


@pytest.mark.parametrize(
    "settings",
    [
        {"redirect_uri": "/callback"},
        {"redirect_uri": "https://app.example.test/#x"},
        {"redirect_uri": "https://user@app.example.test/"},
        {"redirect_uri": "ftp://app.example.test/"},
        {"redirect_uri": CALLBACK, "authentication": "header"},
        {"redirect_uri": CALLBACK, "path": "oauth"},
    ],
    ids=str,
)
def test_clients_that_cannot_work(settings: dict[str, Any]) -> None:
    """A setting that cannot work is refused where it is made."""
    with pytest.raises(ConfigurationError):
        OAuthClient(**settings)


@pytest.mark.parametrize("text", ["", "{}", "null", '{"state": 1}', "\udcff", "[" * 5_000])
def test_a_session_with_something_else(text: str) -> None:
    """A browser's session that holds no login is a ``LoginError``, whatever it holds."""
    with pytest.raises(LoginError, match="no login"):
        PendingLogin.from_json(text)


def test_scopes_in_one_string() -> None:
    """A string of scopes is sent as it is, and not letter by letter."""
    session = FronteggSession.for_users(client_id="app", base_url="https://acme.example.test")
    url, _ = begin_login(session, CLIENT, scopes="openid email")
    assert query_of(url)["scope"] == "openid email"
