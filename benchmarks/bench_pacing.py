"""How much of a server's limit is used, and how many calls are refused on the way?

    python benchmarks/bench_pacing.py [--seeds 20] [--scenario TEXT ...] [--json] [--svg FILE]

Every strategy meets the same servers in virtual time: 64 workers that always have work, round
trips of 80 ms (lognormal), and a limit that nobody tells them. Shown are goodput (calls taken, of
those that the server would have taken) and waste (calls refused, of those sent), mean and worst
over the seeds, once settled: at the earliest after 30 seconds and five windows. A limit that
changes counts as followed at the start of the first three seconds that together use 90 % of the
new one (and, where it falls, waste at most 5 %). Three seeds are enough for the others. The last
lines are the pacing's own cost: nanoseconds of CPU for a call that nothing holds back.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from multiprocessing import Pool
from pathlib import Path

import msgspec
from measuring import Report, machine, versions

sys.path.insert(0, str(Path(__file__).parent.parent))

from pacing.drawing import draw
from pacing.strategies import STRATEGIES

from frontegg_async._clock import SystemClock
from frontegg_async.pacing import Pacing
from tests.pacing.scenarios import CHANGES, SCENARIOS

OURS = next(iter(STRATEGIES))
OTHERS_SEEDS = 3
FAST_PATH = "asking and reporting, where nothing holds a call back"


class Row(msgspec.Struct, frozen=True):
    """One strategy on one scenario. For a change, ``goodput`` is None and ``seconds`` is set.

    The row of ``FAST_PATH`` has nothing but ``nanoseconds``.
    """

    scenario: str
    strategy: str
    seeds: int
    goodput: float | None = None
    goodput_worst: float | None = None
    wasted: float | None = None
    wasted_worst: float | None = None
    seconds: float | None = None
    seconds_worst: float | None = None
    met: bool | None = None
    nanoseconds: float | None = None


def play(job: tuple[str, str, int]) -> Row:
    """Play one scenario with one strategy, in a process of a pool."""
    name, strategy, seeds = job
    make = STRATEGIES[strategy]
    for change in CHANGES:
        if change.name == name:
            took = [change.play(make(seed), seed) for seed in range(seeds)]
            mean = statistics.fmean(took)
            return Row(
                name,
                strategy,
                seeds,
                seconds=mean,
                seconds_worst=max(took),
                met=mean <= change.target,
            )
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    found = [scenario.play(make(seed), seed) for seed in range(seeds)]
    goodput = statistics.fmean(result.goodput for result in found)
    wasted = statistics.fmean(result.wasted for result in found)
    target = scenario.target
    return Row(
        name,
        strategy,
        seeds,
        goodput,
        min(result.goodput for result in found),
        wasted,
        max(result.wasted for result in found),
        met=None if target is None else goodput >= target.goodput and wasted <= target.wasted,
    )


def measure_fast_path(calls: int = 200_000) -> float:
    """Return nanoseconds of CPU for asking and reporting, where nothing holds the calls back."""

    async def once() -> float:
        group = Pacing(SystemClock()).group("GET /users")
        clock = SystemClock()
        # Beyond the start, whose fifty calls a second would hold back a loop without a server.
        while group.state().rate < 99_000.0:
            group.try_admit(bulk=True)
            group.succeeded(clock.monotonic())
            await asyncio.sleep(0)
        admitted = 0
        monotonic = clock.monotonic
        before = time.process_time_ns()
        for _ in range(calls):
            now = monotonic()
            admitted += group.try_admit(bulk=True)
            group.succeeded(now)
        took = time.process_time_ns() - before
        del admitted
        before = time.process_time_ns()
        for _ in range(calls):
            monotonic()
        return (took - (time.process_time_ns() - before)) / calls

    return min(asyncio.run(once()) for _ in range(3))


def percent(value: float | None) -> str:
    """Return a share as text."""
    return "" if value is None else f"{100 * value:.2f}"


def show(report: Report[Row], elapsed_s: float) -> None:
    """Print the table."""
    facts = report.machine
    print(f"Python {report.versions['python']}, {facts['architecture']}, {facts['cores']} CPUs")
    print(f"{'':38}{'':22}{'goodput %':>17}  {'wasted %':>15}")
    print(f"{'scenario':38}{'strategy':22}{'mean':>8} {'worst':>8}  {'mean':>7} {'worst':>7}")
    last = ""
    for row in report.rows:
        if row.nanoseconds is not None:
            print(f"fast path: {row.nanoseconds:.0f} ns of CPU a call, asking and reporting")
            continue
        name, last = ("" if row.scenario == last else row.scenario), row.scenario
        mark = {None: "", True: "  met", False: "  missed"}[
            row.met if row.strategy == OURS else None
        ]
        if row.seconds is None:
            print(
                f"{name:38}{row.strategy:22}{percent(row.goodput):>8} "
                f"{percent(row.goodput_worst):>8}  {percent(row.wasted):>7} "
                f"{percent(row.wasted_worst):>7}{mark}"
            )
        else:
            took = f"{row.seconds:.1f} s, worst {row.seconds_worst:.0f} s"
            print(f"{name:38}{row.strategy:22}{took:>34}{mark}")
    print(f"took {elapsed_s:.0f} s")


def main() -> None:
    """Read the command line, play, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--scenario", nargs="*", help="only those whose name contains one of these")
    parser.add_argument("--json", action="store_true", help="write one JSON document")
    parser.add_argument("--svg", type=Path)
    arguments = parser.parse_args()
    names = [scenario.name for scenario in SCENARIOS] + [change.name for change in CHANGES]
    if arguments.scenario:
        names = [name for name in names if any(part in name for part in arguments.scenario)]
    jobs = [
        (
            name,
            strategy,
            arguments.seeds if strategy == OURS else min(arguments.seeds, OTHERS_SEEDS),
        )
        for name in names
        for strategy in STRATEGIES
    ]
    started = time.monotonic()
    with Pool(os.cpu_count()) as pool:
        rows = pool.map(play, jobs, chunksize=1)
    rows.append(Row(FAST_PATH, OURS, 0, nanoseconds=measure_fast_path()))
    settings = {"seeds": arguments.seeds, "seeds of the others": OTHERS_SEEDS}
    report = Report("how much of a limit is used?", versions(), machine(), settings, rows)
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        show(report, time.monotonic() - started)
    if arguments.svg:
        bars = [
            (row.scenario, row.strategy, row.goodput, row.wasted)
            for row in rows
            if row.goodput is not None and row.wasted is not None
        ]
        arguments.svg.write_text(draw(bars, list(STRATEGIES)), encoding="utf-8")


if __name__ == "__main__":
    main()
