"""Order and identity: rows of one user repeat, follow and overtake each other.

A user is a user, however the row spells it: rows are compared by the user's id, and an address is
looked up before that (``addresses.py``). Of the rows that change the same thing of a user, such as
the active tenant, the last one holds:

- a row that says the same as the one before it is its *twin*: it shares its outcome, unsent;
- a row that says something else *follows* it, and is sent after it;
- a row that failed while a later one was done is *overtaken*: sending it would undo the later one.

All of this is decided when a row is about to be handed out, in the order of the source, and is put
on file in ``turns``. Memberships add up, so that such rows can only repeat each other; those that
name the user by id are compared when they are entered (``duplicates.py``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from .checks import ChangedError, moved, seal_of
from .duplicates import lines_of
from .records import LedgerRow, State, said_by, subject_of

ORDER_SCHEMA: Final = """
CREATE TABLE turns (
    subject TEXT NOT NULL,
    line INTEGER NOT NULL,
    says TEXT NOT NULL,
    one INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (subject, line)
) WITHOUT ROWID
"""
"""A row changes its subject to what it says; ``one`` is the line that is sent for it."""

# One statement for many rows, and all that it finds as one value: for each that SQLite's module
# fetches by itself it lets go of the interpreter, while the event loop wants it as well.
_ASKED: Final = """
WITH asked AS MATERIALIZED (
    SELECT json_extract(value, '$[0]') AS line, json_extract(value, '$[1]') AS subject,
        json_extract(value, '$[2]') AS says
    FROM json_each(?)
)
"""
_LATEST: Final = f"""{_ASKED}
SELECT json_group_array(json_array(turns.subject, turns.line, turns.says, one))
FROM (SELECT DISTINCT subject FROM asked) AS asked
JOIN turns ON turns.subject = asked.subject AND turns.line = (
    SELECT max(line) FROM turns AS other WHERE other.subject = asked.subject
)
"""
_AROUND: Final = f"""{_ASKED}
SELECT json_group_array(json_array(
    line,
    EXISTS (
        SELECT 1 FROM turns WHERE turns.subject = asked.subject AND turns.line < asked.line
    ),
    ifnull((
        SELECT CASE turns.says WHEN asked.says THEN 0 ELSE turns.line END
        FROM turns JOIN rows ON rows.line = one
        WHERE turns.subject = asked.subject AND turns.line > asked.line
        AND rows.state IN ({State.DONE:d}, {State.ALREADY:d})
        ORDER BY turns.line DESC LIMIT 1
    ), 0)
)) FROM asked
"""
_ENTER: Final = """
INSERT OR IGNORE INTO turns SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
json_extract(value, '$[2]'), json_extract(value, '$[3]'), json_extract(value, '$[4]')
FROM json_each(?)
"""


class _Turn(NamedTuple):
    """The place of a row among those with its subject."""

    subject: str
    line: int
    says: str
    one: int


def check_turns(database: sqlite3.Connection) -> None:
    """Raise ChangedError unless all turns are as they were written."""
    for *turn, seal in database.execute("SELECT subject, line, says, one, seal FROM turns"):
        if seal != seal_of(*turn):
            raise ChangedError(f"the order of row {turn[1]}")


def take_turns(
    database: sqlite3.Connection, rows: Sequence[LedgerRow[Any]]
) -> list[LedgerRow[Any]]:
    """Compare rows with the others of their users, and return those that are to be sent.

    Twins are put on file as such and left out. The rows that are returned say whether they follow
    another row or were overtaken; those whose user is not known come as they are.

    Args:
        database: the ledger, in a transaction.
        rows: in the order of the source, with their users looked up.
    """
    subjects = {
        row.line: subject_of(row, row.who)
        for row in rows
        # Memberships of users named by id were compared when they were entered.
        if row.who is not None and (row.ordered or row.found_id)
    }
    latest = _latest(database, subjects)
    memberships = [subjects[row.line] for row in rows if row.found_id and not row.ordered]
    by_id = lines_of(database, [bytes.fromhex(subject) for subject in memberships])
    kept: dict[int, LedgerRow[Any]] = {}
    turns: list[_Turn] = []
    twins: list[tuple[int, int]] = []
    late: list[tuple[int, str, str]] = []
    for row in rows:
        subject = subjects.get(row.line)
        if subject is None:
            kept[row.line] = row
            continue
        says, last = said_by(row), latest.get(subject)
        if row.ordered:
            one = _ordered_like(row, says, last)
        else:
            one = _membership_like(row, last, by_id.get(bytes.fromhex(subject)))
        if one != row.line:
            twins.append((one, row.line))
        else:
            follows = row.ordered and last is not None
            kept[row.line] = msgspec.structs.replace(row, follows=True) if follows else row
        if row.ordered or one == row.line:
            turns.append(_Turn(subject, row.line, says, one))
            if last is None or last.line < row.line:
                latest[subject] = turns[-1]
            else:
                late.append((row.line, subject, says))
    if turns:
        sealed = [(*turn, seal_of(*turn)) for turn in sorted(turns)]
        database.execute(_ENTER, (_json(sealed),))
    database.executemany(f"UPDATE rows SET {moved(twin='?1')} WHERE line = ?2", twins)
    for line, follows, overtaken_by in _found(database, _AROUND, late):
        kept[line] = msgspec.structs.replace(
            kept[line], follows=bool(follows), overtaken_by=overtaken_by
        )
    return list(kept.values())


def _ordered_like(row: LedgerRow[Any], says: str, last: _Turn | None) -> int:
    """Return the line that is sent for an ordered row: its own, or that of its twin."""
    if last is not None and last.line < row.line and last.says == says and not row.in_doubt:
        return last.one
    return row.line


def _membership_like(row: LedgerRow[Any], last: _Turn | None, by_id: int | None) -> int:
    """Return the line that is sent for a row about a membership.

    Nothing undoes a membership in between, so the other row may also be a later one.
    """
    if row.in_doubt:
        return row.line  # it was sent before
    return last.one if last is not None else by_id or row.line


def _latest(database: sqlite3.Connection, subjects: dict[int, str]) -> dict[str, _Turn]:
    """Return the latest row with each subject."""
    turns = [_Turn(*found) for found in _found(database, _LATEST, subjects.items())]
    return {turn.subject: turn for turn in turns}


def _found(database: sqlite3.Connection, query: str, asked: Collection[object]) -> list[Any]:
    if not asked:
        return []
    (found,) = database.execute(query, (_json(asked),)).fetchone()
    return msgspec.json.decode(found, type=list[Any])


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()
