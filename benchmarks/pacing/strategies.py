"""The project's pacing and its peers, as makers of clients (``tests.pacing.simulation``).

Each peer is our own reading of a published description, with its published constants. None reads
more of an answer than its description says, and none knows of the other clients.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from frontegg_async.pacing import FixedRate
from tests.pacing.simulation import (
    CONNECTIONS,
    Backoff,
    Client,
    MakeClient,
    PacedClient,
    Simulation,
    Strategy,
    StrategyClient,
    plain_backoff,
)


class StaticRate:
    """A limiter in front of the calls with a rate that never changes; backs off when refused."""

    def __init__(self, rate: float, seed: int) -> None:
        self._slot = 1.0 / rate
        self._next = 0.0
        self._backoff = Backoff(seed)

    def ask(self, now: float) -> float:
        """Hand out the next slot, at even distances."""
        if self._next > now + 1e-9:
            return self._next - now
        self._next = max(self._next, now) + self._slot
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
        """Hold back the calls that would be too many at once."""
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

    After the description in the AWS SDKs reference guide: the rate falls to 0.7 of the
    measured one, grows by 0.4 (t - K)^3 around its last value, and is at most twice the measured.
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


def _following(strategy: Callable[[Simulation, int], Strategy]) -> MakeClient:
    """Return a maker of clients that follow a strategy made for a simulation and a seed."""

    def make(
        simulation: Simulation,
        number: int = 0,
        *,
        remaining: float = math.inf,
        expected: FixedRate | None = None,
        connections: int = CONNECTIONS,
    ) -> Client:
        del remaining, expected
        made = strategy(simulation, simulation.seed * 1_000 + number)
        return StrategyClient(simulation, number, made, connections=connections)

    return make


def fixed_rate(share: float) -> MakeClient:
    """Return a maker of clients that were told the limit at the start, and use a share of it."""

    def strategy(simulation: Simulation, seed: int) -> Strategy:
        server = simulation.server
        return StaticRate(share * server.limit.at(0.0) / server.window, seed)

    return _following(strategy)


OURS: Final = "frontegg_async"
STRATEGIES: Final[dict[str, MakeClient]] = {
    OURS: PacedClient,
    "plain backoff": plain_backoff,
    "botocore adaptive": _following(lambda _, seed: BotocoreAdaptive(seed)),
    "fixed rate, told": fixed_rate(1.0),
    "AIMD concurrency": _following(lambda _, seed: Aimd(seed)),
}
