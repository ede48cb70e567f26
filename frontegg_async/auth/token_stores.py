"""Token stores: sessions, processes or machines share a token in them."""

from __future__ import annotations

import math
import time
from typing import Any, Final, NoReturn, Protocol, Self

import msgspec

from .._core.secret import MASK


class StoredToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token for other processes. Its ``repr`` does not show it.

    Args:
        value: the token.
        issued_at: seconds since the epoch, before it was asked for.
        expires_at: seconds since the epoch.
    """

    value: str
    issued_at: float
    expires_at: float

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a StoredToken is a live credential and is not pickled: a store writes its fields"
        )

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"StoredToken(value=***, expires_at={self.expires_at:.0f})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than ``repr``; by itself it would read all fields."""
        return [("value", MASK), ("expires_at", self.expires_at)]


def is_fit(token: str) -> bool:
    """Return whether a token can stand in a header."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def is_usable(stored: StoredToken) -> bool:
    """Return whether a token from a store can be used.

    Raises:
        TypeError: it is not a ``StoredToken``, or has fields of other types.
    """
    fields = stored.value, stored.issued_at, stored.expires_at
    if not all(map(isinstance, fields, (str, int | float, int | float))):
        raise TypeError("a field of the StoredToken is of another type")
    return is_fit(stored.value) and math.isfinite(stored.expires_at - stored.issued_at)


class TokenStore(Protocol):
    """A place in which sessions, processes or machines share a token.

    Keys are opaque, differ between credentials and hosts, and tell nothing of the secret. The
    stored token is a live credential: keep it where only the application reads it. An exception
    from a store, or a token of other types, is logged, and the session does without the store.
    """

    async def load(self, key: str) -> StoredToken | None:
        """Return the token saved under ``key``, or None."""
        ...

    async def save(self, key: str, token: StoredToken) -> None:
        """Keep ``token`` under ``key``, until its ``expires_at`` at most."""
        ...

    async def discard(self, key: str, value: str) -> None:
        """Forget ``key`` if its token is still ``value``; leave a newer one alone."""
        ...


class LeasingTokenStore(TokenStore, Protocol):
    """A token store in which one session fetches a token while the others wait for it.

    Sessions that start at once on a store without leases fetch a token each.
    """

    async def lease(self, key: str, holder: str, seconds: float) -> bool:
        """Return whether ``holder`` may fetch the token of ``key`` now.

        True for one holder at a time, until it releases the lease or the seconds have passed.
        """
        ...

    async def release(self, key: str, holder: str) -> None:
        """End the lease of ``key`` if it is ``holder``'s."""
        ...


class MemoryTokenStore:
    """A token store for the sessions of one event loop."""

    def __init__(self) -> None:
        self._tokens: Final[dict[str, StoredToken]] = {}
        self._leases: Final[dict[str, tuple[str, float]]] = {}

    async def load(self, key: str) -> StoredToken | None:
        """Return the token saved under ``key``, or None."""
        return self._tokens.get(key)

    async def save(self, key: str, token: StoredToken) -> None:
        """Keep ``token`` under ``key``."""
        self._tokens[key] = token

    async def discard(self, key: str, value: str) -> None:
        """Forget ``key`` if its token is still ``value``."""
        token = self._tokens.get(key)
        if token is not None and token.value == value:
            del self._tokens[key]

    async def lease(self, key: str, holder: str, seconds: float) -> bool:
        """Return whether ``holder`` may fetch the token of ``key`` now."""
        now = time.monotonic()
        _, until = self._leases.get(key, ("", now))
        if until > now:
            return False
        self._leases[key] = (holder, now + seconds)
        return True

    async def release(self, key: str, holder: str) -> None:
        """End the lease of ``key`` if it is ``holder``'s."""
        if self._leases.get(key, ("", 0.0))[0] == holder:
            del self._leases[key]
