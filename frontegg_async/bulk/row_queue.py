"""Rows that are handed out to workers: of one user one at a time, in the order of the source.

    put ──▶ ready ──take──▶ with a worker ──done──▶ the next row of the same user is ready
      └───▶ waiting, while an earlier row of the same user is ready or with a worker

A row that is handed out counts as in flight after a kill, so no more are handed out than keep the
workers busy: ``GROUP_ROWS`` a worker at a time, and none while more than ``ENOUGH_ROWS`` a worker
are not done.

Only the two waits are coroutines: ``room`` for the task that hands rows out, ``more`` for workers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from typing import Any, Final

from .ledger.records import LedgerRow

GROUP_ROWS: Final = 8
"""Rows for every worker that are handed out at a time."""
ENOUGH_ROWS: Final = 4
"""Rows for every worker that are handed out and not done, down to which no more are."""


class RowQueue:
    """The rows of one run that are handed out and not done.

    Attributes:
        group: rows that are handed out at a time.
        stopped: True once no more rows are given to workers.
    """

    def __init__(self, workers: int) -> None:
        self.group: Final = GROUP_ROWS * workers
        self.stopped = False
        self._enough: Final = ENOUGH_ROWS * workers
        self._ready: Final[deque[LedgerRow[Any]]] = deque()
        # Each user with a row that is ready or with a worker, and the user's rows behind it.
        self._waiting: Final[dict[str, deque[LedgerRow[Any]] | None]] = {}
        self._count = 0
        self._ended = False
        self._arrived: Final = asyncio.Event()
        self._wanted: Final = asyncio.Event()

    @property
    def users(self) -> Collection[str]:
        """Users with rows that are not done, as ``LedgerRow.turn`` names them."""
        return self._waiting.keys()

    def __len__(self) -> int:
        """Return how many rows are handed out and not done."""
        return self._count

    # The task that hands rows out

    async def room(self) -> bool:
        """Wait until more rows are wanted; return False if the queue was stopped."""
        while self._count > self._enough and not self.stopped:
            self._wanted.clear()
            await self._wanted.wait()
        return not self.stopped

    def put(self, rows: Collection[LedgerRow[Any]]) -> None:
        """Hand out rows, in the order of the source."""
        ready, waiting = self._ready, self._waiting
        for row in rows:
            user = row.turn
            if user not in waiting:
                waiting[user] = None
                ready.append(row)
            elif (behind := waiting[user]) is None:
                waiting[user] = deque((row,))
            else:
                behind.append(row)
        self._count += len(rows)
        self._arrived.set()

    def end(self) -> None:
        """Tell the workers that no more rows come."""
        self._ended = True
        self._arrived.set()

    # Workers

    def take(self) -> LedgerRow[Any] | None:
        """Return the next row whose turn it is; None if there is none now, or after ``stop``."""
        return self._ready.popleft() if self._ready and not self.stopped else None

    async def more(self) -> bool:
        """Wait until ``take`` may have a row; return False if it never will again."""
        while not self._ready and not self.stopped:
            if self._ended and not self._waiting:
                return False
            self._arrived.clear()
            await self._arrived.wait()
        return not self.stopped

    def done(self, row: LedgerRow[Any]) -> None:
        """Let the next row of the same user be taken; the caller is expected to take it."""
        user = row.turn
        behind = self._waiting[user]
        if behind:
            # In front, and no other worker is woken for it: this one is free now.
            self._ready.appendleft(behind.popleft())
        else:
            del self._waiting[user]
            if self._ended and not self._waiting:
                self._arrived.set()
        self._count -= 1
        if self._count <= self._enough:
            self._wanted.set()

    # The end of a run

    def stop(self) -> None:
        """Give no more rows to workers, and end both waits."""
        self.stopped = True
        self._arrived.set()
        self._wanted.set()

    def take_back(self) -> list[LedgerRow[Any]]:
        """Return the rows that no worker has taken, and forget them."""
        left: list[LedgerRow[Any]] = [*self._ready, *_all_of(self._waiting.values())]
        for row in self._ready:
            del self._waiting[row.turn]
        for user in self._waiting:
            self._waiting[user] = None
        self._ready.clear()
        self._count -= len(left)
        return left


def _all_of(queues: Iterable[deque[LedgerRow[Any]] | None]) -> Iterable[LedgerRow[Any]]:
    return (row for rows in queues for row in rows or ())
