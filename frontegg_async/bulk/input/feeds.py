"""Rows of a source, taken some at a time: rows that are there do not wait for the rest.

Three kinds of sources are taken in three ways. Regular files and lists never wait, and are read in
slices between which the event loop goes on. Async iterables are iterated over in a task of their
own. Any other iterable may block, for a database, a queue or a pipe: it is iterated over in a
thread of its own, from the first row to the last.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import suppress
from itertools import islice
from typing import Final, Protocol

import anyio

from ...errors import InvalidRequestError
from ..caller_errors import of_caller
from .columns import Row
from .file import InputFile
from .file_set import FileSet

LOAD_ROWS: Final = 2_000
"""Rows that are taken at a time."""
SLICE_ROWS: Final = 200
"""Rows of a file that are read before others are let run: 2 ms."""
GATHER_S: Final = 0.05
"""Seconds that the first row waits for more to come, so that they are entered together."""
LEAVE_S: Final = 2.0
"""Seconds that an iterable gets to end its own work, before its thread is left to itself."""
_LOOK_S: Final = 0.02
_WHO: Final = "the source of the rows"
_IN_THREAD: Final = (
    "The rows of a plain iterable are taken in a thread of its own, because it may block. Objects "
    "bound to a thread, such as an SQLite connection, should be opened inside of a generator."
)


class Feed(Protocol):
    """The rows of a run, as it takes them.

    Attributes:
        finite: True if it ends by itself and without waiting, so that it may be read to its end
            also when nothing is sent any more.
        own: True if it is read by code of this package alone; if not, its exceptions are the
            caller's.
    """

    finite: bool
    own: bool

    @property
    def ended(self) -> bool:
        """True if all rows were taken."""
        ...

    async def take(self) -> list[Row]:
        """Wait for rows, and return them; none at the end. Exceptions of the source are raised."""
        ...

    async def close(self) -> None:
        """Let the source end its own work."""
        ...


class SlicedFeed:
    """Rows that are had without waiting: of a list, or of a regular file."""

    finite = True

    def __init__(
        self, rows: Iterator[Row], file: InputFile | FileSet | None = None, *, own: bool = False
    ) -> None:
        self._rows: Final = rows
        self._ahead: list[Row] = []
        self._file: Final = file
        self._fingerprint: str | None = None
        self._error: Exception | None = None
        self._exhausted = False
        self.own = own or file is not None

    @property
    def ended(self) -> bool:
        """True if all rows were taken."""
        return self._exhausted and not self._ahead

    async def fingerprint(self) -> str:
        """Return the hash of the file; the rows are held against it when all are read."""
        self._fingerprint = await self._hashed()
        return self._fingerprint

    async def take(self) -> list[Row]:
        """Return the next rows.

        The last of them are returned only when it is known that the file did not change while it
        was read: half a line at its end, which is still being written, is no row.
        """
        if self._error is not None:
            raise self._error
        rows = self._ahead
        # One more than is returned, because it must be known with the last that it is the last.
        while len(rows) <= LOAD_ROWS and not self._exhausted:
            try:
                found = list(islice(self._rows, SLICE_ROWS))
            except Exception as error:
                if not rows:
                    raise
                self._error, self._ahead = error, []
                return rows
            self._exhausted = not found
            rows += found
            await asyncio.sleep(0)
        if self._exhausted and self._fingerprint is not None and self._file is not None:
            if await self._hashed() != self._fingerprint:
                raise InvalidRequestError(
                    f"{self._file.path} changed while it was read, and its last rows were not "
                    "taken. Give a run a file that no program writes to, such as a copy of it"
                )
            self._fingerprint = None
        rows, self._ahead = rows[:LOAD_ROWS], rows[LOAD_ROWS:]
        return rows

    async def close(self) -> None:
        """Close the file."""
        close: Callable[[], object] | None = getattr(self._rows, "close", None)
        if close is not None:
            close()
        if self._file is not None:
            self._file.close()

    async def _hashed(self) -> str:
        if self._file is None:
            return ""
        given_up = threading.Event()
        hashing = asyncio.create_task(asyncio.to_thread(self._file.fingerprint, given_up))
        try:
            return await asyncio.shield(hashing)
        except asyncio.CancelledError:
            given_up.set()
            with anyio.CancelScope(shield=True):
                await asyncio.wait((hashing,))
            raise


class _Buffer:
    """Rows that have come and are not taken yet; filled in the event loop or in a thread."""

    def __init__(self) -> None:
        self.rows: Final[deque[Row]] = deque()
        self.over = False
        self.error: Exception | None = None
        self.some: Final = asyncio.Event()
        self.enough: Final = asyncio.Event()

    def look(self) -> None:
        """Wake the task that takes the rows, if there is a reason; called in the event loop."""
        if self.rows or self.over:
            self.some.set()
        if len(self.rows) >= LOAD_ROWS or self.over:
            self.enough.set()

    async def take(self) -> list[Row]:
        """Wait for rows, and a moment for more of them."""
        await self.some.wait()
        if not self.enough.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(GATHER_S):
                    await self.enough.wait()
        rows = [self.rows.popleft() for _ in range(min(len(self.rows), LOAD_ROWS))]
        self.some.clear()
        self.enough.clear()
        self.look()
        if not rows and self.error is not None:
            raise self.error
        return rows

    @property
    def ended(self) -> bool:
        """True if all rows were taken."""
        return self.over and not self.rows and self.error is None


class AsyncFeed:
    """Rows of an async iterable."""

    finite = False
    own = False

    def __init__(self, rows: AsyncIterator[Row]) -> None:
        self._rows: Final = rows
        self._buffer: Final = _Buffer()
        self._room: Final = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """True if all rows were taken."""
        return self._buffer.ended

    async def take(self) -> list[Row]:
        """Wait for rows, and return them."""
        if self._task is None:
            self._task = asyncio.create_task(self._iterate(), name="frontegg_async bulk source")
        rows = await self._buffer.take()
        self._room.set()
        return rows

    async def close(self) -> None:
        """Cancel the iteration, and let a generator end its own work."""
        if self._task is None:
            await _aclose(self._rows)
            return
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _iterate(self) -> None:
        buffer = self._buffer
        try:
            try:
                async for row in self._rows:
                    buffer.rows.append(row)
                    buffer.look()
                    while len(buffer.rows) >= LOAD_ROWS:
                        self._room.clear()
                        await self._room.wait()
            finally:
                # In the task that iterated: a generator leaves its contexts where it entered them.
                await _aclose(self._rows)
        except Exception as error:  # noqa: BLE001  # raised where the rows are taken
            buffer.error = error
        except BaseException as error:
            # Also one of something that the source waited for: that is no end of its rows.
            buffer.error = of_caller(error, _WHO)
            raise
        finally:
            buffer.over = True
            buffer.look()


class ThreadFeed:
    """Rows of an iterable that may block.

    Args:
        rows: the numbered rows.
        source: their origin; a generator or a file is closed in the end.
        interrupt: ends a wait for the next row, if that is possible.
        own: True if it is read by code of this package alone.
    """

    finite = False

    def __init__(
        self,
        rows: Iterator[Row],
        source: object,
        *,
        interrupt: Callable[[], None] | None = None,
        own: bool = False,
    ) -> None:
        self._rows: Final = rows
        self._source: Final = source
        self._interrupt: Final = interrupt
        self._buffer: Final = _Buffer()
        self._changed: Final = threading.Condition()
        self._left = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.own = own

    @property
    def ended(self) -> bool:
        """True if all rows were taken."""
        return self._buffer.ended

    async def take(self) -> list[Row]:
        """Wait for rows, and return them."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            context = contextvars.copy_context()
            # No thread of a pool: one that waits for ever must not keep the process alive.
            self._thread = threading.Thread(
                target=context.run,
                args=(self._iterate,),
                name="frontegg_async bulk source",
                daemon=True,
            )
            self._thread.start()
        rows = await self._buffer.take()
        with self._changed:
            self._changed.notify()
        return rows

    async def close(self) -> None:
        """Let the iterable end its own work, unless it waits for something that does not come."""
        self._left = True
        with self._changed:
            self._changed.notify()
        thread = self._thread
        if thread is None:
            _close(self._rows, self._source)
            return
        left = LEAVE_S
        while thread.is_alive() and left > 0:
            if self._interrupt is not None:
                self._interrupt()
            await asyncio.sleep(_LOOK_S)
            left -= _LOOK_S

    def _iterate(self) -> None:
        buffer, rows = self._buffer, self._buffer.rows
        try:
            try:
                for row in self._rows:
                    rows.append(row)
                    if len(rows) in (1, LOAD_ROWS):
                        self._call(buffer.look)
                    if len(rows) >= LOAD_ROWS:
                        with self._changed:
                            self._changed.wait_for(lambda: self._left or len(rows) < LOAD_ROWS)
                    if self._left:
                        break
            finally:
                _close(self._rows, self._source)
        except BaseException as error:  # noqa: BLE001  # raised where the rows are taken
            if not self.own:
                error.add_note(_IN_THREAD)
            buffer.error = of_caller(error, _WHO)
        finally:
            buffer.over = True
            self._call(buffer.look)

    def _call(self, function: Callable[[], None]) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended: no task takes rows
                self._loop.call_soon_threadsafe(function)


def _close(rows: Iterator[Row], source: object) -> None:
    for each in (rows, source):
        if isinstance(each, Generator | InputFile):
            each.close()


async def _aclose(rows: AsyncIterator[Row]) -> None:
    aclose: Callable[[], object] | None = getattr(rows, "aclose", None)
    if aclose is not None:
        await aclose()  # type: ignore[misc]  # awaited as a generator's
