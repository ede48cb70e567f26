"""The benchmark of fleets: how calls and requests are counted, and what is chosen."""

from __future__ import annotations

import pytest
from bench_fleet import SCENARIOS, SHOWN, chosen, rows
from fleet_cases import exchanged, of_calls, wasted, web_jobs
from fleet_clients import ALONE, FLEET, WebCall, WebWork
from server import ServerState
from socket_clients import End


def test_calls_are_counted_by_when_they_were_due() -> None:
    """Calls due before or after the measured time count nothing, failed ones have no time."""
    ends = [(1.0, End.FAILED), (5.0, End.SERVED), (6.0, End.FAILED), (7.0, End.IN_DOUBT)]
    calls = [WebCall(seconds=0.1, end=end, due=due) for due, end in [*ends, (9.0, End.FAILED)]]
    found = of_calls([WebWork(calls[:2], 0.0), WebWork(calls[2:], 0.0)], 5.0, 9.0)
    assert found["calls"] == 3
    assert found["goodput"] == pytest.approx(1 / 3)
    assert found["failed"] == pytest.approx(2 / 3)
    assert found["in_doubt"] == 1
    assert found["p95"] == 0.1


def test_requests_for_tokens_are_not_waste() -> None:
    """A request that made no membership was refused, unless it was for a token."""
    before = ServerState(cpu_s=0.0, requests=10, memberships=8, tokens=2)
    after = ServerState(cpu_s=0.0, requests=35, memberships=28, tokens=7)
    assert wasted(before, after) == 0.0
    assert exchanged(None, 100, (0, 0.0)) == {}


def test_all_processes_together_are_offered_the_rate() -> None:
    """Calls of all processes add up to the rate, and no two processes have the same times."""
    jobs = web_jobs(None, 8, 80.0, 50.0)
    assert sum(len(job.arrivals) for job in jobs) == pytest.approx(4_000, rel=0.1)
    assert len({job.arrivals for job in jobs}) == len({job.tenant for job in jobs}) == 8


def test_every_target_is_of_a_measure_that_is_shown() -> None:
    """The table shows all that has a target, and a measure that is missing misses it."""
    for scenario in SCENARIOS:
        for case in scenario.cases:
            assert case.targets
            for target in case.targets:
                assert target.measure in SHOWN
                assert not target.met({"ideal": 0.0})
    (tokens,) = chosen(["TOKENS"])
    figures = list(rows(tokens.cases[0], {FLEET: [{"cold": 3.0}], ALONE: [{"cold": 32.0}]}))
    assert [(each.contender, each.met) for each in figures] == [(FLEET, False), (ALONE, None)]
    with pytest.raises(ValueError, match="there are web, 8 processes"):
        chosen(["no such scenario"])
