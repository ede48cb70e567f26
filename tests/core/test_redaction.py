"""Secrets that a server repeats: masked in whichever way, and nothing else with them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async._core.redaction import redacted

TOKEN: Final = "Canary/Token+77aa01=x-Zz"
PASSWORD: Final = "correct horse & <battery>"

WAYS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent-encoded": lambda text: quote(text, safe=""),
    "every byte percent-encoded": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form-encoded": lambda text: quote(text, safe="").replace("%20", "+"),
    "escaped for JSON": lambda text: "".join(f"\\u{ord(char):04X}" for char in text),
    "slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of credentials": lambda text: base64.b64encode(f"id:{text}".encode()).decode(),
    "base64url without padding": lambda text: (
        base64.urlsafe_b64encode(f"x{text}".encode()).decode().rstrip("=")
    ),
    "base64 in a path": lambda text: "/v1/" + base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "HTML": lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace("/", "&#47;"),
}


@pytest.mark.parametrize("secret", [TOKEN, PASSWORD])
@pytest.mark.parametrize("way", WAYS)
def test_encodings(way: str, secret: str) -> None:
    """A secret is masked in every encoding in which a server can repeat it; the rest is kept."""
    spelled = WAYS[way](secret)
    shown = redacted(f"it was {spelled} and no good", [secret])
    assert spelled not in shown
    assert secret.lower() not in shown.lower()
    if " " not in spelled:
        assert shown.startswith("it was ")
        assert shown.endswith(" and no good")


def test_a_secret_with_a_part_like_a_jwt() -> None:
    """An encoded token is masked whole, also where its end and the next words look like a JWT."""
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyLTAifQ.c2lnbmVyeYJ0123456789"
    spelled = token.replace(".", "%2E")
    assert redacted(f"to https://{spelled}.test/x", [token]) == "to ***"


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("a", "a password has a letter", "a password has a letter"),
        ("abc", "abc is no password", "abc is no password"),
        ("pass", "the password is pass", "the password is ***"),
        ("123456", "code 123456 of order 1234567", "code *** of order 1234567"),
        ("error", "errors: one error_code", "errors: one error_code"),
        ("longenough", "xlongenoughx", "x***x"),
    ],
)
def test_short_secrets(secret: str, text: str, expected: str) -> None:
    """A short secret is masked where it stands alone, a very short one never."""
    assert redacted(text, [secret]) == expected


@given(st.text(max_size=60), st.text(min_size=8, max_size=40), st.text(max_size=60))
def test_never_there(before: str, secret: str, after: str) -> None:
    """A secret of eight characters or more is masked between any other characters."""
    assert secret not in redacted(f"{before}{secret}{after}", [secret]).replace("***", "\0")


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="\\%&+"), max_size=80))
def test_other_texts_are_left_alone(text: str) -> None:
    """A text in which the secret does not stand, and no JWT, stays as it is."""
    assert redacted(text, ["Qq0-never-there-Qq0"]) == text


def test_a_text_without_end() -> None:
    """A message of megabytes is looked at in part, and cut so that no piece of a secret is left."""
    secret = "one-s3cret-of-27-characters"
    shown = redacted(secret * 40_000, [secret])
    assert set(shown) == {"*"}
