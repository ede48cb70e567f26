"""Every place that shows a figure of a run is held against the others, and against the truth.

The truth is told by two witnesses that count on their own: the results that a run gives row by row,
and the requests that the emulator has seen.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from frontegg_async.bulk import Assign, BulkRun, Outcome, Report, RowResult, engine
from frontegg_async.bulk.report.page import PageSummary, render_page
from frontegg_async.cli.app import app
from frontegg_async.cli.bulk import summary
from frontegg_async.cli.bulk.progress import RunProgress
from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator, Stall

from ..support.bulk import crowd, people, to
from ..support.routes import ADD, AUTH, GET
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio

LABELS = {
    "Added": "added",
    "Already a member": "already_member",
    "Failed": "failed",
    "In doubt": "unknown",
    "Invalid": "invalid",
    "Skipped": "skipped",
}
SPOKEN = {Assign.labels[outcome].words: Assign.labels[outcome].name for outcome in Outcome}
BUSY = AnswerStatus(503, headers={"Retry-After": "3"})


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The figures as one place shows them; None for those that it does not show."""

    all_rows: dict[str, int] | None = None
    run_rows: dict[str, int] | None = None
    rows: int | None = None
    run_ended: int | None = None
    earlier: int | None = None
    duplicates: int | None = None
    run_requests: int | None = None
    run_throttled: int | None = None
    runs: int | None = None
    all_requests: int | None = None
    all_throttled: int | None = None


def label_of(result: RowResult) -> str:
    """Return what files and tables call the outcome of a row."""
    return Assign.labels[result.outcome].name


def number(text: str) -> int:
    return int(text.replace(",", ""))


def found(pattern: str, text: str, default: int | None = None) -> int | None:
    """Return the number in a text, or ``default`` where it is left out."""
    match = re.search(pattern, text, re.MULTILINE)
    return default if match is None else number(match[1])


def without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def text_of(path: Path, rows: list[str]) -> None:
    """Write a file that makes users members of a tenant."""
    path.write_text("user_id,tenant_id\n" + "".join(f"{who},t\n" for who in rows))


def of_json(report: Report) -> Seen:
    """Read the object that ``--json`` prints."""
    shown: dict[str, Any] = json.loads(msgspec.json.encode(summary.as_json(report)))
    run, every = shown["this_run"], shown["all_runs"]
    assert {name: shown[name] for name in LABELS.values()} == {
        name: every[name] for name in LABELS.values()
    }
    assert (shown["rows"], shown["requests"], shown["throttled"], shown["elapsed_s"]) == (
        *(every["rows"], run["requests"], run["throttled"], run["elapsed_s"]),
    )
    return Seen(
        all_rows=without_zeros({name: every[name] for name in LABELS.values()}),
        run_rows=without_zeros({name: run[name] for name in LABELS.values()}),
        rows=shown["rows"],
        run_ended=run["rows"] - run["skipped"],
        duplicates=shown["duplicates"],
        run_requests=run["requests"],
        run_throttled=run["throttled"],
        runs=every["runs"],
        all_requests=every["requests"],
        all_throttled=every["throttled"],
    )


def of_page(report: Report) -> Seen:
    """Read the page."""
    document = render_page(
        PageSummary.of(
            report, source="rows.csv", host="https://x.test", started_at=datetime.now(UTC)
        ),
        report.statistics,
    )
    tiles = {
        LABELS[label]: (number(count), hint)
        for label, count, hint in re.findall(
            r'<dt>([^<]*)</dt><dd class="number[^>]*>([\d,]+)</dd>(?:<dd>([^<]*)</dd>)?', document
        )
    }
    facts = dict(re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)</dd>", document))
    earlier = found(r"Earlier ones ended ([\d,]+) row", document, 0)
    every = {name: count for name, (count, _) in tiles.items()}
    own = {
        name: (found(r"^([\d,]+) of them in this run", hint) if earlier else count)
        for name, (count, hint) in tiles.items()
        if name != "skipped"
    }
    run = {name: count or 0 for name, count in own.items()} | {"skipped": every["skipped"]}
    runs = found(r"All ([\d,]+) runs on this ledger", document, 1)
    alone = runs == 1
    requests, throttled = number(facts["Requests"]), number(facts["Throttled"])
    average = re.search(r"<b>Rows a second</b> <span>([\d,.]+) on average", document)
    if average is not None:
        assert average[1] == facts["Rows a second"]
    assert found(r"Throttled, in each [^<]*</b> <span>([\d,]+) in all", document, 0) == throttled
    return Seen(
        all_rows=without_zeros(every),
        run_rows=without_zeros(run),
        rows=sum(every.values()),
        run_ended=found(r"and this run ([\d,]+)\.", document, sum(run.values()) - run["skipped"]),
        earlier=earlier,
        duplicates=found(r"([\d,]+) rows? repeats? another one", document, 0),
        run_requests=requests,
        run_throttled=throttled,
        runs=runs,
        all_requests=requests if alone else found(r"ledger: ([\d,]+) requests?", document),
        all_throttled=throttled
        if alone
        else found(r"ledger: [\d,]+ requests?, ([\d,]+) of them", document, 0),
    )


def of_summary(report: Report, capsys: pytest.CaptureFixture[str]) -> Seen:
    """Read the summary on the terminal."""
    capsys.readouterr()
    summary.show(report)
    text = capsys.readouterr().out
    lines = re.findall(
        r"^ +([\d,]+)  ([a-z ]+)(?:, ([\d,]+) of them in this run)?$", text, re.MULTILINE
    )
    every = {SPOKEN[label]: number(count) for count, label, _ in lines}
    run = {SPOKEN[label]: number(own or count) for count, label, own in lines}
    rows = found(r"^([\d,]+) rows?[: ]", text)
    requests = found(r"^([\d,]+) requests?", text)
    throttled = found(r"^[\d,]+ requests?, ([\d,]+) of them", text, 0)
    alone = "runs on this ledger: " not in text
    nothing = "Nothing was sent: every row has ended in an earlier run" in text
    ended = found(r"rows?: this run ended ([\d,]+) in", text, rows)
    return Seen(
        all_rows=without_zeros(every),
        run_rows=without_zeros(run),
        rows=rows,
        run_ended=ended,
        earlier=rows
        if nothing
        else found(r"^([\d,]+) rows? of these ended in earlier runs on this ledger", text, 0),
        duplicates=found(r"([\d,]+) rows? repeats? another one", text, 0),
        run_requests=requests,
        run_throttled=throttled,
        runs=found(r"^All ([\d,]+) runs", text, 1),
        all_requests=requests if alone else found(r"ledger: ([\d,]+) requests?", text),
        all_throttled=throttled
        if alone
        else found(r"ledger: [\d,]+ requests?, ([\d,]+) of them", text, 0),
    )


def of_status(ledger: Path) -> Iterator[Seen]:
    """Read ``bulk status``, for machines and for people."""
    shown: dict[str, Any] = json.loads(status(ledger, "--json"))
    every = shown["outcomes"]
    every["unknown"] += shown["under_way"]
    every["skipped"] = shown["pending"]
    assert shown["in_flight"] == shown["under_way"]
    yield Seen(
        all_rows=without_zeros(every),
        rows=shown["rows"],
        duplicates=shown["duplicates"],
        runs=shown["runs"],
        all_requests=shown["requests"],
        all_throttled=shown["throttled"],
    )
    text = status(ledger)
    lines = re.findall(r"^ +([\d,]+)  ([a-z ]+)", text, re.MULTILINE)
    names = SPOKEN | {"pending": "skipped", "under way": "unknown"}
    spoken: Counter[str] = Counter()
    for count, label in lines:
        spoken[names[label]] += number(count)
    yield Seen(
        all_rows=without_zeros(dict(spoken)),
        rows=found(r"^rows +([\d,]+)$", text),
        duplicates=found(r"^duplicates +([\d,]+) of them", text, 0),
        runs=found(r"^([\d,]+) runs? ended so far", text),
        all_requests=found(r"so far: ([\d,]+) request", text),
        all_throttled=found(r"so far: [\d,]+ requests?, ([\d,]+) of them", text, 0),
    )


def status(ledger: Path, *more: str) -> str:
    result = CliRunner().invoke(app, ["bulk", "status", str(ledger), *more])
    assert result.exit_code == 0, result.output
    return result.stdout


def of_display(run: BulkRun) -> Seen:
    """Read the progress display as it is when the run has ended."""
    shown = RunProgress(None)
    shown.watch(run.progress)
    counts = shown.counts()
    every = {
        SPOKEN[label]: number(count)
        for count, label in re.findall(r"([\d,]+) ([a-z ]+?)(?=,|$| \()", counts)
        if label in SPOKEN
    }
    return Seen(
        all_rows=without_zeros(every),
        rows=found(r"of ([\d,]+) rows$", shown.headline()),
        earlier=found(r"\(([\d,]+) of these by earlier runs\)", counts, 0),
        duplicates=found(r"([\d,]+) duplicates$", counts, 0),
        run_throttled=found(r"throttled ([\d,]+) times", shown.server(), 0),
    )


class History:
    """Runs one after the other on one ledger, and their true figures."""

    def __init__(self, server: Emulator, ledger: Path) -> None:
        self.server = server
        self.ledger = ledger
        self.runs = 0
        self.requests = 0
        self.throttled = 0
        self.results: dict[int, RowResult] = {}

    async def run(self, run: BulkRun, *, stop_after: int | None = None) -> Report:
        """Run it, and remember its results and requests."""
        before = len(self.server.requests)
        self.own: dict[int, RowResult] = {}
        async for result in run:
            self.own[result.line] = result
            if len(self.own) == stop_after:
                run.stop()
        seen = [
            request
            for request in self.server.requests[before:]
            if f"{request.method} {request.template}" != AUTH
        ]
        self.own_requests = len(seen)
        self.own_throttled = sum(request.status in {429, 503} for request in seen)
        self.runs += 1
        self.requests += self.own_requests
        self.throttled += self.own_throttled
        self.results |= self.own
        return await run

    def truth(self, repeats: dict[int, int], rows: int) -> Seen:
        """Return the figures as they must be, where rows repeat those at other lines."""
        lines = range(2, rows + 2)
        first = {line: repeats.get(line, line) for line in lines}
        ended = [self.results.get(first[line]) for line in lines]
        now = [self.own.get(first[line]) for line in lines]
        every = Counter(label_of(one) if one else "skipped" for one in ended)
        own = Counter(label_of(one) for one in now if one)
        if every["skipped"]:
            own["skipped"] = every["skipped"]
        return Seen(
            all_rows=dict(every),
            run_rows=dict(own),
            rows=rows,
            run_ended=sum(own.values()) - own["skipped"],
            earlier=rows - sum(own.values()),
            duplicates=len(repeats),
            run_requests=self.own_requests,
            run_throttled=self.own_throttled,
            runs=self.runs,
            all_requests=self.requests,
            all_throttled=self.throttled,
        )


def agree(truth: Seen, places: dict[str, Seen]) -> None:
    """Fail where a place shows another figure than is true."""
    for place, seen in places.items():
        for name in Seen.__struct_fields__:
            shown = getattr(seen, name)
            if shown is not None:
                assert shown == getattr(truth, name), (place, name)


async def test_all_places_agree(
    anyio_backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Page, JSON, summary, status and display tell the same of a run, and the truth.

    The history: a run that was interrupted, one that carried on and was throttled, one that had
    nothing to do, and a retry; with members, duplicates, invalid and failing rows.
    """
    path = tmp_path / "rows.csv"
    ledger = Path(f"{path}.ledger")
    async with crowd(30) as (server, session, ids):
        server.add_user("old", tenant_ids=["t"])
        rows = [*ids[:12], ids[3], "", "old", "late", ids[5], "late", *ids[12:], ids[20], ""]
        text_of(path, rows)
        firsts = {who: line for line, who in reversed(list(enumerate(rows, 2)))}
        repeats = {
            line: firsts[who] for line, who in enumerate(rows, 2) if who and firsts[who] != line
        }
        history = History(server, ledger)

        async def check(run: BulkRun, **more: Any) -> Report:
            report = await history.run(run, **more)
            shown, told = of_status(ledger)
            places = {
                "json": of_json(report),
                "page": of_page(report),
                "summary": of_summary(report, capsys),
                "status --json": shown,
                "status": told,
                "display": of_display(run),
            }
            agree(history.truth(repeats, len(rows)), places)
            assert report.statistics.rows == len(history.own)
            assert report.statistics.throttled == history.own_throttled
            return report

        def start() -> BulkRun:
            return session.bulk.start(Assign(), path, workers=1, plan="always")

        stopped = await check(start(), stop_after=9)
        assert stopped.interrupted
        assert 9 <= stopped.this_run.ended < len(rows)
        assert (stopped.earlier, stopped.duplicates) == (0, 4)
        server.inject(BUSY, on=ADD, times=5)
        resumed = await check(start())
        assert (resumed.throttled, resumed.skipped) == (5, 0)
        assert resumed.earlier > 9
        assert (resumed.failed, resumed.invalid, resumed.unchanged) == (2, 2, 1)
        nothing = await check(start())
        assert (nothing.earlier, nothing.this_run.rows) == (len(rows), 0)
        server.add_user("late")
        retried = await check(session.bulk.retry(ledger))
        assert (retried.this_run.rows, retried.failed) == (2, 0)


async def test_what_a_cut_left_in_doubt(
    anyio_backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows in doubt are one figure everywhere, also those that a retry settles."""
    path = tmp_path / "rows.csv"
    ledger = Path(f"{path}.ledger")
    async with leaping() as (server, session):
        ids = people(server, 4)
        text_of(path, ids)
        server.inject(CutBeforeCommit(), on=ADD, times=1)
        server.inject(AnswerStatus(403), on=GET, times=None)
        history = History(server, ledger)
        for again in (False, True):
            if again:
                run = session.bulk.retry(ledger, plan="never", resend=True)
            else:
                run = session.bulk.start(Assign(invite=True), path, workers=1, plan="never")
            report = await history.run(run)
            shown, told = of_status(ledger)
            agree(
                history.truth({}, 4),
                {
                    "json": of_json(report),
                    "page": of_page(report),
                    "summary": of_summary(report, capsys),
                    "status --json": shown,
                    "status": told,
                    "display": of_display(run),
                },
            )
            server.clear_faults()


async def test_rows_without_an_answer_at_the_end(
    anyio_backend: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A row whose answer never came before the run was stopped is one in doubt everywhere."""
    monkeypatch.setattr(engine, "GRACE_S", 0.01)
    path = tmp_path / "rows.csv"
    ledger = Path(f"{path}.ledger")
    async with crowd(3) as (server, session, ids):
        text_of(path, [*ids, ids[0]])
        stall = server.inject(Stall(), on=ADD, times=None)
        run = session.bulk.start(Assign(), path, workers=1, plan="never")
        ending = asyncio.ensure_future(run)
        await stall.wait()
        run.stop()
        report = await ending
        shown, told = of_status(ledger)
        rows = {"unknown": 2, "skipped": 2}
        truth = Seen(
            all_rows=rows,
            run_rows=rows,
            rows=4,
            run_ended=2,
            earlier=0,
            duplicates=1,
            run_requests=1,
            run_throttled=0,
            runs=1,
            all_requests=1,
            all_throttled=0,
        )
        agree(
            truth,
            {
                "json": of_json(report),
                "page": of_page(report),
                "summary": of_summary(report, capsys),
                "status --json": shown,
                "status": told,
                "display": of_display(run),
            },
        )
        server.clear_faults()
        assert (await session.bulk.start(Assign(), path)).this_run.ended == 4


async def test_the_display_while_a_run_goes_on(anyio_backend: str, tmp_path: Path) -> None:
    """While a resumed run goes on, the display tells rows of earlier runs, and duplicates."""
    path = tmp_path / "rows.csv"
    async with crowd(10) as (_, session, ids):
        text_of(path, [*ids, ids[0], ids[1]])
        first = session.bulk.start(Assign(), path, workers=1, plan="never")
        done = 0
        async for _ in first:
            done += 1
            if done == 4:
                first.stop()
        run = session.bulk.start(Assign(), path, workers=1, plan="never")
        shown = RunProgress(None)
        shown.watch(run.progress)
        said = [(shown.headline(), shown.counts()) async for _ in run]
        ended = first.report.statistics.rows
        assert said[0][0].startswith(f"{ended + 1} of 10 rows")
        assert said[0][1] == f"{ended + 1} added ({ended} of these by earlier runs), 2 duplicates"


async def test_a_run_can_be_awaited(anyio_backend: str, tmp_path: Path) -> None:
    """The result of ``start`` and ``retry`` can be awaited, also once the run has ended."""
    async with crowd(3) as (_, session, ids):
        path = tmp_path / "rows.csv"
        text_of(path, [*ids, "nobody"])
        run = session.bulk.start(Assign(), path)
        report = await run
        assert (report.applied, report.failed) == (3, 1)
        assert await run is await run.wait() is run.report is report
        again = session.bulk.retry(f"{path}.ledger")
        assert [result.outcome async for result in again] == [Outcome.FAILED]
        assert await again is again.report
        going = session.bulk.start(Assign(), [to("p0")])
        async for _ in going:
            with pytest.raises(RuntimeError, match="run once"):
                await going
