"""What does the bulk engine itself cost a row, and does its memory grow with the input?

    python benchmarks/bench_engine.py [--rows 10000 100000] [--rounds 3] [--json]

A row goes the whole way from a CSV file to its outcome in the ledger, but the HTTP call is answered
on the spot: what is measured is reading, ledger, queue, worker and report. CPU is that of all
threads of the process, memory its peak. Each run is a process of its own; sizes alternate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from frontegg_async import Answer, FronteggSession, Operation
from frontegg_async.call import AttemptObserver
from frontegg_async.emulator import Emulator


class InstantSession(FronteggSession):
    """A session whose bulk calls are answered without being sent."""

    async def send(
        self,
        operation: Operation[Any],
        /,
        *path: str,
        observer: AttemptObserver | None = None,
        **arguments: Any,
    ) -> Answer:
        """Tell the observer what a real call would tell it, and answer."""
        answer = Answer(201, {"frontegg-trace-id": "ab" * 16}, b"")
        if observer is not None:
            await observer.before(operation)
            observer.after(operation, answer, 0.08)
        return answer


class Run(msgspec.Struct, frozen=True):
    """One run; times are per row."""

    rows: int
    cpu_us: float
    wall_us: float
    peak_mib: float


async def assign(path: Path, rows: int) -> Run:
    """Assign the rows of a file, and check that every outcome is in the ledger."""
    async with (
        Emulator() as emulator,  # for the token only
        InstantSession(
            client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
        ) as frontegg,
    ):
        cpu, wall = time.process_time(), time.perf_counter()
        report = await frontegg.bulk.assign(path, plan="never")
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert report.added == rows, report
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(rows, cpu / rows * 1e6, wall / rows * 1e6, peak)


def measure(directory: Path, rows: int) -> Run:
    """Run in a new process."""
    path = directory / f"{rows}.csv"
    with path.open("w") as file:
        file.write("user_id,tenant_id\n")
        file.writelines(
            f"34a82e16-9a58-404d-8fee-{number:012d},northwind-{number % 50}\n"
            for number in range(rows)
        )
    ended = subprocess.run(
        [sys.executable, __file__, "--one", str(path), "--rows", str(rows)],
        check=True,
        stdout=subprocess.PIPE,
    )
    for each in directory.iterdir():
        each.unlink()
    return msgspec.json.decode(ended.stdout, type=Run)


def main() -> None:
    """Measure every size in alternating rounds and print medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        run = asyncio.run(assign(given.one, given.rows[0]))
        sys.stdout.buffer.write(msgspec.json.encode(run))
        return
    found: dict[int, list[Run]] = {rows: [] for rows in given.rows}
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(given.rounds):
            for rows, runs in found.items():
                runs.append(measure(Path(directory), rows))
    table = [
        Run(
            rows,
            statistics.median(run.cpu_us for run in runs),
            statistics.median(run.wall_us for run in runs),
            statistics.median(run.peak_mib for run in runs),
        )
        for rows, runs in found.items()
    ]
    versions = {"frontegg-async": version("frontegg-async"), "python": platform.python_version()}
    versions["machine"] = f"{os.cpu_count()} cores"
    if given.json:
        print(msgspec.json.encode({"versions": versions, "runs": table}).decode())
        return
    print(", ".join(f"{name} {value}" for name, value in versions.items()))
    print(f"{'rows':>9} {'CPU µs/row':>11} {'wall µs/row':>12} {'peak MiB':>9}")
    for row in table:
        print(f"{row.rows:>9} {row.cpu_us:>11.1f} {row.wall_us:>12.1f} {row.peak_mib:>9.1f}")


if __name__ == "__main__":
    main()
