"""Bulk work when things go wrong: faults on the wire, dying credentials, the failures file."""

from __future__ import annotations

import asyncio
import csv
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import (
    Assignment,
    AuthenticationError,
    ConfigurationError,
    FronteggSession,
    LedgerMismatchError,
    Outcome,
)
from frontegg_async.bulk import Assign, Progress, read_rows
from frontegg_async.bulk import loader as loading
from frontegg_async.bulk.input import feeds
from frontegg_async.bulk.input.rows import columns_of
from frontegg_async.bulk.ledger.records import ExportedRow, State
from frontegg_async.bulk.report.export import write_failures
from frontegg_async.emulator import (
    Announce,
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    DuplicateAdd,
    EmptyBody,
    Emulator,
    ExtraFields,
    Fault,
    MalformedJson,
    NullRiddled,
    RateLimit,
    Stall,
    TruncatedJson,
)
from frontegg_async.endpoints import users

from ..support.bulk import as_csv, files_in, fill, outcomes, rows_of
from ..support.routes import ADD, AUTH
from ..support.sessions import leaping

pytestmark = pytest.mark.anyio

FAULTS: list[Fault] = [
    AnswerStatus(500),
    AnswerStatus(502),
    AnswerStatus(503),
    AnswerStatus(500, after_commit=True),
    AnswerStatus(502, after_commit=True),
    AnswerStatus(504, after_commit=True),
    CutBeforeCommit(),
    CutBeforeCommit(reset=True),
    CutAfterCommit(),
    CutAfterCommit(reset=True),
    CutMidBody(),
    MalformedJson(),
    TruncatedJson(),
    EmptyBody(),
    NullRiddled(),
    ExtraFields(),
]


@pytest.mark.parametrize("policy", [DuplicateAdd.CREATED_AND_INVITES, DuplicateAdd.CONFLICT])
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
async def test_faults_on_the_way(anyio_backend: str, fault: Fault, policy: DuplicateAdd) -> None:
    """A fault in every third request costs no row, and sends no invite."""
    async with leaping(duplicate_add=policy) as (server, session):
        pairs = fill(server, 60)
        injected = server.inject(fault, on=ADD, times=None, every=3)
        report = await session.bulk.assign(rows_of(pairs), workers=8)
        assert outcomes(report) == {"added": 60}
        assert server.memberships() == set(pairs)
        assert server.invites == []
        assert injected.struck >= 20
        assert report.requests == server.count() - server.count(AUTH)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (CutAfterCommit(), "added"),
        (AnswerStatus(504, after_commit=True), "added"),
        (AnswerStatus(500, after_commit=True), "added"),
        (CutBeforeCommit(), "unknown"),
        (AnswerStatus(502), "unknown"),
        (AnswerStatus(500), "unknown"),
        (AnswerStatus(421), "failed"),
    ],
    ids=repr,
)
async def test_faults_where_invites_go_out(anyio_backend: str, fault: Fault, outcome: str) -> None:
    """With invites, a row after a fault is looked up or reported, and never sent again."""
    async with leaping(duplicate_add=DuplicateAdd.CREATED_AND_INVITES) as (server, session):
        pairs = fill(server, 30)
        server.inject(fault, on=ADD, times=None, every=3)
        report = await session.bulk.assign(rows_of(pairs), invite=True, workers=4)
        expected = {"added": 20}
        expected[outcome] = expected.get(outcome, 0) + 10
        assert outcomes(report) == expected
        invited = [(each.user_id, each.tenant_id) for each in server.invites]
        assert sorted(invited) == sorted(server.memberships())
        assert server.count(ADD) == 30


@pytest.mark.parametrize("announce", Announce)
async def test_rate_limits(anyio_backend: str, announce: Announce) -> None:
    """However a limit is announced, every row is added in the end, and the waits are counted."""
    limit = RateLimit(25, 10, on=ADD, announce=announce)
    async with leaping(rate_limits=[limit]) as (server, session):
        pairs = fill(server, 100)
        report = await session.bulk.assign(rows_of(pairs), workers=8)
        assert outcomes(report) == {"added": 100}
        assert server.memberships() == set(pairs)
        assert server.invites == []
        assert report.throttled == server.count(ADD) - 100 > 0


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".ndjson", ".CSV"])
async def test_failures_go_round(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, suffix: str
) -> None:
    """Fed back in, the file of failures does the rows that failed and only those."""
    pairs = fill(emulator, 6)
    missing = [("late,1", "t-1"), ('late"2', "t 2"), ("lat\u00e9", "t\u20ac")]
    rows = [*rows_of(pairs), *rows_of(missing, set_active=True), Assignment(tenant_id="t")]
    path = tmp_path / f"failures{suffix}"
    report = await frontegg.bulk.assign(rows, failures=path)
    assert outcomes(report) == {"added": 6, "failed": 3, "invalid": 1}
    assert report.failures_path == path
    for user_id, _ in missing:
        emulator.add_user(user_id)
    before = emulator.count(ADD)
    report = await frontegg.bulk.assign(path, failures=tmp_path / "again.csv")
    assert outcomes(report) == {"added": 3, "invalid": 1}
    assert emulator.count(ADD) - before == 3
    assert set(missing) <= emulator.memberships()
    assert {emulator.user(user_id).active_tenant for user_id, _ in missing} == {
        tenant_id for _, tenant_id in missing
    }


plain = st.one_of(
    st.text("ab \"',;=\u00e9", min_size=1, max_size=6),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=10).filter(str.isprintable),
)


@given(
    st.lists(st.tuples(plain, plain, st.booleans(), st.text(max_size=20)), max_size=5),
    st.sampled_from([".csv", ".jsonl"]),
)
@example([("u", "t", True, "the server said \0")], ".csv")
def test_any_row_goes_round(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str, bool, str]],
    suffix: str,
) -> None:
    """A valid assignment in a failures file reads back as the same one, with any reason."""
    path = tmp_path_factory.mktemp("failures") / f"failures{suffix}"
    given_rows = [
        row
        for user, tenant, active, _ in rows
        if (row := Assignment(user_id=user, tenant_id=tenant, set_active=active)).problem() is None
    ]
    exported = [
        ExportedRow(
            line=number,
            user_id=row.user_id,
            email=None,
            own=columns_of(Assignment).encode(row),
            state=State.FAILED,
            status=404,
            attempts=1,
            trace_id=None,
            reason=reason.encode(errors="replace").decode(),
            error_code=None,
        )
        for number, (row, (*_, reason)) in enumerate(zip(given_rows, rows, strict=False), 1)
    ]
    assert write_failures(path, Assign(), exported) is None
    assert [row for _, row in read_rows(path)] == given_rows


async def test_a_thousand_failures_are_kept(tmp_path: Path, frontegg: FronteggSession) -> None:
    """The report keeps the first thousand failures, and the file has them all, with why."""
    source: Any = [None] * 1_500
    path = tmp_path / "failures.csv"
    report = await frontegg.bulk.assign(source, failures=str(path))
    assert outcomes(report) == {"invalid": 1_500}
    assert len(report.failures) == 1_000
    with path.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [int(row["line"]) for row in found] == list(range(1, 1_501))
    assert {(row["outcome"], row["reason"]) for row in found} == {
        ("invalid", report.failures[0].reason)
    }


@pytest.mark.parametrize(
    "target",
    [
        *("source", "link.csv", "folder.csv", "nowhere/failures.csv", "pipe.csv", "ledger.csv"),
        *("failures.xlsx", "failures.parquet", "failures.tsv", "failures", ".csv"),
    ],
)
async def test_failures_that_cannot_be_written(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, target: str
) -> None:
    """An impossible file of failures is rejected before any row, and leaves no file behind.

    It is one that would replace the source or the ledger, cannot be written, or could not be fed
    back in.
    """
    source = as_csv(tmp_path, fill(emulator, 2))
    content = source.read_bytes()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(source)
    os.mkfifo(tmp_path / "pipe.csv")
    there = files_in(tmp_path)
    path = source if target == "source" else tmp_path / target
    with pytest.raises(ConfigurationError, match="failures"):
        await frontegg.bulk.assign(source, failures=path, ledger=tmp_path / "ledger.csv")
    assert source.read_bytes() == content
    assert files_in(tmp_path) == there
    assert emulator.count() == 0


async def test_failures_of_a_retry_that_would_replace_the_source(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A retry knows the file that its ledger is of, and does not write its failures there."""
    source = as_csv(tmp_path, [("nobody", "t")])
    content = source.read_bytes()
    await frontegg.bulk.assign(source)
    before = emulator.count()
    with pytest.raises(ConfigurationError, match="would replace"):
        await frontegg.bulk.retry(f"{source}.ledger", failures=source)
    assert source.read_bytes() == content
    assert emulator.count() == before


async def test_a_refused_run_leaves_no_empty_failures(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A run that is rejected writes no file of failures, and leaves an old one unchanged."""
    source = as_csv(tmp_path, [("nobody", "t")])
    await frontegg.bulk.assign(source)
    source.write_text("user_id,tenant_id\nanother,t\n")
    old = tmp_path / "old.csv"
    old.write_text("kept")
    for path in (tmp_path / "new.csv", old):
        with pytest.raises(LedgerMismatchError):
            await frontegg.bulk.assign(source, failures=path)
    assert not (tmp_path / "new.csv").exists()
    assert old.read_text() == "kept"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
async def test_a_disk_that_is_full(
    tmp_path: Path, emulator: Emulator, frontegg: FronteggSession, suffix: str
) -> None:
    """A disk too full for the failures costs no row: all are done, and the report says why."""
    path = tmp_path / f"failures{suffix}"
    path.symlink_to("/dev/full")
    rows = [Assignment(tenant_id=""), *rows_of(fill(emulator, 5))]
    report = await frontegg.bulk.assign(rows, failures=path, workers=1)
    assert isinstance(report.stopped, ConfigurationError)
    assert "cannot write" in str(report.stopped)
    assert outcomes(report) == {"invalid": 1, "added": 5}


async def test_a_conflict_about_something_else(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A 409 counts as being a member only if the user is one; else it is reported as it came."""
    pairs = fill(emulator, 3)
    body = b'{"errors": ["Seats are sold out"], "errorCode": "ER-77777"}'
    emulator.inject(AnswerStatus(409, body, "application/json"), on=ADD, times=None)
    report = await frontegg.bulk.assign(rows_of(pairs), workers=1)
    assert outcomes(report) == {"failed": 3}
    first = report.failures[0]
    assert (first.line, first.status, first.error_code) == (1, 409, "ER-77777")
    assert "Seats are sold out" in first.reason
    assert first.trace_id
    assert first.row == rows_of(pairs)[0]


@pytest.mark.parametrize("status", [500, 404])
async def test_a_conflict_that_cannot_be_looked_into(anyio_backend: str, status: int) -> None:
    """If the membership cannot be read after a 409, the row is no success."""
    async with leaping(duplicate_add=DuplicateAdd.CONFLICT) as (server, session):
        pairs = fill(server, 2)
        await session.bulk.assign(rows_of(pairs))
        server.inject(AnswerStatus(status), on=users.GET.limit_group, times=None)
        report = await session.bulk.assign(rows_of(pairs), plan="never")
        assert outcomes(report) == {"failed": 2}
        assert {failure.status for failure in report.failures} == {409}


async def test_refused_credentials(tmp_path: Path, emulator: Emulator) -> None:
    """With rejected credentials no row is sent, and the error says so."""
    pairs = fill(emulator, 5)
    session = FronteggSession(client_id=emulator.client_id, api_key="wrong", base_url=emulator.url)
    async with session as opened:
        with pytest.raises(AuthenticationError):
            await opened.bulk.assign(as_csv(tmp_path, pairs))
    assert emulator.count(ADD) == 0
    assert emulator.count(AUTH) == 1


@pytest.mark.parametrize("workers", [1, 8])
async def test_credentials_that_die_on_the_way(
    emulator: Emulator, frontegg: FronteggSession, workers: int
) -> None:
    """Withdrawn credentials stop the run, and its remaining rows are skipped unsent."""
    pairs = fill(emulator, 100)

    def withdraw(progress: Progress) -> None:
        if progress.rows == 10:
            emulator.revoke_tokens()
            body = b'{"errors": ["Invalid authentication"]}'
            emulator.inject(AnswerStatus(401, body, "application/json"), on=AUTH, times=None)

    rows: list[Any] = [*rows_of(pairs), "malformed"]
    report = await frontegg.bulk.assign(rows, workers=workers, on_progress=withdraw)
    counts = outcomes(report)
    assert report.rows == 101
    assert isinstance(report.stopped, AuthenticationError)
    assert counts["invalid"] == 1
    assert 1 <= counts["failed"] <= workers
    assert counts["added"] == 101 - 1 - counts["failed"] - counts["skipped"]
    assert counts["skipped"] >= 90 - 2 * workers
    assert len(emulator.memberships()) == counts["added"] + 3
    skipped = [each for each in report.failures if each.outcome is Outcome.SKIPPED]
    assert all(str(report.stopped) in each.reason for each in skipped)
    assert all(each.row is not None for each in skipped)
    # Withdrawn credentials are not hammered.
    assert emulator.count(AUTH) <= 3


async def test_a_source_that_breaks(
    emulator: Emulator, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception of the caller's source is raised as it is; batches before it are done."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 2)
    monkeypatch.setattr(loading, "AHEAD_ROWS", 2)
    pairs = fill(emulator, 5)

    def rows() -> Iterator[Assignment]:
        yield from rows_of(pairs)
        raise LookupError("the database is gone")

    with pytest.raises(LookupError, match="the database is gone"):
        await frontegg.bulk.assign(rows(), workers=1)
    assert set(pairs[:4]) <= emulator.memberships()


async def test_a_cancelled_run_closes_its_source(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Cancelled, a run ends its calls and lets the caller's generator end its own work."""
    ended: list[bool] = []

    async def rows() -> AsyncIterator[Assignment]:
        try:
            for row in rows_of(fill(emulator, 100)):
                yield row
        finally:
            ended.append(True)

    stalled = emulator.inject(Stall(), on=ADD, times=None)
    task = asyncio.create_task(frontegg.bulk.assign(rows(), workers=3))
    await stalled.wait(3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]
    assert stalled.struck == 3


async def test_errors_that_stop_a_run(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A session that is closed under a run stops it, and no row is lost from the report."""
    pairs = fill(emulator, 60)
    stalled = emulator.inject(Stall(), on=ADD, times=None)
    task = asyncio.create_task(frontegg.bulk.assign(rows_of(pairs), workers=4))
    await stalled.wait(4)
    await frontegg.__aexit__(None, None, None)
    report = await task
    counts = outcomes(report)
    # The four were sent and had no response: they are unknown, not failed.
    assert counts == {"unknown": 4, "skipped": 56}
    assert "closed" in str(report.stopped)
