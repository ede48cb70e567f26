"""Tokens of callers: good ones are taken, and each kind of bad one is refused with its reason."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async import ConfigurationError, FronteggSession, ServerError, UnauthorizedError
from frontegg_async.auth import TokenVerifier, bearer_token
from frontegg_async.auth.claims import claims_of
from frontegg_async.auth.signing_keys import FETCHES, FRESH_S, REFILL_S, RENEWAL_RETRY_S, RETRY_S
from tests.support.clocks import FakeClock

from .issuer import AUDIENCE, ISSUER, Issuer, running_issuer

pytestmark = pytest.mark.anyio

SECRET = "a shared secret of an environment's JWT template"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(jwks_url=issuer.url, issuer=ISSUER, audience=AUDIENCE)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(issuer: Issuer) -> str:
    return f"{part({'alg': 'none', 'kid': issuer.key_id})}.{part(issuer.claims())}."


def signed_with_public_key(issuer: Issuer) -> str:
    """The attack of key confusion: the public key, which everybody has, as the shared secret."""
    head = part({"alg": "HS256", "kid": issuer.key_id})
    body = part(issuer.claims())
    # By hand: PyJWT refuses to sign with a public key.
    signature = hmac.digest(issuer.pem.encode(), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def tampered(issuer: Issuer) -> str:
    head, _, signature = issuer.sign().split(".")
    return f"{head}.{part(issuer.claims(sub='user-2'))}.{signature}"


NOW = time.time()
BAD: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "expired": (lambda i: i.sign(exp=int(NOW) - 60), "the token has expired"),
    "not yet valid": (lambda i: i.sign(nbf=int(NOW) + 3_600), "the token is not valid yet"),
    "issued in the future": (lambda i: i.sign(iat=int(NOW) + 3_600), "the token is not valid yet"),
    "foreign issuer": (
        lambda i: i.sign(iss="https://evil.frontegg.example"),
        "the token is of another issuer",
    ),
    "foreign audience": (lambda i: i.sign(aud="somebody"), "the token is for another audience"),
    "no audience": (lambda i: i.sign(aud=None), "the token lacks one of iss, aud and sub"),
    "no issuer": (lambda i: i.sign(iss=None), "the token lacks one of iss, aud and sub"),
    "no subject": (lambda i: i.sign(sub=None), "the token lacks one of iss, aud and sub"),
    "no exp": (lambda i: i.sign(exp=None), "the token has no exp"),
    "exp of infinity": (lambda i: i.sign(exp=math.inf), "the token cannot be read"),
    "exp a string": (lambda i: i.sign(exp="soon"), "the token cannot be read"),
    "alg none": (unsigned, "the token is signed with an algorithm that is not allowed"),
    "key confusion": (
        signed_with_public_key,
        "the token is signed with an algorithm that is not allowed",
    ),
    "unknown key": (
        lambda i: i.sign(key_id="key-99"),
        "the token is signed with a key that is not known",
    ),
    "tampered": (tampered, "the signature of the token is wrong"),
    "truncated": (lambda i: i.sign()[:-22], "the signature of the token is wrong"),
    "without a signature": (lambda i: i.sign().rpartition(".")[0], "the token cannot be read"),
    "1 MB": (
        lambda i: i.sign(name="x" * 1_000_000),
        "the token has more than 16384 characters",
    ),
    "no JWT": (lambda _: "not a token", "it is not a JSON Web Token"),
    "empty": (lambda _: "", "it is not a JSON Web Token"),
    "not ASCII": (lambda _: "é.é.é", "it is not a JSON Web Token"),
    "header of another type": (lambda _: f"{part(['RS256'])}.x.y", "it is not a JSON Web Token"),
    "environment's own token": (
        lambda i: i.sign(type="vendor"),
        "an environment token is not a caller's",
    ),
    "access token in the wrong header": (
        lambda i: i.sign(type="userAccessToken"),
        "an access token comes in the header x-api-key",
    ),
}


@pytest.mark.parametrize("attack", BAD)
async def test_bad_tokens_are_refused(attack: str, issuer: Issuer, verifier: TokenVerifier) -> None:
    """A bad token is a 401 that says why, in the error and in the header of the response."""
    make, reason = BAD[attack]
    await verifier.verify(issuer.sign())

    with pytest.raises(UnauthorizedError) as caught:
        await verifier.verify(make(issuer))

    assert caught.value.message == reason
    assert caught.value.status == 401
    assert caught.value.headers == {
        "WWW-Authenticate": f'Bearer error="invalid_token", error_description="{reason}"'
    }


async def test_a_good_token_is_read(issuer: Issuer, verifier: TokenVerifier) -> None:
    """The claims of a good token come typed, and all of them as they are."""
    claims = await verifier.verify(issuer.sign(customClaims={"plan": "pro"}, auth_time=5))

    assert (claims.user_id, claims.tenant_id, claims.type) == ("user-1", "tenant-1", "userToken")
    assert claims.tenant_ids == ("tenant-1", "tenant-2")
    assert claims.roles == ("Admin",)
    assert claims.has_permission("fe.secure.write.users")
    assert not claims.has_permission("fe.insecure")
    assert claims.custom_claims == {"plan": "pro"}
    assert claims.raw["email"] == claims.email == "ada@example.com"


@pytest.mark.parametrize("issued_by", [ISSUER, f"{ISSUER}/"])
async def test_a_slash_at_the_end_of_the_issuer_counts_for_nothing(
    issued_by: str, issuer: Issuer
) -> None:
    """An issuer with a trailing slash is the same, in the token and in the setting."""
    for expected in (ISSUER, f"{ISSUER}/"):
        verifier = TokenVerifier(jwks_url=issuer.url, issuer=expected, audience=AUDIENCE)
        assert (await verifier.verify(issuer.sign(iss=issued_by))).issuer == ISSUER


async def test_clocks_may_differ_by_the_leeway(issuer: Issuer, verifier: TokenVerifier) -> None:
    """A token of a clock that is five seconds ahead, or behind, is good."""
    now = int(time.time())
    await verifier.verify(issuer.sign(iat=now + 5, nbf=now + 5))
    await verifier.verify(issuer.sign(exp=now - 5))


async def test_an_application_may_be_the_audience(issuer: Issuer) -> None:
    """One audience of several is enough, on both sides."""
    verifier = TokenVerifier(jwks_url=issuer.url, issuer=ISSUER, audience=[AUDIENCE, "app-1"])
    assert (await verifier.verify(issuer.sign(aud=["app-0", "app-1"]))).audience[1] == "app-1"


# Keys


async def test_cold_requests_share_one_fetch(issuer: Issuer, verifier: TokenVerifier) -> None:
    """A thousand callers at once on a verifier without keys cost one request."""
    token = issuer.sign()
    await asyncio.gather(*(verifier.verify(token) for _ in range(1_000)))
    assert issuer.fetches == 1


async def test_forged_key_ids_cost_a_handful_of_fetches(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    """Ten thousand tokens, each with a key id of its own, cost the budget and no more."""
    await verifier.verify(issuer.sign())
    _, *rest = issuer.sign().split(".")
    for number in range(10_000):
        forged = ".".join([part({"alg": "RS256", "kid": f"forged-{number}"}), *rest])
        with pytest.raises(UnauthorizedError):
            await verifier.verify(forged)
    assert issuer.fetches <= 1 + FETCHES
    await verifier.verify(issuer.sign())


async def test_rotated_keys_are_followed_under_load(
    issuer: Issuer, verifier: TokenVerifier
) -> None:
    """Tokens of a new key are good at once, also right after a fetch, and cost one more."""
    old = issuer.sign()
    await verifier.verify(old)
    issuer.rotate(keep=True)
    new = issuer.sign()
    await asyncio.gather(*(verifier.verify(token) for token in [old, new] * 200))
    assert issuer.fetches == 2


async def test_a_key_that_was_withdrawn_is_refused_after_a_renewal(issuer: Issuer) -> None:
    """Keys are renewed in the background when they are old, and the withdrawn one goes."""
    clock = FakeClock()
    async with FronteggSession.for_users(base_url=issuer.origin, clock=clock) as frontegg:
        verifier = TokenVerifier(frontegg, issuer=ISSUER, audience=AUDIENCE)
        old = issuer.sign()
        await verifier.verify(old)
        issuer.rotate()
        clock.now += FRESH_S
        await verifier.verify(old)  # begins the renewal, and does not wait for it
        await verifier.verify(issuer.sign())  # waits for it
        assert issuer.fetches == 2
        with pytest.raises(UnauthorizedError):
            await verifier.verify(old)


async def test_old_keys_are_renewed_in_the_background(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    """A good token alone begins one renewal when keys are old, and one that failed is not hurried.

    Its warning names the error.
    """
    clock = FakeClock()
    async with FronteggSession.for_users(base_url=issuer.origin, clock=clock) as frontegg:
        frontegg = frontegg.with_options(max_attempts=1)
        verifier = TokenVerifier(frontegg, issuer=ISSUER, audience=AUDIENCE)
        good = issuer.sign()
        await verifier.verify(good)
        issuer.down = True
        clock.now += FRESH_S
        for wait, fetches in ((0.0, 2), (RENEWAL_RETRY_S - 0.1, 2), (0.1, 3)):
            clock.now += wait
            before = asyncio.all_tasks()
            await verifier.verify(good)
            if begun := asyncio.all_tasks() - before:
                await asyncio.wait(begun)
            assert issuer.fetches == fetches
    assert caplog.text.count("the old ones serve on: jwks: the server failed") == 2


async def test_keys_serve_on_while_their_host_is_down(issuer: Issuer) -> None:
    """Good tokens stay good while the host of the keys fails; of an unknown key none is a 401."""
    clock = FakeClock()
    async with FronteggSession.for_users(base_url=issuer.origin, clock=clock) as frontegg:
        frontegg = frontegg.with_options(max_attempts=1)
        verifier = TokenVerifier(frontegg, issuer=ISSUER, audience=AUDIENCE)
        await verifier.verify(issuer.sign())
        issuer.down = True
        for _ in range(60):
            clock.now += 60
            await verifier.verify(issuer.sign())
            with pytest.raises(ServerError):
                await verifier.verify(issuer.sign(key_id="new, or forged"))
        issuer.down = False
        issuer.rotate()
        clock.now += REFILL_S
        await verifier.verify(issuer.sign())


async def test_without_keys_an_outage_is_no_401(issuer: Issuer) -> None:
    """Keys that were never fetched are this application's trouble: an error that is no 401."""
    issuer.down = True
    clock = FakeClock()
    async with FronteggSession.for_users(base_url=issuer.origin, clock=clock) as frontegg:
        verifier = TokenVerifier(
            frontegg.with_options(max_attempts=1), issuer=ISSUER, audience=AUDIENCE
        )
        results = await asyncio.gather(
            *(verifier.verify(issuer.sign()) for _ in range(100)), return_exceptions=True
        )
        assert {type(result) for result in results} == {ServerError}
        for wait, fetches in ((0.0, 1), (RETRY_S - 0.1, 1), (0.1, 2)):
            clock.now += wait
            with pytest.raises(ServerError):
                await verifier.verify(issuer.sign())
            assert issuer.fetches == fetches


async def test_shared_secrets_are_by_name_only(issuer: Issuer) -> None:
    """A token signed with HS256 is good where the setting names HS256 and its secret."""
    token = jwt.encode(issuer.claims(), SECRET, algorithm="HS256")
    verifier = TokenVerifier(
        jwks_url=issuer.url,
        issuer=ISSUER,
        audience=AUDIENCE,
        algorithms=("RS256", "HS256"),
        secret=SECRET,
    )
    assert (await verifier.verify(token)).user_id == "user-1"
    await verifier.verify(issuer.sign())
    with pytest.raises(UnauthorizedError, match="signature"):
        await verifier.verify(signed_with_public_key(issuer))
    assert issuer.fetches == 1


# Settings


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "either a session or jwks_url"),
        ({"jwks_url": "acme.frontegg.com"}, "jwks_url must be the URL of a key set"),
        ({"jwks_url": "https://a.example/jwks.json"}, "needs issuer"),
        ({"jwks_url": "https://a.example/jwks.json", "issuer": "acme"}, "issuer must be a URL"),
        ({"jwks_url": "https://a.example/jwks.json", "issuer": ISSUER}, "needs audience"),
        ({"algorithms": ("none",)}, "algorithms must be some of"),
        ({"algorithms": ("HS256",)}, "secret and an algorithm"),
        ({"secret": SECRET}, "secret and an algorithm"),
        ({"leeway": -1}, "leeway must be 0 or more seconds"),
        ({"remember": -1}, "remember must be 0 or a positive integer"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], problem: str) -> None:
    """A setting that would take no token, or any, is an error before the first request."""
    if not {"jwks_url"} & set(settings) and settings:
        settings = {
            "jwks_url": "https://a.example/jwks.json",
            "issuer": ISSUER,
            "audience": AUDIENCE,
            **settings,
        }
    with pytest.raises(ConfigurationError, match=problem):
        TokenVerifier(**settings)


def test_a_regions_keys_need_an_issuer() -> None:
    """A session at a region's host has to say whose tokens are good."""
    session = FronteggSession(client_id=AUDIENCE, api_key="key", region="eu")
    with pytest.raises(ConfigurationError, match="needs issuer"):
        TokenVerifier(session)


# Headers


async def test_the_header_decides(issuer: Issuer, verifier: TokenVerifier) -> None:
    """Authorization is read whatever the case of its name and scheme, and its absence is a 401."""
    for headers in (
        {"Authorization": f"Bearer {issuer.sign()}"},
        {"authorization": f"bearer {issuer.sign()}"},
    ):
        assert (await verifier.authenticate(headers)).user_id == "user-1"
    with pytest.raises(UnauthorizedError) as caught:
        await verifier.authenticate({})
    assert caught.value.headers == {"WWW-Authenticate": "Bearer"}


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic abc", "abc"])
def test_what_is_no_bearer_token(value: str) -> None:
    """A header without a bearer token is an invalid request."""
    with pytest.raises(UnauthorizedError) as caught:
        bearer_token(value)
    assert caught.value.challenge["error"] == "invalid_request"


@given(st.text(max_size=300))
def test_no_string_is_more_than_unauthorized(text: str) -> None:
    """No string in place of a token raises anything but UnauthorizedError."""
    verifier = TokenVerifier(
        jwks_url="https://a.example/jwks.json",
        issuer=ISSUER,
        audience=AUDIENCE,
        algorithms=("HS256",),
        secret=SECRET,
    )
    for token in (text, f"{part({'alg': 'HS256'})}.{text}"):
        with pytest.raises(UnauthorizedError):
            asyncio.run(verifier.verify(token))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
CLAIM_NAMES = [
    "sub", "type", "tenantId", "tenantIds", "roles", "permissions", "email", "amr", "acr",
    "auth_time", "act", "customClaims", "iss", "aud", "iat", "exp", "createdByUserId", "userId",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(CLAIM_NAMES), JSON))
def test_odd_claims_are_absent_ones(raw: dict[str, Any]) -> None:
    """Claims of any JSON type are read: an odd one is None or empty, never an error."""
    claims = claims_of(raw)
    assert claims.raw is raw
    assert claims.user_id is None or isinstance(claims.user_id, str)
    assert claims.has_role("x") is (isinstance(raw.get("roles"), list) and "x" in raw["roles"])
    claims.has_permission("x")
    claims.has_stepped_up(60, 0)
