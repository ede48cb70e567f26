"""Enters the rows of a source into the ledger, while those that are there are being sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio

from .input.columns import Malformed, Row
from .input.feeds import Feed
from .ledger.ledger import Ledger
from .ledger.writer import LedgerWriter

AHEAD_ROWS: Final = 10_000
"""Rows of a program or a pipe that are entered before the first of them is sent, so that its source
is not asked for more than is wanted. A file or a list is entered as fast as it can be read."""


class Loader:
    """Takes rows from a feed and enters them; the engine asks it whether more have come.

    Args:
        feed: the rows; None if all of them are in the ledger.
        ledger: where they go.
        recorder: the thread that writes it.
        invalid: told the line and the problem of each malformed row; what it returns is awaited.
        whole: called when every row is entered, before the engine hears of the last of them.
        failed: told of an error after which no more rows come.

    Attributes:
        version: changes whenever there may be rows that were not there before.
        entered: how many rows were taken.
        error: what the feed or the ledger raised, or None.
    """

    def __init__(
        self,
        feed: Feed | None,
        ledger: Ledger,
        recorder: LedgerWriter,
        *,
        invalid: Callable[[int, str], Awaitable[None] | None],
        whole: Callable[[], Awaitable[None]],
        failed: Callable[[Exception], None],
    ) -> None:
        self._feed: Final = feed
        self._ledger: Final = ledger
        self._recorder: Final = recorder
        self._invalid: Final = invalid
        self._whole: Final = whole
        self._failed: Final = failed
        self._changed: Final = asyncio.Event()
        self._wanted: Final = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._waiting = False
        self._from_feed = False
        self._cancelled = False
        self._reached = -1
        self.version = 0
        self.entered = 0
        self.error: Exception | None = None

    @property
    def error_is_callers(self) -> bool:
        """Whether it was the caller's own source that raised, and not the ledger or a file."""
        return self._from_feed and self._feed is not None and not self._feed.own

    @property
    def handed_out(self) -> bool:
        """Whether a row was handed out to be sent."""
        return self._reached >= 0

    def start(self, *, stopped: bool = False) -> None:
        """Begin to take rows, in a task.

        Args:
            stopped: whether the run is over already: a file is read all the same, so that its rows
                are reported.
        """
        if stopped and self._feed is not None and not self._feed.finite:
            self._over = True
            return
        self._task = asyncio.create_task(self._load(), name="frontegg_async bulk loading")

    def stop(self, *, at_once: bool = True) -> None:
        """Take no more rows.

        Args:
            at_once: False lets a source that ends by itself be read to its end, so that every row
                of it is reported.
        """
        feed, task = self._feed, self._task
        ends = feed is not None and (at_once or not feed.finite)
        if ends and task is not None and not self._cancelled:
            # Once only: a second cancellation would reach the source while it is being closed.
            self._cancelled = True
            task.cancel()
        self._wanted.set()
        self._tell()

    async def begun(self) -> None:
        """Wait until the first rows are entered, or all of them if they came together."""
        while not self.version:
            self._changed.clear()
            await self._changed.wait()

    async def ended(self) -> None:
        """Wait until no more rows are taken."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def close(self) -> None:
        """Stop, and let the source end its own work."""
        self.stop()
        await self.ended()
        if self._task is None and self._feed is not None:
            await self._feed.close()

    # For the engine

    async def more(self, version: int) -> bool:
        """Wait until there may be more rows than at ``version``; return whether there may be."""
        self._waiting = True
        self._wanted.set()
        try:
            while self.version == version and not self._over:
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._waiting = False
        return self.version != version

    def reached(self, line: int) -> None:
        """Hear that rows up to a line were handed out."""
        self._reached = line
        self._wanted.set()

    # Loading

    async def _load(self) -> None:
        feed = self._feed
        try:
            if feed is not None:
                try:
                    await self._take_all(feed)
                finally:
                    with anyio.CancelScope(shield=True):
                        await feed.close()
            await self._whole()
        except Exception as error:  # noqa: BLE001  # raised by the run, when what is sent has ended
            self.error = error
            self._failed(error)
        finally:
            self._over = True
            self._tell()

    async def _take_all(self, feed: Feed) -> None:
        await self._recorder.run(self._ledger.begin_loading)
        while True:
            try:
                rows = await feed.take()
            except Exception:
                self._from_feed = True
                raise
            if rows:
                await self._enter(rows)
            if feed.ended:
                break
            self._tell()
            await self._room(rows[-1][0], feed)
        await self._recorder.run(self._ledger.finish_loading)

    async def _enter(self, rows: list[Row]) -> None:
        new = await self._recorder.run(_enter, self._ledger, rows)
        self.entered += len(rows)
        for line, row in new:
            if isinstance(row, Malformed):
                held_back = self._invalid(line, row.reason)
                if held_back is not None:
                    await held_back

    async def _room(self, line: int, feed: Feed) -> None:
        """Wait until the engine wants more rows of a source that has no end of its own."""
        while not feed.finite and not self._waiting and line - self._reached > AHEAD_ROWS:
            self._wanted.clear()
            await self._wanted.wait()

    def _tell(self) -> None:
        self.version += 1
        self._changed.set()


def _enter(ledger: Ledger, rows: Sequence[Row]) -> Sequence[Row]:
    new = ledger.add_new(rows)
    # Before one of them is sent, there is room for what will be said of it.
    ledger.settle()
    return new
