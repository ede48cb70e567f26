"""Types of bulk work, as a checker infers them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import assert_type

from frontegg_async import Assignment, FronteggSession, Outcome, Report
from frontegg_async.bulk import (
    Activation,
    Assign,
    BulkRun,
    Job,
    Mapped,
    Plan,
    Progress,
    Removal,
    RowResult,
    SuperuserChange,
    UserRow,
)
from frontegg_async.errors import FronteggError
from frontegg_async.models.users import User


async def length(text: str) -> int:
    """Stand for any coroutine function."""
    return len(text)


async def rows() -> AsyncIterator[Assignment]:
    """Stand for any source of rows."""
    yield Assignment(user_id="u", tenant_id="t")


async def bulk(frontegg: FronteggSession) -> None:
    """Runs report, and a map keeps the types of what goes in and comes out."""
    assert_type(await frontegg.bulk.assign("rows.csv"), Report[Assignment])
    assert_type(await frontegg.bulk.assign(rows()), Report[Assignment])
    assert_type(await frontegg.bulk.assign([Assignment(tenant_id="t")]), Report[Assignment])
    async for mapped in frontegg.bulk.map(length, ["a", "b"]):
        assert_type(mapped, Mapped[str, int])
        assert_type(mapped.item, str)
        assert_type(mapped.value, int | None)
        assert_type(mapped.error, FronteggError | None)
    async for locked in frontegg.bulk.map(frontegg.users.lock, ["a"]):
        assert_type(locked, Mapped[str, None])


async def jobs(frontegg: FronteggSession) -> None:
    """Every job reports alike; each takes rows of its own kind."""
    activated = await frontegg.bulk.activate([Activation(user_id="u", tenant_id="t")])
    assert_type(activated, Report[Activation])
    removed = await frontegg.bulk.remove([Removal(user_id="u", tenant_id="t")])
    assert_type(removed, Report[Removal])
    changed = await frontegg.bulk.set_superuser([SuperuserChange(user_id="u", super_user=True)])
    assert_type(changed, Report[SuperuserChange])
    report = await frontegg.bulk.assign("rows.csv", plan="never", ledger=False, workers=3)
    assert_type(report.counts, dict[Outcome, int])
    assert_type(report.labelled, dict[str, int])
    assert_type(report.applied, int)


async def runs(frontegg: FronteggSession) -> None:
    """A run is watched row by row, and ends in a report."""
    run = frontegg.bulk.start(Assign(invite=True), "rows.csv")
    assert_type(run, BulkRun[Assignment])
    assert_type(run.progress, Progress)
    async for result in run:
        assert_type(result, RowResult[Assignment])
        if result.row is not None:
            assert_type(result.row.tenant_id, str)
    assert_type(run.report, Report[Assignment])
    for failure in run.report.failures:
        assert_type(failure.row, Assignment | None)
    assert_type(await frontegg.bulk.retry("rows.csv.ledger").wait(), Report)
    assert_type(await frontegg.bulk.dry_run(Assign(), "rows.csv"), Plan[Assignment])


class Note(UserRow, frozen=True, kw_only=True):
    """A row of a job of a program."""

    text: str


class Annotate(Job[Note], frozen=True, kw_only=True):
    """A job of a program."""

    name = "annotate"
    row_type = Note

    def holds(self, row: Note, user: User) -> bool:
        """Compare nothing."""
        return row.text == user.id


async def own_jobs(frontegg: FronteggSession, ledger: Path) -> None:
    """A job of a program knows the type of its rows, all the way to the report."""
    report = await frontegg.bulk.run(Annotate(), [Note(user_id="u", text="t")])
    assert_type(report, Report[Note])
    assert_type(report.failures, tuple[RowResult[Note], ...])
    again = await frontegg.bulk.retry(ledger, job=Annotate())
    assert_type(again, Report[Note])


async def refused(frontegg: FronteggSession) -> None:
    """Wrong arguments are errors for the checker already; it complains if one is not."""
    await frontegg.bulk.assign(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await frontegg.bulk.assign("r", plan="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await frontegg.bulk.remove([Assignment(tenant_id="t")])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    await frontegg.bulk.run(Annotate(), [Assignment(tenant_id="t")])  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
    frontegg.bulk.map(length, [1])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
