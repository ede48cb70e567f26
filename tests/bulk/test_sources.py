"""Sources while they are read: what has come is sent, and what breaks off is reported."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from frontegg_async import BulkCallerError, InvalidRequestError, LedgerMismatchError
from frontegg_async.bulk import (
    Assign,
    Assignment,
    Outcome,
    Progress,
    RowResult,
    SetSuperuser,
    report_of,
)
from frontegg_async.bulk import loader as loading
from frontegg_async.bulk.input import feeds
from frontegg_async.bulk.ledger.records import State
from frontegg_async.emulator import Stall

from ..support.bulk import (
    added,
    bulk_tasks,
    crowd,
    csv_of,
    outcomes,
    states,
    super_user,
    to,
    until,
    writes,
)
from ..support.routes import ADD

pytestmark = pytest.mark.anyio


# Rows are sent as they come


@pytest.mark.parametrize("kind", ["async generator", "generator"])
async def test_a_row_is_sent_while_the_source_waits_for_the_next(
    anyio_backend: str, kind: str
) -> None:
    """A source that gives the next row only when the last one is done comes to its end."""
    done = [asyncio.Event() for _ in range(6)]
    threads = [threading.Event() for _ in range(6)]
    async with crowd(6) as (server, session, ids):

        async def trickling() -> AsyncIterator[Assignment]:
            for number, user_id in enumerate(ids):
                yield to(user_id)
                await done[number].wait()

        def blocking() -> Iterator[Assignment]:
            for number, user_id in enumerate(ids):
                yield to(user_id)
                assert threads[number].wait(20)

        source: Any = trickling() if kind == "async generator" else blocking()
        with anyio.fail_after(20):
            async for result in session.bulk.start(Assign(), source):
                assert result.outcome is Outcome.ADDED
                done[result.line - 1].set()
                threads[result.line - 1].set()
        assert added(server) == dict.fromkeys(ids, 1)


@pytest.mark.parametrize("plan", ["auto", "always"])
async def test_a_source_fed_by_results(anyio_backend: str, plan: Any) -> None:
    """Rows that are made of results of the same run are done, in a thread as well."""
    async with crowd(40) as (server, session, ids):
        waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        waiting.put(ids[0])

        def rows() -> Iterator[Assignment]:
            while (user_id := waiting.get()) is not None:
                yield to(user_id)

        with anyio.fail_after(20):
            run = session.bulk.start(Assign(), rows(), plan=plan)
            async for result in run:
                waiting.put(ids[result.line] if result.line < len(ids) else None)
        assert outcomes(run.report) == {"added": 40}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_file_is_sent_while_it_is_read(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first rows of a file are done before its last ones are entered."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 10)
    monkeypatch.setattr(feeds, "SLICE_ROWS", 10)
    sent = asyncio.Event()
    take = feeds.SlicedFeed.take

    async def held(self: feeds.SlicedFeed) -> Any:
        rows = await take(self)
        if rows and rows[0][0] > 50:
            await sent.wait()
        return rows

    monkeypatch.setattr(feeds.SlicedFeed, "take", held)
    async with crowd(100) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        with anyio.fail_after(20):
            async for _ in session.bulk.start(Assign(), path):
                sent.set()
        assert added(server) == dict.fromkeys(ids, 1)


async def test_duplicates_and_order_while_rows_come(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repetition is not sent although its first row is done long since; order is kept."""
    monkeypatch.setattr(feeds, "GATHER_S", 0.0)
    async with crowd(3) as (server, session, ids):
        done: asyncio.Queue[int] = asyncio.Queue()

        async def rows() -> AsyncIterator[Assignment]:
            yield to(ids[0])
            await done.get()
            yield to(ids[1])
            await done.get()
            for row in (to(ids[0]), to(ids[1]), to(ids[2]), to(ids[0])):
                yield row

        run = session.bulk.start(Assign(), rows(), ledger=tmp_path / "ledger")
        with anyio.fail_after(20):
            async for result in run:
                done.put_nowait(result.line)
        assert added(server) == dict.fromkeys(ids, 1)
        assert outcomes(run.report) == {"added": 6}

        async def changes() -> AsyncIterator[Any]:
            for number in range(9):
                yield super_user(ids[0], number % 2 == 0)
                if number < 8:
                    await done.get()

        while not done.empty():
            done.get_nowait()
        with anyio.fail_after(20):
            async for result in session.bulk.start(SetSuperuser(), changes()):
                done.put_nowait(result.line)
        assert server.user(ids[0]).super_user


async def test_a_user_whose_rows_come_one_by_one(anyio_backend: str, tmp_path: Path) -> None:
    """A row by id that comes when the one by address is done repeats it, and vice versa."""
    async with crowd(2) as (server, session, ids):
        done: asyncio.Queue[int] = asyncio.Queue()
        by_address = [Assignment(email=f"{user_id}@example.test", tenant_id="t") for user_id in ids]

        async def rows() -> AsyncIterator[Assignment]:
            yield by_address[0]
            await done.get()
            for row in (to(ids[0]), to(ids[1])):
                yield row
            await done.get()
            yield by_address[1]
            yield to(ids[0])

        for ledger in (tmp_path / "ledger", False):
            server.requests.clear()
            run = session.bulk.start(Assign(), rows(), ledger=ledger, plan="never")
            with anyio.fail_after(20):
                async for result in run:
                    done.put_nowait(result.line)
            assert run.report.rows == 5
            assert run.report.done
            assert added(server) == dict.fromkeys(ids, 1)
            while not done.empty():
                done.get_nowait()


async def test_keys_that_the_filter_confuses(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that may be repetitions and are none are sent once, in their order, to the last one."""
    monkeypatch.setattr("frontegg_async.bulk.ledger.duplicates._FILTER_MASK", 7)
    monkeypatch.setattr(feeds, "LOAD_ROWS", 7)
    async with crowd(100) as (server, session, ids):
        rows = [to(user_id) for user_id in (*ids, *ids[::3])]
        with anyio.fail_after(30):
            report = await session.bulk.assign(iter(rows), workers=4)
        assert outcomes(report) == {"added": 134}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_source_is_not_asked_for_more_than_is_wanted(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source without an end is held back while what it gave is not sent."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 10)
    monkeypatch.setattr(loading, "AHEAD_ROWS", 50)
    asked = 0
    async with crowd(10) as (server, session, ids):
        stalled = server.inject(Stall(), on=ADD, times=None)

        async def rows() -> AsyncIterator[Assignment]:
            nonlocal asked
            while True:
                asked += 1
                yield to(ids[asked % 10], f"t{asked}")

        run = session.bulk.start(Assign(), rows(), workers=2, plan="never")
        task = asyncio.create_task(run.wait())
        await stalled.wait(2)
        before = -1
        while asked != before:
            before = asked
            for _ in range(20):
                await asyncio.to_thread(int)
        assert 50 <= asked <= 50 + 8 * 2 + 5 * 10
        run.stop()
        server.clear_faults()
        with anyio.fail_after(20):
            assert (await task).interrupted


# Exceptions of the caller's own code


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
    """The run stops without giving up what was sent, and the same call carries on."""
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
    """What was sent when the reader of results raised is on file, and so are the failures."""
    async with crowd(100) as (server, session, ids):
        run = session.bulk.start(
            Assign(),
            [*(to(user_id) for user_id in ids), "no row"],
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
    """A cancelled reader does not wait for the run."""
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
        # Where what was sent is remembered.
        assert "/ledger" in caught.value.__notes__[0]
        assert not bulk_tasks()


async def test_an_iterator_that_is_bound_to_a_thread(anyio_backend: str) -> None:
    """Rows of a cursor that only its own thread may use are refused aloud, and nothing is sent."""
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


# Files that are no ordinary ones, and files that change


def feeding(path: Path, *parts: bytes) -> threading.Thread:
    """Write to a pipe from a thread."""

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            for part in parts:
                pipe.write(part)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows"])
async def test_a_pipe_is_read_once(anyio_backend: str, tmp_path: Path, name: str) -> None:
    """Each row of a pipe is done; without a name that tells, the first line does."""
    async with crowd(5) as (server, session, ids):
        path = tmp_path / name
        os.mkfifo(path)
        lines = (
            [b'{"user_id": "%s", "tenant_id": "t"}\n' % each.encode() for each in ids]
            if name == "rows.jsonl"
            else [b"user_id,tenant_id\n", *(b"%s,t\n" % each.encode() for each in ids)]
        )
        writer = feeding(path, *lines)
        with anyio.fail_after(20):
            report = await session.bulk.assign(path)
        writer.join(5)
        assert outcomes(report) == {"added": 5}
        assert report.ledger_path is None
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_pipe_behind_a_link(anyio_backend: str, tmp_path: Path) -> None:
    """A link to a pipe is a pipe: its rows are sent as they come, and it may stay open."""
    async with crowd(2) as (server, session, ids):
        os.mkfifo(tmp_path / "pipe")
        path = tmp_path / "rows.csv"
        path.symlink_to("pipe")
        run = session.bulk.start(Assign(), path, ledger=tmp_path / "ledger")
        task = asyncio.create_task(run.wait())
        pipe = await asyncio.to_thread(path.open, "wb", 0)
        with pipe:
            pipe.write(b"user_id,tenant_id\n%s,t\n" % ids[0].encode())
            with anyio.fail_after(20):
                await until(lambda: server.memberships() == {(ids[0], "t")})
            run.stop()
            with anyio.fail_after(20):
                report = await task
        assert (report.interrupted, outcomes(report)) == (True, {"added": 1})
        writer = feeding(path, b"user_id,tenant_id\n", *(b"%s,t\n" % i.encode() for i in ids))
        report = await session.bulk.assign(path, ledger=tmp_path / "ledger")
        writer.join(5)
        assert outcomes(report) == {"added": 2}
        assert added(server) == dict.fromkeys(ids, 1)


async def test_a_pipe_that_nobody_writes_to(anyio_backend: str, tmp_path: Path) -> None:
    """A run that waits for somebody to open the pipe can be stopped, and leaves no thread."""
    async with crowd(1) as (_, session, _):
        os.mkfifo(tmp_path / "rows.csv")
        run = session.bulk.start(Assign(), tmp_path / "rows.csv")
        task = asyncio.create_task(run.wait())
        await until(lambda: any("bulk source" in each.name for each in threading.enumerate()))
        run.stop()
        with anyio.fail_after(10):
            report = await task
        assert (report.interrupted, report.rows) == (True, 0)
        assert not any("bulk source" in each.name for each in threading.enumerate())


async def test_sources_that_are_refused(anyio_backend: str, tmp_path: Path) -> None:
    """A directory, an empty pipe, a pipe without the columns and one of Parquet are refused."""
    async with crowd(1) as (server, session, _):
        for name in ("folder", "folder.csv"):
            (tmp_path / name).mkdir()
            with pytest.raises(InvalidRequestError, match="is a directory"):
                await session.bulk.assign(tmp_path / name)
        for name, content, why in (
            ("empty.jsonl", b"", "no rows came"),
            ("empty", b"", "no rows came"),
            ("other.csv", b"a,b\n1,2\n", "needs tenant_id"),
        ):
            os.mkfifo(tmp_path / name)
            writer = feeding(tmp_path / name, content)
            with pytest.raises(InvalidRequestError, match=why):
                await session.bulk.assign(tmp_path / name)
            writer.join(5)
        os.mkfifo(tmp_path / "rows.parquet")
        with pytest.raises(InvalidRequestError, match="Parquet cannot be read"):
            await session.bulk.assign(tmp_path / "rows.parquet")
        assert writes(server) == 0


async def test_a_file_that_grows_while_it_is_read(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line that was being written is not sent; the run says that the file changed."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 10)
    monkeypatch.setattr(feeds, "SLICE_ROWS", 10)
    async with crowd(40) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        take = feeds.SlicedFeed.take
        grown = False

        async def growing(self: feeds.SlicedFeed) -> Any:
            nonlocal grown
            rows = await take(self)
            if not grown:
                grown = True
                with path.open("a") as file:
                    file.write(f"{ids[0]},tenant-1")  # of tenant-12
            return rows

        monkeypatch.setattr(feeds.SlicedFeed, "take", growing)
        report = await session.bulk.assign(path)
        assert isinstance(report.stopped, InvalidRequestError)
        assert "changed while it was read" in str(report.stopped)
        assert (ids[0], "tenant-1") not in server.memberships()
        assert not report.done or report.rows <= 40
        with pytest.raises(LedgerMismatchError, match="has changed"):
            await session.bulk.assign(path)


async def test_a_small_file_that_changes_is_not_sent(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file that is read at once nothing is sent if it changed meanwhile."""
    async with crowd(4) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        hashed = feeds.SlicedFeed.fingerprint

        async def and_then(self: feeds.SlicedFeed) -> str:
            found = await hashed(self)
            with path.open("a") as file:
                file.write(f"{ids[0]},tenant-1")
            return found

        monkeypatch.setattr(feeds.SlicedFeed, "fingerprint", and_then)
        with pytest.raises(InvalidRequestError, match="changed while it was read"):
            await session.bulk.assign(path)
        assert writes(server) == 0


# Jobs that come back


async def test_another_input_is_refused_with_a_way_to_go_on(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Tomorrow's file is refused on today's ledger by a message that names one for it."""
    async with crowd(6) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids[:3])
        await session.bulk.assign(path)
        csv_of(path, ids[3:])
        with pytest.raises(LedgerMismatchError) as caught:
            await session.bulk.assign(path)
        name = str(caught.value).split("ledger='")[1].split("'")[0]
        assert outcomes(await session.bulk.assign(path, ledger=tmp_path / name)) == {"added": 3}
        csv_of(path, ids[2:])
        with pytest.raises(LedgerMismatchError) as caught:
            await session.bulk.assign(path, ledger=tmp_path / name)
        assert f"ledger='{name}'" not in str(caught.value)
        assert len(server.memberships()) == 6


@pytest.mark.parametrize("now", ["fewer", "more", "others", "one other"])
async def test_a_query_whose_rows_changed(
    anyio_backend: str, tmp_path: Path, now: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other rows of a program on the same ledger are refused, and none of them is sent."""
    async with crowd(30) as (server, session, ids):
        first, ledger = ids[:20], tmp_path / "ledger"
        await session.bulk.assign([to(user_id) for user_id in first], ledger=ledger)
        before = server.memberships()
        rows = {
            "fewer": first[:15],
            "more": [*first, ids[20]],
            "others": ids[20:],
            "one other": [*first[:10], ids[20], *first[11:]],
        }[now]
        monkeypatch.setattr(feeds, "LOAD_ROWS", 6)
        with pytest.raises(LedgerMismatchError, match="A ledger remembers one job"):
            await session.bulk.assign((to(user_id) for user_id in rows), ledger=ledger)
        assert server.memberships() == before


async def test_rows_behind_one_that_changed_are_not_sent(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that an earlier run left are sent only if the source still gives them."""
    monkeypatch.setattr(feeds, "LOAD_ROWS", 5)
    async with crowd(30) as (server, session, ids):
        ledger = tmp_path / "ledger"
        run = session.bulk.start(Assign(), [to(user_id) for user_id in ids], ledger=ledger)
        run.stop()
        assert outcomes(await run.wait()) == {"skipped": 30}
        changed = [*ids[:10], "somebody-else", *ids[11:]]
        with pytest.raises(LedgerMismatchError) as caught:
            await session.bulk.assign((to(user_id) for user_id in changed), ledger=ledger)
        assert server.memberships() <= {(user_id, "t") for user_id in ids[:10]}
        found = report_of(caught.value)
        assert found is not None
        assert found.applied == len(server.memberships())


async def test_iterating_may_be_closed(anyio_backend: str) -> None:
    """Closing the iterator waits for what is under way, and reports."""
    async with crowd(20) as (server, session, ids):
        run = session.bulk.start(Assign(), [to(user_id) for user_id in ids], workers=2)
        results = aiter(run)
        await anext(results)
        await cast("AsyncGenerator[RowResult]", results).aclose()
        assert run.report.interrupted
        assert run.report.applied == len(server.memberships())
