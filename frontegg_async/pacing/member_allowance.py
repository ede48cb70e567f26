"""The bound of all runs of one member of a fleet, away from the fleet's store."""

from __future__ import annotations

import math

from .spacing import CATCH_UP_S


class MemberAllowance:
    """What the runs of one member of a fleet may send together while the store is away.

    The store spaces the calls of all runs that have a rate or a share. Without it each member
    spaces those of its own runs, however many they are, as one of the members that there were.

    Attributes:
        members: number of members that share the rate of a run.
        alone: True while the store is away.
        next_call_at: time from which on the next of these calls may be sent; it counts while alone.
    """

    __slots__ = ("alone", "members", "next_call_at")

    def __init__(self) -> None:
        self.members = 1
        self.alone = False
        self.next_call_at = -math.inf

    def take(self, now: float, slot: float) -> None:
        """Count a call as sent, which uses up so many seconds."""
        # With the store others are sent meanwhile: only the latest says when the next turn is.
        since = max(self.next_call_at, now - CATCH_UP_S) if self.alone else now
        self.next_call_at = since + slot
