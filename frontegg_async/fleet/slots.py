"""Slots that a member of a fleet was leased for calls of one kind."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Final

from ..pacing.bounds import NO_BOUNDS, Bounds

UNUSED_S: Final = 0.1
"""Seconds after which a slot that was not used is given back."""
EARLY_S: Final = 5e-4
"""Seconds by which a slot may be used too early: less than timers err."""


class Slots:
    """Slots of the interactive calls, or of all bulk calls whose runs have the same bounds.

    Attributes:
        at: times from which on they may be used.
        ask_again_at: time at which to ask for more, if there are none.
    """

    __slots__ = ("ask_again_at", "at")

    def __init__(self) -> None:
        self.at: Final[deque[float]] = deque()
        self.ask_again_at = -math.inf

    def use(self, now: float) -> bool:
        """Use up a slot, if there is one for now."""
        if self.at and self.at[0] <= now + EARLY_S:
            self.at.popleft()
            return True
        return False

    def due(self, waiting: int, asked_at: float, lead: float) -> float:
        """Return the time at which more are to be asked for, or these given back.

        Args:
            waiting: calls in line.
            asked_at: time of the last exchange.
            lead: seconds before the last slot at which to ask.
        """
        at = self.at
        if not waiting:
            return max(at[-1], asked_at) + UNUSED_S if at else math.inf
        if not at:
            return self.ask_again_at
        if waiting <= len(at):
            return math.inf
        # One that could be used at the last exchange is held back by the run's own count.
        return at[-1] - lead if at[-1] > asked_at else max(at[-1] - lead, self.ask_again_at)

    def void(self, now: float) -> None:
        """Leave out all slots, and ask again from now on."""
        self.at.clear()
        self.ask_again_at = now


class BulkSlots:
    """Slots of bulk calls, by the bounds of their runs.

    A run that used those of another one, which may send more, would exceed its own.
    """

    __slots__ = ("_by_bounds",)

    def __init__(self) -> None:
        self._by_bounds: Final[dict[Bounds, Slots]] = {}

    def __len__(self) -> int:
        """Return the number of slots."""
        return sum(len(slots.at) for slots in self._by_bounds.values())

    def of(self, bounds: Bounds) -> Slots:
        """Return those of runs with these bounds."""
        found = self._by_bounds.get(bounds)
        if found is None:
            found = self._by_bounds[bounds] = Slots()
        return found

    def use_any(self, now: float) -> bool:
        """Use up a slot of any runs, if there is one for now."""
        return any(slots.use(now) for slots in self._by_bounds.values())

    def due(self, waiting: Mapping[Bounds, int], asked_at: float, lead: float) -> float:
        """Return the time at which to ask for the next ones, or to give some back."""
        for bounds in waiting:
            self.of(bounds)
        return min(
            [each.due(waiting.get(of, 0), asked_at, lead) for of, each in self._by_bounds.items()],
            default=math.inf,
        )

    def most_due(self, waiting: Mapping[Bounds, int], lead: float) -> tuple[Bounds, int]:
        """Return the bounds for which slots are asked for first, and the number of these."""
        wanted = {bounds: count - len(self.of(bounds).at) for bounds, count in waiting.items()}
        bounds = min(
            [bounds for bounds, count in wanted.items() if count > 0],
            key=lambda bounds: self.of(bounds).due(waiting[bounds], -math.inf, lead),
            default=NO_BOUNDS,
        )
        return bounds, max(wanted.get(bounds, 0), 0)

    def drop_unwanted(self, waiting: Mapping[Bounds, int]) -> int:
        """Leave out slots for which no call waits; return their number."""
        gone = [bounds for bounds in self._by_bounds if bounds not in waiting]
        return sum(len(self._by_bounds.pop(bounds).at) for bounds in gone)

    def void(self, now: float) -> None:
        """Leave out all slots, and ask again from now on."""
        for slots in self._by_bounds.values():
            slots.void(now)

    def ask_again(self, now: float) -> None:
        """Ask again from now on."""
        for slots in self._by_bounds.values():
            slots.ask_again_at = now

    def asked_again_at(self, now: float) -> float:
        """Return the time at which to ask for any again, now if there are none."""
        return min([slots.ask_again_at for slots in self._by_bounds.values()], default=now)

    def clear(self) -> None:
        """Leave out everything."""
        self._by_bounds.clear()
