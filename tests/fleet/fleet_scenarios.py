"""Situations of a fleet in virtual time, and the bounds that it keeps in them.

Each is played by clients of one kind: ``FleetClient`` of a fleet, or ``PacedClient``, whose
sessions share nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from frontegg_async.pacing import FixedRate

from ..pacing.loads import (
    bulk_load,
    count,
    from_zero,
    jain,
    percentile,
    poisson,
    settled,
    web_load,
)
from ..pacing.measures import PUBLISHED, TIMEOUT, Family, Outcome, Scenario, Target
from ..pacing.servers import FixedWindow, phase
from ..pacing.simulation import Client, MakeClient, Simulation

LEARNING_WINDOWS: Final = 10
"""Windows in which refusals count as those of learning."""


def failed(clients: Sequence[Client], start: float = 0.0) -> float:
    """Return the share of interactive calls made since a time that were not served."""
    calls = [call for client in clients for call in client.served if call.arrived >= start]
    return sum(not call.ok for call in calls) / max(len(calls), 1)


def slow(clients: Sequence[Client], start: float = 0.0) -> float:
    """Return the seconds that 95 of 100 calls made since a time took at most."""
    calls = [call for client in clients for call in client.served if call.arrived >= start]
    return percentile([call.seconds for call in calls if call.ok], 0.95)


BULK: Final = Family(
    "bulk runs",
    "64 workers each, nothing stated; goodput, wasted and Jain's index over the second half of 120 "
    "windows of 1 s or 20 of 60 s",
    ("goodput", "wasted", "jain", "goodput_0", "wasted_0"),
)


def _bulk(make: MakeClient, seed: int, *, members: int, limit: int, window: float) -> Outcome:
    server = FixedWindow(limit, window, offset=phase(seed, window))
    simulation = Simulation(server, seed)
    clients = [make(simulation, number) for number in range(members)]
    for client in clients:
        bulk_load(client, simulation)
    end = (120 if window < 5.0 else 20) * window
    simulation.clock.run(end)
    late, all_of_it = settled(simulation, end / 2, end), from_zero(simulation, end)
    return Outcome(
        goodput=late.goodput,
        wasted=late.wasted,
        jain=jain([count(simulation, end / 2, end, [each.number])[0] for each in clients]),
        goodput_0=all_of_it.goodput,
        wasted_0=all_of_it.wasted,
    )


BULK_SCENARIOS: Final = [
    Scenario(
        f"{members} bulk, {limit} / {window} s",
        BULK,
        partial(_bulk, members=members, limit=limit, window=float(window)),
        (Target("jain", 0.98), Target("wasted", 0.008)),
    )
    for limit, window in ((100, 1), (1000, 60))
    for members in (1, 8, 64)
]

WEB: Final = Family(
    "8 web processes on 100 / 1 s",
    "calls come by chance and have 30 s; header; failed and wasted from 50 s to 150 s",
    ("failed", "p95", "wasted", "wasted_0"),
)


def _web(make: MakeClient, seed: int, *, asked: float) -> Outcome:
    start, end = 50.0, 150.0
    simulation = Simulation(FixedWindow(100, 1.0, offset=phase(seed, 1.0)), seed, header=True)
    pods = [make(simulation, number) for number in range(8)]
    for client in pods:
        web_load(client, simulation, poisson(asked / 8, seed * 100 + client.number, end), TIMEOUT)
    simulation.clock.run(end + 2.0 * TIMEOUT)
    return Outcome(
        failed=failed(pods, start),
        p95=slow(pods, start),
        wasted=settled(simulation, start, end).wasted,
        wasted_0=from_zero(simulation, end).wasted,
    )


WEB_SCENARIOS: Final = [
    Scenario(
        f"8 web at {asked} %",
        WEB,
        partial(_web, asked=float(asked)),
        (Target("failed", 0.005), Target("wasted", 0.006)),
    )
    for asked in (90, 98)
]

BESIDE: Final = Family(
    "4 web processes at 30 % beside bulk processes",
    "header; 120 windows of 1 s, or 20 of 60 s; failed and p95 from 0 on; used: by bulk, of what "
    "the web calls left",
    ("failed", "p95", "used", "wasted_0", "jain"),
)


def _beside(
    make: MakeClient,
    seed: int,
    *,
    limit: int,
    window: float,
    bulk: int,
    expected: FixedRate | None = None,
) -> Outcome:
    simulation = Simulation(
        FixedWindow(limit, window, offset=phase(seed, window)), seed, header=True
    )
    pods = [make(simulation, number, expected=expected) for number in range(4)]
    runs = [make(simulation, 100 + number, expected=expected) for number in range(bulk)]
    end = (120 if window < 5.0 else 20) * window
    web = 0.3 * limit / window
    for client in pods:
        web_load(client, simulation, poisson(web / 4, seed * 100 + client.number, end), TIMEOUT)
    for client in runs:
        bulk_load(client, simulation)
    simulation.clock.run(end + TIMEOUT)
    calls, until = simulation.server.available(end)
    taken = [count(simulation, 0.0, until, [client.number])[0] for client in runs]
    web_taken, _ = count(simulation, 0.0, until, [client.number for client in pods])
    return Outcome(
        failed=failed(pods),
        p95=slow(pods),
        used=sum(taken) / (calls - web_taken),
        wasted_0=from_zero(simulation, end).wasted,
        jain=jain(taken),
    )


BESIDE_SCENARIOS: Final = [
    Scenario(
        f"4 web beside {bulk} bulk, {limit} / {window} s{said}",
        BESIDE,
        partial(_beside, limit=limit, window=float(window), bulk=bulk, expected=expected),
        (Target("failed", 0.005), Target("p95", 0.5)),
    )
    for limit, window, said, expected in (
        (100, 1, "", None),
        (1000, 60, "", None),
        (1000, 60, ", expected", PUBLISHED),
    )
    for bulk in (1, 4)
]

OVERLOAD: Final = Family(
    "8 web processes that ask 120 % of 1000 / 60 s",
    "calls have 30 s, header, 20 windows; no client can serve 17 %; late: calls sent without an "
    "answer in time",
    ("failed", "late", "p95", "wasted_0"),
)


def _overload(make: MakeClient, seed: int, *, expected: FixedRate | None) -> Outcome:
    end, window = 1_200.0, 60.0
    simulation = Simulation(
        FixedWindow(1000, window, offset=phase(seed, window)), seed, header=True
    )
    pods = [make(simulation, number, expected=expected) for number in range(8)]
    for client in pods:
        arrivals = poisson(20.0 / 8, seed * 100 + client.number, end)
        web_load(client, simulation, arrivals, TIMEOUT)
    simulation.clock.run(end + 2.0 * TIMEOUT)
    late = sum(
        not call.ok and call.sent > 0 and call.seconds > TIMEOUT
        for client in pods
        for call in client.served
    )
    return Outcome(
        failed=failed(pods),
        late=late,
        p95=slow(pods),
        wasted_0=from_zero(simulation, end).wasted,
    )


OVERLOAD_SCENARIOS: Final = [
    Scenario(
        f"8 web at 120 % of 1000 / 60 s{said}",
        OVERLOAD,
        partial(_overload, expected=expected),
        (Target("failed", 0.22), Target("late", 0.0)),
    )
    for said, expected in (("", None), (", expected", PUBLISHED))
]

CHANGES: Final = Family(
    "8 bulk processes on 100 / 1 s that change at 60 s",
    "goodput, wasted and Jain's index in the first 8 s after it; falls: the limit falls to 20",
    ("goodput", "wasted", "jain"),
)


def _killed(make: MakeClient, seed: int) -> Outcome:
    at, end = 60.0, 68.0
    simulation = Simulation(FixedWindow(100, 1.0, offset=phase(seed, 1.0)), seed)
    clients = [make(simulation, number) for number in range(8)]
    for client in clients:
        bulk_load(client, simulation)
    simulation.clock.run(at)
    for client in clients[:4]:
        client.killed = True
    joined = [make(simulation, 10 + number) for number in range(4)]
    for client in joined:
        bulk_load(client, simulation, at=at)
    simulation.clock.run(end)
    found = settled(simulation, at, end)
    living = [*clients[4:], *joined]
    return Outcome(
        goodput=found.goodput,
        wasted=found.wasted,
        jain=jain([count(simulation, at, end, [client.number])[0] for client in living]),
    )


def _falls(make: MakeClient, seed: int) -> Outcome:
    at = 60.0
    server = FixedWindow([(0.0, 100), (at, 20)], 1.0, offset=phase(seed, 1.0))
    simulation = Simulation(server, seed)
    clients = [make(simulation, number) for number in range(8)]
    for client in clients:
        bulk_load(client, simulation)
    simulation.clock.run(at + 40.0)
    found = settled(simulation, at + 2.0, at + 40.0)
    return Outcome(
        goodput=found.goodput,
        wasted=found.wasted,
        jain=jain([count(simulation, at, at + 40.0, [each.number])[0] for each in clients]),
    )


CHANGE_SCENARIOS: Final = [
    Scenario(
        "4 of 8 are killed, 4 join",
        CHANGES,
        _killed,
        (Target("goodput", 0.95), Target("jain", 0.97)),
    ),
    Scenario("falls from 100 to 20", CHANGES, _falls, (Target("goodput", 0.9),)),
]

FLEET_SCENARIOS: Final = [
    *BULK_SCENARIOS,
    *WEB_SCENARIOS,
    *BESIDE_SCENARIOS,
    *OVERLOAD_SCENARIOS,
    *CHANGE_SCENARIOS,
]
BY_NAME: Final[dict[str, Any]] = {scenario.name: scenario for scenario in FLEET_SCENARIOS}
