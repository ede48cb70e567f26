"""Situations for a pacing, and the targets that it has in them.

Each scenario is played by clients of one kind: the pacing of this project, or another way to pace
(``simulation.MakeClient``). Unless a family says otherwise, everything counts from the first
second on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count as numbers
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from frontegg_async.pacing import FixedRate

from .servers import FixedWindow, Server, SlidingWindow, TokenBucket
from .simulation import (
    CONNECTIONS,
    Client,
    MakeClient,
    Network,
    Simulation,
    bulk_load,
    bursts,
    count,
    from_zero,
    jain,
    percentile,
    poisson,
    settled,
    web_load,
)

MakeServer: TypeAlias = Callable[[int], Server]
"""Makes a server for a seed."""

PUBLISHED: Final = FixedRate(1_000, 60.0)
"""The general limit that Frontegg publishes, as sessions expect it before they have seen one."""
TIMEOUT: Final = 30.0
"""Seconds that an interactive call has, unless a scenario says otherwise."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The measures of one run, or their means; None where a scenario does not have them.

    Args:
        goodput: calls taken, as a share of those that the server would have taken, once settled.
        wasted: calls refused, as a share of the calls sent, once settled.
        goodput_0: the same as ``goodput``, from the first second on.
        wasted_0: the same as ``wasted``, from the first second on.
        done: seconds until the last row was done.
        ideal: the same for a greedy client that knows the limit and its windows.
        over: seconds by which ``done`` is beyond ``ideal`` + 10 % + 10 s.
        kept: the rate of calls taken, as a share of the rate without stray refusals.
        served: interactive calls served in time, as a share of all.
        failed: the others.
        excess: ``failed`` minus the share that no client can serve.
        late: interactive calls that were sent and got no answer before their deadline.
        delayed: interactive calls that took over half a second, or failed, as a share of those
            that were not refused themselves.
        median: seconds until an interactive call was served.
        p95: seconds until 95 of 100 were.
        prompt: interactive calls served within a second, as a share of all.
        used: calls of bulk clients that were taken, as a share of the limit left by others.
        jain: Jain's index of the calls taken of each client.
        windows: whole windows that passed until 80 % of a new limit was used.
    """

    goodput: float | None = None
    wasted: float | None = None
    goodput_0: float | None = None
    wasted_0: float | None = None
    done: float | None = None
    ideal: float | None = None
    over: float | None = None
    kept: float | None = None
    served: float | None = None
    failed: float | None = None
    excess: float | None = None
    late: float | None = None
    delayed: float | None = None
    median: float | None = None
    p95: float | None = None
    prompt: float | None = None
    used: float | None = None
    jain: float | None = None
    windows: float | None = None

    def of(self, measure: str) -> float:
        """Return a measure by its name; NaN where there is none."""
        value: float | None = getattr(self, measure)
        return math.nan if value is None else value


MORE_IS_BETTER: Final = frozenset(
    {"goodput", "goodput_0", "kept", "served", "prompt", "used", "jain"}
)


def mean(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the means of all measures."""
    return _summed_up(outcomes, lambda _, values: sum(values) / len(values))


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the worst of all measures."""
    return _summed_up(
        outcomes, lambda name, values: min(values) if name in MORE_IS_BETTER else max(values)
    )


def _summed_up(
    outcomes: Sequence[Outcome], summed_up: Callable[[str, list[float]], float]
) -> Outcome:
    found: dict[str, float] = {}
    for name in Outcome.__struct_fields__:
        values = [outcome.of(name) for outcome in outcomes]
        if not any(map(math.isnan, values)):
            found[name] = summed_up(name, values)
    return Outcome(**found)


class Target(NamedTuple):
    """A bound for a measure: the least where more is better, else the most.

    Args:
        measure: its name in ``Outcome``.
        bound: the bound for the mean over the seeds.
        every: True if it holds for every single seed.
        peer: kind of client whose own measure is the bound, instead of a number.
    """

    measure: str
    bound: float = math.nan
    every: bool = False
    peer: str = ""

    def met(self, means: Outcome, worsts: Outcome, peer: Outcome | None = None) -> bool:
        """Return whether it was reached; ``peer`` holds the means of the client to compare with."""
        found = (worsts if self.every else means).of(self.measure)
        bound = peer.of(self.measure) if peer is not None else self.bound
        return found >= bound if self.measure in MORE_IS_BETTER else found <= bound + 1e-9


class Family(NamedTuple):
    """Scenarios with the same measures.

    Args:
        name: of the family.
        scored: the rules of its scores.
        measures: the measures that are shown.
    """

    name: str
    scored: str
    measures: tuple[str, ...]


class Scenario(NamedTuple):
    """A situation.

    Args:
        name: of the scenario.
        family: its family.
        play: plays it once with clients of one kind, for a seed.
        targets: bounds to be reached.
        pictured: True if it is drawn in the picture of the benchmark.
    """

    name: str
    family: Family
    play: Callable[[MakeClient, int], Outcome]
    targets: tuple[Target, ...] = ()
    pictured: bool = False


# Servers


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


# Bulk alone

ALONE: Final = Family(
    "bulk alone",
    "one client with 64 workers that always have work; settled: at the earliest after 30 s and "
    "five windows; from 0: all of the run, of 100 s and more or 20 windows and more",
    ("goodput", "wasted", "goodput_0", "wasted_0"),
)


class Alone(msgspec.Struct, frozen=True, kw_only=True):
    """One bulk client and a server; see ``alone``."""

    server: MakeServer
    start: float
    end: float
    header: bool
    network: Network
    workers: int
    stated: float | None
    expected: FixedRate | None

    def play(self, make: MakeClient, seed: int) -> Outcome:
        """Play it once."""
        stated = self.stated
        simulation = Simulation(
            self.server(seed),
            seed,
            network=self.network,
            header=self.header,
            stated=None if stated is None else lambda _: stated,
        )
        client = make(
            simulation, connections=max(self.workers, CONNECTIONS), expected=self.expected
        )
        bulk_load(client, simulation, workers=self.workers)
        simulation.clock.run(self.end + 1.0)
        late = settled(simulation, self.start, self.end)
        all_of_it = from_zero(simulation, self.end)
        return Outcome(
            goodput=late.goodput,
            wasted=late.wasted,
            goodput_0=all_of_it.goodput,
            wasted_0=all_of_it.wasted,
        )


def alone(
    name: str,
    server: MakeServer,
    start: float,
    end: float,
    *targets: Target,
    header: bool = False,
    network: Network | None = None,
    workers: int = 64,
    stated: float | None = None,
    expected: FixedRate | None = None,
    pictured: bool = False,
) -> Scenario:
    """Return a scenario of one bulk client.

    Args:
        name: of the scenario.
        server: makes its server.
        start: seconds until a pacing counts as settled.
        end: seconds at the end, a whole number of windows later.
        targets: bounds to be reached.
        header: True if refusals carry ``X-Rate-Limit-Reset``.
        network: the round trips.
        workers: most calls at once.
        stated: the wait that every refusal states.
        expected: the limit that is published.
        pictured: True if it is drawn.
    """
    played = Alone(
        server=server,
        start=start,
        end=end,
        header=header,
        network=network or Network(),
        workers=workers,
        stated=stated,
        expected=expected,
    )
    return Scenario(name, ALONE, played.play, targets, pictured)


def _today(goodput: float, wasted: float) -> tuple[Target, ...]:
    """Return the targets where the pacing before this one was good: no worse than it.

    The figures are those of docs/pacing.md of then, to the next half percent.
    """
    return Target("goodput", goodput), Target("wasted", wasted)


# Where the pacing before this one was weak, from the first second on.
_WEAK: Final = (Target("goodput_0", 0.95), Target("wasted_0", 0.02))

ALONE_SCENARIOS: Final = [
    alone("100 / 1 s", windows(100, 1), 30, 130, *_today(0.99, 0.005), pictured=True),
    alone(
        "1000 / 60 s, header",
        windows(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
        pictured=True,
    ),
    alone(
        "1000 / 60 s opened by a call, header",
        opened(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
    ),
    alone("1000 / 60 s", windows(1000, 60), 300, 1200, *_today(0.995, 0.005), pictured=True),
    alone("1000 / 60 s opened by a call", opened(1000, 60), 300, 1200, *_today(0.995, 0.005)),
    alone("1000 / 10 s", windows(1000, 10), 60, 260, *_today(0.995, 0.005)),
    alone("500 / 10 s", windows(500, 10), 60, 260, *_today(0.995, 0.005), pictured=True),
    alone("100 / 10 s", windows(100, 10), 60, 260, *_today(0.995, 0.01)),
    alone("5000 / 10 s", windows(5000, 10), 60, 260, *_WEAK, pictured=True),
    alone("bucket 100/s, holds 100", bucket(100, 100), 30, 130, *_today(0.995, 0.005)),
    alone("bucket 100/s, holds 10", bucket(100, 10), 30, 130, *_today(0.995, 0.005)),
    # 0.9 of the most that any even rate gets with at most 5 % refused: 33 % and 79 %. A call that
    # arrives early is refused by such a bucket, and the network is worth several of its slots.
    alone(
        "bucket 100/s, holds 1",
        bucket(100, 1),
        30,
        130,
        Target("goodput_0", 0.295),
        Target("wasted_0", 0.05),
        pictured=True,
    ),
    alone(
        "bucket 10/s, holds 1",
        bucket(10, 1),
        60,
        260,
        Target("goodput_0", 0.71),
        Target("wasted_0", 0.05),
    ),
    alone("bucket 10/s, holds 10", bucket(10, 10), 60, 260, *_WEAK),
    alone("bucket 5/s, holds 5", bucket(5, 5), 60, 260, *_WEAK),
    alone("sliding 100 / 1 s", sliding(100, 1), 30, 130, *_WEAK, pictured=True),
    alone(
        "sliding 100 / 1 s, half the jitter",
        sliding(100, 1),
        30,
        130,
        *_today(0.975, 0.005),
        network=Network(0.08, 0.1),
    ),
    alone("sliding 5 / 1 s", sliding(5, 1), 60, 260, *_WEAK),
    alone("sliding 1000 / 10 s", sliding(1000, 10), 60, 260, *_today(0.985, 0.005)),
    alone("sliding 1000 / 60 s", sliding(1000, 60), 300, 1200, *_today(0.99, 0.005)),
    alone(
        "sliding 100 / 10 s, refusals count",
        sliding(100, 10, counts_refused=True),
        60,
        260,
        *_WEAK,
    ),
    alone(
        "sliding 1000 / 10 s, refusals count",
        sliding(1000, 10, counts_refused=True),
        60,
        260,
        *_today(0.955, 0.005),
    ),
    alone(
        "sliding 1000 / 60 s, refusals count",
        sliding(1000, 60, counts_refused=True),
        300,
        1200,
        *_WEAK,
        pictured=True,
    ),
    alone("no limit", unlimited, 10, 20, *_today(0.995, 0.0), pictured=True),
    # The first minute is given to what is expected; the second one must know better.
    alone(
        "100 / 1 s, expected 1000 / 60 s",
        windows(100, 1),
        65,
        165,
        Target("goodput", 0.98),
        Target("wasted", 0.02),
        expected=PUBLISHED,
    ),
    alone(
        "500 / 10 s, expected 1000 / 60 s",
        windows(500, 10),
        120,
        420,
        Target("goodput", 0.95),
        Target("wasted", 0.025),
        expected=PUBLISHED,
    ),
    alone(
        "sliding 30 / 60 s, expected",
        sliding(30, 60),
        240,
        900,
        Target("goodput", 0.97),
        Target("wasted", 0.03),
        expected=FixedRate(30, 60.0),
    ),
    alone("100 / 1 s, header", windows(100, 1), 30, 130, *_today(0.99, 0.005), header=True),
    alone("5 / 1 s", windows(5, 1), 60, 260, *_today(0.955, 0.01)),
    alone("20 / 1 s", windows(20, 1), 60, 260, *_today(0.985, 0.015)),
    alone("1000 / 1 s, 200 workers", windows(1000, 1), 30, 45, *_today(0.99, 0.005), workers=200),
    alone(
        "100 / 1 s, 10 ms away",
        windows(100, 1),
        30,
        130,
        *_today(0.97, 0.005),
        network=Network(0.01),
    ),
    alone(
        "100 / 1 s, 400 ms away",
        windows(100, 1),
        30,
        130,
        *_today(0.975, 0.01),
        network=Network(0.4),
    ),
    alone(
        "100 / 1 s, 1 s away, 200 workers",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        network=Network(1.0),
        workers=200,
    ),
    alone(
        "100 / 1 s, 2 s away, 400 workers",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        network=Network(2.0),
        workers=400,
    ),
    alone(
        "1000 / 60 s, header, 400 ms away",
        windows(1000, 60),
        300,
        1200,
        *_today(0.99, 0.005),
        header=True,
        network=Network(0.4),
    ),
    alone("100 / 1 s, jitter 30 %", windows(100, 1, jitter=0.3), 30, 130, *_WEAK),
    alone("1000 / 10 s, jitter 30 %", windows(1000, 10, jitter=0.3), 60, 260, *_WEAK),
    alone(
        "100 / 1 s, every refusal says 30 s",
        windows(100, 1),
        30,
        130,
        *_WEAK,
        stated=30.0,
        pictured=True,
    ),
    alone("100 / 1 s, shared", windows(100, 1, rival=1 / 3), 30, 190, *_today(0.925, 0.035)),
    alone(
        "1000 / 60 s, header, shared",
        windows(1000, 60, rival=1 / 3),
        300,
        1200,
        *_today(0.935, 0.005),
        header=True,
    ),
]

# A window that others have used up

USED_UP: Final = Family(
    "a window that somebody else has used up",
    "3,000 rows at 1000 / 60 s that begin somewhere in such a window, from 0 to the last row; "
    "ideal: a greedy client that knows the windows; over: seconds beyond ideal + 10 % + 10 s",
    ("done", "ideal", "over", "wasted_0"),
)
_ROWS, _LIMIT, _WINDOW, _GIVEN_UP = 3_000, 1_000, 60.0, 1_200.0


def _used_up(
    make: MakeClient, seed: int, *, left: int, header: bool, expected: FixedRate | None
) -> Outcome:
    offset = phase(seed, _WINDOW)
    server = FixedWindow(_LIMIT, _WINDOW, offset=offset)
    server.take_away(_LIMIT - left, 0.0)
    simulation = Simulation(server, seed, header=header)
    client = make(simulation, remaining=_ROWS, expected=expected)
    bulk_load(client, simulation, rows=_ROWS)
    at = 0.0
    while len(client.done) < _ROWS and at < _GIVEN_UP:
        at += _WINDOW
        simulation.clock.run(at)
    done = client.done[-1] if len(client.done) == _ROWS else math.inf
    ideal = offset + _WINDOW * (math.ceil((_ROWS - left) / _LIMIT) - 1)
    taken, refused = count(simulation, 0.0, math.inf)
    return Outcome(
        done=done,
        ideal=ideal,
        over=done - (1.1 * ideal + 10.0),
        wasted_0=refused / max(taken + refused, 1),
    )


USED_UP_SCENARIOS: Final = [
    Scenario(
        f"used up, {left} left, {said}",
        USED_UP,
        partial(_used_up, left=left, header=header, expected=expected),
        (Target("over", 0.0, every=True),),
    )
    for said, header, expected in (
        ("header", True, None),
        ("nothing stated", False, None),
        ("header, expected", True, PUBLISHED),
    )
    for left in (0, 10, 100, 500)
]

# Interactive calls, limited by demand

DEMAND: Final = Family(
    "an interactive session, limited by demand",
    "500 / 10 s; somebody else uses up the window at 0 s, and another one in the sixth window; "
    "served: of all calls, which have 30 s; median and p95: of those made after a reset",
    ("served", "median", "p95"),
)


def _demand(make: MakeClient, seed: int, *, steady: bool, header: bool) -> Outcome:
    end = 180.0
    offset = phase(seed, 10.0)
    server = FixedWindow(500, 10.0, offset=offset)
    server.take_away(500, 0.0)
    simulation = Simulation(server, seed, header=header)
    used_up, reset = offset + 50.5, offset + 60.0
    simulation.clock.at(used_up, lambda: server.take_away(500, used_up))
    client = make(simulation)
    arrivals = poisson(4.0, seed, end) if steady else bursts(100, 20.0, end)
    web_load(client, simulation, arrivals, TIMEOUT)
    simulation.clock.run(end + 2.0 * TIMEOUT)
    later = [
        call.seconds
        for call in client.served
        if call.ok and (offset <= call.arrived < used_up or call.arrived >= reset)
    ]
    return Outcome(
        served=_share_served([client]),
        median=percentile(later, 0.5),
        p95=percentile(later, 0.95),
    )


def _share_served(clients: Sequence[Client], *, within: float = math.inf) -> float:
    calls = [call for client in clients for call in client.served]
    return sum(call.ok and call.seconds <= within for call in calls) / max(len(calls), 1)


def _seconds(clients: Sequence[Client]) -> list[float]:
    return [call.seconds for client in clients for call in client.served if call.ok]


DEMAND_SCENARIOS: Final = [
    Scenario(
        f"{'4 calls/s' if steady else '100 calls every 20 s'}, {said}",
        DEMAND,
        partial(_demand, steady=steady, header=header),
        (Target("served", 1.0), Target("median", 0.2)),
    )
    for said, header in (("header", True), ("nothing stated", False))
    for steady in (True, False)
]

# Stray refusals

STRAYS: Final = Family(
    "stray 429s of a server without a limit",
    "bulk: 64 workers, 80 ms away for 30 s or 10 ms away for 8 s; web: bursts of 100 calls a "
    "minute for 10 minutes; delayed: over 0.5 s or failed, of the calls not refused themselves",
    ("kept", "served", "delayed"),
)
_DELAYED: Final = 0.5


def _stray_bulk(make: MakeClient, seed: int, *, share: float, latency: float) -> Outcome:
    end = 30.0 if latency > 0.05 else 8.0
    taken: list[int] = []
    for strays in (share, 0.0):
        simulation = Simulation(Server(1e6, 1.0), seed, network=Network(latency), strays=strays)
        bulk_load(make(simulation), simulation)
        simulation.clock.run(end)
        taken.append(count(simulation, 0.0, end)[0])
    return Outcome(kept=taken[0] / taken[1])


def _stray_web(make: MakeClient, seed: int, *, share: float) -> Outcome:
    simulation = Simulation(Server(1e6, 1.0), seed, strays=share)
    client = make(simulation)
    web_load(client, simulation, bursts(100, 60.0, 600.0), TIMEOUT)
    simulation.clock.run(600.0)
    spared = [call for call in client.served if call.sent <= 1]
    delayed = sum(not call.ok or call.seconds > _DELAYED for call in spared)
    return Outcome(served=_share_served([client]), delayed=delayed / max(len(spared), 1))


STRAY_SCENARIOS: Final = [
    Scenario(
        f"{100 * share:g} % of bulk calls, {1000 * latency:g} ms away",
        STRAYS,
        partial(_stray_bulk, share=share, latency=latency),
        (Target("kept", 0.9),),
    )
    for latency in (0.08, 0.01)
    for share in (0.002, 0.01, 0.05)
] + [
    Scenario(
        f"{100 * share:g} % of web calls",
        STRAYS,
        partial(_stray_web, share=share),
        (Target("served", 1.0), Target("delayed", 0.0)),
    )
    for share in (0.002, 0.01, 0.05)
]

# Interactive calls beside bulk calls of other processes

BESIDE: Final = Family(
    "web beside bulk in other processes",
    "nothing shared but the limit; 120 windows of 1 s, 60 of 10 s or 20 of 60 s, from 0 on; used: "
    "by the bulk processes, of what the web calls left, where 1000 / 60 s is expected and does not "
    "hold after two minutes; wasted: of the calls of both",
    ("served", "prompt", "p95", "used", "wasted_0", "jain"),
)


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Web pods beside bulk processes on fixed windows; refusals carry the header.

    Args:
        limit: calls in a window.
        window: its seconds.
        runs: windows.
        web: calls a second of all pods together.
        pods: number of pods.
        bulk: number of bulk processes.
        expected: the limit that is published.
        start: time from which on the use of bulk processes is scored.
    """

    limit: int
    window: float
    runs: int
    web: float
    pods: int
    bulk: int
    expected: FixedRate | None = None
    start: float = 0.0

    def play(self, make: MakeClient, seed: int) -> Outcome:
        """Play it once."""
        server = FixedWindow(self.limit, self.window, offset=phase(seed, self.window))
        simulation = Simulation(server, seed, header=True)
        pods = [make(simulation, number, expected=self.expected) for number in range(self.pods)]
        bulk = [
            make(simulation, 100 + number, expected=self.expected) for number in range(self.bulk)
        ]
        end = (self.runs + 1) * self.window
        for client in pods:
            arrivals = poisson(self.web / self.pods, seed * 100 + client.number, end)
            web_load(client, simulation, arrivals, TIMEOUT)
        for client in bulk:
            bulk_load(client, simulation)
        simulation.clock.run(end + TIMEOUT)
        calls, until = server.available(end)
        start = self.start
        if start:
            calls = server.allowed(start, until)
        taken = [count(simulation, start, until, [client.number])[0] for client in bulk]
        web_taken, _ = count(simulation, start, until, [client.number for client in pods])
        return Outcome(
            served=_share_served(pods),
            prompt=_share_served(pods, within=1.0),
            p95=percentile(_seconds(pods), 0.95),
            used=sum(taken) / (calls - web_taken),
            wasted_0=from_zero(simulation, end).wasted,
            jain=jain(taken),
        )


_BESIDE_TARGETS: Final = (Target("served", 0.99), Target("p95", 1.0), Target("used", 0.9))


def _beside(name: str, **settings: Any) -> Scenario:
    return Scenario(name, BESIDE, Beside(**settings).play, _BESIDE_TARGETS, pictured=True)


_EXPECTATIONS: Final = (("", None), (", expected", PUBLISHED))
"""Sessions with Frontegg's hosts begin with the published limit, also where it does not hold."""

BESIDE_SCENARIOS: Final = [
    *(
        _beside(
            f"web 4/s beside 1 bulk, 500 / 10 s{said}",
            limit=500,
            window=10,
            runs=60,
            web=4,
            pods=1,
            bulk=1,
            expected=expected,
            start=120.0 if expected else 0.0,
        )
        for said, expected in _EXPECTATIONS
    ),
    *(
        _beside(
            f"4 pods 30 % beside {bulk} bulk, 100 / 1 s{said}",
            limit=100,
            window=1,
            runs=240 if expected else 120,
            web=30,
            pods=4,
            bulk=bulk,
            expected=expected,
            start=120.0 if expected else 0.0,
        )
        for said, expected in _EXPECTATIONS
        for bulk in (1, 4)
    ),
    *(
        _beside(
            f"4 pods 30 % beside {bulk} bulk, 1000 / 60 s{said}",
            limit=1000,
            window=60,
            runs=20,
            web=5,
            pods=4,
            bulk=bulk,
            expected=expected,
        )
        for said, expected in _EXPECTATIONS
        for bulk in (1, 4)
    ),
]

# Web pods alone

PODS: Final = Family(
    "8 web pods on 100 / 1 s",
    "nothing shared but the limit, 150 windows from 0 on; calls come by chance and have 30 s",
    ("failed", "prompt", "p95", "wasted_0"),
)


def _pods(make: MakeClient, seed: int, *, asked: float) -> Outcome:
    end = 150.0
    server = FixedWindow(100, 1.0, offset=phase(seed, 1.0))
    simulation = Simulation(server, seed, header=True)
    pods = [make(simulation, number) for number in range(8)]
    for client in pods:
        web_load(client, simulation, poisson(asked / 8, seed * 100 + client.number, end), TIMEOUT)
    simulation.clock.run(end + 2.0 * TIMEOUT)
    return Outcome(
        failed=1.0 - _share_served(pods),
        prompt=_share_served(pods, within=1.0),
        p95=percentile(_seconds(pods), 0.95),
        wasted_0=from_zero(simulation, end).wasted,
    )


PODS_SCENARIOS: Final = [
    Scenario(
        f"8 pods ask {asked} % of 100 / 1 s",
        PODS,
        partial(_pods, asked=float(asked)),
        (Target("failed", 0.02), Target("failed", peer="plain backoff")),
        pictured=True,
    )
    for asked in (90, 98)
]

# Overload

OVERLOAD: Final = Family(
    "overload",
    "one session that asks more than 100 / 1 s, 120 windows from 0 on; calls have 10 s; excess: "
    "failed beyond those that nobody can serve; late: calls sent that got no answer in time",
    ("failed", "excess", "late", "p95", "wasted_0"),
)


def _overload(make: MakeClient, seed: int, *, asked: float) -> Outcome:
    end, timeout = 120.0, 10.0
    server = FixedWindow(100, 1.0, offset=phase(seed, 1.0))
    simulation = Simulation(server, seed, header=True)
    client = make(simulation)
    web_load(client, simulation, poisson(asked, seed, end), timeout)
    simulation.clock.run(end + 3.0 * timeout)
    failed = 1.0 - _share_served([client])
    late = sum(not call.ok and call.sent > 0 and call.seconds > timeout for call in client.served)
    return Outcome(
        failed=failed,
        excess=failed - (1.0 - 100.0 / asked),
        late=late,
        p95=percentile(_seconds([client]), 0.95),
        wasted_0=from_zero(simulation, end).wasted,
    )


OVERLOAD_SCENARIOS: Final = [
    Scenario(
        f"overload {asked} %",
        OVERLOAD,
        partial(_overload, asked=float(asked)),
        (Target("excess", 0.03), Target("late", 0.0)),
        pictured=True,
    )
    for asked in (120, 150)
]

# Limits that change

CHANGES: Final = Family(
    "a limit that changes",
    "bulk alone; windows: whole ones that pass until two in a row use 80 % of the new limit; "
    "wasted: in the ten windows after the change; from 10 s windows on with the header",
    ("windows", "wasted"),
)
_FOLLOWED: Final = 0.8


def _change(make: MakeClient, seed: int, *, before: int, after: int, window: float) -> Outcome:
    settle, more = (40.0, 40) if window == 1.0 else (10.0 * window, 20)
    at = settle + random.Random(seed).uniform(0.0, 15.0 if window == 1.0 else window)
    server = FixedWindow([(0.0, before), (at, after)], window, offset=phase(seed, window))
    simulation = Simulation(server, seed, header=window >= 10.0)
    bulk_load(make(simulation), simulation)
    simulation.clock.run(at + (more + 2) * window)
    whole = server.windows(at, at + (more + 1) * window)
    used = [count(simulation, start, end)[0] / after for start, end in whole]
    found = zip(numbers(), pairwise(used), strict=False)
    passed = next((passed for passed, pair in found if min(pair) >= _FOLLOWED), math.inf)
    taken, refused = count(simulation, at, at + 10.0 * window)
    return Outcome(windows=passed, wasted=refused / max(taken + refused, 1))


CHANGE_SCENARIOS: Final = [
    Scenario(
        f"from {before} to {after} / {window} s",
        CHANGES,
        partial(_change, before=before, after=after, window=float(window)),
        (Target("windows", 2.0),),
    )
    for before, after, window in (
        (100, 20, 1),
        (20, 200, 1),
        (100, 200, 1),
        (500, 1000, 10),
        (1000, 100, 10),
        (1000, 2000, 60),
        (2000, 1000, 60),
    )
]

# Several bulk sessions

SESSIONS: Final = Family(
    "several bulk sessions, nothing shared",
    "64 workers each, nothing stated; goodput, wasted and Jain's index over windows 60 to 120 "
    "after the last start; staggered: 5 windows between two starts; from 0: all of the run",
    ("goodput", "wasted", "jain", "goodput_0", "wasted_0"),
)


def _sessions(
    make: MakeClient, seed: int, *, limit: int, window: float, number: int, apart: float
) -> Outcome:
    server = FixedWindow(limit, window, offset=phase(seed, window))
    simulation = Simulation(server, seed)
    clients = [make(simulation, each) for each in range(number)]
    for client in clients:
        bulk_load(client, simulation, at=client.number * apart * window)
    last = (number - 1) * apart * window
    start, end = last + 60.0 * window, last + 120.0 * window
    simulation.clock.run(end + 1.0)
    late, all_of_it = settled(simulation, start, end), from_zero(simulation, end)
    return Outcome(
        goodput=late.goodput,
        wasted=late.wasted,
        jain=jain([count(simulation, start, end, [client.number])[0] for client in clients]),
        goodput_0=all_of_it.goodput,
        wasted_0=all_of_it.wasted,
    )


SESSIONS_SCENARIOS: Final = [
    Scenario(
        f"{number} sessions, {limit} / {window} s, {said}",
        SESSIONS,
        partial(_sessions, limit=limit, window=float(window), number=number, apart=apart),
        (Target("goodput", 0.97), Target("wasted", 0.02), Target("jain", 0.9)),
    )
    for limit, window in ((100, 1), (1000, 60))
    for said, apart in (("together", 0.0), ("staggered", 5.0))
    for number in (2, 4, 8)
]

SCENARIOS: Final = [
    *USED_UP_SCENARIOS,
    *DEMAND_SCENARIOS,
    *STRAY_SCENARIOS,
    *BESIDE_SCENARIOS,
    *PODS_SCENARIOS,
    *OVERLOAD_SCENARIOS,
    *ALONE_SCENARIOS,
    *CHANGE_SCENARIOS,
    *SESSIONS_SCENARIOS,
]
BY_NAME: Final = {scenario.name: scenario for scenario in SCENARIOS}
