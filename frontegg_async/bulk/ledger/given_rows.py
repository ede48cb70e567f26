"""Which rows of a ledger may be given out, while others are still being entered."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ...errors import LedgerMismatchError
from .checks import ChangedError, row_seal
from .duplicates import PERHAPS, SeenKeys, first_perhaps, mark_twins, seen_keys
from .file import one_ledger_each
from .records import LedgerRow, NewRow, State, key_of, subject_of

NO_LINE: Final = 2**63 - 1
_FIRST_LINE: Final = 1
_LAST: Final = "SELECT ifnull(max(line), 0) FROM rows"


class GivenRows:
    """Holds back rows that may repeat another one, and rows that the source has not given yet.

    Rows that an earlier run has entered are recognised by what they say. Those from the first that
    differs on belong to another input, and must not be sent.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path: Final = path
        self._database: Final = database
        self._seen: SeenKeys | None = None
        self._perhaps: int | None = None
        self._next: int | None = None

    @property
    def end(self) -> int:
        """The line before which rows may be given out."""
        ends = (self._perhaps, self._next)
        return min([line for line in ends if line is not None], default=NO_LINE)

    @property
    def in_question(self) -> bool:
        """Whether there are rows of which it is not known whether they repeat another."""
        return self._perhaps is not None

    def begin(self) -> None:
        """Hold back every row, until the source gives it."""
        self._perhaps = first_perhaps(self._database)
        self._next = _FIRST_LINE

    def recognised(self, rows: Sequence[NewRow]) -> list[NewRow]:
        """Return those rows that are not in the ledger yet.

        Raises:
            ChangedError: the key of a row is not that of its values.
            LedgerMismatchError: a row differs from the one that stands at its line.
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
                    raise self.other(line)
            if found:
                raise self.other(min(found))
        return list(rows[len(known) :])

    def _check_key(self, line: int) -> None:
        """Raise ChangedError if the row at a line has not the key of its own values."""
        found = self._database.execute(
            "SELECT user_id, email, own, key, state, seal FROM rows WHERE line = ?", (line,)
        ).fetchone()
        if found is None:
            return
        *values, key, state, seal = found
        wanted = None if state == State.INVALID else key_of(*values)
        if key != wanted or seal != row_seal(line, *values):
            raise ChangedError(f"row {line}")

    def given(self, rows: Sequence[NewRow]) -> None:
        """Let rows be given out that are entered or recognised."""
        if rows and self._next is not None:
            self._next = rows[-1][0] + 1

    def ended(self) -> None:
        """Let all rows be given out: the source gives no more.

        Raises:
            LedgerMismatchError: the ledger has more.
        """
        (last,) = self._database.execute(_LAST).fetchone()
        if self._next is not None and last >= self._next:
            raise self.other(self._next)
        self._next = None

    def marks(self, rows: Sequence[NewRow]) -> list[int | None]:
        """Return what stands in the column ``twin`` of new rows."""
        if self._seen is None:
            self._seen = seen_keys(self._database)
        known = self._seen.known
        return [
            PERHAPS if key is not None and user_id and not ordered and known(key) else None
            for _, key, user_id, _, _, ordered in rows
        ]

    def sent_for_addresses(self, rows: Iterable[LedgerRow[Any]]) -> None:
        """Hear of rows whose users were looked up: rows that name them by id may repeat these."""
        if self._seen is not None:
            for row in rows:
                if row.found_id and not row.ordered:
                    self._seen.known(bytes.fromhex(subject_of(row, row.found_id)))

    def entered(self, rows: Sequence[NewRow], marks: Sequence[int | None]) -> None:
        """Hold back the rows from the first on that may repeat another one."""
        if self._perhaps is None and PERHAPS in marks:
            self._perhaps = rows[marks.index(PERHAPS)][0]

    def find_twins(self) -> None:
        """Find out which rows repeat another one; called in a transaction."""
        if self._perhaps is not None:
            mark_twins(self._database, self._perhaps)

    def twins_found(self) -> None:
        """Hold back no row for that any more: it is on file."""
        self._perhaps = None

    def other(self, line: int) -> LedgerMismatchError:
        """Return what to raise for a row that is another one."""
        return LedgerMismatchError(
            f"{self._path} does not belong to these rows: row {line} is another one. "
            f"{one_ledger_each(self._path)}"
        )
