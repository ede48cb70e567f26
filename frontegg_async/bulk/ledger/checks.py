"""Checks that tell whether a row of the ledger is as it was written.

SQLite has no checksum over its file, and its own ``quick_check`` looks at the structure only: a
byte that changed inside of a user id, a state or a line passes it. So each row of ``rows`` has two
checks:

- the seal: a CRC-32 of the columns that never change (line, user, the job's own), computed in
  Python when the row is entered and again whenever it is read;
- the mark: a weighted sum, modulo a prime, of the numbers that do change (state, status, attempts,
  twin, order), computed by SQLite itself, because one statement changes hundreds of rows at once.
  An UPDATE adds the difference between new and old to the mark instead of computing it anew, so a
  row that was damaged before stays damaged.

The rows of the small tables have a seal alone.
"""

from __future__ import annotations

import sqlite3
from typing import Final
from zlib import crc32

from .codec import ROOM
from .records import State


class ChangedError(Exception):
    """Something in the file is not as it was written; the text names it."""


_PRIME: Final = 4_294_967_291
"""The largest below 2^32: a change of one column by less than that always changes the sum."""
_NULL: Final = -1
"""Stands for NULL in the sum, so that a row that is no twin (NULL) differs from one that may be
(``PERHAPS``, which is 0): one bit of the file tells the two apart."""
_BASE: Final = 4_294_967_296
"""Added to the sum, so that every mark takes six bytes and a row does not grow when it ends."""
_WEIGHTS: Final = {
    # Below 2^28, so that no sum exceeds the 63 bits after which SQLite computes in floating point.
    "line": 198_491_317,
    "ordered": 164_511_353,
    "twin": 27_644_437,
    "state": 125_871_461,
    "status": 228_430_693,
    "attempts": 39_916_801,
}


def mark_of(table: str = "rows") -> str:
    """Return the SQL expression for the mark that a row must have."""
    terms = [f"ifnull({table}.{name}, {_NULL}) * {weight}" for name, weight in _WEIGHTS.items()]
    return f"({_BASE} + ({' + '.join(terms)}) % {_PRIME})"


def first_mark(*, line: str, ordered: str, twin: str) -> str:
    """Return the SQL expression for the mark of a row that is entered; all else is as it begins."""
    fixed = State.PENDING * _WEIGHTS["state"] + ROOM * (_WEIGHTS["status"] + _WEIGHTS["attempts"])
    given = {"line": line, "ordered": ordered, "twin": f"ifnull({twin}, {_NULL})"}
    terms = [f"{value} * {_WEIGHTS[name]}" for name, value in given.items()]
    return f"({_BASE} + ({fixed} + {' + '.join(terms)}) % {_PRIME})"


def moved(**columns: str) -> str:
    """Return the assignments of an UPDATE: columns to expressions, and the mark along with them."""
    changes = [
        f"(ifnull({value}, {_NULL}) - ifnull(rows.{name}, {_NULL})) * {_WEIGHTS[name]}"
        for name, value in columns.items()
    ]
    sets = [f"{name} = {value}" for name, value in columns.items()]
    total = f"rows.mark - {_BASE} + {' + '.join(changes)}"
    return f"{', '.join(sets)}, mark = {_BASE} + (({total}) % {_PRIME} + {_PRIME}) % {_PRIME}"


def seal_of(*values: object) -> int:
    """Return the check of values that stand together; numbers count like their text."""
    text = "\0".join(map(str, values))
    return crc32(text.encode(errors="surrogatepass"))


def row_seal(line: int, user_id: str | None, email: str | None, own: str) -> int:
    """Return the seal of a row: ``seal_of``, without its costs."""
    text = f"{line}\0{user_id}\0{email}\0{own}"
    return crc32(text.encode(errors="surrogatepass"))


def count_unmarked(database: sqlite3.Connection) -> tuple[int, int]:
    """Return how many rows there are, and how many of them have another mark than they must."""
    rows, unmarked = database.execute(
        f"SELECT count(*), ifnull(sum(mark IS NOT {mark_of()}), 0) FROM rows"
    ).fetchone()
    return rows, unmarked
