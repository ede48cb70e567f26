"""The fleet's clock, as one of its members knows it."""

from __future__ import annotations

import math
from typing import Final

CLOCK_DRIFT: Final = 1e-4
"""Seconds a second by which clocks may drift apart."""


class StoreClock:
    """The fleet's clock minus ours, by the exchange that took the least time of late.

    Attributes:
        offset: the difference, in seconds; NaN before the first exchange.
        round_trip: seconds of an exchange, on average.
    """

    __slots__ = ("_at", "_error", "offset", "round_trip")

    def __init__(self) -> None:
        self.offset = math.nan
        self.round_trip = 0.0
        self._error = math.inf
        self._at = 0.0

    @property
    def known(self) -> bool:
        """True after the first exchange."""
        return self.offset == self.offset

    def note(self, fleet: float, asked_at: float, now: float) -> None:
        """Take in the fleet's time in the midst of an exchange."""
        took = max(now - asked_at, 0.0)
        self.round_trip += (took - self.round_trip) * (0.25 if self.round_trip else 1.0)
        error = took / 2.0
        offset = fleet - (asked_at + now) / 2.0
        known_error = self._error + CLOCK_DRIFT * (now - self._at)
        # Beyond both errors: one of the clocks was set.
        astray = abs(offset - self.offset) > error + known_error
        if astray or not error > known_error:
            self.offset, self._error, self._at = offset, error, now
