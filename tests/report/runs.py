"""Runs to make pages of: a long one, one that stopped, a small one, none at all, a hostile one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from frontegg_async.bulk.input.rows import Assignment
from frontegg_async.bulk.jobs import JOBS
from frontegg_async.bulk.outcome import Labels, Outcome, RowResult
from frontegg_async.bulk.report.figures import Figures
from frontegg_async.bulk.report.page import PageSummary
from frontegg_async.bulk.report.statistics import Limit, Statistics, StatisticsRecorder

Run = tuple[PageSummary, Statistics]
LABELS: Final = {name: job.labels for name, job in JOBS.items()}

HOSTILE: Final = '<script>alert("1")</script>&amp;\u202e\u2028\x00\x1b[31m שלום עולם ' + "x" * 900
ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"


def page_summary(
    *,
    counts: Mapping[str, int],
    elapsed_s: float,
    requests: int,
    throttled: int = 0,
    earlier: Mapping[str, int] | None = None,
    **more: Any,
) -> PageSummary:
    """Return the summary of a run that ended such rows, after others that ended ``earlier``."""
    labels = LABELS.get(more["job"], Labels())
    by_name = {labels[outcome].name: outcome for outcome in Outcome}
    own = {by_name[name]: count for name, count in counts.items()}
    run = Figures(
        runs=1,
        counts=own,
        requests=requests,
        throttled=throttled,
        elapsed_s=elapsed_s,
        earlier=sum(count for name, count in (earlier or {}).items() if name != "skipped"),
    )
    every = run
    if earlier is not None:
        both = {each: count + earlier.get(labels[each].name, 0) for each, count in own.items()}
        every = msgspec.structs.replace(run, runs=2, counts=both, earlier=0)
    return PageSummary(labels=labels, this_run=run, all_runs=every, **more)


def long() -> Run:
    """120,000 rows in two hours: a thousand calls a minute, which it has to find out first."""
    rng = random.Random(4)  # the same numbers each time
    recorder = StatisticsRecorder()
    for at, throttled in sorted(_attempts()):
        slow = rng.random() < 0.01
        seconds = rng.uniform(1, 4) if slow else rng.lognormvariate(-1.8, 0.55)
        recorder.attempt(at, seconds, throttled=throttled)
        if not throttled:
            recorder.row(at)
        recorder.limit(at, None if at < 20 else 30.0 if at < 120 else 20.0 if at < 180 else 16.6)
    for reason, count, outcome, status, code in (
        ("404: the user does not exist", 21, Outcome.FAILED, 404, "ER-01103"),
        ("403: the tenant's plan allows no more users", 11, Outcome.FAILED, 403, "ER-02210"),
        ("neither user_id nor email is given", 4, Outcome.INVALID, None, None),
        ("no answer within 30 s, and reading back settled nothing", 1, Outcome.UNKNOWN, None, None),
    ):
        for number in range(count):
            recorder.failure(reason, _failure(rng, reason, number, outcome, status, code))
    statistics = recorder.result(
        limits=[
            Limit(group=ADD, per_second=16.6),
            Limit(group="GET /identity/resources/users/v2", per_second=100.2),
        ],
        waited_s=6412.3,
    )
    summary = page_summary(
        job="assign",
        source="assignments-2026-07.csv",
        host="https://api.frontegg.com",
        started_at=datetime(2026, 7, 27, 14, 3, 5, tzinfo=timezone(timedelta(hours=2))),
        elapsed_s=7200.1,
        counts={
            "added": 119_203,
            "already_member": 760,
            "failed": 32,
            "unknown": 1,
            "invalid": 4,
            "skipped": 0,
        },
        requests=120_070,
        throttled=70,
    )
    return summary, statistics


def _attempts() -> Iterator[tuple[float, bool]]:
    """Yield when each answer came, and whether it asked to come back later."""
    for window in range(120):
        start = 60.0 * window
        pace = 50.0 if window == 0 else 45.0 if window < 3 else 16.67
        for number in range(1_000):
            yield start + number / pace, False
        refused = 46 if window == 0 else 12 if window < 3 else 0
        for number in range(refused):
            yield start + 1_000 / pace + number * 0.8, True


def _failure(
    rng: random.Random,
    reason: str,
    number: int,
    outcome: Outcome,
    status: int | None,
    code: str | None,
) -> RowResult:
    user_id = f"{rng.getrandbits(32):08x}-12ab-4c6d-8e9f-{rng.getrandbits(48):012x}"
    by_email = number == 1
    row = Assignment(
        tenant_id=f"5f1c9d0e-7a34-4c1b-9be2-{rng.getrandbits(48):012x}",
        user_id=None if by_email else user_id,
        email="maria.lindqvist@example-industries.test" if by_email else None,
    )
    malformed = outcome is Outcome.INVALID
    return RowResult(
        outcome=outcome,
        reason=reason,
        line=rng.randrange(120_000),
        row=None if malformed else row,
        status=status,
        error_code=code,
        trace_id=None if malformed else f"{rng.getrandbits(128):032x}",
    )


def stopped() -> Run:
    """The long one, cut short by a full disk after three quarters of an hour."""
    summary, statistics = long()
    kept = tuple(sample for sample in statistics.samples if sample.at < 2_720)
    statistics = msgspec.structs.replace(statistics, samples=kept, waited_s=2_345.6)
    ledger = "/var/lib/jobs/assignments-2026-07.csv.ledger"
    counts = summary.this_run.counts | {Outcome.APPLIED: 44_527, Outcome.SKIPPED: 74_676}
    figures = msgspec.structs.replace(
        summary.this_run, counts=counts, elapsed_s=2_720.0, requests=45_394
    )
    return (
        msgspec.structs.replace(
            summary,
            this_run=figures,
            all_runs=figures,
            stopped=f"the ledger cannot be written: no space left on device ({ledger})",
            how_to_go_on=(
                "frontegg-async bulk assign /var/lib/jobs/assignments-2026-07.csv "
                f"--ledger {ledger} --report report.html"
            ),
        ),
        statistics,
    )


def small() -> Run:
    """312 rows in 1.6 s, all of them done, no limit met."""
    rng = random.Random(1)
    recorder = StatisticsRecorder()
    for number in range(415):
        at = number / 415 * 1.63
        recorder.attempt(at, rng.lognormvariate(-4.4, 0.3), throttled=False)
        if number >= 103:
            recorder.row(at)
    summary = page_summary(
        job="activate",
        source="rows of a program",
        host="http://127.0.0.1:8080",
        started_at=datetime(2026, 7, 27, 9, tzinfo=UTC),
        elapsed_s=1.63,
        counts={
            "activated": 300,
            "already_active": 12,
            "failed": 0,
            "unknown": 0,
            "invalid": 0,
            "skipped": 0,
        },
        requests=415,
        throttled=0,
    )
    return summary, recorder.result(limits=[], waited_s=0.0)


def empty() -> Run:
    """A file with nothing but a header."""
    summary = page_summary(
        job="remove",
        source="empty.csv",
        host="https://api.frontegg.com",
        started_at=datetime(2026, 7, 27, 9, tzinfo=UTC),
        elapsed_s=0.0004,
        counts={
            "removed": 0,
            "not_member": 0,
            "failed": 0,
            "unknown": 0,
            "invalid": 0,
            "skipped": 0,
        },
        requests=0,
        throttled=0,
    )
    return summary, StatisticsRecorder().result(limits=[], waited_s=0.0)


def hostile() -> Run:
    """Texts that want to be markup, to be long, or to turn the page around; ten hours of it."""
    recorder = StatisticsRecorder()
    recorder.limit(0.1, 0.001)
    for number in range(100):
        recorder.row(360.0 * number)
        recorder.attempt(360.0 * number, 10.0 ** (number % 7 - 4), throttled=number % 9 == 0)
    for number in range(4):
        row = Assignment(tenant_id="שלום" * 60, user_id="y" * 300)
        failure = RowResult(
            outcome=Outcome.FAILED,
            reason="an own reason that its group does not tell",
            line=10**9 + number,
            row=row,
            status=500,
            error_code="E" * 90,
            trace_id="t" * 120,
        )
        recorder.failure(HOSTILE, failure)
        recorder.failure("z\u0338\u0322\u031b\u0353\u033f\u0308" * 60, failure)
    summary = page_summary(
        job=HOSTILE,
        source="n" * 300,
        host=f"https://{'h' * 200}",
        started_at=datetime(2026, 7, 27, 9, tzinfo=UTC),
        elapsed_s=36_000.0,
        counts={"applied": 999_999_999, "failed": 4, "unknown": 1, "unchanged": 10**15},
        requests=10**12,
        throttled=12,
        stopped=HOSTILE,
        how_to_go_on=f"run '{HOSTILE}'",
    )
    limits = [Limit(group=f"GET /{'g' * 200}", per_second=0.001)]
    return summary, recorder.result(limits=limits, waited_s=1e6)


RUNS: Final[dict[str, Callable[[], Run]]] = {
    run.__name__: run for run in (long, stopped, small, empty, hostile)
}
