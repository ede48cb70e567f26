"""Limits that a pacing should find, and what it must reach on each."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from .servers import FixedWindow, Server, SlidingWindow, TokenBucket
from .simulator import Network, Settled, Strategy, run, settled, settling_time


class Target(NamedTuple):
    """The least goodput, and the most waste, on average over the seeds."""

    goodput: float
    wasted: float


class Scenario(NamedTuple):
    """A server, and how it is watched.

    Args:
        name: of the scenario.
        server: makes one for a seed.
        start: virtual seconds until a pacing counts as settled; what it costs to learn is before.
        end: virtual seconds at the end, a whole number of windows later.
        target: what is to be reached, if there is a target.
        header: whether refusals carry ``X-Rate-Limit-Reset``.
        network: the round trips.
        workers: how many calls there may be at once.
    """

    name: str
    server: Callable[[int], Server]
    start: float
    end: float
    target: Target | None = None
    header: bool = False
    network: Network = Network()
    workers: int = 64

    def play(self, strategy: Strategy, seed: int) -> Settled:
        """Run once and measure the settled part."""
        server = self.server(seed)
        calls = run(
            strategy,
            server,
            seconds=self.end + 1.0,
            seed=seed,
            workers=self.workers,
            network=self.network,
            header=self.header,
        )
        return settled(calls, server, self.start, self.end)


class Change(NamedTuple):
    """A limit for windows of a second that changes once, at a random moment.

    Args:
        name: of the scenario.
        before: calls a second at first.
        after: calls a second then.
        goodput: from when on the change counts as followed: this much of the new limit is used,
        wasted: with at most this much refused, in three seconds together.
        target: seconds that it may take, on average over the seeds.
    """

    name: str
    before: float
    after: float
    goodput: float
    wasted: float
    target: float

    def play(self, strategy: Strategy, seed: int) -> float:
        """Run once; return the seconds from the change to the first of three good ones."""
        at = 40.0 + random.Random(seed).uniform(0.0, 15.0)
        server = FixedWindow([(0.0, self.before), (at, self.after)], 1.0, offset=phase(seed, 1.0))
        calls = run(strategy, server, seconds=at + 40.0, seed=seed)
        return settling_time(calls, server, at, goodput=self.goodput, wasted=self.wasted)


def phase(seed: int, window: float) -> float:
    """Return when the first reset of a server is: anywhere in its window."""
    return random.Random(seed * 7 + 1).uniform(0.01, 1.0) * window


def windows(limit: float, window: float, *, rival: float = 0.0) -> Callable[[int], Server]:
    """Return a maker of servers with fixed windows."""
    return lambda seed: FixedWindow(limit, window, offset=phase(seed, window), rival=rival)


def opened(limit: float, window: float) -> Callable[[int], Server]:
    """Return a maker of servers whose windows begin with a call."""
    return lambda _: FixedWindow(limit, window, opened_by_call=True)


def sliding(
    limit: float, window: float, *, counts_refused: bool = False
) -> Callable[[int], Server]:
    """Return a maker of servers that look back."""
    return lambda _: SlidingWindow(limit, window, counts_refused=counts_refused)


def bucket(limit: float, burst: float) -> Callable[[int], Server]:
    """Return a maker of servers with a token bucket, filled by ``limit`` a second."""
    return lambda _: TokenBucket(limit, 1.0, burst=burst)


def unlimited(_: int) -> Server:
    """Return a server that takes what 64 workers can do: a round trip is 81.6 ms on average."""
    return Server(64 / (0.08 * 1.0202), 1.0)


SCENARIOS = [
    Scenario("100 / 1 s", windows(100, 1), 30, 130, Target(0.99, 0.005)),
    Scenario("1000 / 60 s, header", windows(1000, 60), 300, 1200, Target(0.98, 0.002), header=True),
    Scenario(
        "1000 / 60 s opened by a call, header",
        opened(1000, 60),
        300,
        1200,
        Target(0.98, 0.002),
        header=True,
    ),
    Scenario("1000 / 60 s", windows(1000, 60), 300, 1200, Target(0.95, 0.015)),
    Scenario("1000 / 60 s opened by a call", opened(1000, 60), 300, 1200, Target(0.95, 0.015)),
    Scenario("1000 / 10 s", windows(1000, 10), 60, 260, Target(0.95, 0.02)),
    Scenario("100 / 10 s", windows(100, 10), 60, 260, Target(0.95, 0.02)),
    Scenario("bucket 100/s, holds 100", bucket(100, 100), 30, 130, Target(0.98, 0.01)),
    Scenario("bucket 100/s, holds 10", bucket(100, 10), 30, 130, Target(0.98, 0.01)),
    Scenario("sliding 100 / 1 s", sliding(100, 1), 30, 130, Target(0.98, 0.01)),
    Scenario("sliding 1000 / 10 s", sliding(1000, 10), 60, 260, Target(0.98, 0.01)),
    Scenario("sliding 1000 / 60 s", sliding(1000, 60), 300, 1200, Target(0.98, 0.01)),
    Scenario("no limit", unlimited, 10, 20, Target(0.95, 0.0)),
    Scenario("100 / 1 s, header", windows(100, 1), 30, 130, header=True),
    Scenario("5 / 1 s", windows(5, 1), 60, 260),
    Scenario("20 / 1 s", windows(20, 1), 60, 260),
    Scenario("1000 / 1 s, 200 workers", windows(1000, 1), 30, 45, workers=200),
    Scenario("100 / 1 s, 10 ms away", windows(100, 1), 30, 130, network=Network(0.01)),
    Scenario("100 / 1 s, 400 ms away", windows(100, 1), 30, 130, network=Network(0.4)),
    Scenario(
        "1000 / 60 s, header, 400 ms away",
        windows(1000, 60),
        300,
        1200,
        header=True,
        network=Network(0.4),
    ),
    Scenario(
        "sliding 100 / 1 s, half the jitter", sliding(100, 1), 30, 130, network=Network(0.08, 0.1)
    ),
    Scenario(
        "sliding 1000 / 10 s, refusals count",
        sliding(1000, 10, counts_refused=True),
        60,
        260,
    ),
    Scenario("100 / 1 s, shared", windows(100, 1, rival=1 / 3), 30, 190),
    Scenario("1000 / 60 s, header, shared", windows(1000, 60, rival=1 / 3), 300, 1200, header=True),
]

CHANGES = [
    Change("falls from 100 to 20 / 1 s", 100, 20, 0.9, 0.05, 5.0),
    Change("rises from 20 to 200 / 1 s", 20, 200, 0.9, 1.0, 10.0),
]
