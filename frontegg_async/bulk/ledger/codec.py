"""Encoding of values in the file of a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final
from zlib import crc32

from .records import Entry, State

_ZEROS: Final = bytes(16)
NO_TRACE: Final = _ZEROS + crc32(_ZEROS).to_bytes(4, "big")
"""Value for no trace id: 16 bytes, and four of their checksum."""
TRACE_BYTES: Final = len(NO_TRACE)
ROOM: Final = 32_767
"""Value of a number until it is known: two bytes in the file, as the number will take."""


def trace_of(stored: bytes) -> str | None:
    """Return a trace id from its bytes.

    Raises:
        ValueError: they have changed since they were written.
    """
    if stored == NO_TRACE:
        return None
    trace = stored[:16]
    if len(stored) != TRACE_BYTES or stored[16:] != crc32(trace).to_bytes(4, "big"):
        raise ValueError("a trace id has changed")
    return trace.hex()


def runs_of(entries: Iterable[Entry]) -> Iterator[tuple[int, int, int, bytes, int, int]]:
    """Yield runs of adjacent lines with one outcome: its values, trace ids, first and last line."""
    for _, found in groupby(enumerate(sorted(entries, key=attrgetter("line"))), _run_key):
        run = [entry for _, entry in found]
        one, last = run[0], run[-1]
        traces = b"".join([_trace_bytes(entry.trace_id) for entry in run])
        yield int(one.state), one.status, one.attempts, traces, one.line, last.line


def _run_key(numbered: tuple[int, Entry]) -> tuple[State, int, int, int]:
    number, entry = numbered
    # Adjacent lines have the same difference to their numbers.
    return entry.state, entry.status, entry.attempts, entry.line - number


def _trace_bytes(trace_id: str | None) -> bytes:
    """Return the bytes of a trace id; one of another form has no room and is not kept."""
    if trace_id is None or len(trace_id) != 32:
        return NO_TRACE
    try:
        found = bytes.fromhex(trace_id)
    except ValueError:
        return NO_TRACE
    if len(found) != 16:  # blanks between digits count as nothing
        return NO_TRACE
    return found + crc32(found).to_bytes(4, "big")
