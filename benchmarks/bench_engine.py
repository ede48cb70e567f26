"""What does the bulk engine itself cost a row, and does its memory grow with the input?

    python benchmarks/bench_engine.py [--rows 10000 100000] [--rounds 3] [--json]

A row goes the whole way from a CSV file to its outcome in the ledger, but the HTTP call is answered
on the spot: measured are reading, ledger, queue, worker and report. CPU is that of all
threads of the process, memory its peak. Each run is a process of its own; sizes alternate.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from measuring import (
    Column,
    Report,
    alternate,
    machine,
    median,
    parser,
    run_child,
    show,
    versions,
)
from memory import peak_mib

from frontegg_async import FronteggSession, Operation, Response
from frontegg_async._core.call import AttemptObserver
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
    ) -> Response:
        """Tell the observer the same as a real call would, and answer."""
        answer = Response(201, {"frontegg-trace-id": "ab" * 16}, b"")
        if observer is not None:
            noted = observer.before(operation)
            if noted is not None:
                await noted
            observer.after(operation, answer, 0.08)
        return answer


class Run(msgspec.Struct, frozen=True):
    """One run; times are per row."""

    rows: int
    cpu_us: float
    wall_us: float
    peak_mib: float


COLUMNS: Final = [
    Column[Run]("rows", lambda run: f"{run.rows:,}"),
    Column[Run]("CPU µs/row", lambda run: f"{run.cpu_us:.1f}"),
    Column[Run]("wall µs/row", lambda run: f"{run.wall_us:.1f}"),
    Column[Run]("peak MiB", lambda run: f"{run.peak_mib:.1f}"),
]


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
    assert report.applied == rows, report
    return Run(rows, cpu / rows * 1e6, wall / rows * 1e6, peak_mib())


def measure(directory: Path, rows: int) -> Run:
    """Run in a new process."""
    path = directory / f"{rows}.csv"
    with path.open("w") as file:
        file.write("user_id,tenant_id\n")
        file.writelines(
            f"34a82e16-9a58-404d-8fee-{number:012d},northwind-{number % 50}\n"
            for number in range(rows)
        )
    written = run_child([__file__, "--one", str(path), "--rows", str(rows)])
    for each in directory.iterdir():
        each.unlink()
    return msgspec.json.decode(written, type=Run)


def summed_up(rows: int, runs: list[Run]) -> Run:
    """Return the medians of one size."""
    return Run(
        rows,
        median(runs, lambda run: run.cpu_us),
        median(runs, lambda run: run.wall_us),
        median(runs, lambda run: run.peak_mib),
    )


def main() -> None:
    """Measure every size in alternating rounds and print medians."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options.add_argument("--one", type=Path, metavar="FILE", help="for its own processes")
    given = options.parse_args()
    if given.one:
        run = asyncio.run(assign(given.one, given.rows[0]))
        sys.stdout.buffer.write(msgspec.json.encode(run))
        return
    with tempfile.TemporaryDirectory() as name:
        found = alternate(given.rows, given.rounds, lambda rows: measure(Path(name), rows))
    settings = {"rows": given.rows, "rounds": given.rounds}
    rows = [summed_up(rows, runs) for rows, runs in found.items()]
    report = Report("what does the bulk engine itself cost?", versions(), machine(), settings, rows)
    show(report, COLUMNS, as_json=given.json)


if __name__ == "__main__":
    main()
