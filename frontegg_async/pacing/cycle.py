"""What the time between two openings of the gate shows of a limit."""

from __future__ import annotations

from typing import Final

import msgspec

HEAVY: Final = 0.15
"""Share of calls refused from which on the rate is what is refused, and no stray call."""
SOME: Final = 5
"""Calls refused, likewise: fewer are a share of nothing."""


class Cycle(msgspec.Struct, frozen=True):
    """What was seen between two openings of the gate.

    Args:
        start: when it was opened, or when the first call was sent.
        end: when the server took calls again.
        shut: seconds before ``end`` during which it was closed.
        taken: calls taken.
        doubt: seconds by which ``end`` may be wrong.
        lately: calls taken a second, over the last period at most.
        whole: whether it began with an opening, and not with the first call.
        held: whether bulk calls waited all the time, so that the server decided their number.
        blink: whether the gate was closed so shortly that it may have been a stray refusal.
        refused: calls refused.
        taken_in_all: calls taken since the first.
        long: seconds from which on a window is long beside a round trip.
    """

    start: float
    end: float
    shut: float
    taken: int
    doubt: float
    lately: float
    whole: bool
    held: bool
    blink: bool
    refused: int
    taken_in_all: int
    long: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return max(self.end - self.start, 1e-3)

    @property
    def stray(self) -> bool:
        """Whether it may be that nothing but stray calls was refused."""
        return self.blink and (
            self.refused < SOME or self.refused < HEAVY * (self.taken + self.refused)
        )
