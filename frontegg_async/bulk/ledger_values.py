"""Values as the file of a ledger has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final

from .entries import Entry, ExportedRow, State
from .originals import Original

NO_TRACE: Final = bytes(16)
ROOM: Final = 32_767
"""Stands in a number's place until it is known: two bytes, as what comes."""


def exported_row(
    line: int,
    user_id: str | None,
    email: str | None,
    tenant_id: str | None,
    flag: int,
    state: int,
    status: int,
    attempts: int,
    trace_id: bytes,
    reason: str | None,
    error_code: str | None,
    original: str | None,
) -> ExportedRow:
    """Return a row as the file has it; numbers that stand for nothing come as nothing."""
    ended = state not in (State.PENDING, State.IN_FLIGHT, State.INVALID)
    return ExportedRow(
        line=line,
        user_id=user_id,
        email=email,
        tenant_id=tenant_id,
        flag=bool(flag),
        state=State(state),
        status=status if ended and status not in {0, ROOM} else None,
        attempts=attempts if ended and attempts != ROOM else 0,
        trace_id=None if trace_id == NO_TRACE else trace_id.hex(),
        reason=reason,
        error_code=error_code,
        original=None if original is None else Original.decode(original),
    )


def runs_of(entries: Iterable[Entry]) -> Iterator[tuple[int, int, int, bytes, int, int, int]]:
    """Yield what lines next to each other have in common: end, trace ids, first and last line."""
    for _, found in groupby(enumerate(sorted(entries, key=attrgetter("line"))), _likeness):
        run = [entry for _, entry in found]
        one, last = run[0], run[-1]
        traces = b"".join([_trace_bytes(entry.trace_id) for entry in run])
        yield int(one.state), one.status, one.attempts, traces, one.line, one.line, last.line


def _likeness(numbered: tuple[int, Entry]) -> tuple[State, int, int, int]:
    number, entry = numbered
    # Lines next to each other are all as far from their numbers.
    return entry.state, entry.status, entry.attempts, entry.line - number


def _trace_bytes(trace_id: str | None) -> bytes:
    """Return a trace id in 16 bytes; one of another form is not kept, for there is no room."""
    if trace_id is None or len(trace_id) != 32:
        return NO_TRACE
    try:
        found = bytes.fromhex(trace_id)
    except ValueError:
        return NO_TRACE
    return found if len(found) == 16 else NO_TRACE  # blanks between digits count as nothing
