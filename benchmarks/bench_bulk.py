"""How fast is a bulk run, what does a row cost, and does memory grow with the input?

    python benchmarks/bench_bulk.py [--rows 2000 20000] [--rounds 3] [--json]

Each run is a process of its own that assigns a CSV file against the emulator in another process.
Reported are medians over the rounds; the sizes alternate, so that a machine that changes its speed
changes it for all. Memory is the peak of the whole process. The server's share of a core says
whether it was the bottleneck; the server's own memberships say whether every row arrived.
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

import msgspec

from frontegg_async import FronteggSession

sys.path.insert(0, str(Path(__file__).parent))

from server import ServerProcess


class Run(msgspec.Struct, frozen=True):
    """One run: wall and CPU seconds of the client, its peak memory, and what was reported."""

    rows: int
    added: int
    requests: int
    elapsed_s: float
    cpu_s: float
    peak_mib: float
    server_load: float = 0.0


class Row(msgspec.Struct, frozen=True):
    """Medians for one size."""

    rows: int
    rows_per_s: float
    cpu_us_per_row: float
    peak_mib: float
    server_load: float


async def assign(path: str) -> Run:
    """Run one assignment in this process, with the credentials of the environment."""
    async with FronteggSession.from_env() as frontegg:
        cpu = time.process_time()
        report = await frontegg.bulk.assign(path)
        cpu = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(report.rows, report.added, report.requests, report.elapsed_s, cpu, peak)


def measure(server: ServerProcess, directory: Path, rows: int, tenant: str) -> Run:
    """Assign ``rows`` users to ``tenant`` in a new process, and check that all arrived."""
    path = directory / f"{tenant}.csv"
    with path.open("w") as file:
        file.write("user_id,tenant_id\n")
        file.writelines(f"user-{number},{tenant}\n" for number in range(rows))
    environment = os.environ | {
        "FRONTEGG_BASE_URL": server.url,
        "FRONTEGG_CLIENT_ID": server.client_id,
        "FRONTEGG_API_KEY": server.api_key,
    }
    before = server.state()
    ended = subprocess.run(
        [sys.executable, __file__, "--one", str(path)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    after = server.state()
    path.unlink()
    run = msgspec.json.decode(ended.stdout, type=Run)
    assert run.added == rows == after.memberships - before.memberships, (run, before, after)
    return msgspec.structs.replace(run, server_load=(after.cpu_s - before.cpu_s) / run.elapsed_s)


def medians(runs: list[Run]) -> Row:
    """Sum the rounds of one size up."""
    return Row(
        rows=runs[0].rows,
        rows_per_s=statistics.median(run.rows / run.elapsed_s for run in runs),
        cpu_us_per_row=statistics.median(run.cpu_s / run.rows * 1e6 for run in runs),
        peak_mib=statistics.median(run.peak_mib for run in runs),
        server_load=statistics.median(run.server_load for run in runs),
    )


def main() -> None:
    """Measure every size in alternating rounds and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000, 20_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", metavar="FILE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(assign(given.one))))
        return
    found: dict[int, list[Run]] = {rows: [] for rows in given.rows}
    with tempfile.TemporaryDirectory() as directory, ServerProcess() as server:
        for turn in range(given.rounds):
            for rows, runs in found.items():
                runs.append(measure(server, Path(directory), rows, f"tenant-{rows}-{turn}"))
    table = [medians(runs) for runs in found.values()]
    versions = {
        name: version(name) for name in ("frontegg-async", "aiohttp", "msgspec", "anyio")
    } | {"python": platform.python_version(), "machine": f"{os.cpu_count()} cores"}
    if given.json:
        print(msgspec.json.encode({"versions": versions, "runs": table}).decode())
        return
    print(", ".join(f"{name} {value}" for name, value in versions.items()))
    print(f"{'rows':>9} {'rows/s':>8} {'CPU µs/row':>11} {'peak MiB':>9} {'server load':>12}")
    for row in table:
        print(
            f"{row.rows:>9} {row.rows_per_s:>8.0f} {row.cpu_us_per_row:>11.0f} "
            f"{row.peak_mib:>9.1f} {row.server_load:>11.0%}"
        )


if __name__ == "__main__":
    main()
