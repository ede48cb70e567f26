"""A run's waits for limits: their names, the time left, and the note for other processes."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from frontegg_async import FixedRate, FronteggSession
from frontegg_async.bulk import Assign, BulkRun
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.wait_note import NotedWait, WaitNote, read_wait, write_wait
from frontegg_async.bulk.ledger.writer import LedgerWriter
from frontegg_async.emulator import Announce, Emulator, RateLimit
from frontegg_async.errors import LedgerDiskFullError
from frontegg_async.pacing import Wait

from ..support.bulk import FORM, HEADER, bulk_tasks, crowd, csv_of, outcomes, people, to, until
from ..support.routes import ADD
from ..support.sessions import API_KEY

anyio = pytest.mark.anyio

USED_UP = RateLimit(100, 60, on=ADD, used=100, elapsed=19)
"""For 41 seconds no add is let through."""


class ManualClock:
    """Time that a test moves: sleepers wake when it has come to where they want to be.

    Attributes:
        busy: whether calls are on the wire, or something is being written to a ledger.
    """

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.busy: Callable[[], bool] = bool
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def time(self) -> float:
        """Return the time, which counts from the epoch."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Wait until the test has moved the time."""
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, wake each sleeper at its time, and let it finish its work."""
        end = self.now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            if not future.done():
                future.set_result(None)
                await self.settle()
        self.now = end
        await self.settle()

    async def settle(self) -> None:
        """Let calls in flight return, and let their tasks run until they wait."""
        quiet = 0
        while quiet < 5:
            quiet = 0 if self.busy() else quiet + 1
            await asyncio.to_thread(int)
            for _ in range(4):
                await asyncio.sleep(0)


@asynccontextmanager
async def manual(
    count: int, **options: Any
) -> AsyncGenerator[tuple[ManualClock, FronteggSession, list[str]]]:
    """Give a clock that is moved by hand, a session on a server of the same clock, and users."""
    clock = ManualClock()
    writing = 0
    run = LedgerWriter.run

    async def counted(recorder: LedgerWriter, *args: Any, **kwargs: Any) -> Any:
        nonlocal writing
        writing += 1
        try:
            return await run(recorder, *args, **kwargs)
        finally:
            writing -= 1

    def busy() -> bool:
        assert session._sender is not None
        return writing > 0 or session._sender.core.connections.free < 64

    async with (
        Emulator(
            api_key=API_KEY, clock=clock.monotonic, wall_clock=clock.time, **options
        ) as server,
        FronteggSession(
            client_id=server.client_id, api_key=API_KEY, base_url=server.url, clock=clock
        ) as session,
    ):
        clock.busy = busy
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LedgerWriter, "run", counted)
            yield clock, session, people(server, count)


@asynccontextmanager
async def going(run: BulkRun) -> AsyncGenerator[asyncio.Task[Any]]:
    """Let a run go on, and end it with the block."""
    task = asyncio.create_task(run.wait())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait((task,))
        assert not bulk_tasks()


def noted(path: Path) -> NotedWait | None:
    """Return the note of a wait that a reader finds in a ledger."""
    if not path.exists():
        return None
    with closing(Ledger.read(path)) as ledger:
        return read_wait(ledger)


class Seen(NamedTuple):
    """The progress of a run at a moment."""

    at: float
    rows: int
    left: float | None
    waits: bool


async def watched(limit: RateLimit, count: int, **options: Any) -> tuple[list[Seen], float]:
    """Look at a run every second until it ends; return its progress and its seconds."""
    async with manual(count, rate_limits=[limit]) as (clock, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never", **options)
        seen: list[Seen] = []
        async with going(run) as task:
            await until(lambda: run.progress.rows or run.progress.wait)
            started = clock.now
            while not task.done():
                progress = run.progress
                waits = progress.wait is not None
                seen.append(Seen(clock.now - started, progress.rows, progress.left_s, waits))
                await clock.advance(1.0)
            assert outcomes(task.result()) == {"added": count}
        return seen, clock.now - started


# The wait


@anyio
async def test_the_wait_is_named_while_no_row_ends(anyio_backend: str) -> None:
    """While a limit is used up, the progress and the session name it, and count the seconds down.

    The time is read at the moment of asking: nothing happens in between.
    """
    async with manual(100, rate_limits=[USED_UP]) as (clock, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never")
        assert run.progress.wait is None
        async with going(run):
            await until(lambda: run.progress.wait)
            assert str(run.progress.wait) == (
                "limit of users.add_to_tenant used up, next calls in 41 s"
            )
            assert session.pacing.waits()[0] == run.progress.wait
            clock.now += 10
            assert str(run.progress.wait) == (
                "limit of users.add_to_tenant used up, next calls in 31 s"
            )
            assert run.progress.rows == 0


@anyio
async def test_the_time_waited_grows_while_no_row_ends(anyio_backend: str) -> None:
    """``waited_s`` counts a wait that goes on, without the session's waits before the run."""
    async with manual(1, rate_limits=[USED_UP]) as (clock, session, ids):
        call = asyncio.create_task(session.for_bulk().users.add_to_tenant(ids[0], "t"))
        await until(session.pacing.waits)
        clock.now += 5
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never")
        async with going(run):
            await until(lambda: session.pacing.waits()[0].waiting == 2)
            await clock.advance(0.5)
            before = run.progress.waited_s
            clock.now += 10
            assert run.progress.waited_s == pytest.approx(before + 10)
            assert before < 5
        call.cancel()


@anyio
async def test_no_wait_is_named_where_none_is(anyio_backend: str) -> None:
    """A run that is held back by a rate of its own waits for no limit, and reports none."""
    async with crowd(60) as (_, session, ids):
        run = session.bulk.start(
            Assign(), [to(user) for user in ids], plan="never", rate=FixedRate(20, 1.0)
        )
        report = await run.wait()
        assert outcomes(report) == {"added": 60}
        assert report.statistics.paced_s > 1
        assert (report.statistics.waits, report.statistics.waited_s) == ((), 0.0)
        assert run.progress.wait is None


@anyio
async def test_the_report_names_what_was_waited_for(anyio_backend: str) -> None:
    """The statistics name the operation whose limit it was, with the seconds of this run alone."""
    limit = RateLimit(20, 10, on=ADD)
    async with crowd(140, rate_limits=[limit]) as (_, session, ids):
        first = await session.bulk.assign([to(user) for user in ids[:80]], plan="never")
        (wait,) = first.statistics.waits
        assert wait.operation == "users.add_to_tenant"
        assert 0 < wait.seconds <= first.elapsed_s
        assert wait.seconds == pytest.approx(first.statistics.waited_s)
        second = await session.bulk.assign([to(user) for user in ids[80:]], plan="never")
        assert second.statistics.waits[0].seconds <= second.elapsed_s


@anyio
async def test_a_run_that_is_over(anyio_backend: str) -> None:
    """A run that has ended has no wait and no time left, although its session waits."""
    limit = RateLimit(20, 60, on=ADD)
    async with manual(21, rate_limits=[limit]) as (clock, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids[:20]], plan="never")
        async with going(run) as task:
            while not task.done():
                await clock.advance(0.1)
        report = run.report
        assert outcomes(report) == {"added": 20}
        call = asyncio.create_task(session.for_bulk().users.add_to_tenant(ids[20], "t"))
        while not session.pacing.waits():
            await clock.advance(0.1)
        clock.now += 20
        assert (run.progress.wait, run.progress.left_s) == (None, 0.0)
        assert run.progress.waited_s == report.statistics.waited_s
        call.cancel()


# The time left


@pytest.mark.parametrize(
    "limit",
    [
        RateLimit(100, 20, on=ADD),
        RateLimit(100, 20, on=ADD, announce=Announce.X_RATE_LIMIT),
        RateLimit(100, 20, on=ADD, announce=Announce.NOTHING),
        RateLimit(50, 20, on=ADD, used=20, elapsed=8),
    ],
    ids=["stated", "remaining", "silent", "used"],
)
@anyio
async def test_the_time_left_falls_while_calls_wait(anyio_backend: str, limit: RateLimit) -> None:
    """Second by second, while a limit is used up the time left falls, and never climbs.

    Only once does it become known: not before there is something to tell it from. Where the server
    states nothing, a reset may come later than expected, and the rest stays until then.
    """
    seen, took = await watched(limit, 7 * limit.limit // 2)
    waiting = [(a, b) for a, b in pairwise(seen) if a.waits and b.waits and a.left is not None]
    assert len(waiting) > limit.window / 2
    for before, after in waiting:
        assert before.left is not None
        assert after.left is not None
        overdue = limit.announce is Announce.NOTHING and after.left == before.left < 1.0
        assert after.left < before.left or overdue
    # It tells the truth: within half a window from the time on at which the limit has been seen.
    for each in seen:
        if each.at > 2.2 * limit.window and each.left is not None and not each.waits:
            assert abs(each.at + each.left - took) < limit.window / 2


@anyio
async def test_the_time_left_counts_the_gate_in(anyio_backend: str) -> None:
    """At the first wait of all, it is the wait and the rows at the rate of the window so far."""
    async with manual(300, rate_limits=[RateLimit(100, 20, on=ADD)]) as (clock, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never")
        async with going(run):
            while run.progress.rows < 100:
                await clock.advance(0.25)
            wait, left = run.progress.wait, run.progress.left_s
            assert wait is not None
            assert left == pytest.approx(wait.seconds + 200 / (100 / 20), rel=0.05)


@anyio
async def test_a_gate_that_closes_without_a_refusal(anyio_backend: str) -> None:
    """A gate that a success closes is in the time left, from any thread.

    Only the reader of the progress finds it: no row ends, and no call is refused.
    """
    limit = RateLimit(100, 20, on=ADD, announce=Announce.X_RATE_LIMIT)
    async with manual(300, rate_limits=[limit]) as (clock, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never", workers=2)
        async with going(run):
            while run.progress.wait is None:
                await clock.advance(0.1)
            assert (run.progress.rows, run.progress.throttled) == (100, 0)
            await asyncio.to_thread(getattr, run.progress, "left_s")
            await clock.settle()
            told = await asyncio.to_thread(getattr, run.progress, "left_s")
            wait = run.progress.wait
            assert wait is not None
            assert told == pytest.approx(wait.seconds + 200 / (100 / 20), rel=0.05)


@anyio
async def test_a_share_of_a_limit_takes_longer(anyio_backend: str) -> None:
    """A run that may use half of a limit is told to take twice the time, from the start."""
    limit = RateLimit(100, 20, on=ADD)
    seen, took = await watched(limit, 250, max_share=0.5)
    told = [each.at + each.left for each in seen if each.left and each.at > 2.2 * limit.window]
    assert told
    assert all(abs(end - took) < 5 for end in told)


# The note for other processes


@anyio
async def test_the_ledger_tells_of_a_wait(anyio_backend: str, tmp_path: Path) -> None:
    """Another process finds the operation and the end of a long wait, and nothing once it is over.

    It is written twice, however many calls are refused meanwhile.
    """
    written: list[NotedWait | None] = []

    def write(ledger: Ledger, wait: NotedWait | None) -> None:
        written.append(wait)
        write_wait(ledger, wait)

    path = tmp_path / "ledger"
    async with manual(100, rate_limits=[USED_UP]) as (clock, session, ids):
        run = session.bulk.start(
            Assign(), csv_of(tmp_path / "rows.csv", ids), plan="never", ledger=path
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("frontegg_async.bulk.run.write_wait", write)
            async with going(run) as task:
                await until(lambda: run.progress.wait)
                await until(lambda: noted(path))
                found = noted(path)
                assert found is not None
                assert found.operation == "users.add_to_tenant"
                assert found.until == pytest.approx(clock.now + 41, abs=1)
                while not run.progress.rows:
                    assert noted(path) == found
                    await clock.advance(1.0)
                await until(lambda: noted(path) is None)
                while not task.done():
                    await clock.advance(1.0)
                assert outcomes(task.result()) == {"added": 100}
    assert written == [found, None]


@anyio
async def test_a_note_is_written_again_if_its_end_moves(anyio_backend: str) -> None:
    """An end that was rounded differently is the same; one that is later by seconds is news."""
    clock = ManualClock()
    written: list[float | None] = []

    async def write(noted: NotedWait | None) -> None:
        written.append(None if noted is None else noted.until - clock.now)

    note = WaitNote(clock)
    note.writer = write
    for seconds in (41.0, 41.4, 40.2, 60.0, 59.5):
        note.hear(Wait("users.add_to_tenant", seconds, 64))
        await asyncio.sleep(0)
    await note.close()
    note.hear(Wait("users.add_to_tenant", 41.0, 64))
    assert written == pytest.approx([41.0, 60.0, None])
    assert not bulk_tasks()


@anyio
async def test_a_run_that_is_cancelled_waits_no_more(anyio_backend: str, tmp_path: Path) -> None:
    """A run that ends in the middle of a wait takes its note back, and leaves no task."""
    path = tmp_path / "ledger"
    async with manual(100, rate_limits=[USED_UP]) as (_, session, ids):
        run = session.bulk.start(Assign(), [to(user) for user in ids], plan="never", ledger=path)
        async with going(run):
            await until(lambda: run.progress.wait)
            await until(lambda: noted(path))
        assert noted(path) is None


@anyio
async def test_the_note_of_a_run_that_was_killed(anyio_backend: str, tmp_path: Path) -> None:
    """The next run on a ledger removes the note of a killed run's wait."""
    path = tmp_path / "ledger"
    async with crowd(2) as (_, session, ids):
        rows = [to(user) for user in ids]
        await session.bulk.assign(rows, ledger=path)
        with closing(Ledger.reopened(path, FORM)) as ledger:
            write_wait(ledger, NotedWait("users.add_to_tenant", 4e9))
        assert noted(path)
        await session.bulk.assign(rows, ledger=path)
        assert noted(path) is None


@anyio
async def test_short_waits_are_not_noted(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose waits are short writes nothing about them: a note costs a commit."""

    def write(_ledger: Ledger, _wait: NotedWait | None) -> None:
        raise AssertionError

    monkeypatch.setattr("frontegg_async.bulk.run.write_wait", write)
    async with crowd(200, rate_limits=[RateLimit(20, 1.0, on=ADD)]) as (_, session, ids):
        rows = csv_of(tmp_path / "rows.csv", ids)
        report = await session.bulk.assign(rows, plan="never")
        assert outcomes(report) == {"added": 200}
        assert report.throttled


@anyio
async def test_a_note_that_cannot_be_written(
    anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If there is no room for the note, the run goes on without it."""

    def write(_ledger: Ledger, _wait: NotedWait | None) -> None:
        raise LedgerDiskFullError("no room")

    monkeypatch.setattr("frontegg_async.bulk.run.write_wait", write)
    async with crowd(40, rate_limits=[RateLimit(20, 60.0, on=ADD)]) as (_, session, ids):
        rows = csv_of(tmp_path / "rows.csv", ids)
        report = await session.bulk.assign(rows, plan="never")
        assert outcomes(report) == {"added": 40}
        assert report.stopped is None


def test_a_note_that_cannot_be_read(tmp_path: Path) -> None:
    """A note of another shape, such as a later version may write, counts as none."""
    with closing(Ledger.begin(tmp_path / "ledger", HEADER, FORM)) as ledger:
        assert read_wait(ledger) is None
        for text in ('{"operation": 1}', "[1]", "nonsense", "null"):
            ledger.keep("wait", text)
            assert read_wait(ledger) is None
