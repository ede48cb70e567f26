"""Exceptions of the program around a run: its source, its progress function, its reader."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from frontegg_async import BulkCallerError
from frontegg_async.bulk import Assign, Progress, RowResult, report_of
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import Stall

from ..support.bulk import added, bulk_tasks, crowd, csv_of, outcomes, states, to, writes
from ..support.routes import ADD

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("kind", ["async generator", "generator"])
async def test_what_a_source_raises_comes_with_the_report(
    anyio_backend: str, tmp_path: Path, kind: str
) -> None:
    """Rows before it are done; report, ledger and failures are there, and the run can go on."""
    error = LookupError("the database is gone")
    async with crowd(30) as (server, session, ids):
        broken = True

        def rows() -> Iterator[Any]:
            yield from (to(user_id) for user_id in ids[:20])
            yield "no row"
            if broken:
                raise error
            yield from (to(user_id) for user_id in ids[20:])

        async def async_rows() -> AsyncIterator[Any]:
            for row in rows():
                yield row

        def source() -> Any:
            return rows() if kind == "generator" else async_rows()

        run = session.bulk.start(Assign(), source(), failures=tmp_path / "failures.csv")
        with anyio.fail_after(20), pytest.raises(LookupError) as caught:
            await run.wait()
        assert caught.value is error
        report = run.report
        assert report_of(error) is report
        assert outcomes(report) == {"added": 20, "invalid": 1}
        assert len(server.memberships()) == 20
        assert isinstance(report.stopped, BulkCallerError)
        assert report.stopped.__cause__ is error
        assert (tmp_path / "failures.csv").read_text().count("\n") == 2
        assert str(report.ledger_path) in "".join(error.__notes__)
        assert report.ledger_path is not None
        assert len(states(report.ledger_path)) == 21
        assert not bulk_tasks()
        broken = False
        again = await session.bulk.assign(source(), ledger=report.ledger_path)
        assert outcomes(again) == {"added": 30, "invalid": 1}
        assert added(server) == dict.fromkeys(ids, 1)


@pytest.mark.parametrize("is_async", [False, True])
async def test_what_on_progress_raises_comes_with_the_report(
    anyio_backend: str, tmp_path: Path, is_async: bool
) -> None:
    """The run stops after the calls in flight have ended, and the same call carries on."""
    error = ZeroDivisionError("a percentage of nothing")
    calls: list[int] = []

    def note(progress: Progress) -> None:
        calls.append(progress.rows)
        if progress.rows == 10:
            raise error

    async def note_later(progress: Progress) -> None:
        await asyncio.sleep(0)
        note(progress)

    async with crowd(200) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        with anyio.fail_after(20), pytest.raises(ZeroDivisionError) as caught:
            await session.bulk.assign(path, workers=4, on_progress=note_later if is_async else note)
        assert caught.value is error
        report = report_of(error)
        assert report is not None
        assert report.rows == 200
        assert report.applied == len(server.memberships()) >= 10
        assert report.skipped == 200 - report.applied > 0
        assert not report.interrupted
        assert set(states(Path(f"{path}.ledger")).values()) == {State.DONE, State.PENDING}
        assert outcomes(await session.bulk.assign(path)) == {"added": 200}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_on_progress_is_awaited(anyio_backend: str) -> None:
    """A coroutine function hears of every row, once at a time, and holds the run back."""
    inside = 0
    seen: list[int] = []

    async def note(progress: Progress) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.to_thread(int)
        seen.append(progress.rows)
        inside -= 1

    async with crowd(30) as (_, session, ids):
        report = await session.bulk.assign([to(user_id) for user_id in ids], on_progress=note)
        assert (outcomes(report), len(seen)) == ({"added": 30}, 30)


async def test_a_reader_that_raises(anyio_backend: str, tmp_path: Path) -> None:
    """If the reader of results raises, all sent rows are on file, and so are the failures."""
    async with crowd(100) as (server, session, ids):
        rows: list[Any] = [*(to(user_id) for user_id in ids), "no row"]
        run = session.bulk.start(
            Assign(),
            rows,
            workers=4,
            ledger=tmp_path / "ledger",
            failures=tmp_path / "failures.csv",
        )

        async def read() -> None:
            seen: list[RowResult] = []
            async for result in run:
                seen.append(result)
                if len(seen) == 10:
                    raise KeyError("the reader")

        with pytest.raises(KeyError):
            await read()
        with anyio.fail_after(20):
            report = await run.wait()
        assert report is run.report
        assert report.interrupted
        assert report.applied == len(server.memberships())
        assert (report.applied >= 9, report.invalid, report.unknown) == (True, 1, 0)
        assert (tmp_path / "failures.csv").exists()
        found = states(tmp_path / "ledger")
        assert State.IN_FLIGHT not in found.values()
        assert not bulk_tasks()


async def test_a_reader_that_is_cancelled(anyio_backend: str, tmp_path: Path) -> None:
    """A cancelled reader does not wait for the run, and is told the ledger."""
    async with crowd(10) as (server, session, ids):
        stalled = server.inject(Stall(), on=ADD, times=None)

        async def read() -> None:
            async for _ in session.bulk.start(Assign(), [to(user_id) for user_id in ids]):
                pass

        task = asyncio.create_task(read())
        await stalled.wait(1)
        task.cancel()
        with anyio.fail_after(5), pytest.raises(asyncio.CancelledError) as caught:
            await task
        # The ledger with the rows that were sent.
        assert "/ledger" in caught.value.__notes__[0]
        assert not bulk_tasks()


async def test_an_iterator_that_is_bound_to_a_thread(anyio_backend: str) -> None:
    """Rows of a cursor that is bound to its thread raise with advice, and nothing is sent."""
    async with crowd(2) as (server, session, ids):
        database = sqlite3.connect(":memory:")
        try:
            cursor = database.execute("SELECT ? UNION SELECT ?", ids)
            with pytest.raises(sqlite3.ProgrammingError, match="same thread") as caught:
                await session.bulk.assign(to(user_id) for (user_id,) in cursor)
            assert "thread of its own" in "".join(caught.value.__notes__)
        finally:
            database.close()
        assert writes(server) == 0


async def test_iterating_may_be_closed(anyio_backend: str) -> None:
    """Closing the iterator waits for the calls in flight, and the report is there."""
    async with crowd(20) as (server, session, ids):
        run = session.bulk.start(Assign(), [to(user_id) for user_id in ids], workers=2)
        results = aiter(run)
        await anext(results)
        await cast("AsyncGenerator[RowResult]", results).aclose()
        assert run.report.interrupted
        assert run.report.applied == len(server.memberships())
