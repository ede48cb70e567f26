"""How much of a server's limit is used, by whom, and how many calls are refused on the way?

    python benchmarks/bench_pacing.py [--seeds 10] [--scenario TEXT ...] [--json] [--svg FILE]
    python benchmarks/bench_pacing.py --scenario TEXT --shares 0.3 0.4   # fixed rates alone

The pacing and its peers meet the same servers in virtual time, with round trips of 80 ms
(lognormal) and at most 64 calls at once for each client, in the scenarios of
``tests/pacing/scenarios.py``. Only the fixed rate is told the limit. Shown are the mean over
the seeds and, in brackets, the worst; below a scenario stand its targets, and whether the pacing
of this project meets them. Peers are played with three seeds, unless a target compares with them.
``--shares`` plays fixed rates at these shares of the limit instead: the most an even rate can get.
The last lines are the pacing's own cost: nanoseconds of CPU for a call that nothing holds back.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import textwrap
import time
from collections.abc import Sequence
from itertools import groupby
from multiprocessing import Pool
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from measuring import Report, machine, versions

sys.path.insert(0, str(Path(__file__).parent.parent))

from pacing.drawing import Bar, Section, draw
from pacing.strategies import OURS, STRATEGIES, fixed_rate

from frontegg_async.pacing import Pacing, RunAllowance
from tests.pacing.measures import MORE_IS_BETTER, Outcome, Scenario, Target, mean, worst
from tests.pacing.scenarios import BY_NAME, SCENARIOS

PEERS_SEEDS: Final = 3
FAST_PATH: Final[dict[str, RunAllowance | None]] = {
    "asking and reporting, an interactive call": None,
    "asking and reporting, a bulk call": RunAllowance(),
}
"""The cost of the pacing itself, where nothing holds a call back."""


class Measure(NamedTuple):
    """The presentation of a measure: its title, and the text of a value."""

    title: str
    text: str
    times: float = 1.0

    def shown(self, value: float) -> str:
        """Return a value as text."""
        return "never" if value == math.inf else self.text.format(self.times * value)


MEASURES: Final = {
    "goodput": Measure("goodput %", "{:.1f}", 100.0),
    "wasted": Measure("wasted %", "{:.1f}", 100.0),
    "goodput_0": Measure("goodput %, from 0", "{:.1f}", 100.0),
    "wasted_0": Measure("wasted %, from 0", "{:.1f}", 100.0),
    "done": Measure("done s", "{:.0f}"),
    "ideal": Measure("ideal s", "{:.0f}"),
    "over": Measure("over s", "{:.0f}"),
    "kept": Measure("kept %", "{:.1f}", 100.0),
    "served": Measure("served %", "{:.1f}", 100.0),
    "failed": Measure("failed %", "{:.1f}", 100.0),
    "excess": Measure("excess, points", "{:.1f}", 100.0),
    "late": Measure("late", "{:.0f}"),
    "delayed": Measure("delayed %", "{:.1f}", 100.0),
    "median": Measure("median s", "{:.2f}"),
    "p95": Measure("p95 s", "{:.2f}"),
    "prompt": Measure("within 1 s %", "{:.1f}", 100.0),
    "used": Measure("used %", "{:.1f}", 100.0),
    "jain": Measure("Jain", "{:.2f}"),
    "windows": Measure("windows", "{:.1f}"),
}


class Row(Outcome, frozen=True, kw_only=True, omit_defaults=True):
    """One strategy in one scenario: the means of its measures.

    The rows of ``FAST_PATH`` have nothing but ``nanoseconds``.

    Args:
        scenario: name of the scenario.
        strategy: name of the strategy.
        family: name of the scenario's family.
        seeds: how often it was played.
        worst: the worst of its measures.
        met: whether all targets of the scenario are met; None if it has none.
        missed: the targets that are missed, as text.
        nanoseconds: of CPU for a call that nothing holds back.
    """

    scenario: str
    strategy: str
    family: str = ""
    seeds: int = 0
    worst: Outcome | None = None
    met: bool | None = None
    missed: tuple[str, ...] = ()
    nanoseconds: float | None = None


class Job(NamedTuple):
    """One run; ``share`` is that of a fixed rate, beside those of ``STRATEGIES``."""

    scenario: str
    strategy: str
    seed: int
    share: float = 1.0


def play(job: Job) -> Outcome:
    """Play one scenario once, in a process of a pool."""
    make = STRATEGIES.get(job.strategy) or fixed_rate(job.share)
    return BY_NAME[job.scenario].play(make, job.seed)


def jobs_of(scenario: Scenario, seeds: int, shares: Sequence[float] = ()) -> list[Job]:
    """Return all runs of a scenario, or those of fixed rates at shares of its limit."""
    if shares:
        return [
            Job(scenario.name, f"{100 * share:g} % of it", seed, share)
            for share in shares
            for seed in range(seeds)
        ]
    compared = {OURS, *(target.peer for target in scenario.targets)}
    return [
        Job(scenario.name, strategy, seed)
        for strategy in STRATEGIES
        for seed in range(seeds if strategy in compared else min(seeds, PEERS_SEEDS))
    ]


def rows_of(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> list[Row]:
    """Sum up runs, which are in order of scenarios and strategies."""
    found: dict[tuple[str, str], list[Outcome]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        found.setdefault((job.scenario, job.strategy), []).append(outcome)
    means = {key: mean(played) for key, played in found.items()}
    rows: list[Row] = []
    for (name, strategy), played in found.items():
        scenario, worsts = BY_NAME[name], worst(played)
        missed = [
            bound_of(target)
            for target in scenario.targets
            if not target.met(means[name, strategy], worsts, means.get((name, target.peer)))
        ]
        rows.append(
            Row(
                scenario=name,
                strategy=strategy,
                family=scenario.family.name,
                seeds=len(played),
                worst=worsts,
                met=not missed if scenario.targets else None,
                missed=tuple(missed),
                **msgspec.structs.asdict(means[name, strategy]),
            )
        )
    return rows


class SteppingClock:
    """A clock that goes on by a little with every look: in the end no call is held back."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Return the time, and let some pass."""
        self.now += 2e-5
        return self.now

    def time(self) -> float:
        """Return the same, as a time of day."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Let time pass."""
        self.now += seconds


def measure_fast_path(run: RunAllowance | None, calls: int = 200_000) -> float:
    """Return nanoseconds of CPU for asking and reporting, where nothing holds a call back.

    Args:
        run: of bulk calls; None measures interactive ones.
        calls: how many calls are measured, three times.
    """

    def once() -> float:
        clock = SteppingClock()
        group = Pacing(clock).group("GET /users")
        admitted = 0
        while admitted < 10_000:  # beyond the start, whose 200 calls a second hold calls back
            if group.try_admit(run):
                group.succeeded(clock.now)
                admitted += 1
            else:
                admitted = 0
        admitted = 0
        before = time.process_time_ns()
        for _ in range(calls):
            admitted += group.try_admit(run)
            group.succeeded(clock.now)
        took = time.process_time_ns() - before
        assert admitted == calls
        # Each of the two has looked at the clock once.
        before = time.process_time_ns()
        for _ in range(2 * calls):
            clock.monotonic()
        return (took - (time.process_time_ns() - before)) / calls

    return min(once() for _ in range(3))


def show(report: Report[Row], elapsed_s: float) -> None:
    """Print the tables, one for each family."""
    facts = report.machine
    print(f"Python {report.versions['python']}, {facts['architecture']}, {facts['cores']} CPUs")
    for name, rows in groupby(report.rows, lambda row: row.family):
        if name:
            show_family(list(rows))
    print()
    for row in report.rows:
        if row.nanoseconds is not None:
            print(f"{row.scenario}: {row.nanoseconds:,.0f} ns of CPU")
    print(f"took {elapsed_s:.0f} s")


def show_family(rows: Sequence[Row]) -> None:
    """Print the table of one family."""
    family = BY_NAME[rows[0].scenario].family
    measures = [MEASURES[name] for name in family.measures]
    widths = [max(len(measure.title), 13) + 2 for measure in measures]
    print(f"\n{family.name}")
    print(textwrap.fill(family.scored, 98, initial_indent="  ", subsequent_indent="  "))
    titles = (f"{each.title:>{width}}" for each, width in zip(measures, widths, strict=True))
    print(f"{'':20}{''.join(titles)}")
    for name, played in groupby(rows, lambda row: row.scenario):
        scenario, said = BY_NAME[name], ""
        print(name)
        for row in played:
            cells = (
                f"{cell(row, each):>{width}}"
                for each, width in zip(family.measures, widths, strict=True)
            )
            print(f"  {row.strategy:18}{''.join(cells)}".rstrip())
            if row.strategy == OURS:
                said = verdicts(scenario, row)
        if said:
            print(f"    {said}")


def cell(row: Row, measure: str) -> str:
    """Return a mean and the worst as text."""
    value = row.of(measure)
    if math.isnan(value) or row.worst is None:
        return ""
    shown = MEASURES[measure]
    return f"{shown.shown(value)} ({shown.shown(row.worst.of(measure))})"


def verdicts(scenario: Scenario, ours: Row) -> str:
    """Say for every target whether it is met."""
    return "; ".join(
        f"{bound_of(target)}: {'missed' if bound_of(target) in ours.missed else 'met'}"
        for target in scenario.targets
    )


def bound_of(target: Target) -> str:
    """Return a target as text."""
    measure = MEASURES[target.measure]
    sign = "≥" if target.measure in MORE_IS_BETTER else "≤"
    bound = f"that of {target.peer}" if target.peer else measure.shown(target.bound)
    return f"{measure.title} {sign} {bound}{', each seed' if target.every else ''}"


def sections(rows: Sequence[Row]) -> list[Section]:
    """Return the blocks of the picture."""
    drawn = [row for row in rows if row.family and BY_NAME[row.scenario].pictured]
    found: list[Section] = []
    for name, played in groupby(drawn, lambda row: row.family):
        bars: list[Bar] = []
        good = ""
        for row in played:
            if row.goodput_0 is not None:
                good, share = "taken, % of the limit", row.goodput_0
            elif row.prompt is not None:
                good, share = "served within 1 s, % of web calls", row.prompt
            else:
                good, share = "served, % of web calls", 1.0 - row.of("failed")
            bars.append(Bar(row.scenario, row.strategy, share, row.of("wasted_0")))
        found.append(Section(name, good, bars))
    return found


def main() -> None:
    """Read the command line, play, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--scenario", nargs="*", help="only those whose name or family contains one of these"
    )
    parser.add_argument("--shares", nargs="*", type=float, default=())
    parser.add_argument("--json", action="store_true", help="write one JSON document")
    parser.add_argument("--svg", type=Path)
    arguments = parser.parse_args()
    chosen = [
        scenario
        for scenario in SCENARIOS
        if not arguments.scenario
        or any(part in scenario.name or part in scenario.family.name for part in arguments.scenario)
    ]
    jobs = [
        job for scenario in chosen for job in jobs_of(scenario, arguments.seeds, arguments.shares)
    ]
    started = time.monotonic()
    with Pool(os.cpu_count()) as pool:
        outcomes = pool.map(play, jobs, chunksize=1)
    rows = rows_of(jobs, outcomes)
    rows += [
        Row(scenario=name, strategy=OURS, nanoseconds=measure_fast_path(run))
        for name, run in FAST_PATH.items()
    ]
    settings = {"seeds": arguments.seeds, "seeds of the peers": min(arguments.seeds, PEERS_SEEDS)}
    report = Report("how much of a limit is used?", versions(), machine(), settings, rows)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        show(report, time.monotonic() - started)
    if arguments.svg:
        arguments.svg.write_text(draw(sections(rows), list(STRATEGIES)), encoding="utf-8")


if __name__ == "__main__":
    main()
