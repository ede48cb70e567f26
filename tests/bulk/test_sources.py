"""Sources while they are read: rows are sent as they come, in order, and once."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from frontegg_async import LedgerMismatchError
from frontegg_async.bulk import Assign, Assignment, Outcome, SetSuperuser, report_of
from frontegg_async.bulk import loader as loading
from frontegg_async.bulk.input import feeds
from frontegg_async.emulator import Stall

from ..support.bulk import added, crowd, csv_of, outcomes, super_user, to
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
                assert result.outcome is Outcome.APPLIED
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
    """An endless source is not read further while its rows wait to be sent."""
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


# Jobs that come back


async def test_another_input_is_refused_with_a_way_to_go_on(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Another file is rejected on a used ledger by a message that names a new one."""
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
    """Other rows of a program on the same ledger are rejected, and none of them is sent."""
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
