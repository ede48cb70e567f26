"""Does the pacing hold over a real socket what it holds in virtual time?

    python benchmarks/bench_pacing_socket.py [--limit 100/1] [--rows 5000] [--settled 15] [--json]

One bulk run against the emulator in a process of its own, with a limit that the run is not told
and 80 ms of latency. Goodput is rows that ended in the settled part of the run, of those that the
limit allows in it; wasted are its 429s, of its requests.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

import msgspec
from measuring import Column, Report, machine, show, versions
from server import ServerProcess

from frontegg_async import Assignment, FronteggSession
from frontegg_async import Report as BulkReport
from frontegg_async.emulator import Announce, RateLimit

ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"


class Row(msgspec.Struct, frozen=True):
    """One run: what it took as a whole, and shares once settled."""

    limit: str
    rows: int
    elapsed_s: float
    throttled: int
    settled_s: float
    goodput: float
    wasted: float


COLUMNS: Final = [
    Column[Row]("limit", lambda row: row.limit),
    Column[Row]("rows", lambda row: f"{row.rows:,}"),
    Column[Row]("whole s", lambda row: f"{row.elapsed_s:.1f}"),
    Column[Row]("429s", lambda row: f"{row.throttled}"),
    Column[Row]("settled s", lambda row: f"{row.settled_s:.1f}"),
    Column[Row]("goodput", lambda row: f"{row.goodput:.2%}"),
    Column[Row]("wasted", lambda row: f"{row.wasted:.2%}"),
]


async def assign(server: ServerProcess, rows: int) -> BulkReport:
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
    parser.add_argument("--json", action="store_true", help="write one JSON document")
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
    row = Row(
        limit=f"{limit.limit} / {limit.window:g} s, announced by {limit.announce.value}",
        rows=report.rows,
        elapsed_s=report.elapsed_s,
        throttled=report.throttled,
        settled_s=seconds,
        goodput=rows / seconds / (limit.limit / limit.window),
        wasted=throttled / requests,
    )
    settings = {"rows": given.rows, "seconds that do not count": given.settled}
    show(
        Report("does the pacing hold over a socket?", versions(), machine(), settings, [row]),
        COLUMNS,
        as_json=given.json,
    )


if __name__ == "__main__":
    main()
