"""The part of a limit that one bulk run may use, beside other runs."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final

from .bounds import Bounds
from .rate import FixedRate
from .spacing import CATCH_UP_S

if TYPE_CHECKING:
    from .pacer_interface import Pacer


class RunAllowance:
    """The rate and the share of one bulk run, for each limit group by itself.

    Args:
        rate: most calls of each group that the run may send; None leaves it to the limits.
        share: part of a learned limit that the run may use, above 0 and at most 1.

    Attributes:
        remaining: rows that the run still has to end, or infinity while they are unknown.

    Raises:
        ValueError: if the share is out of its bounds.
    """

    __slots__ = ("_groups", "rate", "remaining", "share")

    def __init__(self, *, rate: FixedRate | None = None, share: float = 1.0) -> None:
        if not 0.0 < share <= 1.0:
            raise ValueError("a share is more than 0 and at most 1")
        self.rate: Final = rate
        self.share: Final = share
        self.remaining = math.inf
        self._groups: Final[dict[str, Allowance]] = {}

    def of(self, group: str) -> Allowance:
        """Return the run's allowance in one limit group."""
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = Allowance(self)
        return found


class Allowance:
    """The rate and the share of one bulk run in one limit group."""

    __slots__ = ("_next_call_at", "_rate", "_run", "_sent", "_share", "bounds")

    def __init__(self, run: RunAllowance) -> None:
        self._run: Final = run
        self._rate: Final = run.rate
        self._share: Final = run.share
        rate = math.inf if run.rate is None else run.rate.calls / run.rate.seconds
        self.bounds: Final = Bounds(rate, run.share)
        self._sent: Final[deque[float]] = deque()
        self._next_call_at = -math.inf

    @property
    def remaining(self) -> float:
        """Rows that the run still has to end."""
        return self._run.remaining

    def delay(self, now: float, pacer: Pacer) -> float:
        """Return the seconds until the run may send its next call, 0.0 if it may now."""
        rate, sent = self._rate, self._sent
        if rate is None and self._share == 1.0:
            return 0.0
        shares = self._shares(now, pacer)
        at = self._next_call_at if shares else -math.inf
        if rate is not None and len(sent) >= rate.calls:
            at = max(at, sent[-rate.calls] + rate.seconds)
        if shares or rate is not None:
            together = pacer.member_allowance
            if together is not None and together.alone:
                at = max(at, together.next_call_at(self.bounds))
        return max(at - now, 0.0)

    def fits(self, now: float, pacer: Pacer) -> bool:
        """Return whether all remaining calls of the run fit into the current window."""
        run = self._run
        if run.remaining == math.inf or self._share < 1.0:
            return False
        return run.remaining <= pacer.left_in_window(now)

    def take(self, now: float, pacer: Pacer) -> None:
        """Count a call as sent."""
        rate = self._rate
        if rate is None and self._share == 1.0:
            return
        shares, slot = self._shares(now, pacer), 0.0
        if shares:
            slot = 1.0 / (self._share * pacer.rate)
            self._next_call_at = max(self._next_call_at, now - CATCH_UP_S) + slot
        if rate is not None:
            self._sent.append(now)
            if len(self._sent) > rate.calls:
                self._sent.popleft()
        if shares or rate is not None:
            together = pacer.member_allowance
            if together is not None:
                if rate is not None:
                    slot = max(slot, together.members * rate.seconds / rate.calls)
                together.take(now, slot, self.bounds)

    def _shares(self, now: float, pacer: Pacer) -> bool:
        """Return whether the run is held to its share. Calls sent when it is not are no debt."""
        return self._share < 1.0 and pacer.limited and not pacer.surveying(now)

    def give_back(self, admitted_at: float | None) -> None:
        """Take back an admission whose call is not sent; None is the latest."""
        if admitted_at is None:
            if self._sent:
                self._sent.pop()
        elif admitted_at in self._sent:
            self._sent.remove(admitted_at)
