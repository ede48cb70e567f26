"""The progress of a run, and its statistics over time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async.bulk import Assign, Outcome, Progress, RowResult
from frontegg_async.bulk.input.columns import Malformed
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.report.statistics import (
    LATENCY_BOUNDS_MS,
    MAX_EXAMPLES,
    MAX_REASONS,
    MAX_SAMPLES,
    StatisticsRecorder,
)
from frontegg_async.emulator import Announce, AnswerStatus, RateLimit

from ..support.bulk import crowd, csv_of, ledger_with, outcomes, states, to
from ..support.routes import ADD

anyio = pytest.mark.anyio

events = st.lists(
    st.tuples(
        st.floats(0, 100_000, allow_nan=False),
        st.sampled_from(["row", "attempt", "throttled"]),
        st.floats(0, 100, allow_nan=False),
    ),
    max_size=60,
)


@given(events)
def test_any_timeline(given_events: list[tuple[float, str, float]]) -> None:
    """However long a run takes, its timeline stays short, and its sums equal the totals."""
    recorder = StatisticsRecorder()
    for at, kind, seconds in sorted(given_events):
        if kind == "row":
            recorder.row(at)
        else:
            recorder.attempt(at, seconds, throttled=kind == "throttled")
    found = recorder.result(limits=[], waited_s=0.0)
    kinds = [kind for _, kind, _ in given_events]
    assert len(found.samples) <= MAX_SAMPLES
    assert sum(sample.rows for sample in found.samples) == kinds.count("row")
    assert sum(sample.requests for sample in found.samples) == len(kinds) - kinds.count("row")
    assert sum(sample.throttled for sample in found.samples) == kinds.count("throttled")
    assert sum(found.latencies) == len(kinds) - kinds.count("row")
    assert [sample.at for sample in found.samples] == [
        number * found.interval_s for number in range(len(found.samples))
    ]
    if given_events:
        last = max(at for at, _, _ in given_events)
        assert last < len(found.samples) * found.interval_s <= max(2 * last, 0) + found.interval_s


def test_merging_keeps_the_place_in_time() -> None:
    """Merged intervals keep each row at its time."""
    recorder = StatisticsRecorder()
    for number in range(1_000):
        recorder.row(number + 0.25)
    found = recorder.result(limits=[], waited_s=0.0)
    assert found.interval_s == 8.0
    assert [sample.rows for sample in found.samples] == [8] * 125


def test_merging_keeps_a_limit() -> None:
    """A learned limit is kept through intervals without a reading."""
    recorder = StatisticsRecorder()
    recorder.limit(0.1, 20.0)
    recorder.row(0.6)
    recorder.row(0.5 * MAX_SAMPLES + 1)
    found = recorder.result(limits=[], waited_s=0.0)
    assert found.samples[0].limit == 20.0


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (0.001, 0), (0.0011, 1), (0.07, LATENCY_BOUNDS_MS.index(70.0)), (1e6, -1)],
)
def test_latencies(seconds: float, bucket: int) -> None:
    """A response counts below the first bound that it does not exceed, or above the last."""
    recorder = StatisticsRecorder()
    recorder.attempt(0.0, seconds, throttled=False)
    found = recorder.result(limits=[], waited_s=0.0)
    assert len(found.latencies) == len(LATENCY_BOUNDS_MS) + 1
    assert found.latencies[bucket] == 1
    assert found.quantile_ms(0.5) == (math.inf if bucket < 0 else LATENCY_BOUNDS_MS[bucket])
    assert list(LATENCY_BOUNDS_MS) == sorted(set(LATENCY_BOUNDS_MS))


def test_quantiles() -> None:
    """The share asked for lies below the latency given, and without responses there is none."""
    recorder = StatisticsRecorder()
    assert recorder.result(limits=[], waited_s=0.0).quantile_ms(0.5) is None
    for milliseconds in range(1, 101):
        recorder.attempt(0.0, milliseconds / 1_000, throttled=False)
    found = recorder.result(limits=[], waited_s=0.0)
    assert [found.quantile_ms(share) for share in (0.01, 0.5, 0.95, 1.0)] == [1, 50, 100, 100]


def test_reasons_are_bounded() -> None:
    """There are a few examples of each kind of failure, and no more kinds than can be read."""
    recorder = StatisticsRecorder()
    for number in range(MAX_REASONS * 3):
        for line in range(5):
            recorder.failure(
                f"kind {number}", RowResult(outcome=Outcome.FAILED, reason="r", line=line)
            )
    found = recorder.result(limits=[], waited_s=0.0).failures
    assert MAX_REASONS <= len(found) <= MAX_REASONS + 1
    assert "other reasons" in {group.reason for group in found}
    assert sum(group.count for group in found) == MAX_REASONS * 3 * 5
    assert all(len(group.examples) == MAX_EXAMPLES for group in found)


@anyio
async def test_statistics_of_a_run(anyio_backend: str) -> None:
    """The sums of a run's timeline are its rows, its requests and its 429s; the limit is seen."""
    limit = RateLimit(20, 10, on=ADD, announce=Announce.RESET)
    async with crowd(100, rate_limits=[limit]) as (_, session, ids):
        report = await session.bulk.assign([to(user) for user in ids], plan="never", workers=8)
        assert outcomes(report) == {"added": 100}
        found = report.statistics
        assert sum(sample.rows for sample in found.samples) == 100
        assert sum(sample.requests for sample in found.samples) == report.requests
        assert sum(sample.throttled for sample in found.samples) == report.throttled > 0
        assert sum(found.latencies) == report.requests
        assert [each.group for each in found.limits] == [ADD]
        assert 0 < found.limits[0].per_second < 20
        assert found.waited_s > 0
        assert any(sample.limit for sample in found.samples)


@anyio
async def test_requests_of_the_plan_are_in_the_timeline(anyio_backend: str) -> None:
    """Requests of the plan and of look-ups are in the timeline as in the total."""
    async with crowd(300, ["t"]) as (_, session, ids):
        report = await session.bulk.assign([to(user_id) for user_id in ids])
        assert sum(each.requests for each in report.statistics.samples) == report.requests == 3


@anyio
async def test_reasons_without_what_is_particular(anyio_backend: str) -> None:
    """Failures of one kind are one group for all users, with three examples."""
    async with crowd(10) as (server, session, ids):
        server.inject(AnswerStatus(403), on=ADD, times=4)
        rows: list[Any] = [*(to(user_id) for user_id in ids), *(to(f"x{n}") for n in range(9))]
        rows += ["none", "none"]
        report = await session.bulk.assign(rows, plan="never", workers=1)
        assert outcomes(report) == {"added": 6, "failed": 13, "invalid": 2}
        found = report.statistics.failures
        assert [group.count for group in found] == [9, 4, 2]
        assert [len(group.examples) for group in found] == [3, 3, 2]
        for group in found[:2]:
            assert "trace" not in group.reason
            assert all(example.trace_id and example.row for example in group.examples)
            assert not any(user_id in group.reason.split() for user_id in [*ids, "x0"])


@anyio
async def test_progress_reaches_its_total(anyio_backend: str, tmp_path: Path) -> None:
    """The progress of a run or retry ends at its total, duplicates included."""
    async with crowd(4) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", [*ids, "late", ids[0], ids[0], "late"])
        run = session.bulk.start(Assign(), path)
        report = await run.wait()
        assert run.progress.total == report.rows == 8
        assert run.progress.counts == report.counts
        server.add_user("late")
        again = session.bulk.retry(f"{path}.ledger")
        report = await again.wait()
        assert again.progress.total == report.rows == 8
        assert again.progress.counts == report.counts


@anyio
async def test_progress_of_a_file_that_was_half_read(anyio_backend: str, tmp_path: Path) -> None:
    """Rows that were entered by an interrupted run count once."""
    async with crowd(2) as (_, session, ids):
        path = tmp_path / "rows.csv"
        path.write_text(f"user_id,tenant_id\n,t\n{ids[0]},t\n,t\n{ids[1]},t\n")
        await session.bulk.assign(path)
        ledger = Ledger.read(Path(f"{path}.ledger"))
        header = ledger.header()
        ledger.close()
        assert header is not None
        half = Ledger.begin(tmp_path / "half", header, Assign().form)
        half.add([(2, Malformed("neither")), (3, to(ids[0], "t"))])
        half.close()
        seen: list[int] = []

        def note(progress: Progress) -> None:
            seen.append(progress.rows)

        run = session.bulk.start(Assign(), path, ledger=tmp_path / "half", on_progress=note)
        report = await run.wait()
        assert outcomes(report) == {"already_member": 2, "invalid": 2}
        assert run.progress.counts == report.counts
        assert seen == [2, 3, 4]  # the first was entered by the run that died


@anyio
async def test_what_a_run_sees_of_a_dead_one(anyio_backend: str, tmp_path: Path) -> None:
    """Rows that an earlier run has done are counted at once, and not given again."""
    async with crowd(3) as (_, session, ids):
        rows = [(line, to(user_id, "t")) for line, user_id in enumerate(ids, 1)]
        path = ledger_with(tmp_path / "ledger", session, Assign(), rows, [1])
        first = session.bulk.retry(path)
        assert [result.line async for result in first] == [1, 2, 3]
        again = session.bulk.retry(path)
        assert [result async for result in again] == []
        assert again.progress.rows == again.report.rows == 3
        assert len(states(path)) == 3
