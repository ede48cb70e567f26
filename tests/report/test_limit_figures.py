"""The figures of a run about limits: throttled calls, waits, and the limits that it met."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from frontegg_async import FixedRate
from frontegg_async.bulk import Assign
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.report.page import PageSummary, render_page
from frontegg_async.emulator import AnswerStatus, RateLimit

from ..support.bulk import crowd, csv_of, to
from ..support.routes import ADD

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("answer", "throttled"),
    [
        (AnswerStatus(503, headers={"Retry-After": "2"}), 5),
        (AnswerStatus(429), 5),
        (AnswerStatus(503), 0),
        (AnswerStatus(404, headers={"Retry-After": "2"}), 0),
        (AnswerStatus(500, headers={"Retry-After": "2"}), 0),
    ],
    ids=["503 with a wait", "429", "503", "404 with a wait", "500 with a wait"],
)
async def test_throttled_is_counted_by_one_rule(
    anyio_backend: str, answer: AnswerStatus, throttled: int
) -> None:
    """A 429, and a 503 that states a wait, count as throttled wherever throttling is counted."""
    async with crowd(20) as (server, session, ids):
        server.inject(answer, on=ADD, times=5)
        rows = [to(who) for who in ids]
        run = session.bulk.start(Assign(), rows, plan="never", workers=1)
        report = await run
        assert report.throttled == report.this_run.throttled == throttled
        assert report.statistics.throttled == throttled
        assert run.progress.throttled == throttled


async def test_the_pace_of_its_own_is_no_limit(anyio_backend: str) -> None:
    """A run that met no limit tells of no wait for one, neither while it goes on nor at its end."""
    async with crowd(900) as (_, session, ids):
        rows = [to(who) for who in ids]
        run = session.bulk.start(Assign(), rows, plan="never", rate=FixedRate(100, 1.0))
        report = await run
        assert report.statistics.paced_s > 0
        assert (report.statistics.waited_s, run.progress.waited_s) == (0.0, 0.0)
        assert not report.statistics.met_limit
        text = render_page(
            PageSummary.of(report, source="s", host="h", started_at=datetime.now(UTC)),
            report.statistics,
        )
        assert "met no limit of the server" in text
        assert "because of the limit of" not in text
        assert "and not because of a limit" in text


async def test_limits_are_those_that_the_run_met(anyio_backend: str, tmp_path: Path) -> None:
    """A limit that the session met before is none of a run that sent nothing there."""
    async with crowd(60, rate_limits=[RateLimit(20, 10, on=ADD)]) as (_, session, ids):
        path = tmp_path / "rows.csv"
        csv_of(path, ids)
        first = await session.bulk.assign(path, plan="never")
        assert [limit.group for limit in first.statistics.limits] == [ADD]
        second = await session.bulk.assign(path, plan="never")
        assert (second.requests, second.statistics.met_limit) == (0, False)
        with closing(Ledger.read(Path(f"{path}.ledger"))) as ledger:
            assert ledger.totals().runs == 2
