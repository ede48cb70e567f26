"""Claims: the knowledge about a partition that its attempts share, and no other run has.

An engine runs a partition again after its worker died, or runs two copies of it. The second attempt
reads from Frontegg which rows hold. It cannot read there which requests of the first attempt are
still in flight, nor which rows did not hold before. A claim has both:

    attempt     number of the attempt, which grows with each: the fence. Only the last may write.
    lease       time until which the attempt may send. It is renewed while the attempt lives.
    log         records of rows, each written before the requests that it is about (``claim_log``).
    result      the outcomes, once every row has one.

    free ──claim──▶ held ──finish──▶ finished: outcomes are given out, nothing is sent
      ▲              │
      └── release ───┤
                     └── lease over: the next attempt takes over the log

The store knows nothing of rows: records and results are bytes, and its one rule is the fence. Time
is that of the store, so that the clocks of workers need not agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from ..._core.clock import Clock, SystemClock

PURGE_ROWS: Final = 100
"""Most expired claims that a store deletes at a time, where it deletes them itself."""


class Held(msgspec.Struct, frozen=True):
    """A claim that was taken.

    Args:
        attempt: number of the attempt, from 1.
        records: the log of earlier attempts, oldest first.
        idle_s: seconds since the lease of the last attempt ended, or it was released; 0.0 for the
            first attempt.
    """

    attempt: int
    records: list[bytes]
    idle_s: float = 0.0


class Busy(msgspec.Struct, frozen=True):
    """A claim that another attempt holds, with the seconds until its lease ends."""

    seconds: float


class Finished(msgspec.Struct, frozen=True):
    """A partition whose rows have all ended, with the result."""

    result: bytes


class ClaimStore(Protocol):
    """An open store of claims. Its methods raise ``ClaimStoreError`` if the store is away."""

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim for an attempt, if it is free or its lease is over.

        Args:
            key: identifies the partition.
            holder: identifies the attempt; no other one has the same.
            lease_s: seconds until the lease ends, unless it is renewed.
            keep_s: seconds after which the store may forget the claim, unless it is renewed.
        """
        ...

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record to the log, and renew the lease; an empty record only renews.

        Returns:
            False if the claim is not the holder's any more; then nothing is written.
        """
        ...

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Replace the log by the result, and end the lease; returns as ``write`` does."""
        ...

    async def release(self, key: str, holder: str) -> None:
        """End the lease now, and keep the log; nothing if the claim is not the holder's."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class Claims(Protocol):
    """The place of claims, as a value that is pickled with a partition."""

    def open(self) -> ClaimStore:
        """Return the open store, for one event loop; it connects when it is first used."""
        ...


class _Claim(msgspec.Struct):
    """A claim in memory; ``result`` is None until it is finished."""

    attempt: int = 0
    holder: str = ""
    until: float = 0.0
    records: list[bytes] = []
    result: bytes | None = None


class MemoryClaims:
    """Claims in the memory of one process, for tests and for one process with several partitions.

    They are lost with the process, and a pickled copy is empty.

    Args:
        clock: source of time, for tests.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock: Final = clock or SystemClock()
        self._claims: Final[dict[str, _Claim]] = {}

    def __reduce__(self) -> tuple[Callable[[], MemoryClaims], tuple[()]]:
        return (MemoryClaims, ())

    def open(self) -> ClaimStore:
        """Return the store, which is this object."""
        return self

    async def claim(
        self, key: str, holder: str, lease_s: float, keep_s: float
    ) -> Held | Busy | Finished:
        """Take a claim, as ``ClaimStore`` says; it is kept as long as the process."""
        now = self._clock.monotonic()
        found = self._claims.setdefault(key, _Claim())
        if found.result is not None:
            return Finished(found.result)
        if found.until > now:
            return Busy(found.until - now)
        idle = now - found.until if found.attempt else 0.0
        found.attempt, found.holder, found.until = found.attempt + 1, holder, now + lease_s
        return Held(found.attempt, list(found.records), idle)

    async def write(
        self, key: str, holder: str, record: bytes, lease_s: float, keep_s: float
    ) -> bool:
        """Append a record and renew the lease, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        now = self._clock.monotonic()
        if (
            found is None
            or found.holder != holder
            or found.until <= now
            or found.result is not None
        ):
            return False
        if record:
            found.records.append(record)
        found.until = now + lease_s
        return True

    async def finish(self, key: str, holder: str, result: bytes, keep_s: float) -> bool:
        """Keep the result, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        if found is None or found.holder != holder or found.until <= self._clock.monotonic():
            return False
        found.result, found.records = result, []
        return True

    async def release(self, key: str, holder: str) -> None:
        """End the lease, as ``ClaimStore`` says."""
        found = self._claims.get(key)
        if found is not None and found.holder == holder:
            found.until = min(found.until, self._clock.monotonic())

    async def aclose(self) -> None:
        """Do nothing: the claims live as long as the process."""
