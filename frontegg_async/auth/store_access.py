"""A token manager's way to its token store: patient, and left out for a while when it fails."""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from .._core.secret import Secret
from .token_stores import StoredToken, TokenStore, is_usable

R = TypeVar("R")

_logger: Final = logging.getLogger("frontegg_async.auth.token_stores")

STORE_TIMEOUT_S: Final = 0.5
"""Seconds that a token store may take; after that the auth route is asked."""
STORE_LOOKS: Final = 10
"""Looks at the store's answer in that time. A look that comes late, because the process is starved
or busy with imports, uses up no more than its part: the answer may have been there for long."""
STORE_PAUSE_S: Final = 2.0
"""Seconds without the token store after it has failed or was too slow."""


class StoreAccess:
    """One token in a store, for one session. No method raises, whatever the store does.

    Args:
        store: the store.
        key: name of the token in it.
        monotonic: source of the time.

    Attributes:
        holds_lease: True while other sessions may wait for this one to store a token.
    """

    def __init__(self, store: TokenStore, key: str, monotonic: Callable[[], float]) -> None:
        self._store: Final = store
        self._key: Final = key
        self._monotonic: Final = monotonic
        self._holder: Final = os.urandom(8).hex()
        self._paused_until = -math.inf
        self.holds_lease = False

    async def load(self, rejected: Secret | None) -> StoredToken | None:
        """Return the token; None if there is none, or the store is left out.

        Args:
            rejected: a token that the server has rejected, which the store is to forget first.
        """

        async def ask() -> StoredToken | None:
            if rejected is not None:
                await self._store.discard(self._key, rejected.reveal())
            stored = await self._store.load(self._key)
            return stored if stored is None or is_usable(stored) else None

        return None if self._left_out() else await self._ask("be read", ask, None)

    async def save(self, token: StoredToken) -> None:
        """Keep a token, unless the store is left out."""
        if not self._left_out():
            await self._ask("be written", lambda: self._store.save(self._key, token), None)

    async def lease(self, seconds: float) -> bool:
        """Return whether this session fetches the token.

        True without a lease if the store has none, fails or is left out.
        """
        lease = getattr(self._store, "lease", None)
        if lease is None or self._left_out():
            return True
        given = await self._ask("be read", lambda: lease(self._key, self._holder, seconds), None)
        # A store that does not answer in time may give it all the same, later.
        self.holds_lease = given is None or bool(given)
        return self.holds_lease

    async def release(self) -> None:
        """End the lease, also if the token could not be stored: other sessions wait for its end."""
        release = getattr(self._store, "release", None)
        if release is not None and self.holds_lease:
            self.holds_lease = False
            # Tried also while the store is left out; if it fails, the lease ends by itself.
            await self._ask("be written", lambda: release(self._key, self._holder), None)

    def _left_out(self) -> bool:
        return self._monotonic() < self._paused_until

    async def _ask(self, action: str, ask: Callable[[], Awaitable[R]], otherwise: R) -> R:
        """Return the store's result; if it fails or is too slow, ``otherwise``, and pause it."""
        try:
            return await _patiently(ask)
        except Exception as error:  # noqa: BLE001  # the program's code: do without it
            failed = type(error).__name__
        # Outside of the handler: the exception comes from the store, and may hold the token.
        self._paused_until = self._monotonic() + STORE_PAUSE_S
        _logger.warning(
            "the token store cannot %s (%s): left out for %.0f s", action, failed, STORE_PAUSE_S
        )
        return otherwise


async def _patiently(ask: Callable[[], Awaitable[R]]) -> R:
    """Return the result of a store's method; raise TimeoutError if it does not come in time."""
    task = asyncio.ensure_future(ask())
    try:
        for _ in range(STORE_LOOKS):
            await asyncio.wait((task,), timeout=STORE_TIMEOUT_S / STORE_LOOKS)
            if task.done():
                return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=STORE_TIMEOUT_S)
