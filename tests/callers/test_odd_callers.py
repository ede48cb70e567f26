"""Tokens, keys and headers that are odd, and the secrets that no error about them may show."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from frontegg_async import UnauthorizedError
from frontegg_async.auth import TokenVerifier, bearer_token
from frontegg_async.auth.claims import MFA_CONTEXT
from tests.support.frames import CANARY, assert_hidden, error_of

from .issuer import AUDIENCE, ISSUER, Issuer, running_issuer

pytestmark = pytest.mark.anyio

SECRET = f"{CANARY}-of-a-template-that-signs-with-hs256"
ELLIPTIC: dict[str, Any] = json.loads(
    ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key())
)
OTHER: dict[str, Any] = json.loads(
    RSAAlgorithm.to_jwk(rsa.generate_private_key(65_537, 2_048).public_key())
)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


def verifier_of(issuer: Issuer, **settings: Any) -> TokenVerifier:
    return TokenVerifier(jwks_url=issuer.url, issuer=ISSUER, audience=AUDIENCE, **settings)


async def test_no_frame_shows_a_shared_secret(issuer: Issuer) -> None:
    """No traceback of a refused token shows the secret of an HS256 template, or the token."""
    verifier = verifier_of(issuer, algorithms=("HS256",), secret=SECRET)
    good = jwt.encode(issuer.claims(), SECRET, algorithm="HS256")
    await verifier.verify(good)
    for token in (
        good[:-9],
        jwt.encode(issuer.claims(exp=5), SECRET, algorithm="HS256"),
        jwt.encode(issuer.claims(iss="https://b.example"), SECRET, algorithm="HS256"),
        jwt.encode(issuer.claims(type="userAccessToken"), SECRET, algorithm="HS256"),
    ):
        error = await error_of(verifier.authenticate({"Authorization": f"Bearer {token}"}))
        assert isinstance(error, UnauthorizedError)
        assert_hidden(error, SECRET, token.split(".")[1])


async def test_bytes_that_are_no_text_with_a_memory(issuer: Issuer) -> None:
    """A header that is not UTF-8, which servers decode with surrogates, is a 401 all the same."""
    verifier = verifier_of(issuer, remember=10)
    await verifier.verify(issuer.sign())
    with pytest.raises(UnauthorizedError):
        await verifier.authenticate({"Authorization": "Bearer \udcff.\udcff.\udcff"})


async def test_headers_in_bytes(issuer: Issuer) -> None:
    """The headers of an ASGI scope are read; a value that is no string is no token."""
    verifier = verifier_of(issuer)
    bearer: Any = f"Bearer {issuer.sign()}"
    headers: Any
    for headers in ({b"authorization": bearer.encode()}, {"Authorization": bearer.encode()}):
        assert (await verifier.authenticate(headers)).user_id == "user-1"
    headers = {"Authorization": [bearer]}
    with pytest.raises(UnauthorizedError):
        await verifier.authenticate(headers)


def test_spaces_before_a_token() -> None:
    """RFC 6750 allows several spaces between Bearer and the token."""
    assert bearer_token("Bearer   abc") == "abc"


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({**ELLIPTIC, "kid": "key-0"}, id="another kind"),
        pytest.param({**OTHER, "kid": "key-0", "use": "enc"}, id="another use"),
        pytest.param({**OTHER, "kid": "key-9", "alg": "none"}, id="no algorithm"),
        pytest.param({**OTHER, "kid": "key-9", "n": [5]}, id="no number"),
        pytest.param({"kty": ["RSA"], "kid": "key-0"}, id="no kind"),
        pytest.param({"kty": "oct", "k": "AAAA", "kid": "key-0"}, id="a shared secret"),
    ],
)
async def test_keys_of_other_kinds(entry: dict[str, Any], issuer: Issuer) -> None:
    """A key of another kind or use does not take the place of ours, also under the same id."""
    issuer.more_keys.append(entry)
    assert (await verifier_of(issuer).verify(issuer.sign())).user_id == "user-1"


async def test_forged_shared_signatures_cost_no_fetch(issuer: Issuer) -> None:
    """A forged HS256 token fetches no public keys: none of them could be its own."""
    verifier = verifier_of(
        issuer, algorithms=("RS256", "HS256"), secret="a shared secret of 32 bytes or more"
    )
    issuer.more_keys.append(OTHER)  # a key without an id
    await verifier.verify(issuer.sign())
    for _ in range(3):
        with pytest.raises(UnauthorizedError, match="signature"):
            await verifier.verify(jwt.encode(issuer.claims(), SECRET, algorithm="HS256"))
    assert issuer.fetches == 1


@pytest.mark.parametrize("auth_time", [10**400, math.inf, math.nan], ids=["huge", "inf", "nan"])
async def test_times_that_are_none(auth_time: float, issuer: Issuer) -> None:
    """A time of login that no clock shows is an absent one: no step-up, and no other error."""
    claims = await verifier_of(issuer).verify(
        issuer.sign(acr=MFA_CONTEXT, amr=["mfa", "otp"], auth_time=auth_time)
    )
    assert not claims.has_stepped_up(60, now=2e9)
