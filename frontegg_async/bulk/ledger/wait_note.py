"""A note in the ledger about a long wait, for other processes that read it.

The note is written when a long wait begins, when its end moves, and when it is over. While the
server accepts calls, nothing is written.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

import msgspec

from ..._core.clock import Clock
from ...errors import LedgerError
from ...pacing import Wait
from .ledger import Ledger

LONG_S: Final = 5.0
"""Seconds from which on a wait is noted."""
_MOVED_S: Final = 1.0
"""Seconds by which the end of a wait moves before the note is written again."""
_NAME: Final = "wait"


class NotedWait(msgspec.Struct, frozen=True, array_like=True):
    """A limit that is used up.

    Args:
        operation: name of the operation whose limit it is.
        until: time at which calls should be accepted again, in seconds since the epoch.
    """

    operation: str
    until: float


NoteWriter: TypeAlias = Callable[[NotedWait | None], Awaitable[None]]


def write_wait(ledger: Ledger, noted: NotedWait | None) -> None:
    """Record a limit that is used up, or None for no limit."""
    ledger.keep(_NAME, msgspec.json.encode(noted).decode())


def read_wait(ledger: Ledger) -> NotedWait | None:
    """Return the note of the last run, which may be over; None if there is none to be read."""
    kept = ledger.kept(_NAME)
    try:
        return None if kept is None else msgspec.json.decode(kept, type=NotedWait | None)
    except msgspec.DecodeError:
        return None


def forget_wait(ledger: Ledger) -> None:
    """Remove the note of a run that was killed."""
    if read_wait(ledger) is not None:
        write_wait(ledger, None)


class WaitNote:
    """Keeps the note of one run.

    Attributes:
        writer: writes a note in place of the last one; None for a run without notes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._since = math.inf
        self._wanted: NotedWait | None = None
        self._written: NotedWait | None = None
        self._writing: asyncio.Task[None] | None = None
        self.writer: NoteWriter | None = None

    def hear(self, wait: Wait | None) -> None:
        """Note the longest current wait."""
        if wait is None:
            self._since = math.inf
            self._want(None)
            return
        now = self._clock.monotonic()
        self._since = min(self._since, now)
        if now + wait.seconds - self._since >= LONG_S:
            self._want(NotedWait(wait.operation, self._clock.time() + wait.seconds))

    async def close(self) -> None:
        """Remove the note, if there is one, and write no more."""
        self._want(None)
        if self._writing is not None:
            await asyncio.wait((self._writing,))
        self.writer = None

    def _want(self, noted: NotedWait | None) -> None:
        if self.writer is not None and not _alike(noted, self._wanted):
            self._wanted = noted
            if self._writing is None:
                self._writing = asyncio.create_task(
                    self._write(self.writer), name="frontegg_async bulk wait note"
                )

    async def _write(self, writer: NoteWriter) -> None:
        try:
            while self._written != (wanted := self._wanted):
                # A ledger that cannot be written stops the run elsewhere, not for a note.
                with suppress(LedgerError):
                    await writer(wanted)
                self._written = wanted
        finally:
            self._writing = None


def _alike(one: NotedWait | None, other: NotedWait | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.operation == other.operation and abs(one.until - other.until) <= _MOVED_S
