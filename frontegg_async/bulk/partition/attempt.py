"""One attempt on a partition under a claim: its lease, its records, and its end.

The attempt counts its lease from before it asked for it, so it never takes it for longer than the
store does. When the lease is over it sends no more, whether the store says so or its own clock: the
lease is checked before each request, and the run is cancelled, which closes the connections of
requests that are under way.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import msgspec

from ...errors import ClaimBusyError, ClaimError, ClaimLostError, ClaimStoreError
from ..ledger.records import Entry
from .claim_log import record_of
from .claims import ClaimStore, Finished, Held

T = TypeVar("T")

ANSWER_S: Final = 5.0
"""Seconds that the store gets to respond."""
ASK_AGAIN_S: Final = 0.25
"""Seconds between two questions to a store that did not respond."""
LOOK_AGAIN_S: Final = 1.0
"""Longest time, in seconds, between two looks at a claim that another attempt holds."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The times of claims, in seconds; ``Partition`` describes them."""

    lease_s: float
    wait_s: float
    keep_s: float


async def take_claim(store: ClaimStore, key: str, terms: Terms) -> tuple[Attempt, Held] | Finished:
    """Take a claim, or wait for another attempt to end.

    Raises:
        ClaimBusyError: the other attempt goes on for longer than ``wait_s``.
        ClaimStoreError: the store does not respond.
    """
    holder = uuid.uuid4().hex
    until = time.monotonic() + terms.wait_s
    while True:
        asked = time.monotonic()
        found = await _answered(store.claim(key, holder, terms.lease_s, terms.keep_s), ANSWER_S)
        if isinstance(found, Held):
            return Attempt(store, key, holder, terms, asked), found
        if isinstance(found, Finished):
            return found
        left = until - time.monotonic()
        if left <= 0:
            raise ClaimBusyError(
                "another attempt on this partition is going on; unless it renews its lease, that "
                f"ends in {found.seconds:.1f} s: run the partition again then",
                retry_after=found.seconds,
            )
        await asyncio.sleep(min(left, found.seconds, LOOK_AGAIN_S))


async def _answered(asked: Coroutine[Any, Any, T], seconds: float) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        raise ClaimStoreError(
            f"the store of claims did not respond within {seconds:.1f} s"
        ) from None


class Attempt:
    """An attempt that holds its claim. The ledger's writer tells it what it records.

    Args:
        store: the store.
        key: identifies the partition.
        holder: identifies the attempt.
        terms: the times of the claim.
        taken: time at which the claim was asked for, by ``time.monotonic()``.
    """

    def __init__(
        self, store: ClaimStore, key: str, holder: str, terms: Terms, taken: float
    ) -> None:
        self._store: Final = store
        self._key: Final = key
        self._holder: Final = holder
        self._terms: Final = terms
        self._until = taken + terms.lease_s
        self._lost: ClaimError | None = None
        self._away: ClaimStoreError | None = None

    def check(self) -> None:
        """Raise ClaimError if nothing may be sent any more."""
        if self._lost is None and time.monotonic() >= self._until:
            self._lost = self._away or ClaimLostError(
                "the lease of this attempt on its partition ended, and it sends no more: run the "
                "partition again"
            )
        if self._lost is not None:
            raise self._lost.again()

    async def write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        """Record what the ledger has recorded, before anything of it is sent.

        Raises:
            ClaimError: it cannot be recorded, or the claim was lost.
        """
        await self._renew(record_of(taken_back, entries, intents))

    async def finish(self, result: bytes) -> None:
        """Keep the result in place of the log.

        Raises:
            ClaimError: it cannot be kept, or the claim was lost.
        """
        self.check()
        finishing = self._store.finish(self._key, self._holder, result, self._terms.keep_s)
        if not await _answered(finishing, ANSWER_S):
            raise self._lose()

    async def release(self) -> None:
        """End the lease, so that the next attempt need not wait for that; failing does no harm."""
        if self._lost is None:
            with suppress(ClaimError):
                await _answered(self._store.release(self._key, self._holder), ANSWER_S)

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Await work while the lease is renewed; cancel it when the claim is lost.

        Raises:
            ClaimError: the claim was lost, or the store is away for longer than the lease.
        """
        working = asyncio.create_task(work, name="frontegg_async partition")
        renewing = asyncio.create_task(self._keep_renewing(), name="frontegg_async claim")
        try:
            await asyncio.wait((working, renewing), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            working.cancel()
            await asyncio.wait((working,))
            await renewing
            raise self._lose()
        finally:
            working.cancel()
            renewing.cancel()
            await asyncio.wait((working, renewing))
            if renewing.done() and not renewing.cancelled():
                renewing.exception()  # raised above, or of no more interest

    async def _keep_renewing(self) -> None:
        """Renew the lease until that is no longer possible, and raise the reason."""
        while True:
            due = self._until - self._terms.lease_s * 2 / 3
            await asyncio.sleep(max(due - time.monotonic(), 0.0))
            if time.monotonic() >= self._until - self._terms.lease_s * 2 / 3:
                await self._renew(b"")

    async def _renew(self, record: bytes) -> None:
        """Append a record and renew the lease; ask again as long as the lease lasts.

        A record that the store has although it did not respond is written again: replaying it
        twice is as good as once.
        """
        while True:
            self.check()
            asked = time.monotonic()
            terms = self._terms
            writing = self._store.write(
                self._key, self._holder, record, terms.lease_s, terms.keep_s
            )
            try:
                # Half of the lease at most: a store that hangs is known before it ends.
                mine = await _answered(writing, min(ANSWER_S, (self._until - asked) / 2))
            except ClaimStoreError as error:
                # Later the response may be there, unread: the process was stopped.
                if time.monotonic() < self._until:
                    self._away = error
                await asyncio.sleep(max(min(ASK_AGAIN_S, self._until - time.monotonic()), 0.0))
                continue
            if not mine:
                raise self._lose()
            self._away = None
            self._until = max(self._until, asked + terms.lease_s)
            return

    def _lose(self) -> ClaimError:
        if self._lost is None:
            self._lost = ClaimLostError(
                "another attempt on this partition has begun, and this one sends no more"
            )
        return self._lost.again()
