"""Decides which rows of a ledger may be handed out while others are still being entered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import LedgerMismatchError
from .checks import ChangedError, row_seal
from .duplicates import PERHAPS, SeenKeys, first_perhaps, mark_duplicates, seen_keys
from .file import one_ledger_each
from .records import LedgerRow, NewRow, State, key_of, subject_of

NO_LINE: Final = 2**63 - 1
_FIRST_LINE: Final = 1
_LAST: Final = "SELECT ifnull(max(line), 0) FROM rows"


class AvailableRows:
    """Holds back rows that may be duplicates, and rows that the source has not given yet.

    Rows that an earlier run has entered are recognised by their values. From the first that differs
    on, they belong to another input and must not be sent.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path: Final = path
        self._database: Final = database
        self._seen: SeenKeys | None = None
        self._perhaps: int | None = None
        self._next: int | None = None

    @property
    def end(self) -> int:
        """The line before which rows may be handed out."""
        ends = (self._perhaps, self._next)
        return min([line for line in ends if line is not None], default=NO_LINE)

    @property
    def in_question(self) -> bool:
        """True while there are rows that may be duplicates."""
        return self._perhaps is not None

    def begin(self) -> None:
        """Hold back every row, until the source gives it."""
        self._perhaps = first_perhaps(self._database)
        self._next = _FIRST_LINE

    def recognised(self, rows: Sequence[NewRow]) -> list[NewRow]:
        """Return the rows that are not in the ledger yet.

        Raises:
            ChangedError: the key of a row is not that of its values.
            LedgerMismatchError: a row differs from the one at its line.
        """
        (last,) = self._database.execute(_LAST).fetchone()
        known = [row for row in rows if row[0] <= last]
        if known:
            found = dict(
                self._database.execute(
                    "SELECT line, key FROM rows WHERE line BETWEEN ? AND ?",
                    (self._next or known[0][0], known[-1][0]),
                ).fetchall()
            )
            for line, key, *_ in known:
                if found.pop(line, b"") != key:
                    self._check_key(line)
                    raise self.mismatch(line)
            if found:
                raise self.mismatch(min(found))
        return list(rows[len(known) :])

    def _check_key(self, line: int) -> None:
        """Raise ChangedError if the key of the row at a line does not match its values."""
        found = self._database.execute(
            "SELECT user_id, email, own, key, state, seal FROM rows WHERE line = ?", (line,)
        ).fetchone()
        if found is None:
            return
        *values, key, state, seal = found
        wanted = None if state == State.INVALID else key_of(*values)
        if key != wanted or seal != row_seal(line, *values):
            raise ChangedError(f"row {line}")

    def entered(self, rows: Sequence[NewRow]) -> None:
        """Let rows be handed out that are entered or recognised."""
        if rows and self._next is not None:
            self._next = rows[-1][0] + 1

    def source_ended(self) -> None:
        """Let all rows be handed out, at the end of the source.

        Raises:
            LedgerMismatchError: the ledger has more rows.
        """
        (last,) = self._database.execute(_LAST).fetchone()
        if self._next is not None and last >= self._next:
            raise self.mismatch(self._next)
        self._next = None

    def possible_duplicates(self, rows: Sequence[NewRow]) -> list[int | None]:
        """Return the column ``twin`` of new rows: ``PERHAPS`` or None."""
        if self._seen is None:
            self._seen = seen_keys(self._database)
        known = self._seen.known
        return [
            PERHAPS if key is not None and user_id and not ordered and known(key) else None
            for _, key, user_id, _, _, ordered in rows
        ]

    def sent_for_addresses(self, rows: Iterable[LedgerRow[Any]]) -> None:
        """Note rows with users found by address: rows that name the user by id may repeat them."""
        if self._seen is not None:
            for row in rows:
                if row.found_id and not row.ordered:
                    self._seen.known(bytes.fromhex(subject_of(row, row.found_id)))

    def hold_back(self, rows: Sequence[NewRow], possible: Sequence[int | None]) -> None:
        """Hold back rows from the first possible duplicate on."""
        if self._perhaps is None and PERHAPS in possible:
            self._perhaps = rows[possible.index(PERHAPS)][0]

    def find_duplicates(self) -> None:
        """Mark duplicates in the ledger, within a transaction."""
        if self._perhaps is not None:
            mark_duplicates(self._database, self._perhaps)

    def duplicates_found(self) -> None:
        """Let rows be handed out that were held back as possible duplicates."""
        self._perhaps = None

    def mismatch(self, line: int) -> LedgerMismatchError:
        """Return the error for a row that differs from the one at its line."""
        return LedgerMismatchError(
            f"{self._path} does not belong to these rows: row {line} differs. "
            f"{one_ledger_each(self._path)}"
        )
