"""Reads rows, with their outcomes, from the file of a ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

import msgspec

from ..input.originals import Original
from ..input.rows import RowT
from .checks import ChangedError, mark_of, row_seal, seal_of
from .codec import ROOM, trace_of
from .duplicates import PERHAPS
from .records import ExportedRow, LedgerRow, RowForm, State

# A look-up takes a fifth of the time of a call of the class.
_STATES: Final = {int(state): state for state in State}
_ENDED: Final = frozenset(_STATES) - {State.PENDING, State.IN_FLIGHT, State.INVALID}
"""States of rows for which something was sent, or would have been."""
PENDING: Final = (
    # All rows in one value: for each row that Python's module fetches it releases the interpreter
    # lock and competes with the event loop for it.
    f"SELECT json_group_array(json_array(line, user_id, email, own, state = {State.IN_FLIGHT:d}, "
    f"ordered, seal, mark = {mark_of()})) "
    f"FROM (SELECT * FROM rows WHERE state <= {State.IN_FLIGHT:d} AND twin IS NULL "
    "AND line > ? AND line < ? ORDER BY line LIMIT ?) AS rows"
)
"""The statement for rows without an outcome between two lines, up to a number of them."""
_STORED_ROWS: Final = msgspec.json.Decoder(
    list[tuple[int, str | None, str | None, str, int, int, int, int]]
)
EXPORT: Final = (
    "SELECT rows.line, rows.user_id, rows.email, rows.own, rows.seal, "
    f"rows.mark = {mark_of('rows')} AND one.mark = {mark_of('one')}, "
    "one.state, one.status, one.attempts, one.trace_id, "
    "reasons.line, reasons.reason, reasons.error_code, reasons.seal, "
    "originals.original, originals.seal FROM rows "
    f"JOIN rows AS one ON one.line = ifnull(nullif(rows.twin, {PERHAPS}), rows.line) "
    "LEFT JOIN reasons ON reasons.line = one.line "
    "LEFT JOIN originals ON originals.line = rows.line "
    "WHERE one.state IN ({}) ORDER BY rows.line"
)
"""The statement whose rows ``exported_row`` takes; the numbers of states go into it."""


def pending_rows(found: str, form: RowForm[RowT]) -> list[LedgerRow[RowT]]:
    """Return the rows that ``PENDING`` found, in the order of the input.

    Raises:
        ChangedError: one of them is not as it was written.
    """
    decode = form.columns.decode
    rows: list[LedgerRow[RowT]] = []
    for line, user_id, email, own, in_doubt, ordered, seal, marked in _STORED_ROWS.decode(found):
        if not marked or seal != row_seal(line, user_id, email, own):
            raise ChangedError(f"row {line}")
        row = decode(user_id, email, own)
        rows.append(LedgerRow(line, row, own, in_doubt == 1, ordered == 1))
    # Sorted here, because an aggregate need not keep the order.
    return sorted(rows, key=attrgetter("line"))


def keep_originals(database: sqlite3.Connection, originals: Iterable[tuple[int, Original]]) -> None:
    """Record the originals of invalid rows by their lines, within a transaction."""
    encoded = ((line, original.encode()) for line, original in originals)
    database.executemany(
        "INSERT INTO originals VALUES (?, ?, ?)",
        [(line, text, seal_of(line, text)) for line, text in encoded],
    )


def exported_row(found: tuple[Any, ...]) -> ExportedRow:
    """Return a row of the file, with None or 0 for values that are not known.

    Raises:
        ChangedError: it is not as it was written.
    """
    (
        line, user_id, email, own, seal, marked,
        state, status, attempts, trace_id,
        reason_line, reason, error_code, reason_seal,
        original, original_seal,
    ) = found  # fmt: skip
    if not marked or seal != row_seal(line, user_id, email, own):
        raise ChangedError(f"row {line}")
    if reason_line is not None and reason_seal != seal_of(reason_line, reason, error_code):
        raise ChangedError(f"the reason of row {line}")
    try:
        trace = trace_of(trace_id)
    except (TypeError, ValueError):
        raise ChangedError(f"the trace id of row {line}") from None
    if (original is not None) != (state == State.INVALID) or (
        original is not None and original_seal != seal_of(line, original)
    ):
        raise ChangedError(f"the original of row {line}")
    ended = state in _ENDED
    return ExportedRow(
        line=line,
        user_id=user_id,
        email=email,
        own=own,
        state=_STATES[state],
        status=status if ended and status not in {0, ROOM} else None,
        attempts=attempts if ended and attempts != ROOM else 0,
        trace_id=trace,
        reason=reason,
        error_code=error_code,
        original=None if original is None else Original.decode(original),
    )
