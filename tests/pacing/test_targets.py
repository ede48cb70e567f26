"""Targets that the pacing reaches, in virtual time.

A selection of ``scenarios.py`` with one or two seeds, so that this stays quick; targets that are
missed are left out. ``benchmarks/bench_pacing.py`` plays all scenarios with many seeds, and prints
which targets are met and which are missed.
"""

from __future__ import annotations

import itertools
import math

import pytest

from frontegg_async.pacing import FixedRate

from .loads import bulk_load, count, from_zero, jain, poisson, settled, web_load
from .measures import MORE_IS_BETTER, PUBLISHED, Outcome, Target, mean, worst
from .scenarios import BY_NAME
from .servers import FixedWindow, Server, windows
from .simulation import PacedClient, Simulation, plain_backoff

MARGINS = {"wasted": 1.4, "wasted_0": 1.4, "p95": 1.3}
"""Factors for one seed or two: at one percent of waste there is chance in the second digit."""
SHARE_MARGIN = 0.01


def eased(target: Target) -> Target:
    """Return a target with the margin that few seeds need."""
    bound = target.bound * MARGINS.get(target.measure, 1.0)
    if target.measure in MORE_IS_BETTER and bound < 1.0:
        bound -= SHARE_MARGIN
    return target._replace(bound=bound)


def check(name: str, *, seeds: int = 1, measures: str = "") -> Outcome:
    """Play a scenario, and check all of its targets or those for some measures."""
    scenario = BY_NAME[name]
    outcomes = [scenario.play(PacedClient, seed) for seed in range(seeds)]
    means, worsts = mean(outcomes), worst(outcomes)
    targets = [
        target
        for target in scenario.targets
        if not target.peer and (not measures or target.measure in measures.split())
    ]
    assert targets
    for target in map(eased, targets):
        assert target.met(means, worsts), (target, means.of(target.measure))
    return means


@pytest.mark.parametrize(
    "name",
    [
        f"used up, {left} left, {said}"
        for left, said in itertools.product((0, 10, 100, 500), ("header", "header, expected"))
    ]
    + [f"used up, {left} left, nothing stated" for left in (10, 100, 500)],
)
def test_a_window_that_others_have_used_up(name: str) -> None:
    """Rows that begin in a used-up window are done nearly as early as they can be."""
    check(name)


@pytest.mark.parametrize(
    "name", [name for name in BY_NAME if name.startswith(("4 calls/s", "100 calls every"))]
)
def test_a_session_limited_by_demand(name: str) -> None:
    """Interactive calls that others have kept out for a window are served at once after it."""
    check(name)


@pytest.mark.parametrize(
    "name",
    [
        "0.2 % of bulk calls, 80 ms away",
        "1 % of bulk calls, 80 ms away",
        "0.2 % of web calls",
        "1 % of web calls",
        "5 % of web calls",
    ],
)
def test_stray_refusals(name: str) -> None:
    """Stray refusals cost the calls that they hit, and hardly anything else."""
    check(name)


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("web 4/s beside 1 bulk, 500 / 10 s", "served used"),
        ("4 pods 30 % beside 1 bulk, 100 / 1 s", "served p95"),
        ("4 pods 30 % beside 4 bulk, 100 / 1 s", "served p95"),
        ("4 pods 30 % beside 1 bulk, 1000 / 60 s, expected", "served used"),
        ("4 pods 30 % beside 1 bulk, 100 / 1 s, expected", "served p95"),
        ("4 pods 30 % beside 4 bulk, 100 / 1 s, expected", "served p95 used"),
        ("web 4/s beside 1 bulk, 500 / 10 s, expected", "served p95 used"),
    ],
)
def test_web_beside_bulk_in_other_processes(name: str, measures: str) -> None:
    """Bulk processes leave room for the web calls of others, and use the rest."""
    check(name, measures=measures)


def test_bulk_processes_that_used_up_an_expected_window_take_less_of_the_next() -> None:
    """After the first window that they used up together, bulk processes keep no web call out."""
    server = FixedWindow(1_000, 60.0, offset=8.6)
    simulation = Simulation(server, 1, header=True)
    web = PacedClient(simulation, expected=PUBLISHED)
    web_load(web, simulation, poisson(5.0, 1, 128.0), 30.0)
    for number in range(1, 5):
        bulk_load(PacedClient(simulation, number, expected=PUBLISHED), simulation)
    simulation.clock.run(190.0)
    refused = [call.arrived for call in web.served if not call.ok]
    assert refused, "four processes at the published rate use up the first window"
    assert max(refused) < 68.6
    taken, _ = count(simulation, 68.6, 128.6)
    assert taken == 1_000


@pytest.mark.parametrize("asked", [90, 98])
def test_web_pods_without_anything_shared(asked: int) -> None:
    """Web pods below the limit are served, and no worse than with plain backoff."""
    name = f"8 pods ask {asked} % of 100 / 1 s"
    ours = check(name)
    assert ours.of("failed") <= BY_NAME[name].play(plain_backoff, 0).of("failed")


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("100 / 1 s", ""),
        ("1000 / 60 s, header", ""),
        ("1000 / 60 s", ""),
        ("1000 / 10 s", "goodput"),
        ("500 / 10 s", "goodput"),
        ("100 / 10 s", "goodput"),
        ("bucket 100/s, holds 100", ""),
        ("bucket 100/s, holds 10", ""),
        ("bucket 100/s, holds 1", "wasted_0"),
        ("bucket 10/s, holds 1", ""),
        ("bucket 10/s, holds 10", "goodput_0"),
        ("bucket 5/s, holds 5", "goodput_0"),
        ("sliding 100 / 1 s", ""),
        ("sliding 1000 / 60 s, refusals count", ""),
        ("1000 / 60 s, header, shared", ""),
        ("no limit", ""),
        ("5 / 1 s", "goodput"),
        ("20 / 1 s", "goodput"),
    ],
)
def test_bulk_alone(name: str, measures: str) -> None:
    """One bulk client uses a limit of any kind, and few of its calls are refused."""
    check(name, measures=measures)


@pytest.mark.parametrize(
    "name",
    [
        "from 100 to 20 / 1 s",
        "from 1000 to 100 / 10 s",
        "from 2000 to 1000 / 60 s",
    ],
)
def test_a_limit_that_changes_is_followed(name: str) -> None:
    """A limit that falls or rises is followed within two of its windows."""
    check(name)


@pytest.mark.parametrize(
    ("name", "measures"),
    [
        ("2 sessions, 100 / 1 s, together", ""),
        ("4 sessions, 100 / 1 s, together", ""),
        ("4 sessions, 100 / 1 s, staggered", ""),
    ],
)
def test_several_bulk_sessions(name: str, measures: str) -> None:
    """Several bulk sessions with nothing shared use the limit together."""
    check(name, measures=measures)


def test_sessions_that_start_one_after_another_come_to_equal_shares() -> None:
    """Four sessions that share a window of a minute come to equal shares of it.

    A scenario of the benchmark with fewer workers.
    """
    simulation = Simulation(FixedWindow(1_000, 60.0, offset=30.0), 1)
    for number in range(4):
        client = PacedClient(simulation, number)
        bulk_load(client, simulation, workers=8, at=number * 300.0)
    end = 30.0 + 120 * 60.0
    simulation.clock.run(end)
    result = settled(simulation, end - 1_800.0, end)
    assert result.goodput > 0.99
    assert result.wasted < 0.01
    assert jain([count(simulation, end - 1_800.0, end, [number])[0] for number in range(4)]) > 0.8


@pytest.mark.parametrize(
    "stated",
    [[0.0], [-5.0], [math.nan], [math.inf], [1e12], [0.0, -1.0, math.nan, 1e9, 0.2]],
    ids=["zero", "negative", "nan", "inf", "huge", "mixed"],
)
def test_nonsense_in_a_stated_wait(stated: list[float]) -> None:
    """Whatever a server states, calls go on at a useful rate and few are refused."""
    waits = itertools.cycle(stated)
    simulation = Simulation(windows(100, 1.0)(3), 3, stated=lambda _: next(waits))
    bulk_load(PacedClient(simulation), simulation)
    simulation.clock.run(121.0)
    result = settled(simulation, 60.0, 120.0)
    assert result.goodput > 0.9
    assert result.wasted < 0.03


def test_the_rate_of_a_run_is_kept() -> None:
    """With a rate of its own below the limit, a run uses that, and nothing is refused."""
    simulation = Simulation(FixedWindow(1000, 60.0), 1)
    bulk_load(PacedClient(simulation, rate=FixedRate(900, 60.0)), simulation)
    simulation.clock.run(601.0)
    result = from_zero(simulation, 600.0)
    assert result.wasted == 0.0
    assert 0.89 < result.goodput <= 0.901


def test_a_run_with_a_share_leaves_the_rest_free_and_still_finds_more() -> None:
    """A run uses its share of a limit that it had to find, and of one that was raised."""
    server = FixedWindow([(0.0, 100.0), (100.0, 200.0)], 1.0, offset=0.3)
    simulation = Simulation(server, 1)
    bulk_load(PacedClient(simulation, share=0.8), simulation)
    simulation.clock.run(401.0)
    for start in (30.0, 300.0):
        result = settled(simulation, start, start + 70.0)
        assert 0.7 < result.goodput < 0.9
        assert result.wasted < 0.01


@pytest.mark.parametrize(
    ("name", "seeds"),
    [
        ("100 / 1 s, expected 1000 / 60 s", 1),
        ("500 / 10 s, expected 1000 / 60 s", 3),
        ("sliding 30 / 60 s, expected", 1),
    ],
)
def test_an_expectation_that_is_wrong(name: str, seeds: int) -> None:
    """A published limit that does not hold, or holds in another way, delays only the start."""
    check(name, seeds=seeds)


def test_strays_where_an_earlier_run_met_a_limit() -> None:
    """Refusals that no rate avoids do not hold calls back at a limit that is there no longer."""
    simulation = Simulation(Server(1e6, 1.0), 0, strays=0.05)
    client = PacedClient(simulation)
    client.pacer.begin_with(100, 1.0)
    bulk_load(client, simulation)
    simulation.clock.run(60.0)
    assert client.pacer.rate > 1_000


def test_an_expectation_without_any_limit() -> None:
    """Where a limit is expected and there is none, the second window of it is the last one."""
    simulation = Simulation(Server(1e6, 1.0), 1)
    client = PacedClient(simulation, expected=FixedRate(1_000, 60.0))
    bulk_load(client, simulation)
    simulation.clock.run(130.0)
    assert client.pacer.rate > 1_000


def test_a_limit_that_was_met_can_be_shown() -> None:
    """After a window has run out, its length and its quota are known."""
    simulation = Simulation(FixedWindow(1000, 60.0), 1, header=True)
    client = PacedClient(simulation)
    bulk_load(client, simulation)
    simulation.clock.run(400.0)
    state = client.pacer.state(400.0)
    assert state.limited
    assert state.window == pytest.approx(60.0, rel=0.05)
    assert state.quota == pytest.approx(1000, rel=0.02)
    assert state.rate == pytest.approx(1000 / 60, rel=0.05)
    assert state.closed_seconds > 10.0
    assert state.taken > 5000
    assert state.refused < 200
