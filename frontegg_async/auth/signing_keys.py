"""Public keys that callers' tokens are verified with: fetched once, kept, renewed.

=============================  ========================================================
no key is there yet            one fetch, however many callers wait for it
keys are older than            they are renewed in the background while they serve on
``FRESH_S``
a token names an unknown key,  one fetch, which its callers wait for, as long as the
or its signature is wrong      budget of fetches lasts: ``FETCHES``, and one more every
and keys have no ids           ``REFILL_S``. A flood of forged tokens is refused after
                               that without a fetch
another key takes the id of    its tokens are refused until the keys are renewed
an old one
the fetch fails                old keys serve on, however long it fails; a token with an
                               unknown key ends in the fetch's error, which is no 401
the fetch fails and there are  its error, and the next fetch after ``RETRY_S``
no keys
=============================  ========================================================
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeGuard

from .._core.clock import Clock
from ..errors import FronteggError, ResponseDecodeError

FRESH_S: Final = 300.0
"""Age of keys in seconds from which they are renewed."""
FETCHES: Final = 5
"""Fetches for tokens that no kept key fits, at once."""
REFILL_S: Final = 30.0
"""Seconds after which one more such fetch is allowed."""
RETRY_S: Final = 1.0
"""Seconds between two fetches while there are no keys."""
RENEWAL_RETRY_S: Final = 30.0
"""Seconds between two renewals of which the first failed."""

Keys: TypeAlias = Mapping[str | None, Any]
"""Public keys of ``cryptography`` by their ids; None for a key without an id."""

_log: Final = logging.getLogger("frontegg_async.auth")


class SigningKeys:
    """Keeps the public keys of an environment.

    Args:
        fetch: returns the keys, at least one of them, or raises a ``FronteggError``.
        clock: measures their age.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Keys]], clock: Clock) -> None:
        self._fetch: Final = fetch
        self._clock: Final = clock
        self._keys: Keys = {}
        self._renew_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failed: tuple[FronteggError, float] | None = None
        self._budget = float(FETCHES)
        self._budget_at = clock.monotonic()
        self.version = 0
        """Counts the times that the keys have changed."""

    @property
    def has_no_ids(self) -> bool:
        """Whether the only key has no id, so that a new one cannot be told by its id."""
        return None in self._keys

    def renew_if_due(self) -> None:
        """Begin to fetch keys in the background if those that are kept are old."""
        if self._keys and self._clock.monotonic() >= self._renew_at:
            self._renew()

    def find(self, key_id: str | None) -> Any | None:
        """Return the key of an id, without waiting, or None if it is not known.

        A key without an id fits every token: then it is the only one.
        """
        keys = self._keys
        self.renew_if_due()
        key = keys.get(key_id)
        if key is None and len(keys) == 1 and (key_id is None or None in keys):
            return next(iter(keys.values()))
        return key

    async def find_again(self, key_id: str | None) -> Any | None:
        """Return the key of an id after a fetch, or None if it is not known then either.

        Raises:
            FronteggError: the keys cannot be fetched, so it is not known whether there is one.
        """
        if not self._keys:
            await self._first()
            return self.find(key_id)
        version, task = self.version, self._task
        if _is_running(task):
            # It may have begun before the key was published.
            await asyncio.shield(task)
            if self.version != version and (key := self.find(key_id)) is not None:
                return key
            task = self._task
        if not _is_running(task):
            if not self._take_from_budget():
                return self._known(key_id)
            task = self._start()
        await asyncio.shield(task)
        return self._known(key_id)

    def _known(self, key_id: str | None) -> Any | None:
        """Return the key of an id, or None if the last fetch tells that there is none."""
        key = self.find(key_id)
        if key is None and self._failed is not None:
            raise self._failed[0].again()
        return key

    async def _first(self) -> None:
        if self._failed is not None and self._clock.monotonic() < self._failed[1]:
            raise self._failed[0].again()
        await asyncio.shield(self._task if _is_running(self._task) else self._start())
        if not self._keys and self._failed is not None:
            raise self._failed[0].again()

    def _renew(self) -> None:
        """Fetch in the background, and not again until the retry is due."""
        self._renew_at = self._clock.monotonic() + RENEWAL_RETRY_S
        if not _is_running(self._task):
            self._start()

    def _start(self) -> asyncio.Task[None]:
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self._task

    async def _run(self) -> None:
        try:
            keys = await self._fetch()
        except FronteggError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001  # a waiter gets it as an error of this package
            self._fail(ResponseDecodeError(f"the signing keys cannot be read: {error}"))
        else:
            self._failed = None
            self._renew_at = self._clock.monotonic() + FRESH_S
            if keys != self._keys:
                self._keys = keys
                self.version += 1

    def _fail(self, error: FronteggError) -> None:
        self._failed = error, self._clock.monotonic() + RETRY_S
        if self._keys:
            _log.warning("signing keys were not renewed, the old ones serve on: %s", error)

    def _take_from_budget(self) -> bool:
        now = self._clock.monotonic()
        refilled = self._budget + (now - self._budget_at) / REFILL_S
        self._budget, self._budget_at = min(float(FETCHES), refilled), now
        if self._budget < 1:
            return False
        self._budget -= 1
        return True


def _is_running(task: asyncio.Task[None] | None) -> TypeGuard[asyncio.Task[None]]:
    # A task of a loop that has ended is not waited for: it never ends.
    return task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop()
