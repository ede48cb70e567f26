"""What the time between two openings of the gate shows of a limit."""

from __future__ import annotations

from typing import Final

import msgspec

HEAVY_SHARE: Final = 0.15
"""Share of calls refused from which on the rate is what is refused, and no stray call."""
HEAVY_CALLS: Final = 5
"""Calls refused, likewise: fewer are a share of nothing."""
WINDOW_CLOSED_SHARE: Final = 0.1
"""Share of a cycle for which the gate was closed, from which on the cycle ends with a window."""


class Cycle(msgspec.Struct, frozen=True):
    """What was seen between two openings of the gate.

    Args:
        start: when it was opened, or when the first call was sent.
        end: when the server took calls again.
        closed_seconds: seconds before ``end`` during which it was closed.
        taken: calls taken.
        doubt: seconds by which ``end`` may be wrong.
        recent_rate: calls taken a second, over the last period at most.
        from_opening: whether it began with an opening, and not with the first call.
        server_limited: whether bulk calls waited all the time: the server decided their number.
        brief: whether the gate was closed so shortly that it may have been a stray refusal.
        refused: calls refused.
        taken_ever: calls taken since the first.
        long_seconds: seconds from which on a window is long beside a round trip.
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
    long_seconds: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return max(self.end - self.start, 1e-3)

    @property
    def ends_window(self) -> bool:
        """Whether the end of a window opened the gate at its end."""
        return self.closed_seconds >= WINDOW_CLOSED_SHARE * self.seconds

    @property
    def stray(self) -> bool:
        """Whether it may be that nothing but stray calls was refused."""
        return self.brief and (
            self.refused < HEAVY_CALLS or self.refused < HEAVY_SHARE * (self.taken + self.refused)
        )

    def tells_all(self, period: float) -> bool:
        """Return whether all of it tells of a limit with that period, not only its last period."""
        return self.ends_window and self.seconds >= 0.5 * period

    def rate(self, period: float) -> float:
        """Return the calls a second that it shows: over all of it, or lately if that is more."""
        if self.tells_all(period):
            return max(self.taken / self.seconds, self.recent_rate)
        return self.recent_rate
