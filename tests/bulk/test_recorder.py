"""The recorder: few commits for many rows, and nothing sent that could not be recorded."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import anyio
import pytest

from frontegg_async import LedgerDiskFullError, LedgerError
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, State
from frontegg_async.bulk.ledger.writer import COMMIT_ROWS, LedgerWriter

from ..support.bulk import FORM, HEADER, bulk_tasks, noted, states
from ..support.clocks import turn

pytestmark = pytest.mark.anyio


class Watched(Ledger):
    """A ledger that counts its commits, and fails on demand."""

    commits = 0
    problem: Exception | None = None
    on_commit: Callable[[], object] | None = None

    def write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        """Write, or fail."""
        self.commits += 1
        if self.problem is not None:
            raise self.problem
        super().write(taken_back, entries, intents)
        if self.on_commit is not None:
            self.on_commit()


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Watched]:
    """Give a ledger of a thousand rows."""
    opened = Watched.begin(tmp_path / "ledger", HEADER, FORM)
    assert isinstance(opened, Watched)
    opened.add([noted(line, f"u{line}", None, "t") for line in range(1, 1_001)])
    yield opened
    opened.close()


async def test_group_commit(ledger: Watched) -> None:
    """A thousand intents and outcomes at a time take a few commits, and all are on file."""
    recorder = LedgerWriter(ledger)

    async def row(line: int) -> None:
        await recorder.intend(line, line)
        recorder.record(Entry(line, State.DONE, 201, 1))

    async with anyio.create_task_group() as group:
        for line in range(1, 1_001):
            group.start_soon(row, line)
    await recorder.flush()
    assert ledger.commits <= 10
    assert ledger.counts() == {State.DONE: 1_000}
    await recorder.close()
    assert not bulk_tasks()


async def test_an_intent_is_on_file_before_it_returns(ledger: Watched, tmp_path: Path) -> None:
    """``intend`` returns when the intent is on file, where others can read it."""
    recorder = LedgerWriter(ledger)
    for line in (5, 7):
        await recorder.intend(line, line)
        assert states(tmp_path / "ledger")[line] is State.IN_FLIGHT
    recorder.take_back(5)
    await recorder.flush()
    assert states(tmp_path / "ledger")[5] is State.PENDING
    await recorder.close()


@pytest.mark.parametrize("outcomes", [1, COMMIT_ROWS - 1, COMMIT_ROWS])
async def test_outcomes_are_put_on_file_unasked(ledger: Watched, outcomes: int) -> None:
    """Outcomes are soon on file, with one commit, also if nothing else is written."""
    recorder = LedgerWriter(ledger)
    written = asyncio.Event()
    loop = asyncio.get_running_loop()
    ledger.on_commit = lambda: loop.call_soon_threadsafe(written.set)
    for line in range(1, outcomes + 1):
        recorder.record(Entry(line, State.DONE, 201, 1))
    with anyio.fail_after(5):
        await written.wait()
    assert ledger.counts()[State.DONE] == outcomes
    assert ledger.commits == 1
    await recorder.close()


async def test_an_intent_takes_outcomes_along(ledger: Watched) -> None:
    """An intent is written without a timer, and earlier outcomes with it."""
    recorder = LedgerWriter(ledger)
    recorder.record(Entry(1, State.DONE, 201, 1))
    await recorder.intend(2, 4)
    assert ledger.counts() == {State.PENDING: 996, State.DONE: 1, State.IN_FLIGHT: 3}
    assert ledger.commits == 1
    await recorder.close()
    assert ledger.commits == 1


async def test_a_commit_that_fails(ledger: Watched) -> None:
    """Intents are refused while nothing can be written, outcomes are kept, and written later."""
    recorder = LedgerWriter(ledger)
    await recorder.intend(1, 1)
    ledger.problem = LedgerDiskFullError("no space")
    recorder.record(Entry(1, State.DONE, 201, 1))
    refused = await asyncio.gather(
        *(recorder.intend(line, line) for line in (2, 3)), return_exceptions=True
    )
    assert [type(error) for error in refused] == [LedgerDiskFullError] * 2
    with pytest.raises(LedgerDiskFullError):
        await recorder.intend(4, 4)
    with pytest.raises(LedgerDiskFullError):
        await recorder.flush()
    assert ledger.counts() == {State.PENDING: 999, State.IN_FLIGHT: 1}
    ledger.problem = None
    await recorder.flush()
    assert ledger.counts() == {State.PENDING: 999, State.DONE: 1}
    await recorder.intend(2, 2)
    assert ledger.counts() == {State.PENDING: 998, State.DONE: 1, State.IN_FLIGHT: 1}
    await recorder.close()


@pytest.mark.parametrize("problem", [sqlite3.OperationalError("disk I/O error"), OSError("gone")])
async def test_a_commit_that_fails_otherwise(ledger: Watched, problem: Exception) -> None:
    """A failed commit ends the waits for it, whichever the exception's type."""
    recorder = LedgerWriter(ledger)
    ledger.problem = problem
    try:
        with anyio.fail_after(2), pytest.raises((LedgerError, type(problem))):
            await recorder.intend(1, 1)
    finally:
        ledger.problem = None
        await recorder.close()


async def test_a_waiter_that_is_cancelled(ledger: Watched) -> None:
    """A cancelled waiter does not disturb another one of the same commit."""
    recorder = LedgerWriter(ledger)
    impatient = asyncio.create_task(recorder.intend(1, 1))
    patient = asyncio.create_task(recorder.intend(2, 2))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient
    await turn(5)
    assert ledger.counts()[State.IN_FLIGHT] >= 1
    await recorder.close()


async def test_an_intent_that_nobody_waits_for(ledger: Watched) -> None:
    """An intent whose waiter was cancelled before its commit is not put on file."""
    recorder = LedgerWriter(ledger)
    impatient = asyncio.create_task(recorder.intend(1, 4))
    patient = asyncio.create_task(recorder.intend(7, 7))
    await asyncio.sleep(0)
    impatient.cancel()
    recorder.take_back(2)
    await patient
    assert ledger.counts() == {State.PENDING: 999, State.IN_FLIGHT: 1}
    await recorder.close()


async def test_closing_writes_what_is_left(ledger: Watched, tmp_path: Path) -> None:
    """Closing puts the last outcomes on file, and ends the thread."""
    recorder = LedgerWriter(ledger)
    for line in range(1, 101):
        recorder.record(Entry(line, State.FAILED, 404, 1, None, "no"))
    await recorder.close()
    assert list(states(tmp_path / "ledger").values()).count(State.FAILED) == 100
    with pytest.raises(RuntimeError):
        await recorder.run(ledger.counts)
