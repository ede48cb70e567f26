"""The one writer of a ledger: a thread of its own, and commits for as many rows as there are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from ...errors import LedgerError
from .ledger import Ledger
from .records import Entry

P = ParamSpec("P")
R = TypeVar("R")


COMMIT_ROWS: Final = 500
"""Outcomes that are worth a commit of their own."""
COMMIT_AFTER: Final = 0.1
"""Seconds after which fewer are: so much is in doubt after a kill that need not be."""


class LedgerWriter:
    """Puts intents and outcomes on file without holding up the event loop.

    While one commit is written, what comes in is gathered for the next: with one row under way a
    commit holds one row, with a thousand it holds hundreds. For an intent somebody waits, so it is
    written at once, and what has ended by then along with it; outcomes alone have a moment.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Final = ledger
        self._thread: Final = ThreadPoolExecutor(1, thread_name_prefix="frontegg_async ledger")
        self._taken_back: list[int] = []
        self._entries: list[Entry] = []
        self._intents: list[tuple[tuple[int, int], asyncio.Future[None]]] = []
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self._failure: LedgerError | None = None

    async def run(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a method of the ledger in its thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))

    async def intend(self, first: int, last: int) -> None:
        """Put on file that rows are about to be sent; return when it is there.

        Args:
            first: line of the first one.
            last: line of the last one. Those between them that have an end are not meant.

        Raises:
            LedgerError: it cannot be written, so the rows must not be sent.
        """
        if self._failure is not None:
            raise self._failure.again()
        waiter = asyncio.get_running_loop().create_future()
        self._intents.append(((first, last), waiter))
        self._write()
        await waiter

    def take_back(self, line: int) -> None:
        """Put on file that a row is not under way after all: the server refused to take it yet."""
        self._taken_back.append(line)
        self._write()

    def record(self, entry: Entry) -> None:
        """Put an outcome on file soon."""
        self._entries.append(entry)
        if len(self._entries) >= COMMIT_ROWS:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COMMIT_AFTER, self._write)

    async def flush(self) -> None:
        """Wait until everything recorded is on file.

        Raises:
            LedgerError: it cannot be written. What is missing counts as in flight for the next
                run, which settles it.
        """
        self._failure = None  # perhaps there is space again
        self._write()
        while self._writer is not None:
            await asyncio.wait((self._writer,))
        if self._failure is not None and self._entries:
            raise self._failure.again()

    async def close(self) -> None:
        """Write what is left, and end the thread."""
        try:
            await self.flush()
        finally:
            self._thread.shutdown(wait=True)

    def _write(self) -> None:
        """Write all that there is, now or after the commit that is being written."""
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
                # Who gave up waiting sends nothing, and takes nothing back that is not there.
                intents = [each for each in self._intents if not each[1].done()]
                self._intents = []
                try:
                    spans = [span for span, _ in intents]
                    await self.run(self._ledger.write, taken_back, entries, spans)
                except Exception as problem:  # noqa: BLE001  # nobody may be left waiting
                    error = problem if isinstance(problem, LedgerError) else _odd(problem)
                    # Outcomes are kept for another try; intents are refused, so nothing is sent.
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


def _odd(problem: Exception) -> LedgerError:
    return LedgerError(f"the ledger cannot be written: {type(problem).__name__}: {problem}")
