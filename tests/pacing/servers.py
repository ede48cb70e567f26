"""What servers do with too many calls, as small models in virtual time.

Each answers ``arrive(now)`` with None for a call it takes, or with the time of its next reset for
one that it refuses (NaN where it does not know one), and keeps count of what it could have taken.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

Steps = Sequence[tuple[float, float]]
"""A limit over time: (from when, calls), in order."""

UNKNOWN = math.nan


class Limit:
    """A number of calls that changes at given times."""

    def __init__(self, steps: float | Steps) -> None:
        self._steps = [(0.0, float(steps))] if isinstance(steps, int | float) else list(steps)
        self._times = [at for at, _ in self._steps]

    def at(self, now: float) -> float:
        """Return what holds at ``now``."""
        if len(self._times) == 1:
            return self._steps[0][1]
        return self._steps[max(bisect_right(self._times, now) - 1, 0)][1]


class Server:
    """Takes everything.

    Args:
        limit: calls in a window, maybe changing over time.
        window: seconds.
        rival: the share of the limit that another client wants on average; it comes and goes
            over 40 seconds, between nothing and twice as much.
    """

    def __init__(self, limit: float | Steps, window: float, *, rival: float = 0.0) -> None:
        self.limit = Limit(limit)
        self.window = window
        self.rival = rival
        self.rival_taken: list[float] = []
        self._rival_at = 0.0 if rival else math.inf

    def arrive(self, now: float) -> float | None:
        """Take the call (None), or refuse it until the time returned."""
        while self._rival_at <= now:
            at = self._rival_at
            if self.decide(at) is None:
                self.rival_taken.append(at)
            wanted = self.rival * (1.0 + math.sin(2.0 * math.pi * at / 40.0))
            rate = max(wanted, 0.01) * self.limit.at(at) / self.window
            self._rival_at = at + min(1.0 / rate, 1.0)
        return self.decide(now)

    def decide(self, now: float) -> float | None:
        """Judge one call, whoever sent it."""
        del now
        return None

    def allowed(self, start: float, end: float) -> float:
        """Return how many calls of ours it would have taken between two times."""
        total = 0.0
        at = start
        while at < end - 1e-9:
            until = min(at + self.window, end)
            total += self.limit.at(at) * (until - at) / self.window
            at = until
        return total - sum(1 for taken in self.rival_taken if start <= taken < end)


class FixedWindow(Server):
    """Counts from zero again at every reset.

    Args:
        offset: when the first reset is.
        opened_by_call: whether a window begins with the first call after a reset instead.
    """

    def __init__(
        self,
        limit: float | Steps,
        window: float,
        *,
        offset: float = 0.0,
        opened_by_call: bool = False,
        rival: float = 0.0,
    ) -> None:
        super().__init__(limit, window, rival=rival)
        self._opened_by_call = opened_by_call
        self._end = 0.0 if opened_by_call else offset
        self._count = 0

    def decide(self, now: float) -> float | None:
        """Judge one call, whoever sent it."""
        if now >= self._end:
            self._count = 0
            if self._opened_by_call:
                self._end = now + self.window
            else:
                self._end += self.window * (math.floor((now - self._end) / self.window) + 1)
        if self._count >= self.limit.at(now):
            return self._end
        self._count += 1
        return None


class SlidingWindow(Server):
    """Looks back over the last ``window`` seconds at every call.

    Args:
        counts_refused: whether a refused call counts as well, so that hammering never ends.
    """

    def __init__(
        self,
        limit: float | Steps,
        window: float,
        *,
        counts_refused: bool = False,
        rival: float = 0.0,
    ) -> None:
        super().__init__(limit, window, rival=rival)
        self._counts_refused = counts_refused
        self._log: deque[float] = deque()

    def decide(self, now: float) -> float | None:
        """Judge one call, whoever sent it."""
        log = self._log
        while log and log[0] <= now - self.window:
            log.popleft()
        if len(log) >= self.limit.at(now):
            if self._counts_refused:
                log.append(now)
                log.popleft()
            return UNKNOWN
        log.append(now)
        return None


class TokenBucket(Server):
    """Fills evenly, holds ``burst`` calls at most."""

    def __init__(
        self, limit: float | Steps, window: float, *, burst: float, rival: float = 0.0
    ) -> None:
        super().__init__(limit, window, rival=rival)
        self._burst = burst
        self._tokens = burst
        self._at = 0.0

    def decide(self, now: float) -> float | None:
        """Judge one call, whoever sent it."""
        filled = self._tokens + (now - self._at) * self.limit.at(now) / self.window
        self._tokens = min(self._burst, filled)
        self._at = now
        if self._tokens < 1.0:
            return UNKNOWN
        self._tokens -= 1.0
        return None
