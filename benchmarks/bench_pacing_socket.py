"""Does the pacing hold over a real socket what it holds in virtual time?

    python benchmarks/bench_pacing_socket.py [--limit 100/1] [--rows 5000] [--settled 15]

One bulk run against the emulator in a process of its own, with a limit that the run is not told
and 80 ms of latency. Goodput is rows that ended in the settled part of the run, of those that the
limit allows in it; wasted are its 429s, of its requests.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from frontegg_async import Assignment, FronteggSession, Report
from frontegg_async.emulator import Announce, RateLimit

sys.path.insert(0, str(Path(__file__).parent))

from server import ServerProcess

ADD = "POST /identity/resources/users/v1/{userId}/tenant"


async def assign(server: ServerProcess, rows: int) -> Report:
    """Run one assignment without reading before writing."""
    async with FronteggSession(
        client_id=server.client_id, api_key=server.api_key, base_url=server.url
    ) as frontegg:
        return await frontegg.bulk.assign(
            (Assignment(user_id=f"user-{number}", tenant_id="acme") for number in range(rows)),
            plan="never",
        )


def main() -> None:
    """Run once and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--limit", type=RateLimit.parse, default=RateLimit.parse("100/1"))
    parser.add_argument("--announce", choices=[each.value for each in Announce], default="nothing")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--settled", type=float, default=15.0, help="seconds that do not count")
    given = parser.parse_args()
    limit = RateLimit(
        given.limit.limit, given.limit.window, on=ADD, announce=Announce(given.announce)
    )
    with ServerProcess(rate_limits=[limit], latency=0.08) as server:
        report = asyncio.run(assign(server, given.rows))
    assert report.added == given.rows, report
    interval = report.statistics.interval_s
    # Without the last second, in which the work runs out.
    settled = [
        sample
        for sample in report.statistics.samples
        if given.settled <= sample.at < report.elapsed_s - interval - 1.0
    ]
    seconds = len(settled) * interval
    rows = sum(sample.rows for sample in settled)
    requests = sum(sample.requests for sample in settled)
    throttled = sum(sample.throttled for sample in settled)
    print(f"frontegg-async {version('frontegg-async')}, python {platform.python_version()}")
    print(f"limit {limit.limit} / {limit.window:g} s, announced by {limit.announce.value}")
    print(f"whole run: {report.rows} rows in {report.elapsed_s:.1f} s, {report.throttled} 429s")
    print(
        f"settled, {seconds:.1f} s: goodput {rows / seconds / (limit.limit / limit.window):.2%}, "
        f"wasted {throttled / requests:.2%}"
    )


if __name__ == "__main__":
    main()
