"""Situations for a pacing, and the targets that it has in them.

Each scenario is played by clients of one kind: the pacing of this project, or another way to pace
(``simulation.MakeClient``). Unless a family says otherwise, everything counts from the first
second on.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import partial
from itertools import count as numbers
from itertools import pairwise
from typing import Any, Final

import msgspec

from frontegg_async.pacing import FixedRate

from .loads import bulk_load, bursts, count, from_zero, jain, percentile, poisson, settled, web_load
from .measures import PUBLISHED, TIMEOUT, Family, Outcome, Scenario, Target
from .scenarios_alone import ALONE_SCENARIOS
from .servers import FixedWindow, Server, phase
from .simulation import Client, MakeClient, Network, Simulation

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
