"""Rows about memberships that repeat an earlier one: they share its outcome and are not sent.

Those that name the user by id are compared here, when they are entered; for the others see
``order.py``. Rows are sent while later ones are still being read: a filter in memory says of nearly
every new row that it repeats none. Of the others it must be looked up before they, or any row below
them, are sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from .checks import moved

PERHAPS: Final = 0
"""Stands in the column ``twin`` of a row that may repeat an earlier one, and must wait."""
TWINS_SCHEMA: Final = """
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
"""The first row is one that was sent for an address, or else the first one that names the id."""
_FILTER_BITS: Final = 25
_FILTER_MASK: Final = (1 << _FILTER_BITS) - 1
_PROBES: Final = 3
"""Parts of a key, of 25 bits each, whose bits are looked at; a key has 96."""


def mark_twins(database: sqlite3.Connection, first: int) -> None:
    """Find out which of the rows that may repeat an earlier one do, from line ``first`` on."""
    _place(database)
    database.execute(_MARK, (PERHAPS, first))


def _place(database: sqlite3.Connection) -> None:
    """Give the rows that came since the last time a place by their keys.

    Not sooner: sorting them at once costs a tenth of finding a place for each of them, and most
    sources repeat nothing.
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
    """Return the lines that are sent for keys, of rows that name the user by id."""
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


def forget_twins(database: sqlite3.Connection) -> None:
    """Forget the places of rows by their keys: they are made again of the rows.

    What is derived has no checks of its own, and a first row that changed would make a twin of a
    row that is none. The keys themselves are checked by the source, which gives their rows once
    more before a row behind them is given out.
    """
    for table in ("firsts", "placed"):
        database.execute(f"DELETE FROM {table}")


def first_perhaps(database: sqlite3.Connection) -> int | None:
    """Return the first line that may repeat an earlier one and was not looked into."""
    (line,) = database.execute("SELECT min(line) FROM rows WHERE twin = ?", (PERHAPS,)).fetchone()
    return None if line is None else int(line)


class SeenKeys:
    """Tells of nearly every new key that it is new, in memory that does not grow.

    A Bloom filter. Of a million keys it takes some hundred for ones that it may have seen; of ten
    million every third, and then the rows wait for each other a little more often.
    """

    def __init__(self) -> None:
        self._bits: Final = bytearray(1 << _FILTER_BITS - 3)

    def known(self, key: bytes) -> bool:
        """Whether a key may have been seen before; from now on it has."""
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
    """Return the keys of those rows that are there already, and of those sent for an address."""
    seen = SeenKeys()
    for (key,) in database.execute(f"SELECT key FROM rows WHERE {_BY_ID}"):
        seen.known(key)
    for (subject,) in database.execute("SELECT subject FROM turns"):
        seen.known(bytes.fromhex(subject))
    return seen
