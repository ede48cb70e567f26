"""What does a fleet make of a limit that its processes share, and what do they make of it alone?

    python benchmarks/fleet_virtual.py [--seeds 3] [--scenario TEXT ...]

Virtual time, in the scenarios of ``tests/fleet/fleet_scenarios.py``: round trips of 80 ms
(lognormal), a store 1 ms away. Shown are means over the seeds and, in brackets, the worst.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from multiprocessing import Pool
from pathlib import Path
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench_pacing import MEASURES, bound_of

from tests.fleet.fleet_scenarios import BY_NAME, FLEET_SCENARIOS
from tests.fleet.fleets import FleetClient
from tests.pacing.measures import Outcome, mean, worst
from tests.pacing.simulation import MakeClient, PacedClient

KINDS: Final[dict[str, MakeClient]] = {"fleet": FleetClient, "nothing shared": PacedClient}


class Job(NamedTuple):
    """One run."""

    scenario: str
    kind: str
    seed: int


def play(job: Job) -> Outcome:
    """Play one scenario once, in a process of a pool."""
    outcome: Outcome = BY_NAME[job.scenario].play(KINDS[job.kind], job.seed)
    return outcome


def shown(name: str, kind: str, outcomes: Sequence[Outcome]) -> str:
    """Return a row of the table."""
    scenario = BY_NAME[name]
    means, worsts = mean(outcomes), worst(outcomes)
    cells = [
        f"{MEASURES[measure].shown(means.of(measure))} "
        f"({MEASURES[measure].shown(worsts.of(measure))})"
        for measure in scenario.family.measures
    ]
    missed = [bound_of(target) for target in scenario.targets if not target.met(means, worsts)]
    return f"| {name} | {kind} | {' | '.join(cells)} | {'; '.join(missed) or 'all met'} |"


def main() -> None:
    """Play, and print a table for each family."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--scenario", nargs="*", default=[""])
    given = parser.parse_args()
    chosen = [each for each in FLEET_SCENARIOS if any(text in each.name for text in given.scenario)]
    with Pool() as pool:
        for family, scenarios in groupby(chosen, key=lambda each: each.family):
            titles = [MEASURES[measure].title for measure in family.measures]
            print(f"\n**{family.name}**: {family.scored}\n")
            print(f"| scenario | | {' | '.join(titles)} | targets missed |")
            print(f"| --- | --- |{' --: |' * len(titles)} --- |")
            for scenario in scenarios:
                for kind in KINDS:
                    jobs = [Job(scenario.name, kind, seed) for seed in range(given.seeds)]
                    print(shown(scenario.name, kind, pool.map(play, jobs)), flush=True)


if __name__ == "__main__":
    main()
