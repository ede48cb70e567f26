"""The time between two openings of the gate, from which a limit is estimated.

The estimate is the calls taken, over all of the cycle if it ends with a window, else over the last
period: a rate that grows is lower at the beginning of a cycle than at its end.
"""

from __future__ import annotations

from typing import Final

import msgspec

HEAVY_SHARE: Final = 0.15
"""Share of calls refused from which on it was the rate that was refused, and no stray call."""
HEAVY_CALLS: Final = 5
"""Calls refused, likewise: fewer are no share."""
WINDOW_CLOSED_SHARE: Final = 0.1
"""Share of a cycle for which the gate was closed, from which on the cycle ends with a window."""

LONG_TRIPS: Final = 20.0
"""Round trips from which on a window is long."""


class Cycle(msgspec.Struct, frozen=True):
    """Observations between two openings of the gate. Times are monotonic.

    Args:
        start: time of the first opening, or of the first call.
        end: time at which the server took calls again.
        closed_seconds: seconds before ``end`` during which the gate was closed.
        taken: calls taken.
        end_error: seconds by which ``end`` may be wrong.
        recent_rate: calls taken a second, over the last period at most.
        from_opening: True if it began with an opening, and not with the first call.
        server_limited: True if bulk calls waited all the time: the server decided their number.
        brief: True if the gate was closed so shortly that it may have been a stray refusal.
        refused: calls refused.
        taken_ever: calls taken since the first.
        round_trip: seconds of an answer.
    """

    start: float
    end: float
    closed_seconds: float
    taken: int
    end_error: float
    recent_rate: float
    from_opening: bool
    server_limited: bool
    brief: bool
    refused: int
    taken_ever: int
    round_trip: float

    @property
    def seconds(self) -> float:
        """Length of the cycle, in seconds."""
        return max(self.end - self.start, 1e-3)

    @property
    def ends_window(self) -> bool:
        """True if it ended with the end of a window."""
        return self.closed_seconds >= WINDOW_CLOSED_SHARE * self.seconds

    @property
    def long_seconds(self) -> float:
        """Seconds from which on a window is long beside a round trip."""
        return LONG_TRIPS * self.round_trip

    @property
    def stray(self) -> bool:
        """True if all refusals may have been stray ones."""
        return self.brief and (
            self.refused < HEAVY_CALLS or self.refused < HEAVY_SHARE * (self.taken + self.refused)
        )

    @property
    def overtaken(self) -> bool:
        """True if it was open for less than a round trip, and closed for long.

        It began with a call that overtook the refused ones, and the calls in flight with it are no
        limit.
        """
        return (
            self.seconds - self.closed_seconds < self.round_trip
            and self.seconds >= self.long_seconds
        )

    def tells_all(self, period: float) -> bool:
        """Return whether all of it tells of a limit with that period, not only its last period."""
        return self.ends_window and self.seconds >= 0.5 * period

    def rate(self, period: float) -> float:
        """Return the calls a second that it shows: over all of it, or lately if that is more."""
        if self.tells_all(period):
            return max(self.taken / self.seconds, self.recent_rate)
        return self.recent_rate
