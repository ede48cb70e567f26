"""The distances between bulk calls: one slot after another, at the rate of the phase.

A slot that passes unused is lost, but for a little that is caught up: timers are late, and calls
that were due while the gate was closed may go when it opens. Catching up more would bunch calls
that should be even. Interactive calls do not wait for slots, and use them up all the same.
"""

from __future__ import annotations

import math
from typing import Final

START_BURST_S: Final = 0.1
"""Seconds: a group that was never refused may send twenty bulk calls at once."""
CATCH_UP_S: Final = 0.02
"""Seconds that a late timer may catch up; more would bunch the calls that should be even."""


class Spacing:
    """The slots of one limit group.

    Attributes:
        next_at: monotonic time of the next slot.
        catch_up: seconds of slots that have passed and may still be used.
        idle_seconds: seconds of slots that passed unused while nothing was in flight.
    """

    __slots__ = ("catch_up", "idle_seconds", "next_at")

    def __init__(self) -> None:
        self.next_at = -math.inf
        self.catch_up = START_BURST_S
        self.idle_seconds = 0.0

    def take(self, now: float, slot: float, longest: float, *, idle: bool) -> None:
        """Use up a slot.

        Args:
            now: the time.
            slot: its seconds.
            longest: seconds that slots can be used up in advance, by interactive calls.
            idle: whether nothing is in flight, so that slots which have passed were not wanted.
        """
        late = now - self.catch_up
        if self.next_at < late:
            if idle and self.next_at > -math.inf:
                self.idle_seconds += late - self.next_at
            self.next_at = late
        self.next_at = min(self.next_at + slot, now + longest)

    def resume(self, since: float, now: float) -> None:
        """Let the slots since a time be caught up: the server has taken calls since then."""
        self.next_at = max(self.next_at, since)
        self.catch_up = max(CATCH_UP_S, now - since)
