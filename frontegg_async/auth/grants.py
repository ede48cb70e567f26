"""Tokens granted by an auth route: checked before they are used, with a life within bounds."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from .._core.secret import MASK
from ..errors import ResponseDecodeError
from ..models.authentication import TokenGrant
from .token_stores import is_fit

UNSTATED_LIFE_S: Final = 300.0
"""Seconds that a token without a stated life is used."""
MIN_LIFE_S: Final = 1.0
"""Least seconds that a token is used, so that one of no life is not fetched for every call."""
MAX_LIFE_S: Final = 366 * 86_400.0
"""Most seconds that a token is used, however long its stated life."""


class Granted(msgspec.Struct):
    """A token that can be used, with its stated life."""

    token: str
    expires_in: float | str | None

    def __repr__(self) -> str:
        return "Granted(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than ``repr``; by itself it would read all fields."""
        return [("token", MASK)]


def check_grant(grant: TokenGrant) -> Granted:
    """Return the granted token.

    Raises:
        ResponseDecodeError: there is no token, or it cannot stand in a header.
    """
    if grant.token is None or not is_fit(grant.token):
        raise ResponseDecodeError("the auth route's response holds no usable token")
    return Granted(grant.token, grant.expires_in)


def life_of(expires_in: float | str | None) -> float:
    """Return the seconds of a token's life; servers state them as strings, and nonsense."""
    try:
        stated = float(expires_in or 0.0)
    except (ValueError, OverflowError):
        return UNSTATED_LIFE_S
    if not stated > 0.0:
        return UNSTATED_LIFE_S
    return min(max(stated, MIN_LIFE_S), MAX_LIFE_S)
