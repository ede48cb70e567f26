"""What the pacing reaches on servers of every kind, in virtual time.

Few seeds and a little margin, so that this stays quick: ``benchmarks/bench_pacing.py`` has the
figures over many.
"""

from __future__ import annotations

import itertools
import math
import statistics

import pytest

from frontegg_async.pacing import FixedRate, GroupPacer

from .scenarios import CHANGES, SCENARIOS, Change, Scenario
from .servers import FixedWindow
from .simulator import Paced, run, settled

SEEDS = 2
# With two seeds and one percent of waste there is chance in the second digit.
GOODPUT_MARGIN, WASTE_MARGIN = 0.01, 1.4


def _named(names: str) -> list[Scenario]:
    return [scenario for scenario in SCENARIOS if scenario.name in names.split("; ")]


@pytest.mark.parametrize(
    "scenario",
    [scenario for scenario in SCENARIOS if scenario.target],
    ids=lambda scenario: scenario.name,
)
def test_settled_on_every_kind_of_limit(scenario: Scenario) -> None:
    """The pacing reaches its targets for goodput and waste on every kind of limit."""
    assert scenario.target is not None
    results = [scenario.play(Paced(), seed) for seed in range(SEEDS)]
    goodput = statistics.fmean(result.goodput for result in results)
    wasted = statistics.fmean(result.wasted for result in results)
    assert goodput >= scenario.target.goodput - GOODPUT_MARGIN
    assert wasted <= scenario.target.wasted * WASTE_MARGIN


@pytest.mark.parametrize(
    "scenario",
    _named("5 / 1 s; 20 / 1 s; 100 / 1 s, 400 ms away; 100 / 1 s, shared; 100 / 1 s, header"),
    ids=lambda scenario: scenario.name,
)
def test_no_collapse_where_there_is_no_target(scenario: Scenario) -> None:
    """Small limits, long ways, coarse headers and a second client cost little."""
    result = scenario.play(Paced(), 1)
    assert result.goodput > 0.85
    assert result.wasted < 0.05


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_limit_that_changes_is_followed(change: Change) -> None:
    """A limit that falls or rises is followed within the seconds of the targets."""
    took = [change.play(Paced(), seed) for seed in range(4)]
    assert statistics.fmean(took) <= change.target


@pytest.mark.parametrize(
    "stated",
    [[0.0], [-5.0], [math.nan], [math.inf], [1e12], [0.0, -1.0, math.nan, 1e9, 0.2]],
    ids=["zero", "negative", "nan", "inf", "huge", "mixed"],
)
def test_nonsense_in_a_stated_wait(stated: list[float]) -> None:
    """Whatever a server states, calls go on at a useful rate and few are refused."""
    server = FixedWindow(100, 1.0, offset=0.4)
    strategy = Paced(GroupPacer(cap=2.0))
    waits = itertools.cycle(stated)
    calls = run(strategy, server, seconds=121.0, seed=3, stated=lambda _: next(waits))
    result = settled(calls, server, 60.0, 120.0)
    assert result.goodput > 0.6
    assert result.wasted < 0.02


def test_a_users_own_rate_is_kept() -> None:
    """With a rate of the user's own below the limit, it is used and nothing is refused."""
    server = FixedWindow(1000, 60.0)
    strategy = Paced(GroupPacer(fixed=FixedRate(900, 60.0)))
    calls = run(strategy, server, seconds=601.0, seed=1)
    assert all(call.ok for call in calls)
    assert 0.89 < settled(calls, server, 60.0, 600.0).goodput <= 0.901


def test_bulk_leaves_a_share_free_and_still_finds_more() -> None:
    """Bulk calls use their share of a limit that they had to find, and of a raised one."""
    server = FixedWindow([(0.0, 100.0), (100.0, 200.0)], 1.0, offset=0.3)
    calls = run(Paced(GroupPacer(share=0.8), bulk=True), server, seconds=301.0, seed=1)
    for start in (30.0, 200.0):
        result = settled(calls, server, start, start + 70.0)
        assert 0.7 < result.goodput < 0.9
        assert result.wasted < 0.005


def test_what_is_learned_can_be_shown() -> None:
    """After a window has run out, its length and its quota are known."""
    strategy = Paced()
    run(strategy, FixedWindow(1000, 60.0), seconds=400.0, seed=1, header=True)
    state = strategy.pacer.state(400.0)
    assert state.limited
    assert state.window == pytest.approx(60.0, rel=0.05)
    assert state.quota == pytest.approx(1000, rel=0.01)
    assert state.rate == pytest.approx(1000 / 60, rel=0.05)
    assert state.shut > 40.0
    assert state.taken > 5000
    assert state.refused < 200
