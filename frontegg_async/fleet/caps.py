"""The turns of bulk runs that have a rate or a share, for each of these words by itself."""

from __future__ import annotations

import math
from typing import Final

import msgspec

CAPS: Final = 4
"""Words that are spaced by themselves at a time. Runs with further ones take turns with those of
the last: each of them is slower then, and none faster than its word."""
REFUND_S: Final = 0.5
"""Most seconds of slots that are void when the gate closes: as far ahead as they are leased."""


class Cap(msgspec.Struct):
    """The turns of all runs of a fleet with the same rate and share.

    Attributes:
        rate: most calls a second, or infinity.
        share: part of the limit.
        next_at: time of the next slot.
    """

    rate: float = 0.0
    share: float = 0.0
    next_at: float = -math.inf


class Caps:
    """The turns of all words that runs of a fleet have given lately."""

    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept: Final = tuple([Cap() for _ in range(CAPS)])

    def of(self, rate: float, share: float, now: float) -> Cap:
        """Return the turns of a word."""
        free = self.kept[-1]
        for cap in self.kept:
            if cap.rate == rate and cap.share == share:
                return cap
            if cap.next_at <= now:
                free = cap
        if free.next_at <= now:
            free.rate, free.share = rate, share
        return free

    def void_leases(self, now: float) -> None:
        """Give back slots that were leased, and are void because the gate has closed."""
        for cap in self.kept:
            if cap.next_at > now:
                cap.next_at = max(now, cap.next_at - REFUND_S)
