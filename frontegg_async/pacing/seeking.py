"""The rate of bulk calls before a limit is met."""

from __future__ import annotations

import math

from .cycle import Cycle
from .rate import MAX_RATE
from .tuning import (
    CAREFUL_DOUBLING_S,
    CAREFUL_DOUBLING_SHARE,
    DOUBLING_S,
    DOUBTFUL_CALLS,
    START_AGAIN,
    START_RATE,
)


class Seeking:
    """No limit was met: the rate doubles as long as it holds bulk calls back."""

    __slots__ = ("_doubling", "_doubtful", "_next_doubling_at", "period", "rate")

    limited = False

    def __init__(
        self, rate: float = START_RATE, doubling: float = DOUBLING_S, period: float = 1.0
    ) -> None:
        self.rate = rate
        self.period = period
        self._doubling = doubling
        self._next_doubling_at = -math.inf
        self._doubtful = False  # from a refusal until the gate is open for certain

    @property
    def careful(self) -> bool:
        """True if calls were refused before."""
        return self._doubling > DOUBLING_S

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        if not self._doubtful:
            return self.rate
        return min(self.rate, max(START_AGAIN, DOUBTFUL_CALLS / max(round_trip, 1e-3)))

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Seeking:
        """Let the rate grow: calls are taken while others are held back."""
        if sent_at > self._next_doubling_at:
            self.rate = min(self.rate * 2.0, MAX_RATE)
            self._next_doubling_at = now + max(self._doubling, 2.0 * round_trip)
        return self

    def refused(
        self, sent_at: float, now: float, lately: float, seconds: float, taken: int
    ) -> Seeking:
        """Return the phase after a refusal that closed the gate."""
        self._doubtful = True
        return self

    def opened(self, cycle: Cycle) -> Seeking | None:
        """Return the phase after an opening of the gate; None if the cycle shows the limit."""
        self._doubtful = False
        if cycle.stray:
            return self
        if not cycle.from_opening or not cycle.server_limited or cycle.overtaken:
            # Other clients may have used up the limit that we found used up.
            return Seeking(
                min(self.rate, START_AGAIN),
                max(CAREFUL_DOUBLING_S, CAREFUL_DOUBLING_SHARE * cycle.closed_seconds),
                max(self.period, cycle.closed_seconds),
            )
        return None
