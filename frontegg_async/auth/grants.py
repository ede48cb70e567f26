"""A token as an auth route grants it: checked before it is used, with the life it can have."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from .._core.secret import MASK
from ..errors import ResponseDecodeError
from ..models.authentication import TokenGrant
from .token_stores import is_fit

UNSTATED_LIFE_S: Final = 300.0
"""Seconds that a token is used whose answer does not say how long it lives."""
MIN_LIFE_S: Final = 1.0
"""Seconds that a token counts as good at least, so that one born dead is not fetched per call."""
MAX_LIFE_S: Final = 366 * 86_400.0
"""Seconds that a token is used at most, whatever life is stated."""


class Granted(msgspec.Struct):
    """A token that can be used, with its stated life."""

    token: str
    expires_in: float | str | None

    def __repr__(self) -> str:
        return "Granted(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich, which would otherwise read all fields, as much as ``repr`` shows."""
        return [("token", MASK)]


def check_grant(answer: TokenGrant) -> Granted:
    """Refuse an answer without a token, or with one that cannot stand in a header."""
    if answer.token is None or not is_fit(answer.token):
        raise ResponseDecodeError("the auth route's answer holds no usable token")
    return Granted(answer.token, answer.expires_in)


def life_of(expires_in: float | str | None) -> float:
    """Return the seconds that a token lives; servers state them as text, and nonsense."""
    try:
        stated = float(expires_in or 0.0)
    except (ValueError, OverflowError):
        return UNSTATED_LIFE_S
    if not stated > 0.0:
        return UNSTATED_LIFE_S
    return min(max(stated, MIN_LIFE_S), MAX_LIFE_S)
