"""Rows about memberships that repeat an earlier one: they share its outcome and are not sent.

Those that name the user by id are compared here, when they are entered. For the others see
``order.py``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from .ledger_checks import moved

TWINS_SCHEMA: Final = "CREATE TABLE compared (line INTEGER NOT NULL)"
_BY_ID: Final = "NOT ordered AND key IS NOT NULL AND user_id IS NOT NULL"
_MARK: Final = f"""
UPDATE rows SET {moved(twin="found.first")} FROM (
    SELECT line, ifnull(
        (SELECT one FROM turns WHERE subject = lower(hex(other.key)) LIMIT 1),
        (SELECT line FROM rows AS same WHERE same.key = other.key AND {_BY_ID}
            ORDER BY line LIMIT 1)
    ) AS first
    FROM rows AS other WHERE line > ? AND {_BY_ID} AND twin IS NULL
) AS found
WHERE rows.line = found.line AND found.first <> rows.line
"""
"""The first row is one that was sent for an address, or else the first one that names the id."""


def mark_twins(database: sqlite3.Connection) -> None:
    """Make twins of all rows that repeat an earlier one, as far as that was not done yet.

    The index comes when the rows are there: sorting a million keys at once costs a tenth of
    finding a place for each of them.
    """
    database.execute(f"CREATE INDEX IF NOT EXISTS kinds ON rows (key) WHERE {_BY_ID}")
    (compared,) = database.execute("SELECT ifnull(max(line), 0) FROM compared").fetchone()
    database.execute(_MARK, (compared,))
    database.execute("DELETE FROM compared")
    database.execute("INSERT INTO compared SELECT ifnull(max(line), 0) FROM rows")


def lines_of(database: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return the lines that are sent for keys, of rows that name the user by id."""
    if not keys:
        return {}
    marks = ", ".join("?" * len(keys))
    (found,) = database.execute(
        "SELECT json_group_array(json_array(hex(key), one)) FROM ("
        "SELECT key, min(line), ifnull(twin, line) AS one FROM rows "
        f"WHERE key IN ({marks}) AND {_BY_ID} GROUP BY key)",
        keys,
    ).fetchone()
    lines = msgspec.json.decode(found, type=list[tuple[str, int]])
    return {bytes.fromhex(key): line for key, line in lines}


def forget_twins(database: sqlite3.Connection) -> None:
    """Forget what was compared, and the index: both are made again of the rows."""
    database.execute("DELETE FROM compared")
    database.execute("DROP INDEX IF EXISTS kinds")
