"""Duplicates of rows about memberships: they share the outcome of an earlier row, unsent.

Rows that name the user by id are compared here, when they are entered; for the others see
``order.py``. Rows are sent while later ones are still being read: a filter in memory shows of
nearly every new row that it is no duplicate. The others are looked up in the ledger before they, or
any row below them, are sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from .checks import moved

PERHAPS: Final = 0
"""Value of the column ``twin`` of a row that may be a duplicate, and must wait."""
DUPLICATES_SCHEMA: Final = """
CREATE TABLE firsts (key BLOB PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE placed (line INTEGER NOT NULL)
"""
_BY_ID: Final = "NOT ordered AND key IS NOT NULL AND user_id IS NOT NULL"
_MARK: Final = f"""
UPDATE rows SET {moved(twin="found.first")} FROM (
    SELECT other.line AS line, nullif(ifnull(
        (SELECT one FROM turns WHERE subject = lower(hex(other.key)) LIMIT 1), firsts.line
    ), other.line) AS first
    FROM rows AS other LEFT JOIN firsts ON firsts.key = other.key
    WHERE other.twin = ? AND other.line >= ?
) AS found
WHERE rows.line = found.line
"""
"""The row that is sent is one that named the user by address, or else the first with the id."""
_FILTER_BITS: Final = 25
_FILTER_MASK: Final = (1 << _FILTER_BITS) - 1
_PROBES: Final = 3
"""Bits that the filter tests for a key, each by 25 bits of it; a key has 96."""


def mark_duplicates(database: sqlite3.Connection, first: int) -> None:
    """Compare the rows that may be duplicates, from line ``first`` on, and record the result."""
    _place(database)
    database.execute(_MARK, (PERHAPS, first))


def _place(database: sqlite3.Connection) -> None:
    """Add the rows that came since the last time to the index of first rows by key.

    Not sooner: sorting many costs a tenth of inserting each on its own, and most sources repeat
    nothing.
    """
    (placed,) = database.execute("SELECT ifnull(max(line), 0) FROM placed").fetchone()
    database.execute(
        "INSERT OR IGNORE INTO firsts SELECT key, line FROM rows "
        f"WHERE line > ? AND {_BY_ID} ORDER BY key, line",
        (placed,),
    )
    database.execute("DELETE FROM placed")
    database.execute("INSERT INTO placed SELECT ifnull(max(line), 0) FROM rows")


def lines_of(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return the line that is sent for each key, of rows that name the user by id."""
    if not keys:
        return {}
    _place(database)
    marks = ", ".join("?" * len(keys))
    (found,) = database.execute(
        "SELECT json_group_array(json_array(hex(firsts.key), "
        f"ifnull(nullif(rows.twin, {PERHAPS:d}), rows.line))) "
        f"FROM firsts JOIN rows ON rows.line = firsts.line WHERE firsts.key IN ({marks})",
        keys,
    ).fetchone()
    lines = msgspec.json.decode(found, type=list[tuple[str, int]])
    return {bytes.fromhex(key): line for key, line in lines}


def forget_first_rows(database: sqlite3.Connection) -> None:
    """Empty the index of first rows by key, which is made again from the rows.

    The index has no checksums, and damage to it would make a row a duplicate that is none. The keys
    themselves are compared with the source, which gives their rows once more before a row behind
    them is handed out.
    """
    for table in ("firsts", "placed"):
        database.execute(f"DELETE FROM {table}")


def first_perhaps(database: sqlite3.Connection) -> int | None:
    """Return the first line that may be a duplicate and was not looked up yet."""
    (line,) = database.execute("SELECT min(line) FROM rows WHERE twin = ?", (PERHAPS,)).fetchone()
    return None if line is None else int(line)


class SeenKeys:
    """Bloom filter of keys, in memory that does not grow.

    Of a million new keys it takes some hundred for seen ones; of ten million every third, and then
    the rows wait for each other a little more often.
    """

    def __init__(self) -> None:
        self._bits: Final = bytearray(1 << _FILTER_BITS - 3)

    def known(self, key: bytes) -> bool:
        """Add a key, and return whether it may have been added before."""
        bits, known, number = self._bits, True, int.from_bytes(key)
        for _ in range(_PROBES):
            place = number & _FILTER_MASK
            number >>= _FILTER_BITS
            bit = 1 << (place & 7)
            if not bits[place >> 3] & bit:
                bits[place >> 3] |= bit
                known = False
        return known


def seen_keys(database: sqlite3.Connection) -> SeenKeys:
    """Return a filter with the keys of the ledger's rows, and of rows found by address."""
    seen = SeenKeys()
    for (key,) in database.execute(f"SELECT key FROM rows WHERE {_BY_ID}"):
        seen.known(key)
    for (subject,) in database.execute("SELECT subject FROM turns"):
        seen.known(bytes.fromhex(subject))
    return seen
