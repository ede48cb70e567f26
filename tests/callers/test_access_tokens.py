"""Access tokens of callers: looked up, kept for some seconds, and never refused by an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from frontegg_async import (
    ConfigurationError,
    FronteggError,
    FronteggSession,
    MemoryTokenStore,
    UnauthorizedError,
)
from frontegg_async.auth import TokenVerifier, require
from frontegg_async.auth.access_tokens import FRESH_S, STALE_S
from tests.support.clocks import FakeClock

from .issuer import AUDIENCE, ISSUER, Issuer, running_issuer

pytestmark = pytest.mark.anyio

USER, TENANT = "userAccessToken", "tenantAccessToken"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        running.rights["users/7"] = {"roles": ["Admin"], "permissions": ["orders.*"]}
        running.rights["tenants/8"] = {"roles": [], "permissions": ["orders.read"]}
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def session(issuer: Issuer, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    async with FronteggSession(
        client_id=AUDIENCE, api_key="key", base_url=issuer.origin, clock=clock
    ) as opened:
        yield opened.with_options(max_attempts=1)


@pytest.fixture
def verifier(session: FronteggSession) -> TokenVerifier:
    return TokenVerifier(session, issuer=ISSUER)


def user_token(issuer: Issuer) -> str:
    """Return an access token of a user, which has no end."""
    return issuer.sign(type=USER, sub="7", userId="user-1", roles=None, permissions=None, exp=None)


async def test_rights_are_looked_up(issuer: Issuer, verifier: TokenVerifier) -> None:
    """An access token has the roles and permissions that Frontegg says; a tenant's has no user."""
    of_user = await verifier.authenticate({"X-API-Key": user_token(issuer)})
    assert of_user.user_id == "user-1"
    require(roles="Admin", permissions="orders.write").check(of_user)

    of_tenant = await verifier.verify_access_token(issuer.sign(type=TENANT, sub="8"))
    assert of_tenant.user_id is None
    assert of_tenant.roles == ()
    assert of_tenant.permissions == ("orders.read",)


async def test_a_revoked_token_is_refused_within_seconds(
    issuer: Issuer, verifier: TokenVerifier, clock: FakeClock
) -> None:
    """A token that was revoked is good for the seconds that an answer is kept, and then not."""
    await verifier.verify_access_token(user_token(issuer))
    del issuer.rights["users/7"]
    await verifier.verify_access_token(user_token(issuer))
    clock.advance(FRESH_S)
    with pytest.raises(UnauthorizedError, match="the access token was revoked"):
        await verifier.verify_access_token(user_token(issuer))


async def test_a_thousand_calls_cost_two_requests(issuer: Issuer, verifier: TokenVerifier) -> None:
    """However many calls bring one token at once, it is looked up once."""
    token = user_token(issuer)
    await asyncio.gather(*(verifier.verify_access_token(token) for _ in range(1_000)))
    assert issuer.lookups == ["users/active", "users/7"]


@pytest.mark.parametrize(
    "answer", [(502, "<html>bad gateway</html>"), (200, "<html>"), (403, "{}")]
)
async def test_a_failure_is_not_a_no(
    answer: tuple[int, str], issuer: Issuer, verifier: TokenVerifier, clock: FakeClock
) -> None:
    """While look-ups fail, the last answer serves for minutes; a token without one is no 401."""
    issuer.answer = answer
    for _ in range(2):
        with pytest.raises(FronteggError) as caught:
            await verifier.verify_access_token(user_token(issuer))
        assert not isinstance(caught.value, UnauthorizedError)

    issuer.answer = None
    await verifier.verify_access_token(user_token(issuer))
    issuer.answer = answer
    clock.advance(STALE_S - 1)
    await verifier.verify_access_token(user_token(issuer))
    clock.advance(1)
    with pytest.raises(FronteggError):
        await verifier.verify_access_token(user_token(issuer))


async def test_disabled_tokens_are_a_no(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Where Frontegg says that access tokens are disabled, they are refused."""
    issuer.answer = (403, '{"errors": ["Api tokens are disabled"]}')
    with pytest.raises(UnauthorizedError):
        await verifier.verify_access_token(user_token(issuer))


async def test_a_user_token_is_no_access_token(issuer: Issuer, verifier: TokenVerifier) -> None:
    """A token that belongs in Authorization is refused in x-api-key, without a look-up."""
    with pytest.raises(UnauthorizedError, match="only access tokens"):
        await verifier.authenticate({"x-api-key": issuer.sign()})
    assert issuer.lookups == []


async def test_processes_share_answers(issuer: Issuer, session: FronteggSession) -> None:
    """With a store, a second process takes the answer of the first, also if it was no."""
    store = MemoryTokenStore()
    first = TokenVerifier(session, issuer=ISSUER, access_token_store=store)
    second = TokenVerifier(session, issuer=ISSUER, access_token_store=store)
    assert (await first.verify_access_token(user_token(issuer))).roles == ("Admin",)
    lookups = len(issuer.lookups)
    assert (await second.verify_access_token(user_token(issuer))).roles == ("Admin",)

    revoked = issuer.sign(type=USER, sub="9")
    for verifier in (first, second):
        with pytest.raises(UnauthorizedError):
            await verifier.verify_access_token(revoked)
    assert len(issuer.lookups) == lookups


class BrokenStore(MemoryTokenStore):
    """A store whose every use fails."""

    async def load(self, key: str) -> None:
        """Fail."""
        raise OSError("gone")

    async def save(self, key: str, token: object) -> None:
        """Fail."""
        raise OSError("gone")


async def test_a_store_that_fails_is_left_out(issuer: Issuer, session: FronteggSession) -> None:
    """A store that raises costs nothing but its use."""
    verifier = TokenVerifier(session, issuer=ISSUER, access_token_store=BrokenStore())
    assert (await verifier.verify_access_token(user_token(issuer))).roles == ("Admin",)


async def test_looking_up_needs_credentials(issuer: Issuer) -> None:
    """A verifier with keys alone says that it cannot take access tokens."""
    verifier = TokenVerifier(jwks_url=issuer.url, issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(ConfigurationError, match="make the TokenVerifier with a session"):
        await verifier.verify_access_token(user_token(issuer))
