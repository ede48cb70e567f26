"""Rows that say the same as an earlier one: they share its outcome and are not sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from .entries import NewRow, key_of, user_key_of
from .ledger_checks import ChangedError, moved

FOLLOWS: Final = 2
"""Stands in the column ``ordered``, instead of 1, for a row that follows another of its user."""
TWINS_SCHEMA: Final = """
CREATE TABLE latest (user_key BLOB PRIMARY KEY, key BLOB NOT NULL, line INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE compared (line INTEGER NOT NULL)
"""
_MARK: Final = f"""
UPDATE rows SET {moved(twin="found.first")} FROM (
    SELECT line, (
        SELECT line FROM rows AS one WHERE one.key = other.key AND NOT one.ordered
        ORDER BY line LIMIT 1
    ) AS first
    FROM rows AS other WHERE line > ? AND NOT ordered AND key IS NOT NULL AND twin IS NULL
) AS found
WHERE rows.line = found.line AND found.first < rows.line
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
    database.executemany(f"UPDATE rows SET {moved(twin='?1')} WHERE line = ?2", twins)
    database.executemany(f"UPDATE rows SET {moved(ordered='?1')} WHERE line = ?2", follows)


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


def find_latest(database: sqlite3.Connection) -> None:
    """Derive again from the rows all that was kept to compare them with.

    For rows that are entered after an interruption. What is derived has no checks of its own, and
    a latest row that changed would make a twin of a row that is none.
    """
    forget_twins(database)
    rows = database.execute(
        "SELECT line, key, user_id, email, tenant_id, flag FROM rows "
        "WHERE ordered AND twin IS NULL AND key IS NOT NULL ORDER BY line"
    )
    for line, key, user_id, email, tenant_id, flag in rows:
        row = NewRow(line, user_id, email, tenant_id, bool(flag))
        if key != key_of(row):
            raise ChangedError(f"row {line}")
        database.execute(
            "INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", (user_key_of(row), key, line)
        )
