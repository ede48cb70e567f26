"""The queue of rows that are handed out: order, turns and thresholds, without a server."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from frontegg_async.bulk.ledger.records import LedgerRow
from frontegg_async.bulk.row_queue import ENOUGH_ROWS, GROUP_ROWS, RowQueue

from ..support.bulk import Noted

anyio_tests = pytest.mark.anyio
USERS: Final = "abcd"


def row_of(line: int, user: str) -> LedgerRow[Noted]:
    """Return a row of a user, who is named by address if the letter is a capital."""
    by_id = user.islower()
    who = user if by_id else None
    email = None if by_id else f"{user}@example.test"
    return LedgerRow(line, Noted(user_id=who, email=email), "{}", in_doubt=False)


def rows_of(users: str) -> list[LedgerRow[Noted]]:
    """Return a row for each letter, in this order."""
    return [row_of(line, user) for line, user in enumerate(users, 1)]


def taken_from(queue: RowQueue) -> list[LedgerRow[Noted]]:
    """Take rows until there is none whose turn it is."""
    rows: list[LedgerRow[Noted]] = []
    while (row := queue.take()) is not None:
        rows.append(row)
    return rows


class QueueMachine(RuleBasedStateMachine):
    """The queue against a list for each user, whatever is put, taken, done and taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = RowQueue(1)
        self.line = 0
        self.waiting: dict[str, list[LedgerRow[Noted]]] = defaultdict(list)
        self.working: dict[str, LedgerRow[Noted]] = {}
        self.stopped = False

    @rule(users=st.text(USERS, max_size=6))
    def put(self, users: str) -> None:
        """Hand out a group of rows."""
        rows = [row_of(self.line + place, user) for place, user in enumerate(users)]
        self.line += len(rows)
        self.queue.put(rows)
        for row in rows:
            self.waiting[row.user_key].append(row)

    @rule()
    def take(self) -> None:
        """A worker gets the first row of a user without one at a worker, if there is any."""
        free = [user for user, rows in self.waiting.items() if rows and user not in self.working]
        row = self.queue.take()
        if self.stopped or not free:
            assert row is None
            return
        assert row is not None
        assert row.user_key in free
        assert row is self.waiting[row.user_key].pop(0)
        self.working[row.user_key] = row

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        """A worker is done with any of the rows that were taken."""
        user = data.draw(st.sampled_from(sorted(self.working)))
        self.queue.done(self.working.pop(user))

    @rule()
    def take_back(self) -> None:
        """All rows that no worker has taken come back, once each."""
        back = self.queue.take_back()
        left = [row for rows in self.waiting.values() for row in rows]
        assert sorted(row.line for row in back) == sorted(row.line for row in left)
        self.waiting.clear()

    @rule()
    def stop(self) -> None:
        """No worker gets a row any more."""
        self.queue.stop()
        self.stopped = True

    @invariant()
    def counted(self) -> None:
        """Every row that is not done is counted, and its user known."""
        left = sum(map(len, self.waiting.values()))
        assert len(self.queue) == left + len(self.working)
        users = {user for user, rows in self.waiting.items() if rows}
        assert set(self.queue.users) == users | set(self.working)


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=100, stateful_step_count=40)


def test_the_first_row_of_each_user() -> None:
    """Rows of different users are taken in the order of the source; later rows of a user wait."""
    queue = RowQueue(1)
    rows = rows_of("abaab")
    queue.put(rows)
    assert taken_from(queue) == rows[:2]
    queue.done(rows[1])
    assert taken_from(queue) == [rows[4]]
    queue.done(rows[0])
    assert taken_from(queue) == [rows[2]]


def test_the_next_row_of_a_user_goes_first() -> None:
    """A row that waited for its user's turn comes before rows that were handed out after it."""
    queue = RowQueue(1)
    rows = rows_of("aab")
    queue.put(rows)
    assert queue.take() is rows[0]
    queue.done(rows[0])
    assert taken_from(queue) == [rows[1], rows[2]]


def test_an_address_in_two_spellings() -> None:
    """Rows that name a user by one address in upper and lower case wait for each other."""
    queue = RowQueue(1)
    first = row_of(1, "A")
    second = LedgerRow(2, Noted(email="a@example.test"), "{}", in_doubt=False)
    queue.put([first, second])
    assert taken_from(queue) == [first]


@anyio_tests
async def test_a_worker_waits_for_the_turn_of_a_user() -> None:
    """While the one user's row is with a worker, the other worker waits, and ends with the last."""
    queue = RowQueue(2)
    rows = rows_of("aa")
    queue.put(rows)
    queue.end()
    assert queue.take() is rows[0]
    idle = asyncio.create_task(queue.more())
    await asyncio.sleep(0)
    assert not idle.done()
    queue.done(rows[0])
    assert await queue.more()
    assert queue.take() is rows[1]
    await asyncio.sleep(0)
    assert not idle.done()
    queue.done(rows[1])
    assert not await queue.more()
    assert not await idle


@anyio_tests
@pytest.mark.parametrize("workers", [1, 3])
async def test_room(workers: int) -> None:
    """More rows are wanted when no more than the threshold are left, and not one row sooner."""
    queue = RowQueue(workers)
    assert queue.group == GROUP_ROWS * workers
    assert await queue.room()
    rows = [row_of(line, f"u{line}") for line in range(queue.group)]
    queue.put(rows)
    waiting = asyncio.create_task(queue.room())
    while len(queue) > ENOUGH_ROWS * workers:
        await asyncio.sleep(0)
        assert not waiting.done()
        row = queue.take()
        assert row is not None
        queue.done(row)
    assert await waiting


@anyio_tests
async def test_stop_ends_the_waits() -> None:
    """A stop wakes the task that hands out and an idle worker; both hear that it is over."""
    full, empty = RowQueue(1), RowQueue(1)
    full.put([row_of(line, f"u{line}") for line in range(GROUP_ROWS)])
    handing_out = asyncio.create_task(full.room())
    idle = asyncio.create_task(empty.more())
    await asyncio.sleep(0)
    full.stop()
    empty.stop()
    assert not await handing_out
    assert not await idle
    assert full.take() is None
    assert len(full.take_back()) == GROUP_ROWS


@anyio_tests
@pytest.mark.parametrize("workers", [1, 2, 7])
async def test_workers_share_the_rows(workers: int) -> None:
    """Each row is done once, those of a user in order and never two at once."""
    queue = RowQueue(workers)
    rows = rows_of("abacabadabacabad" * 6)
    done: list[LedgerRow[Noted]] = []
    busy: set[str] = set()

    async def work() -> None:
        more = True
        while more:
            while (row := queue.take()) is not None:
                assert row.user_key not in busy
                busy.add(row.user_key)
                for _ in range(row.line % 5):
                    await asyncio.sleep(0)
                busy.remove(row.user_key)
                done.append(row)
                queue.done(row)
            more = await queue.more()

    async def hand_out() -> None:
        for start in range(0, len(rows), queue.group):
            assert await queue.room()
            queue.put(rows[start : start + queue.group])
        queue.end()

    await asyncio.gather(hand_out(), *(work() for _ in range(workers)))
    assert sorted(row.line for row in done) == [row.line for row in rows]
    for user in "abcd":
        own = [row.line for row in done if row.user_key == user]
        assert own == sorted(own)
