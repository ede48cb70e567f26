"""What a token says of itself. Its signature is not checked: it is our own token."""

from __future__ import annotations

import base64
import contextlib

import msgspec

from .token_manager import Token


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of the environment token; never the token itself.

    Args:
        vendor_id: the environment that it names, or None if it is no readable JWT.
        kind: what kind of token it says it is: ``vendor`` for an environment token.
        expires_in: seconds of life left, by this machine's clock.
    """

    vendor_id: str | None
    kind: str | None
    expires_in: float


class _Claims(msgspec.Struct, rename="camel"):
    # Each is looked at by itself: one that is odd says nothing of the others.
    vendor_id: object = None
    type: object = None
    exp: object = None
    sub: object = None


def describe(token: Token, now: float) -> TokenInfo:
    """Read what a token says of itself. Its signature is not checked: it is our own token."""
    claims = _claims(token.value)
    return TokenInfo(
        vendor_id=_text(claims.vendor_id),
        kind=_text(claims.type),
        expires_in=token.expires_at - now,
    )


def stated_life(token: str, now: float) -> float | None:
    """Return the seconds from ``now``, a time of day, to the end that a token states of itself."""
    end = _claims(token).exp
    if isinstance(end, bool) or not isinstance(end, int | float):
        return None
    try:
        return end - now
    except OverflowError:
        return None


def user_of(token: str) -> str | None:
    """Return the id of the user that a token is of, if it says so."""
    return _text(_claims(token).sub)


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) else None


def _claims(token: str) -> _Claims:
    parts = token.split(".")
    if len(parts) == 3:
        # A token need not be a JWT, and then it says nothing of itself.
        with contextlib.suppress(ValueError, RecursionError):
            payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
            return msgspec.json.decode(payload, type=_Claims)
    return _Claims()
