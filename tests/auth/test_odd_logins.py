"""Logins with missing, repeated or odd tokens: each user stays itself, and none is rejected."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from frontegg_async import FronteggSession, UserTokens
from frontegg_async.emulator import Emulator, RefreshTokenIn

from ..support.clocks import FakeClock
from ..support.logins import LIFE, PASSWORD, emulator_on, log_in, users_session, with_users

pytestmark = pytest.mark.anyio


def jwt(clock: FakeClock, *, life: float = 1_000.0, **claims: Any) -> str:
    """Return a token that says when it ends, and more."""
    payload = msgspec.json.encode({"exp": clock.time() + life, **claims})
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.x"


@pytest.fixture
def clock() -> FakeClock:
    """Give one clock to the server and to the session."""
    return FakeClock()


@pytest.fixture
async def emulator(clock: FakeClock) -> AsyncIterator[Emulator]:
    """Give a server with two users with passwords."""
    async with Emulator(clock=clock.monotonic, wall_clock=clock.time) as server:
        yield with_users(server)


@pytest.fixture
async def session(emulator: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give a session without credentials."""
    async with FronteggSession.for_users(
        client_id=emulator.client_id, base_url=emulator.url, clock=clock
    ) as opened:
        yield opened


async def test_no_refresh_token_in_the_body(session: FronteggSession) -> None:
    """Two users whose refresh tokens are empty strings are two users, not one."""
    users: list[FronteggSession] = []
    for name in ("ada", "bob"):
        login = await session.authentication.login(email=f"{name}@example.test", password=PASSWORD)
        users.append(session.as_user(msgspec.structs.replace(login, refresh_token="")))
    assert [(await user.me.get()).id for user in users] == ["ada", "bob"]


def token_of(user: FronteggSession) -> str:
    """Return the access token that the next call of a view goes with."""
    manager = user._view.user_tokens
    assert manager is not None
    token = manager.current()
    assert token is not None
    return token.value


def tokens(access_token: str, refresh_token: str | None, **more: Any) -> UserTokens:
    """Return the tokens of a login."""
    return UserTokens(access_token=access_token, refresh_token=refresh_token, **more)


async def test_the_same_refresh_token_twice(session: FronteggSession, clock: FakeClock) -> None:
    """A refresh token that a program has kept as the text ``null`` makes no two users one."""
    ada, bob = (jwt(clock, sub=name) for name in ("ada", "bob"))
    views = [session.as_user(tokens(each, "null")) for each in (ada, bob, ada)]
    assert [token_of(view) for view in views] == [ada, bob, ada]


async def test_tokens_that_were_renewed_elsewhere(
    session: FronteggSession, clock: FakeClock
) -> None:
    """An access token of the same login takes over if it lives longer, as after a new tenant."""
    old = jwt(clock, sub="ada", tenantId="home")
    new = jwt(clock, sub="ada", tenantId="acme", life=2_000.0)
    first = session.as_user(tokens(old, "kept"))
    second = session.as_user(tokens(new, "kept"))
    third = session.as_user(tokens(old, "kept"))
    assert [token_of(view) for view in (first, second, third)] == [new] * 3


@pytest.mark.parametrize("expires_in", [None, "300", "soon", 10**309, 1e300])
async def test_lives_that_are_odd(session: FronteggSession, expires_in: Any) -> None:
    """A token without a readable life is used until the server rejects it."""
    user = session.as_user(tokens("opaque", None, expires_in=expires_in))
    assert token_of(user) == "opaque"


async def test_claims_that_are_odd(session: FronteggSession, clock: FakeClock) -> None:
    """A token's ``exp`` is read although its other claims have wrong types."""
    user = session.as_user(tokens(jwt(clock, sub=5, type=["x"], vendorId={}, life=50.0), "r"))
    assert token_of(user)
    clock.advance(60.0)
    manager = user._view.user_tokens
    assert manager is not None
    assert manager.current() is None


async def test_the_cookie_is_where_frontegg_looks(clock: FakeClock) -> None:
    """A server that looks for the refresh token in the cookie finds it there."""
    for where in (RefreshTokenIn.COOKIE, RefreshTokenIn.EITHER):
        async with emulator_on(clock, refresh_token_in=where) as emulator:
            with_users(emulator)
            async with users_session(emulator, clock) as session:
                user = session.as_user(await log_in(session))
                clock.advance(2 * LIFE)
                assert (await user.me.get()).id == "ada"
