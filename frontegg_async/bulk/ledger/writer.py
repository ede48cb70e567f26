"""The one writer of a ledger: a thread of its own, and many rows in a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, Protocol, TypeVar

from ...errors import LedgerError
from .ledger import Ledger
from .records import Entry

P = ParamSpec("P")
R = TypeVar("R")


COMMIT_ROWS: Final = 500
"""Waiting outcomes that are committed at once."""
COMMIT_AFTER_S: Final = 0.1
"""Seconds after which fewer are committed: after a kill, the outcomes of that time are in doubt."""


class Replica(Protocol):
    """A second record of the rows, elsewhere, for a ledger that may be lost with its machine."""

    def check(self) -> None:
        """Raise LedgerError if nothing may be sent any more."""
        ...

    async def write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        """Record what the ledger has recorded; arguments and errors as of ``Ledger.write``."""
        ...


class LedgerWriter:
    """Records intents and outcomes without holding up the event loop.

    While one commit is written, records are gathered for the next: with one row in flight a commit
    holds one row, with a thousand it holds hundreds. A worker waits for its intent, so intents are
    written at once, together with the outcomes gathered so far; outcomes alone wait a moment.

    Args:
        ledger: the ledger.
        replica: is told the same before an intent counts as recorded.
    """

    def __init__(self, ledger: Ledger, replica: Replica | None = None) -> None:
        self._ledger: Final = ledger
        self.replica: Final = replica
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="frontegg_async ledger")
        self._taken_back: list[int] = []
        self._entries: list[Entry] = []
        self._intents: list[tuple[tuple[int, int], asyncio.Future[None]]] = []
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._failure: LedgerError | None = None

    def check(self) -> None:
        """Raise LedgerError if the replica says that nothing may be sent any more."""
        if self.replica is not None:
            self.replica.check()

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the ledger in its thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))

    async def intend(self, first: int, last: int) -> None:
        """Record that rows are about to be sent; return when that is committed.

        Args:
            first: line of the first row.
            last: line of the last row. Rows between them that have an outcome are left alone.

        Raises:
            LedgerError: the intent cannot be written, so the rows must not be sent.
        """
        if self._failure is not None:
            raise self._failure.again()
        waiter = asyncio.get_running_loop().create_future()
        self._intents.append(((first, last), waiter))
        self._write()
        await waiter

    def take_back(self, line: int) -> None:
        """Set a row back to pending, because it was not sent or the server did not accept it."""
        self._taken_back.append(line)
        self._write()

    def record(self, entry: Entry) -> None:
        """Record an outcome, within a moment."""
        self._entries.append(entry)
        if len(self._entries) >= COMMIT_ROWS:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COMMIT_AFTER_S, self._write)

    async def flush(self) -> None:
        """Wait until everything recorded is committed.

        Raises:
            LedgerError: outcomes cannot be written. Their rows count as in flight for the next
                run, which settles them.
        """
        self._failure = None  # there may be space again
        self._write()
        while self._writer is not None:
            await asyncio.wait((self._writer,))
        if self._failure is not None and self._entries:
            raise self._failure.again()

    async def close(self) -> None:
        """Write the remaining records, and end the thread."""
        try:
            await self.flush()
        finally:
            self._thread.shutdown(wait=True)

    def _write(self) -> None:
        """Write all records, now or after the commit that is being written."""
        self._due = True
        waiting = self._taken_back or self._intents or self._entries
        if self._writer is None and waiting and self._failure is None:
            self._writer = asyncio.create_task(self._commit(), name="frontegg_async ledger")

    async def _commit(self) -> None:
        try:
            while self._due and (self._taken_back or self._intents or self._entries):
                self._due = False
                if self._timer is not None:
                    self._timer.cancel()
                    self._timer = None
                taken_back, self._taken_back = self._taken_back, []
                entries, self._entries = self._entries, []
                # A cancelled waiter sends nothing, so its intent is not written.
                intents = [each for each in self._intents if not each[1].done()]
                self._intents = []
                try:
                    spans = [span for span, _ in intents]
                    await self.run(self._ledger.write, taken_back, entries, spans)
                    if self.replica is not None:
                        await self.replica.write(taken_back, entries, spans)
                except Exception as problem:  # noqa: BLE001  # no waiter may be left
                    error = problem if isinstance(problem, LedgerError) else _unexpected(problem)
                    # Outcomes are kept for another try; intents fail, so nothing is sent.
                    self._failure = error
                    self._entries = entries + self._entries
                    for _, waiter in intents + self._intents:
                        if not waiter.done():
                            waiter.set_exception(error.again())
                    self._intents = []
                    return
                for _, waiter in intents:
                    if not waiter.done():
                        waiter.set_result(None)
        finally:
            self._writer = None


def _unexpected(problem: Exception) -> LedgerError:
    return LedgerError(f"the ledger cannot be written: {type(problem).__name__}: {problem}")
