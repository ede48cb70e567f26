"""The bound of all runs of one member of a fleet, away from the fleet's store."""

from __future__ import annotations

import math
from typing import Final

from .bounds import Bounds
from .spacing import CATCH_UP_S


class MemberAllowance:
    """What the runs of one member of a fleet may send together while the store is away.

    The store spaces the calls of all runs with the same rate and share. Without it each member
    spaces those of its own runs, however many they are, as one of the members that there were.

    Attributes:
        members: number of members that share the rate of a run.
        alone: True while the store is away.
    """

    __slots__ = ("_next_call_at", "alone", "members")

    def __init__(self) -> None:
        self.members = 1
        self.alone = False
        self._next_call_at: Final[dict[Bounds, float]] = {}

    def next_call_at(self, bounds: Bounds) -> float:
        """Return the time of the next call of runs with these bounds; it counts while alone."""
        return self._next_call_at.get(bounds, -math.inf)

    def take(self, now: float, slot: float, bounds: Bounds) -> None:
        """Count a call of a run with these bounds as sent, which uses up so many seconds."""
        # With the store others are sent meanwhile: only the latest says when the next turn is.
        next_at = self.next_call_at(bounds)
        since = max(next_at, now - CATCH_UP_S) if self.alone else now
        self._next_call_at[bounds] = since + slot
