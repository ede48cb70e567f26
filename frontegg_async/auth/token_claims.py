"""Claims of a token. Its signature is not checked: it is our own token."""

from __future__ import annotations

import base64
import contextlib

import msgspec

from .token_manager import Token


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the environment token, without the token itself.

    Args:
        vendor_id: environment that the token names, or None if it is not a readable JWT.
        kind: kind that the token states: ``vendor`` for an environment token.
        expires_in: seconds of life left, by this machine's clock.
    """

    vendor_id: str | None
    kind: str | None
    expires_in: float


class _Claims(msgspec.Struct, rename="camel"):
    # Each is read by itself: an odd one says nothing about the others.
    vendor_id: object = None
    type: object = None
    exp: object = None
    sub: object = None
    nonce: object = None


def describe(token: Token, now: float) -> TokenInfo:
    """Read the claims of a token."""
    claims = _claims(token.value)
    return TokenInfo(
        vendor_id=_string(claims.vendor_id),
        kind=_string(claims.type),
        expires_in=token.expires_at - now,
    )


def stated_life(token: str, now: float) -> float | None:
    """Return the seconds from ``now``, a time of day, to the end that a token states."""
    end = _claims(token).exp
    if isinstance(end, bool) or not isinstance(end, int | float):
        return None
    try:
        return end - now
    except OverflowError:
        return None


def user_of(token: str) -> str | None:
    """Return the id of a token's user, or None if it names no user."""
    return _string(_claims(token).sub)


def nonce_of(token: str) -> str | None:
    """Return the nonce of an id token, or None if it names none."""
    return _string(_claims(token).nonce)


def _string(claim: object) -> str | None:
    return claim if isinstance(claim, str) else None


def _claims(token: str) -> _Claims:
    parts = token.split(".")
    if len(parts) == 3:
        # A token need not be a JWT, and then has no claims.
        with contextlib.suppress(ValueError, RecursionError):
            payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
            return msgspec.json.decode(payload, type=_Claims)
    return _Claims()
