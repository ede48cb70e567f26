"""Rows of a program: taken in batches, from sources that end, stall or fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from frontegg_async import BulkCallerError, LedgerMismatchError
from frontegg_async.bulk import Assign, Assignment, Progress, report_of
from frontegg_async.bulk import loader as loading
from frontegg_async.bulk.input import feeds
from frontegg_async.bulk.ledger.ledger import Ledger

from ..support.bulk import added, bulk_tasks, crowd, csv_of, outcomes, to

pytestmark = pytest.mark.anyio


def batches_of(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Let rows of a program be entered in small batches."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", rows)
    monkeypatch.setattr(loading, "AHEAD_ROWS", rows)


@pytest.mark.parametrize("kind", ["iterator", "async generator"])
async def test_a_stream_of_many_batches(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Rows of a program are done batch by batch, each of them, in the end."""
    batches_of(monkeypatch, 7)
    async with crowd(60) as (server, session, ids):

        async def stream() -> AsyncIterator[Assignment]:
            for user_id in ids:
                yield to(user_id)

        source: Any = stream() if kind == "async generator" else (to(user) for user in ids)
        with anyio.fail_after(20):
            report = await session.bulk.assign(source, workers=2)
        assert outcomes(report) == {"added": 60}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_duplicates_in_a_stream(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that repeats one of its own batch, or of an earlier one, is not sent."""
    batches_of(monkeypatch, 4)
    async with crowd(5) as (server, session, ids):
        one, two, three, four, five = (to(user_id) for user_id in ids)
        rows = [one, two, one, three, two, four, three, one, five, five]
        report = await session.bulk.assign(iter(rows), ledger=tmp_path / "ledger")
        assert added(server) == dict.fromkeys(ids, 1)
        assert outcomes(report) == {"added": 10}


async def test_a_stream_that_is_gone_on_with(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows of a program on the same ledger carry on where they were stopped."""
    batches_of(monkeypatch, 10)
    async with crowd(40) as (server, session, ids):
        rows = [to(user_id) for user_id in ids]
        run = session.bulk.start(Assign(), rows, ledger=tmp_path / "ledger", workers=1)
        async for result in run:
            if result.line == 5:
                run.stop()
        assert run.report.interrupted
        with anyio.fail_after(20):
            report = await session.bulk.assign(rows, ledger=tmp_path / "ledger")
        assert outcomes(report) == {"added": 40}
        assert added(server) == dict.fromkeys(ids, 1)


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_source_that_breaks(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_async: bool
) -> None:
    """The source's own exception is raised as it is; nothing is left open, and a repair goes on."""
    batches_of(monkeypatch, 5)
    error = LookupError("the database is gone")
    ended: list[bool] = []
    async with crowd(12) as (server, session, ids):

        async def stream() -> AsyncIterator[Assignment]:
            try:
                for user_id in ids:
                    yield to(user_id)
                raise error
            finally:
                ended.append(True)

        def plain() -> Iterator[Assignment]:
            try:
                yield from (to(user_id) for user_id in ids)
                raise error
            finally:
                ended.append(True)

        with anyio.fail_after(20), pytest.raises(LookupError) as caught:
            await session.bulk.assign(
                stream() if is_async else plain(), ledger=tmp_path / "ledger", workers=1
            )
        assert caught.value is error
        assert ended == [True]
        assert not bulk_tasks()
        Ledger.reopened(tmp_path / "ledger", Assign().form).close()
        assert {(user_id, "t") for user_id in ids[:10]} <= server.memberships()


@pytest.mark.parametrize(
    ("odd", "is_async"),
    [
        (asyncio.CancelledError, True),
        (asyncio.CancelledError, False),
        # In a task, asyncio ends the event loop with these.
        (KeyboardInterrupt, False),
        (SystemExit, False),
    ],
)
async def test_a_source_that_ends_oddly(
    anyio_backend: str, tmp_path: Path, odd: type[BaseException], is_async: bool
) -> None:
    """A source that was cancelled or told to exit has not come to its end: the rest can follow."""
    async with crowd(12) as (server, session, ids):

        async def stream(*, whole: bool) -> AsyncIterator[Assignment]:
            for number, user_id in enumerate(ids):
                if number == 5 and not whole:
                    task = asyncio.create_task(asyncio.Event().wait())
                    asyncio.get_running_loop().call_soon(task.cancel)
                    await task
                yield to(user_id)

        def plain(*, whole: bool) -> Iterator[Assignment]:
            for number, user_id in enumerate(ids):
                if number == 5 and not whole:
                    raise odd
                yield to(user_id)

        source: Any = stream if is_async else plain
        path = tmp_path / "ledger"
        with anyio.fail_after(20), pytest.raises(BulkCallerError, match=odd.__name__) as caught:
            await session.bulk.assign(source(whole=False), ledger=path)
        assert isinstance(caught.value.__cause__, odd)
        report = report_of(caught.value)
        assert report is not None
        assert (outcomes(report), report.stopped) == ({"added": 5}, caught.value)
        assert outcomes(await session.bulk.assign(source(whole=True), ledger=path)) == {"added": 12}
        assert added(server) == dict.fromkeys(ids, 1)


@pytest.mark.parametrize("is_async", [False, True])
async def test_on_progress_that_waited_for_something_cancelled(
    anyio_backend: str, is_async: bool
) -> None:
    """The run ends as stopped with BulkCallerError, and no row in flight is given up."""

    def note(progress: Progress) -> None:
        if progress.rows >= 5:
            raise asyncio.CancelledError

    async def note_later(progress: Progress) -> None:
        await asyncio.sleep(0)
        note(progress)

    async with crowd(30) as (server, session, ids):
        rows = [to(user_id) for user_id in ids]
        call = note_later if is_async else note
        with anyio.fail_after(20), pytest.raises(BulkCallerError, match="on_progress") as caught:
            await session.bulk.assign(rows, workers=4, on_progress=call)
        report = report_of(caught.value)
        assert report is not None
        assert (report.unknown, report.applied) == (0, len(server.memberships()))
        assert report.skipped == 30 - report.applied > 0


@pytest.mark.parametrize("kind", ["list", "generator", "async generator", "header alone"])
async def test_no_rows_at_all(anyio_backend: str, tmp_path: Path, kind: str) -> None:
    """A source without rows is done, again and again; on a ledger with rows it is another input."""
    async with crowd(1) as (server, session, ids):

        async def nothing() -> AsyncIterator[Assignment]:
            for user_id in ids[1:]:
                yield to(user_id)

        def source() -> Any:
            kinds: dict[str, Any] = {
                "list": [],
                "generator": iter(()),
                "async generator": nothing(),
                "header alone": csv_of(tmp_path / "rows.csv", []),
            }
            return kinds[kind]

        path = tmp_path / "ledger"
        for _ in range(2):
            report = await session.bulk.assign(source(), ledger=path)
            assert (outcomes(report), report.done, report.stopped) == ({}, True, None)
        path = tmp_path / "another"
        await session.bulk.assign(iter([to(ids[0])]), ledger=path)
        with pytest.raises(LedgerMismatchError):
            await session.bulk.assign(source(), ledger=path)
        assert added(server) == {ids[0]: 1}
