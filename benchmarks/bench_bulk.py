"""What does a bulk run cost: rows a second, CPU a row, and memory that does not grow with the rows?

    python benchmarks/bench_bulk.py [--rows 10000 100000] [--full] [--rounds 3]
        [--instructions] [--json]

A CSV file is assigned by ``bulk.assign`` with its ledger, by ``bulk.map``, by the SDK's bare call
from 64 workers, and by the loops that people write: a task for every row behind a semaphore, over
the SDK's call and over plain aiohttp. A run always has a ledger (``ledger=False`` is a temporary
one), so ``bulk.map``, which has none, stands for a run without. Every run is a process of its own
and starts with a new session; the sizes and the ways alternate. The server gives fixed answers, so
that it is not the bottleneck; before that, every way assigns ``--proof`` rows to the emulator,
which says whether the memberships are really there. CPU is that of all threads from the start of
the session to its end, over the bare call's in the same round; memory is the peak of the whole
process. ``--full`` adds a million rows, for which the loops take some gigabytes. With
``--instructions``, callgrind's count for a row instead: the difference of two small files, so
that start-up drops out. It takes minutes, and other work on the machine does not count.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

sys.path.insert(0, str(Path(__file__).parent))

from bulk_ways import ASSIGN, BARE, WAYS, WORKERS
from measuring import (
    Column,
    Report,
    alternate,
    bottleneck,
    count_instructions,
    machine,
    median,
    parser,
    ratio,
    run_child,
    show,
    versions,
)
from memory import peak_mib
from server import ServerProcess
from static_server import TENANT_ID, StaticServer

FULL: Final = 1_000_000
COUNTED_ROWS: Final = (1_000, 4_000)
AIM: Final = 1.15
"""The most that a row may cost in a run with its ledger, over the bare call."""
ENOUGH: Final = 100_000
"""Rows from which on the slow start of a run does not matter."""


class Run(msgspec.Struct, frozen=True):
    """One way through one file: rows that came true, seconds, and the peak of the process."""

    right: int
    elapsed_s: float
    cpu_s: float
    peak_mib: float
    server_load: float = 0.0
    instructions: int = 0


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """Medians for one way and size; ``to_bare`` is CPU or instructions over the bare call's."""

    way: str
    rows: int
    to_bare: float
    proven: int
    rows_per_s: float | None = None
    cpu_us_per_row: float | None = None
    peak_mib: float | None = None
    server_load: float | None = None
    instructions_per_row: float | None = None
    note: str = ""


def number(value: float | None, form: str) -> str:
    """Return a number as text, or nothing."""
    return "" if value is None else format(value, form)


COLUMNS: Final = [
    Column[Row]("way", lambda row: row.way),
    Column[Row]("rows", lambda row: f"{row.rows:,}"),
    Column[Row]("rows/s", lambda row: number(row.rows_per_s, ",.0f")),
    Column[Row]("CPU µs/row", lambda row: number(row.cpu_us_per_row, ".0f")),
    Column[Row]("instructions", lambda row: number(row.instructions_per_row, ",.0f")),
    Column[Row]("to bare", lambda row: f"{row.to_bare:.2f}"),
    Column[Row]("peak MiB", lambda row: number(row.peak_mib, ".1f")),
    Column[Row]("server", lambda row: number(row.server_load, ".0%")),
    Column[Row]("memberships", lambda row: f"{row.proven:,}"),
    Column[Row]("note", lambda row: row.note),
]


async def go(way: str, path: Path) -> Run:
    """Go one way in this process, with the credentials of the environment."""
    started, cpu = time.perf_counter(), time.process_time()
    right = await WAYS[way](path)
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - started
    return Run(right, elapsed, cpu, peak_mib())


def write(path: Path, rows: int) -> None:
    """Write a file that makes as many users members of a tenant."""
    with path.open("w") as file:
        file.write("user_id,tenant_id\n")
        file.writelines(f"34a82e16-9a58-404d-8fee-{n:012d},{TENANT_ID}\n" for n in range(rows))


Server = ServerProcess | StaticServer


def measure(server: Server, directory: Path, way: str, rows: int, *, counted: bool = False) -> Run:
    """Go one way in a new process, and check that every row came true, by one request each."""
    path = directory / "assignments.csv"
    write(path, rows)
    environment = {
        "FRONTEGG_BASE_URL": server.url,
        # The server of fixed answers takes any credentials.
        "FRONTEGG_CLIENT_ID": server.client_id if isinstance(server, ServerProcess) else "any",
        "FRONTEGG_API_KEY": server.api_key if isinstance(server, ServerProcess) else "any",
    }
    command = [__file__, "--one", way, str(path)]
    before = server.state()
    if counted:
        instructions, written = count_instructions(command, environment=environment)
    else:
        instructions, written = 0, run_child(command, environment=environment)
    after = server.state()
    for each in directory.iterdir():
        each.unlink()
    run = msgspec.json.decode(written, type=Run)
    sent = after.requests - before.requests
    assert run.right == rows == sent - 1, f"{way}: {rows} rows, {run.right} right, {sent} requests"
    load = (after.cpu_s - before.cpu_s) / run.elapsed_s
    return msgspec.structs.replace(run, server_load=load, instructions=instructions)


def prove(directory: Path, way: str, rows: int) -> int:
    """Go one way against an emulator, and return how many of the memberships are there."""
    with ServerProcess() as server:
        measure(server, directory, way, rows)
        return server.state().memberships


def count(server: Server, directory: Path, way: str) -> float:
    """Return the instructions of a row: those of a file without those of a smaller one."""
    few, many = (
        measure(server, directory, way, rows, counted=True).instructions for rows in COUNTED_ROWS
    )
    return (many - few) / (COUNTED_ROWS[1] - COUNTED_ROWS[0])


def summed_up(way: str, rows: int, runs: list[Run], bare: list[Run], proven: int) -> Row:
    """Sum the rounds of one way and size up."""
    load = median(runs, lambda run: run.server_load)
    to_bare = ratio(runs, bare, lambda run: run.cpu_s)
    return Row(
        way=way,
        rows=rows,
        to_bare=to_bare,
        proven=proven,
        rows_per_s=median(runs, lambda run: rows / run.elapsed_s),
        cpu_us_per_row=median(runs, lambda run: run.cpu_s / rows * 1e6),
        peak_mib=median(runs, lambda run: run.peak_mib),
        server_load=load,
        note=bottleneck(load) or verdict(way, rows, to_bare),
    )


def counted_up(way: str, counts: list[float], bare: list[float], proven: int) -> Row:
    """Sum the counted rounds of one way up."""
    to_bare = ratio(counts, bare, float)
    rows = COUNTED_ROWS[1]
    return Row(
        way=way,
        rows=rows,
        to_bare=to_bare,
        proven=proven,
        instructions_per_row=median(counts, float),
        note=verdict(way, ENOUGH, to_bare),
    )


def verdict(way: str, rows: int, to_bare: float) -> str:
    """Return whether a row meets its target, for runs that outlast their slow start."""
    if way != ASSIGN or rows < ENOUGH:
        return ""
    return f"aim ≤ {AIM:g}: {'met' if to_bare <= AIM else 'missed'}"


def main() -> None:
    """Prove every way, measure them in alternating rounds, and print a table or JSON."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options.add_argument("--full", action="store_true", help="a million rows as well")
    options.add_argument("--instructions", action="store_true", help="count with callgrind")
    options.add_argument("--proof", type=int, default=1_000, help="rows against the emulator")
    options.add_argument("--way", nargs="*", help="only those whose name contains one of these")
    options.add_argument("--one", nargs=2, metavar=("WAY", "FILE"), help="for its own processes")
    given = options.parse_args()
    if given.one:
        sys.stdout.buffer.write(
            msgspec.json.encode(asyncio.run(go(given.one[0], Path(given.one[1]))))
        )
        return
    sizes: list[int] = [*given.rows, *([FULL] if given.full else [])]
    ways = [way for way in WAYS if way == BARE or any(part in way for part in given.way or [""])]
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        proven = {way: prove(directory, way, given.proof) for way in ways}
        assert set(proven.values()) == {given.proof}, proven
        with StaticServer() as server:
            if given.instructions:
                counts = alternate(ways, given.rounds, lambda way: count(server, directory, way))
                table = [
                    counted_up(way, each, counts[BARE], proven[way]) for way, each in counts.items()
                ]
            else:
                runs = alternate(
                    [(way, rows) for rows in sizes for way in ways],
                    given.rounds,
                    lambda which: measure(server, directory, *which),
                )
                table = [
                    summed_up(way, rows, each, runs[BARE, rows], proven[way])
                    for (way, rows), each in runs.items()
                ]
    settings = {
        "rows": sizes,
        "rounds": given.rounds,
        "workers": WORKERS,
        "rows against the emulator": given.proof,
    }
    report = Report("what does a bulk run cost?", versions(), machine(), settings, table)
    show(report, COLUMNS, as_json=given.json)


if __name__ == "__main__":
    main()
