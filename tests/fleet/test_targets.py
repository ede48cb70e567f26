"""Bounds that a fleet keeps, in virtual time; see ``fleet_scenarios.py``.

One seed each. ``benchmarks/fleet_virtual.py`` plays all scenarios with several.
"""

from __future__ import annotations

import math

import pytest

from frontegg_async.pacing import FixedRate

from ..pacing.loads import bulk_load, count, jain, poisson, settled, web_load
from ..pacing.measures import TIMEOUT
from ..pacing.servers import FixedWindow
from ..pacing.simulation import Simulation
from .fleet_scenarios import BY_NAME, failed, slow
from .fleets import FleetClient, SimulatedStore, store_of

PLAYED = (
    "8 bulk, 100 / 1 s",
    "8 web at 98 %",
    "4 web beside 4 bulk, 100 / 1 s",
    "4 web beside 4 bulk, 1000 / 60 s, expected",
    "4 of 8 are killed, 4 join",
    "falls from 100 to 20",
)


@pytest.mark.parametrize("name", PLAYED)
def test_a_fleet_keeps_its_bounds(name: str) -> None:
    """A scenario is played once, and every measure that has a bound keeps it."""
    scenario = BY_NAME[name]
    found = scenario.play(FleetClient, 1)
    assert not [target for target in scenario.targets if not target.met(found, found)], found


def fleet_of(
    members: int, *, delay: float = 0.001, limit: int = 100, window: float = 1.0
) -> tuple[Simulation, list[FleetClient], SimulatedStore]:
    """Return a fleet of bulk runs at work, on 100 calls a second unless said otherwise."""
    simulation = Simulation(FixedWindow(limit, window, offset=0.4 * window), 3)
    store = store_of(simulation)
    store.delay = delay
    clients = [FleetClient(simulation, number) for number in range(members)]
    for client in clients:
        bulk_load(client, simulation)
    return simulation, clients, store


def test_a_store_that_is_away() -> None:
    """Members go on alone at their parts of the rate, and share again within 3 s of its return."""
    simulation, clients, store = fleet_of(8)
    simulation.clock.run(40.0)
    store.away = True
    simulation.clock.run(43.0)
    assert all(client.pacer.away for client in clients)
    simulation.clock.run(60.0)
    store.away = False
    simulation.clock.run(63.0)
    assert not any(client.pacer.away for client in clients)
    simulation.clock.run(80.0)
    found = settled(simulation, 40.0, 80.0)
    assert found.goodput >= 0.95
    assert found.wasted <= 0.02


@pytest.mark.parametrize(("members", "rate"), [(8, FixedRate(3, 1.0)), (3, FixedRate(50, 10.0))])
def test_a_rate_without_the_store(members: int, rate: FixedRate) -> None:
    """Each member sends its part of a run's rate, also where that is less than one call."""
    simulation = Simulation(FixedWindow(1_000, 1.0), 3)
    store = store_of(simulation)
    clients = [FleetClient(simulation, number, rate=rate) for number in range(members)]
    for client in clients:
        bulk_load(client, simulation)
    simulation.clock.run(30.0)
    store.away = True
    simulation.clock.run(40.0)
    assert all(client.pacer.away for client in clients)
    simulation.clock.run(100.0)
    taken = [count(simulation, 40.0, 100.0, [client.number])[0] for client in clients]
    most = 60.0 * rate.calls / rate.seconds
    assert 0.9 * most <= sum(taken) <= most + members
    assert jain(taken) >= 0.99


def test_a_store_that_is_emptied() -> None:
    """The members seed it again with the limit that they know."""
    simulation, _, store = fleet_of(8)
    simulation.clock.run(40.0)
    store.limit = None
    simulation.clock.run(60.0)
    found = settled(simulation, 40.0, 60.0)
    assert found.goodput >= 0.95
    assert found.wasted <= 0.02


def test_a_store_that_is_slow() -> None:
    """With 200 ms to the store and back the limit is still used but for a little, and kept."""
    simulation, _, _ = fleet_of(8, delay=0.2)
    simulation.clock.run(80.0)
    found = settled(simulation, 40.0, 80.0)
    assert found.goodput >= 0.93
    assert found.wasted <= 0.02


def test_exchanges_are_few() -> None:
    """Eight processes exchange news at most 1.3 times for a call."""
    simulation, _, store = fleet_of(8)
    simulation.clock.run(40.0)
    assert store.exchanges <= 1.3 * sum(count(simulation, 0.0, math.inf))


@pytest.mark.parametrize(("members", "most"), [(8, 1.3), (64, 6.0)])
def test_turns_in_a_window_of_a_minute(members: int, most: float) -> None:
    """All processes have the same in each part of a window, with few exchanges for a call."""
    simulation, clients, store = fleet_of(members, limit=1_000, window=60.0)
    start, end = 150.0, 190.0
    simulation.clock.run(start)
    before = store.exchanges
    simulation.clock.run(end)
    taken = [count(simulation, start, end, [client.number])[0] for client in clients]
    assert jain(taken) >= 0.9
    assert store.exchanges - before <= most * sum(taken)


def test_web_calls_beside_a_bulk_run_that_expects_nothing() -> None:
    """From the second window on, hardly a web call fails beside a bulk run that seeks the limit."""
    simulation = Simulation(FixedWindow(1_000, 60.0, offset=59.9), 0, header=True)
    pods = [FleetClient(simulation, number) for number in range(4)]
    start, end = 60.0, 180.0
    for client in pods:
        web_load(client, simulation, poisson(5.0 / 4, client.number, end), TIMEOUT)
    bulk_load(FleetClient(simulation, 4), simulation)
    simulation.clock.run(end + TIMEOUT)
    assert failed(pods, start) <= 0.005
    assert slow(pods, start) <= 10.0
