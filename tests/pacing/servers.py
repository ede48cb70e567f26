"""Servers with limits of several kinds, as small models in virtual time.

Each answers ``arrive(now)`` with None for a call it takes, or with the time of its next reset for
one that it refuses (NaN where it does not know one), and counts the calls that it could have taken.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

Steps = Sequence[tuple[float, float]]
"""A limit over time: (start, calls), in order."""

UNKNOWN = math.nan


class Limit:
    """A number of calls that changes at given times."""

    def __init__(self, steps: float | Steps) -> None:
        self._steps = [(0.0, float(steps))] if isinstance(steps, int | float) else list(steps)
        self._times = [at for at, _ in self._steps]

    def at(self, now: float) -> float:
        """Return the limit at ``now``."""
        if len(self._times) == 1:
            return self._steps[0][1]
        return self._steps[max(bisect_right(self._times, now) - 1, 0)][1]


class Available(NamedTuple):
    """The calls that a server would have taken from 0 to a time."""

    calls: float
    until: float


class Server:
    """A server without a limit.

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
        """Judge a call of any client."""
        del now
        return None

    def take_away(self, calls: int, now: float) -> None:
        """Let another client make calls."""
        for _ in range(calls):
            if self.decide(now) is None:
                self.rival_taken.append(now)

    def allowed(self, start: float, end: float) -> float:
        """Return the calls of ours that it would have taken between two times, on average."""
        return self._lets_through(start, end) - self._taken_by_rivals(start, end)

    def available(self, end: float) -> Available:
        """Return the calls of ours that it would have taken from 0 to the last reset by ``end``.

        A greedy client gets exactly that: a window or a bucket that is full at 0 counts in full.
        """
        return Available(self.allowed(0.0, end), end)

    def _lets_through(self, start: float, end: float) -> float:
        total = 0.0
        at = start
        while at < end - 1e-9:
            until = min(at + self.window, end)
            total += self.limit.at(at) * (until - at) / self.window
            at = until
        return total

    def _taken_by_rivals(self, start: float, end: float) -> int:
        return sum(1 for taken in self.rival_taken if start <= taken < end)


class FixedWindow(Server):
    """Counts from zero again at every reset.

    Args:
        offset: time of the first reset.
        opened_by_call: True if a window begins with the first call after a reset instead.
        jitter: largest share of ``window`` by which a window is longer or shorter, by chance.
        seed: of that chance.
    """

    def __init__(
        self,
        limit: float | Steps,
        window: float,
        *,
        offset: float = 0.0,
        opened_by_call: bool = False,
        jitter: float = 0.0,
        seed: int = 0,
        rival: float = 0.0,
    ) -> None:
        super().__init__(limit, window, rival=rival)
        self._opened_by_call = opened_by_call
        self._jitter = jitter
        self._random = random.Random(seed * 13 + 5)
        self._resets = [0.0, offset] if offset else [0.0]
        self._end = 0.0 if opened_by_call else offset
        self._count = 0

    def decide(self, now: float) -> float | None:
        """Judge a call of any client."""
        if now >= self._end:
            self._count = 0
            self._end = now + self.window if self._opened_by_call else self._reset_after(now)
        if self._count >= self.limit.at(now):
            return self._end
        self._count += 1
        return None

    def available(self, end: float) -> Available:
        """Return the calls of ours that it would have taken from 0 to the last reset by ``end``."""
        if self._opened_by_call:
            return super().available(end)
        self._reset_after(end)
        resets = self._resets[: bisect_right(self._resets, end)]
        calls = sum(self.limit.at(start) for start in resets[:-1])
        return Available(calls - self._taken_by_rivals(0.0, resets[-1]), resets[-1])

    def windows(self, start: float, end: float) -> list[tuple[float, float]]:
        """Return the beginnings and ends of the whole windows between two times."""
        self._reset_after(end)
        pairs = zip(self._resets, self._resets[1:], strict=False)
        return [(first, last) for first, last in pairs if start <= first and last <= end]

    def _reset_after(self, now: float) -> float:
        resets = self._resets
        while resets[-1] <= now:
            resets.append(resets[-1] + self.window * (1.0 + self._off()))
        return resets[bisect_right(resets, now)]

    def _off(self) -> float:
        return self._random.uniform(-self._jitter, self._jitter) if self._jitter else 0.0

    def _lets_through(self, start: float, end: float) -> float:
        if not self._jitter:
            return super()._lets_through(start, end)
        self._reset_after(end)
        total = 0.0
        for first, last in zip(self._resets, self._resets[1:], strict=False):
            inside = min(last, end) - max(first, start)
            total += self.limit.at(first) * max(inside, 0.0) / (last - first)
        return total


class SlidingWindow(Server):
    """Looks back over the last ``window`` seconds at every call.

    Args:
        counts_refused: True if a refused call counts as well, so that hammering never ends.
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
        """Judge a call of any client."""
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

    def available(self, end: float) -> Available:
        """Return the calls of ours that it would have taken from 0 to ``end``."""
        return Available(self.allowed(0.0, end) + self._burst, end)

    def decide(self, now: float) -> float | None:
        """Judge a call of any client."""
        filled = self._tokens + (now - self._at) * self.limit.at(now) / self.window
        self._tokens = min(self._burst, filled)
        self._at = now
        if self._tokens < 1.0:
            return UNKNOWN
        self._tokens -= 1.0
        return None


# Makers

MakeServer: TypeAlias = Callable[[int], Server]
"""Makes a server for a seed."""


def phase(seed: int, window: float) -> float:
    """Return the time of a server's first reset: anywhere in its window."""
    return random.Random(seed * 7 + 1).uniform(0.01, 1.0) * window


def windows(limit: float, window: float, *, rival: float = 0.0, jitter: float = 0.0) -> MakeServer:
    """Return a maker of servers with fixed windows."""
    return lambda seed: FixedWindow(
        limit, window, offset=phase(seed, window), rival=rival, jitter=jitter, seed=seed
    )


def opened(limit: float, window: float) -> MakeServer:
    """Return a maker of servers whose windows begin with a call."""
    return lambda _: FixedWindow(limit, window, opened_by_call=True)


def sliding(limit: float, window: float, *, counts_refused: bool = False) -> MakeServer:
    """Return a maker of servers that look back."""
    return lambda _: SlidingWindow(limit, window, counts_refused=counts_refused)


def bucket(limit: float, burst: float) -> MakeServer:
    """Return a maker of servers with a token bucket, filled by ``limit`` a second."""
    return lambda _: TokenBucket(limit, 1.0, burst=burst)


def unlimited(_: int) -> Server:
    """Return a server that takes all calls of 64 workers: a round trip is 81.6 ms on average."""
    return Server(64 / (0.08 * 1.0202), 1.0)
