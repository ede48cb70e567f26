"""Rows that say the same as an earlier one: they share its outcome and are not sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from .entries import NewRow, user_key_of

FOLLOWS: Final = 2
"""Stands in the column ``ordered``, instead of 1, for a row that follows another of its user."""
TWINS_SCHEMA: Final = """
CREATE TABLE latest (user_key BLOB PRIMARY KEY, key BLOB NOT NULL, line INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE compared (line INTEGER NOT NULL)
"""
_MARK: Final = """
UPDATE rows SET twin = (
    SELECT line FROM rows AS one WHERE one.key = rows.key AND NOT one.ordered ORDER BY line LIMIT 1
)
WHERE line > ? AND NOT ordered AND key IS NOT NULL AND line > (
    SELECT line FROM rows AS one WHERE one.key = rows.key AND NOT one.ordered ORDER BY line LIMIT 1
)
"""


def mark_ordered(
    database: sqlite3.Connection, rows: Sequence[NewRow], keys: Sequence[bytes | None]
) -> None:
    """Compare new ordered rows with the latest ordered row of their user.

    A row that says the same becomes its twin; one that says something else follows it.
    """
    twins: list[tuple[int, int]] = []
    follows: list[tuple[int, int]] = []
    for row, key in zip(rows, keys, strict=True):
        if not row.ordered or key is None:
            continue
        user_key = user_key_of(row)
        latest = database.execute("SELECT key, line FROM latest WHERE user_key = ?", (user_key,))
        found = latest.fetchone()
        if found is not None and found[0] == key:
            twins.append((found[1], row.line))
            continue
        if found is not None:
            follows.append((FOLLOWS, row.line))
        database.execute(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", (user_key, key, row.line)
        )
    database.executemany("UPDATE rows SET twin = ? WHERE line = ?", twins)
    database.executemany("UPDATE rows SET ordered = ? WHERE line = ?", follows)


def mark_twins(database: sqlite3.Connection) -> None:
    """Make twins of all other rows that repeat an earlier one, as far as that was not done yet.

    The index comes when the rows are there: sorting a million keys at once costs a tenth of
    finding a place for each of them.
    """
    database.execute(
        "CREATE INDEX IF NOT EXISTS kinds ON rows (key) WHERE NOT ordered AND key IS NOT NULL"
    )
    (compared,) = database.execute("SELECT ifnull(max(line), 0) FROM compared").fetchone()
    database.execute(_MARK, (compared,))
    database.execute("DELETE FROM compared")
    database.execute("INSERT INTO compared SELECT ifnull(max(line), 0) FROM rows")


def forget_twins(database: sqlite3.Connection) -> None:
    """Forget what was compared, and the index."""
    database.execute("DELETE FROM latest")
    database.execute("DELETE FROM compared")
    database.execute("DROP INDEX IF EXISTS kinds")
