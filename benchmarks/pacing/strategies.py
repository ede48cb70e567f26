"""The project's pacing, and what others do, behind one interface (``tests.pacing.simulator``).

Each of the others is our own reading of a published description, with its published constants.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from tests.pacing.simulator import Paced, Strategy


class Backoff:
    """Full jitter: up to a quarter of a second, doubled with every refusal, 20 s at most."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def sleep(self, wait: float | None, refusals: int) -> float:
        """Return how long a worker sleeps after an answer."""
        if not refusals:
            return 0.0
        backoff = self._random.uniform(0.0, min(20.0, 0.25 * 2.0 ** min(refusals - 1, 10)))
        return backoff if wait is None else max(wait, 0.0) + min(backoff, 0.5)


class Fixed:
    """Sixty-four workers, each backing off by itself: what a loop with a retry library does."""

    def __init__(self, seed: int) -> None:
        self._backoff = Backoff(seed)

    def ask(self, now: float) -> float:
        """Never hold anybody back."""
        del now
        return 0.0

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Back off after a refusal."""
        del sent_at, now
        return self._backoff.sleep(wait, refusals)


class Aimd:
    """Calls in flight: one more for every round of successes, half at a refusal."""

    def __init__(self, seed: int) -> None:
        self._backoff = Backoff(seed)
        self._limit = 4.0
        self._flying = 0
        self._halved_at = -math.inf

    def ask(self, now: float) -> float:
        """Hold back what would be too many at once."""
        del now
        if self._flying >= int(self._limit):
            return math.inf
        self._flying += 1
        return 0.0

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Add or halve, the latter once a round trip."""
        self._flying -= 1
        if not refusals:
            self._limit += 1.0 / self._limit
        elif sent_at > self._halved_at:
            self._halved_at = now
            self._limit = max(1.0, self._limit / 2.0)
        return self._backoff.sleep(wait, refusals)


class BotocoreAdaptive:
    """The adaptive retry mode of botocore: a token bucket whose rate follows a cubic.

    After the description in the AWS SDKs reference guide: the rate falls to 0.7 of what was sent,
    grows by 0.4 (t - K)^3 around what it was, and is at most twice what was sent.
    """

    def __init__(self, seed: int) -> None:
        self._backoff = Backoff(seed)
        self._enabled = False
        self._fill = 0.5
        self._tokens = 0.0
        self._capacity = 1.0
        self._at = 0.0
        self._peak = 0.0
        self._throttled_at = 0.0
        self._window = 0.0
        self._sent = 0.0
        self._count = 0
        self._slot = 0

    def ask(self, now: float) -> float:
        """Take a token, or say when there will be one."""
        if not self._enabled:
            return 0.0
        self._refill(now)
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return 0.0
        return max((1.0 - self._tokens) / self._fill, 1e-4)

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Measure, and follow the cubic."""
        del sent_at, wait  # it reads no headers
        self._measure(now)
        if refusals:
            base = min(self._sent, self._fill) if self._enabled else self._sent
            self._peak = base
            self._window = (base * 0.3 / 0.4) ** (1.0 / 3.0)
            self._throttled_at = now
            rate = base * 0.7
            self._enabled = True
        else:
            self._window = (self._peak * 0.3 / 0.4) ** (1.0 / 3.0)
            rate = 0.4 * (now - self._throttled_at - self._window) ** 3 + self._peak
        if self._enabled:
            self._refill(now)
            self._fill = max(min(rate, 2.0 * self._sent), 0.5)
            self._capacity = max(self._fill, 1.0)
            self._tokens = min(self._tokens, self._capacity)
        return self._backoff.sleep(None, refusals)

    def _refill(self, now: float) -> None:
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._fill)
        self._at = now

    def _measure(self, now: float) -> None:
        slot = int(now * 2.0)
        self._count += 1
        if slot > self._slot:
            rate = self._count * 2.0 / (slot - self._slot)
            self._sent = rate * 0.8 + self._sent * 0.2
            self._count = 0
            self._slot = slot


class Starting:
    """The algorithm that this project began with: a line, relative cubic growth, a gate."""

    def __init__(self, seed: int) -> None:
        del seed
        self._rate = 50.0
        self._next = 0.0
        self._fresh = True
        self._doubled_at = 0.0
        self._peak = 0.0
        self._cut_at = -math.inf
        self._in_a_row = 0
        self._closed = False
        self._until = 0.0
        self._gap = 0.1
        self._probe_at: float | None = None
        self._cycle_at = 0.0
        self._cycle = 0
        self._sent_at = 0.0
        self._sent = 0
        self._sent_rate = 0.0

    def ask(self, now: float) -> float:
        """Hand out the next slot, or one probe while the gate is closed."""
        if self._closed:
            if now < self._until:
                return self._until - now
            if self._probe_at is not None:
                return math.inf
            self._probe_at = now
            return 0.0
        slot = max(self._next, now - 0.02)
        if slot > now:
            return max(slot - now, 1e-4)
        self._grow(now)
        self._next = slot + 1.0 / self._rate
        self._sent += 1
        if now - self._sent_at >= 1.0:
            self._sent_rate = self._sent / (now - self._sent_at)
            self._sent_at, self._sent = now, 0
        return 0.0

    def answered(self, sent_at: float, now: float, wait: float | None, refusals: int) -> float:
        """Grow, cut, close or open."""
        if not refusals:
            self._in_a_row = 0
            self._cycle += 1
            if self._fresh and sent_at > self._doubled_at and now - self._doubled_at >= 0.5:
                self._rate *= 2.0
                self._doubled_at = now
            if self._closed and sent_at == self._probe_at:
                self._open(now)
            return 0.0
        if self._closed:
            if sent_at == self._probe_at:
                self._probe_at = None
                self._gap = min(self._gap * 2.0, 5.0)
                self._close(now, wait)
            return 0.0
        self._in_a_row += 1
        if sent_at > self._cut_at:
            self._cut_at = now
            self._peak = self._rate
            self._rate *= 0.7 if self._fresh else 0.95
            self._fresh = False
        if wait is not None or self._in_a_row >= 5:
            self._gap = 0.1
            self._closed = True
            self._probe_at = None
            self._close(now, wait)
        return 0.0

    def _close(self, now: float, wait: float | None) -> None:
        self._until = now + (self._gap if wait is None else max(wait, 0.0))

    def _open(self, now: float) -> None:
        self._closed = False
        self._in_a_row = 0
        self._rate = self._peak = max(self._cycle / max(now - self._cycle_at, 0.1), 0.1)
        self._cycle_at, self._cycle = now, 0
        self._cut_at = now

    def _grow(self, now: float) -> None:
        if self._fresh:
            return
        calm = min(max(100.0 / self._peak, 3.0), 60.0)
        rate = self._peak * (1.0 + 0.05 * ((now - self._cut_at - calm) / calm) ** 3)
        if self._sent_rate:
            rate = min(rate, 1.5 * self._sent_rate)
        self._rate = max(self._rate, rate)


STRATEGIES: dict[str, Callable[[int], Strategy]] = {
    "frontegg_async": lambda _: Paced(),
    "where it started": Starting,
    "64 workers + backoff": Fixed,
    "AIMD concurrency": Aimd,
    "botocore adaptive": BotocoreAdaptive,
}
