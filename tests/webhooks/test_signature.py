"""Signatures of hooks: requests that are let in, and attacks that are not."""

from __future__ import annotations

import sys
import time
import warnings
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from multidict import CIMultiDict
from starlette.datastructures import Headers

from frontegg_async import ConfigurationError, FronteggError, InvalidRequestError, UnauthorizedError
from frontegg_async._core.secret import Secret
from frontegg_async.integrations.error_responses import ErrorResponses
from frontegg_async.webhooks import unwrap, unwrap_prehook
from frontegg_async.webhooks.receiving import MAX_BYTES

from ..support.frames import assert_hidden
from ..support.hooks import BODY, SECRET, signed

KEY: Final = rsa.generate_private_key(65_537, 2_048)
PEM: Final = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encoded(part: object) -> str:
    return urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=")


def unsigned(algorithm: str) -> dict[str, str]:
    token = f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded({'iat': int(time.time())})}."
    return {"x-webhook-secret": token}


def tampered() -> dict[str, str]:
    head, _, signature = signed()["X-Webhook-Secret"].split(".")
    return {"x-webhook-secret": f"{head}.{encoded({'iat': int(time.time()) + 1})}.{signature}"}


def rs256() -> dict[str, str]:
    return {"x-webhook-secret": jwt.encode({"iat": 1}, KEY, algorithm="RS256")}


def in_header(value: str) -> dict[str, str]:
    return {"x-webhook-secret": value}


ATTACKS: Final[dict[str, dict[str, str]]] = {
    "no header": {},
    "another header": {"authorization": f"Bearer {signed()['X-Webhook-Secret']}"},
    "empty header": in_header(""),
    "wrong secret": signed("another-secret-that-is-as-long-as-the-first"),
    "the plain secret": in_header(SECRET),
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg HS256, no signature": unsigned("HS256"),
    "alg HS512": signed(algorithm="HS512"),
    "alg RS256": rs256(),
    "tampered": tampered(),
    "expired": signed(exp=int(time.time()) - 60),
    "not valid yet": signed(nbf=int(time.time()) + 86_400),
    "from the future": signed(iat=int(time.time()) + 86_400),
    "odd times": signed(exp="soon"),
    "endless times": {"x-webhook-secret": jwt.encode({"exp": float("inf")}, SECRET)},
    "not a token": in_header("a.b.c"),
    "no JSON": in_header("!!!.???.###"),
    "claims that are a list": in_header(jwt.api_jws.PyJWS().encode(b"[]", SECRET)),
    "a lone surrogate": in_header("\ud800"),
    "1 MB": in_header("a" * 1_000_000),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_refused(attack: str) -> None:
    """A request without a good signature is refused with 401, whatever is wrong with it."""
    for receive in (unwrap, unwrap_prehook):
        with pytest.raises(UnauthorizedError) as caught:
            receive(ATTACKS[attack], BODY, secret=SECRET)
        assert ErrorResponses().respond(caught.value).status == 401


def test_the_secret_is_not_a_key() -> None:
    """A public key in place of the secret is refused: anyone could sign with it."""
    with pytest.raises(ConfigurationError, match="got a key"):
        unwrap(rs256(), BODY, secret=PEM)


@pytest.mark.parametrize("kind", [dict, CIMultiDict, Headers])
@pytest.mark.parametrize("name", ["x-webhook-secret", "X-Webhook-Secret", "X-WEBHOOK-SECRET"])
def test_headers_of_any_framework(kind: type[Any], name: str) -> None:
    """The header is found in any mapping, however it is spelled."""
    headers: Mapping[str, str] = kind({"accept": "*/*", name: signed()["X-Webhook-Secret"]})
    assert unwrap(headers, BODY, secret=SECRET).user_id == "user-1"


@pytest.mark.parametrize("secret", ["s3cret", "höchst-geheim", "x" * 200])
def test_short_and_odd_secrets(secret: str) -> None:
    """A secret of any length signs, and a short one draws no warning from the library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # for the test's own signature
        headers = signed(secret)
    assert unwrap(headers, BODY, secret=secret).key == "frontegg.user.created"
    with pytest.raises(UnauthorizedError):
        unwrap(headers, BODY, secret=secret + "!")


def test_claims_are_free() -> None:
    """Claims about which nothing is known, such as an audience, are no reason to refuse."""
    headers = signed(iat=None, aud="someone", iss="frontegg", sub=5, jti=7)
    assert unwrap(headers, BODY, secret=SECRET).key == "frontegg.user.created"


def test_max_age() -> None:
    """``max_age`` refuses a signature that is older, and one that does not say how old it is."""
    old = signed(iat=int(time.time()) - 600)
    assert unwrap(old, BODY, secret=SECRET).tenant_id == "tenant-1"
    assert unwrap(old, BODY, secret=SECRET, max_age=3_600).tenant_id == "tenant-1"
    with pytest.raises(UnauthorizedError, match="older"):
        unwrap(old, BODY, secret=SECRET, max_age=300)
    with pytest.raises(UnauthorizedError, match="iat"):
        unwrap(signed(iat=None), BODY, secret=SECRET, max_age=300)


def test_plain_secrets() -> None:
    """With ``plain`` the header is the secret itself, and a JWT is none."""
    assert unwrap(in_header(SECRET), BODY, secret=SECRET, signature="plain").user_id == "user-1"
    for wrong in (SECRET + "x", SECRET[:-1], SECRET.upper(), "\ud800"):
        with pytest.raises(UnauthorizedError):
            unwrap(in_header(wrong), BODY, secret=SECRET, signature="plain")
    with pytest.raises(UnauthorizedError):
        unwrap(signed(), BODY, secret=SECRET, signature="plain")


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT a JWT is an error that names the extra, and a plain secret is checked."""
    headers = signed()
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ConfigurationError, match=r"frontegg-async\[jwt\]"):
        unwrap(headers, BODY, secret=SECRET)
    assert unwrap(in_header(SECRET), BODY, secret=SECRET, signature="plain").user_id == "user-1"


@pytest.mark.parametrize(
    "settings",
    [
        {"secret": ""},
        {"secret": " "},
        {"secret": None},
        {"signature": "none"},
        {"max_age": 0},
        {"max_age": float("nan")},
        {"max_age": True},
        {"max_age": 60, "signature": "plain"},
        {"max_bytes": 0},
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any]) -> None:
    """A setting that would accept any request, or none, is an error of its own."""
    by_an_empty_key = signed("\0" * 64)  # as HMAC pads it
    merged: dict[str, Any] = {"secret": SECRET, **settings}
    with pytest.raises(ConfigurationError):
        unwrap(by_an_empty_key, BODY, **merged)


def test_the_body_is_bounded() -> None:
    """A body above the bound is 413, and is not read before the signature is checked."""
    huge = b'{"eventKey": "' + b"x" * 2_000_000 + b'"}'
    with pytest.raises(InvalidRequestError) as caught:
        unwrap(signed(), huge, secret=SECRET)
    assert caught.value.status == 413
    assert ErrorResponses().respond(caught.value).status == 413
    with pytest.raises(InvalidRequestError):
        unwrap(signed(), "é" * 600_000, secret=SECRET)  # fewer characters than MAX_BYTES
    with pytest.raises(UnauthorizedError):
        unwrap({}, huge, secret=SECRET)
    assert unwrap(signed(), huge, secret=SECRET, max_bytes=2 * MAX_BYTES).key


def test_nothing_shows_the_secret() -> None:
    """No traceback that shows variables shows the secret or the signature, whatever went wrong."""
    cases: list[tuple[dict[str, str], bytes, dict[str, Any]]] = [
        (headers, BODY, {"secret": Secret(SECRET)}) for headers in ATTACKS.values()
    ]
    cases += [
        (signed(), b"[]", {"secret": SECRET}),
        (signed(), BODY, {"secret": SECRET, "max_age": -1}),
        (in_header("no"), BODY, {"secret": SECRET, "signature": "plain"}),
    ]
    for headers, body, settings in cases:
        for receive in (unwrap, unwrap_prehook):
            with pytest.raises(FronteggError) as caught:
                receive(headers, body, **settings)
            shown = [each for each in headers.values() if 20 < len(each) < 1_000]
            assert_hidden(caught.value, SECRET, *shown)
