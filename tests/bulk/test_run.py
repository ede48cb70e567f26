"""Runs: stopped, cancelled, killed, broken or watched, they lose no row and send none twice."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

from frontegg_async import (
    AuthenticationError,
    FixedRate,
    FronteggSession,
    LedgerDiskFullError,
    RateLimitError,
)
from frontegg_async.bulk import Assign, Assignment, Outcome, Progress, RowResult
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Header, RowForm, State
from frontegg_async.bulk.row_queue import GROUP_ROWS
from frontegg_async.emulator import AnswerStatus, Emulator, Stall

from ..support.bulk import (
    bulk_tasks,
    crowd,
    csv_of,
    exported,
    files_in,
    outcomes,
    states,
    to,
    until,
    writes,
)
from ..support.clocks import turn
from ..support.routes import ADD, AUTH, STATUSES

pytestmark = pytest.mark.anyio


def added(server: Emulator) -> Counter[str]:
    """Return how often each user was sent to a tenant."""
    return Counter(
        request.raw_path.split("/")[-2] for request in server.requests if request.method == "POST"
        and request.raw_path.endswith("/tenant")
    )  # fmt: skip


@pytest.mark.parametrize("workers", [1, 4, 64])
async def test_stopping_and_going_on(anyio_backend: str, tmp_path: Path, workers: int) -> None:
    """A stopped run ends its calls in flight and skips the rest; the same call does the rest."""
    async with crowd(200) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)

        def stop(progress: Progress) -> None:
            if progress.rows == 20:
                run.stop()
                run.stop()

        run = session.bulk.start(Assign(), path, workers=workers, on_progress=stop)
        report = await run.wait()
        assert report is run.report
        assert (report.interrupted, report.stopped, report.rows) == (True, None, 200)
        assert 20 <= report.applied <= 20 + workers
        assert report.skipped == 200 - report.applied
        assert set(states(Path(f"{path}.ledger")).values()) == {State.DONE, State.PENDING}
        again = await session.bulk.assign(path, workers=workers)
        assert outcomes(again) == {"added": 200}
        assert not again.interrupted
        assert added(server) == dict.fromkeys(ids, 1)


async def test_stopped_before_it_begins(anyio_backend: str, tmp_path: Path) -> None:
    """A run that is stopped before it is awaited sends nothing, and can be gone on with."""
    async with crowd(10) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        run = session.bulk.start(Assign(), path)
        run.stop()
        report = await run.wait()
        assert (report.interrupted, outcomes(report)) == (True, {"skipped": 10})
        assert writes(server) == 0
        assert outcomes(await session.bulk.assign(path)) == {"added": 10}


async def test_stopping_while_the_source_is_silent(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A run that waits for the next row of its source can be stopped, and closes the source."""
    ended: list[bool] = []
    reached = asyncio.Event()

    async def rows() -> AsyncIterator[Assignment]:
        try:
            yield to("user-0")
            reached.set()
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    run = frontegg.bulk.start(Assign(), rows())
    waiting = asyncio.create_task(run.wait())
    await reached.wait()
    run.stop()
    with anyio.fail_after(2):
        report = await waiting
    assert report.interrupted
    assert ended == [True]


async def test_failures_of_a_stopped_run(anyio_backend: str, tmp_path: Path) -> None:
    """Skipped rows are in the failures only if the run had no lasting ledger."""
    async with crowd(10) as (_, session, ids):
        for ledger in (tmp_path / "ledger", False):
            target = tmp_path / f"failures-{bool(ledger)}.csv"
            run = session.bulk.start(
                Assign(), [to(user) for user in ids], ledger=ledger, failures=target
            )
            run.stop()
            await run.wait()
            assert target.read_text().count("skipped") == (0 if ledger else 10)


@pytest.mark.parametrize("workers", [1, 8])
async def test_cancelling(anyio_backend: str, tmp_path: Path, workers: int) -> None:
    """A cancelled run has its outcomes on file, and the same call does the rest."""
    async with crowd(50) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        stalled = server.inject(Stall(after_commit=True), on=ADD, times=None, every=20)
        task = asyncio.create_task(session.bulk.assign(path, workers=workers))
        await stalled.wait()
        await turn()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not bulk_tasks()
        found = Counter(states(Path(f"{path}.ledger")).values())
        assert found[State.DONE] >= 19
        assert 1 <= found[State.IN_FLIGHT] <= workers
        in_flight = found[State.IN_FLIGHT]
        server.clear_faults()
        report = await session.bulk.assign(path)
        assert report.done
        twice = [user_id for user_id, count in added(server).items() if count > 1]
        assert len(twice) <= in_flight
        assert server.memberships() == {(user_id, "t") for user_id in ids}


@pytest.mark.parametrize("invite", [False, True])
async def test_what_is_in_doubt_of_a_killed_run(
    anyio_backend: str, tmp_path: Path, invite: bool
) -> None:
    """Intents are on file by group, with invites by row; cancelling takes the unsent ones back."""
    async with crowd(600) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        stalled = server.inject(Stall(), on=ADD, times=None)
        task = asyncio.create_task(session.bulk.assign(path, workers=4, invite=invite))
        await stalled.wait(4)
        found = states(Path(f"{path}.ledger"))
        in_doubt = [line for line, state in found.items() if state is State.IN_FLIGHT]
        if invite:
            assert in_doubt == [2, 3, 4, 5]
        else:
            assert in_doubt == list(range(2, 2 + 4 * GROUP_ROWS))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = states(Path(f"{path}.ledger"))
        assert [line for line, state in found.items() if state is State.IN_FLIGHT] == [2, 3, 4, 5]


async def test_cancelling_while_rows_wait_for_their_turn(
    anyio_backend: str, tmp_path: Path
) -> None:
    """Cancelled while its workers wait for the pacing, a run leaves none of their rows in doubt."""
    async with crowd(30) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        waiting = asyncio.Event()

        async def wait(seconds: float, /) -> None:
            waiting.set()
            await asyncio.Event().wait()

        session.clock.sleep = wait  # type: ignore[method-assign]
        rate = FixedRate(1, 1_000.0)
        task = asyncio.create_task(session.bulk.assign(path, plan="never", workers=4, rate=rate))
        await waiting.wait()
        await until(lambda: added(server))
        await turn(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert Counter(states(Path(f"{path}.ledger")).values()) == {
            State.PENDING: 29,
            State.DONE: 1,
        }


async def test_what_a_limit_never_let_through_is_not_in_doubt(
    anyio_backend: str, tmp_path: Path
) -> None:
    """A run that gives up because every call is refused for its rate leaves its rows pending."""
    async with crowd(30) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        server.inject(AnswerStatus(429), on=ADD, times=None)
        report = await session.bulk.assign(path, plan="never", workers=4)
        assert isinstance(report.stopped, RateLimitError)
        assert outcomes(report) == {"skipped": 30}
        assert set(states(Path(f"{path}.ledger")).values()) == {State.PENDING}


async def test_cancelling_while_a_group_is_noted(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is cancelled while it writes intents takes them back: no row was sent."""
    async with crowd(30) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        writing, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        write = Ledger.write

        def slow(ledger: Ledger, *noted: Any) -> None:
            loop.call_soon_threadsafe(writing.set)
            go_on.wait()
            write(ledger, *noted)

        monkeypatch.setattr(Ledger, "write", slow)
        task = asyncio.create_task(session.bulk.assign(path))
        await writing.wait()
        task.cancel()
        await turn(5)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert writes(server) == 0
        assert set(states(Path(f"{path}.ledger")).values()) == {State.PENDING}


async def test_cancelling_while_the_ledger_is_opened(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled at its very beginning, a run gives the ledger back: the same call can be made."""
    async with crowd(3) as (_, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        entered, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        begin = Ledger.begin

        def slow(place: Path, header: Header, form: RowForm) -> Ledger:
            opened = begin(place, header, form)
            loop.call_soon_threadsafe(entered.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
            return opened

        monkeypatch.setattr(Ledger, "begin", slow)
        task = asyncio.create_task(session.bulk.assign(path))
        await entered.wait()
        task.cancel()
        await turn(5)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turn()
        monkeypatch.undo()
        assert outcomes(await session.bulk.assign(path)) == {"added": 3}


async def test_iterating(anyio_backend: str) -> None:
    """The iterator gives each row that is different once, as it ends, and the report follows."""
    async with crowd(30, ["t"]) as (_, session, ids):
        rows: list[Any] = [
            *(to(user_id, "t2") for user_id in ids[:20]),
            *(to(user_id) for user_id in ids[20:]),
            to(ids[0], "t2"),
            to("nobody"),
            "no row",
        ]
        run = session.bulk.start(Assign(), rows)
        with pytest.raises(RuntimeError, match="not ended"):
            _ = run.report
        results = [result async for result in run]
        assert sorted(result.line for result in results) == [*range(1, 31), 32, 33]
        assert Counter(result.outcome for result in results) == {
            Outcome.APPLIED: 20,
            Outcome.UNCHANGED: 10,
            Outcome.FAILED: 1,
            Outcome.INVALID: 1,
        }
        by_line = {result.line: result for result in results}
        assert (by_line[1].row, by_line[1].status) == (rows[0], 201)
        assert by_line[33].row is None
        assert (run.report.rows, run.report.applied) == (33, 21)
        assert await run.wait() is run.report
        with pytest.raises(RuntimeError, match="once"):
            _ = [result async for result in run]


async def test_a_reader_that_takes_its_time(anyio_backend: str) -> None:
    """Results that are not taken hold the run back."""
    async with crowd(100) as (server, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], workers=3, plan="never")
        results = aiter(run)
        await anext(results)
        for _ in range(20):
            await asyncio.to_thread(int)
            await turn()
        assert server.count(ADD) <= 1 + 3 + 3 + 1
        assert len([result async for result in results]) == 99


async def test_breaking_out(anyio_backend: str, tmp_path: Path) -> None:
    """Left in the middle, an iteration ends the run, which can be gone on with."""
    async with crowd(60) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        seen: list[RowResult] = []
        async for result in session.bulk.start(Assign(), path, workers=4):
            seen.append(result)
            if len(seen) == 5:
                break
        await until(lambda: not bulk_tasks())
        report = await session.bulk.assign(path)
        assert report.done
        assert report.rows == 60
        assert sum(added(server).values()) <= 60 + 4
        results = aiter(session.bulk.start(Assign(), path, ledger=tmp_path / "other"))
        await anext(results)
        await cast("AsyncGenerator[RowResult]", results).aclose()
        assert not bulk_tasks()


async def test_loading_that_was_interrupted(anyio_backend: str, tmp_path: Path) -> None:
    """If a run dies while the rows are entered they are entered anew, and none is done twice."""
    async with crowd(5) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        run = session.bulk.start(Assign(), path)
        run.stop()
        await run.wait()
        looked = Ledger.read(Path(f"{path}.ledger"))
        header = looked.header()
        looked.close()
        assert header is not None
        half = tmp_path / "half"
        ledger = Ledger.begin(half, header, Assign().form)
        ledger.add([(2, to(ids[0], "t")), (3, to(ids[1], "t"))])
        ledger.close()
        report = await session.bulk.assign(path, ledger=half)
        assert outcomes(report) == {"added": 5}
        assert added(server) == dict.fromkeys(ids, 1)
        assert [row.line for row in exported(half)] == [2, 3, 4, 5, 6]


async def test_credentials_that_die(anyio_backend: str, tmp_path: Path) -> None:
    """Withdrawn credentials skip the rest of the rows, which the same call later does."""
    async with crowd(60) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)

        def withdraw(progress: Progress) -> None:
            if progress.rows == 10:
                server.revoke_tokens()
                body = b'{"errors": ["Invalid authentication"]}'
                server.inject(AnswerStatus(401, body, "application/json"), on=AUTH, times=None)

        report = await session.bulk.assign(path, workers=4, on_progress=withdraw)
        assert isinstance(report.stopped, AuthenticationError)
        assert not report.interrupted
        assert report.skipped >= 60 - 10 - 8
        assert report.rows == 60
        server.clear_faults()
        async with FronteggSession(
            client_id=server.client_id,
            api_key=server.api_key,
            base_url=server.url,
            clock=session.clock,
        ) as later:
            report = await later.bulk.assign(path)
            assert report.applied + report.failed == 60
            assert report.failed <= 4
            assert (await later.bulk.retry(f"{path}.ledger").wait()).done
        assert max(added(server).values()) <= 2


async def test_an_observer_that_breaks(anyio_backend: str, tmp_path: Path) -> None:
    """An exception of the caller's own ends the run, as it is, and the run can be gone on with."""
    error = ZeroDivisionError("mine")

    def note(progress: Progress) -> None:
        if progress.rows == 7:
            raise error

    async with crowd(30) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        with pytest.raises(ZeroDivisionError) as caught:
            await session.bulk.assign(path, on_progress=note, workers=4)
        assert caught.value is error
        assert not bulk_tasks()
        assert (await session.bulk.assign(path)).done
        assert sum(added(server).values()) <= 30 + 4


async def test_two_runs_in_one_session(anyio_backend: str, tmp_path: Path) -> None:
    """Runs side by side do their own rows, and report their own requests."""
    async with crowd(80) as (server, session, ids):
        one = csv_of(tmp_path / "one.csv", ids[:50])
        two = csv_of(tmp_path / "two.csv", ids[30:], "t2")
        first, second = await asyncio.gather(
            session.bulk.assign(one, plan="never"), session.bulk.assign(two, plan="never")
        )
        assert (outcomes(first), outcomes(second)) == ({"added": 50}, {"added": 50})
        assert first.requests == second.requests == 50
        assert writes(server) == 100


@pytest.mark.parametrize("workers", [1, 4])
async def test_an_outage(anyio_backend: str, tmp_path: Path, workers: int) -> None:
    """A server that fails every request stops the run after some twenty rows."""
    async with crowd(100) as (server, session, ids):
        path = csv_of(tmp_path / "rows.csv", ids)
        server.inject(AnswerStatus(500), on=ADD, times=None)
        report = await session.bulk.assign(path, workers=workers, plan="never")
        assert report.stopped is not None
        assert report.unknown <= 20 + workers
        assert report.skipped == 100 - report.unknown
        server.clear_faults()
        report = await session.bulk.assign(path)
        assert report.applied + report.unknown == 100
        assert (await session.bulk.retry(f"{path}.ledger").wait()).done


async def test_totals_that_find_no_room(
    emulator: Emulator, frontegg: FronteggSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is too full for the totals of a run does not cost its report."""

    def full(self: Ledger, **totals: object) -> None:
        raise LedgerDiskFullError("no space for the totals")

    monkeypatch.setattr(Ledger, "add_run", full)
    report = await frontegg.bulk.assign([to(user_id) for user_id in ("user-0", "user-1")])
    assert outcomes(report) == {"added": 2}


async def test_what_a_cancelled_run_leaves(anyio_backend: str, tmp_path: Path) -> None:
    """A cancelled run over a list leaves a ledger that is named, and has the sent rows."""
    async with crowd(20) as (server, session, ids):
        rows = [to(user_id) for user_id in ids]
        run = session.bulk.start(Assign(), rows, workers=2)
        with pytest.raises(RuntimeError, match="not ended yet"):
            _ = run.report
        server.inject(Stall(), on=ADD, times=None, every=8)
        task = asyncio.create_task(run.wait())
        await until(lambda: server.count(ADD) >= 8)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        path = run.left_ledger
        assert path is not None
        assert str(path) in caught.value.__notes__[0]
        with pytest.raises(RuntimeError, match=r"was cancelled .*ledger"):
            _ = run.report
        server.clear_faults()
        assert outcomes(await session.bulk.assign(rows, ledger=path)) == {"added": 20}
        assert server.count(ADD) < 20 + 4
        shutil.rmtree(path.parent)


async def test_a_cancelled_run_that_was_to_leave_nothing(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a ledger by choice, or before a row was sent, no file is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with crowd(2) as (server, session, ids):
        rows = [to(user_id) for user_id in ids]
        for fault, on, ledger in ((Stall(), ADD, False), (Stall(), STATUSES, True)):
            stalled = server.inject(fault, on=on, times=None)
            task = asyncio.create_task(session.bulk.assign(rows, ledger=ledger))
            await stalled.wait(1)
            task.cancel()
            await asyncio.wait((task,))
            server.clear_faults()
            assert files_in(tmp_path) == []
