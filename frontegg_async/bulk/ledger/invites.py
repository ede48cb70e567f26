"""Memberships for which runs on a ledger have sent an invite, or may have.

Reads lag behind writes, by half a minute where it was tried, so a read of the user before the next
invite may be too early to show the last one. The next row about the same membership, and the next
run on the same row, therefore go by the records here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from ..._core.clock import Clock
from .checks import ChangedError, seal_of
from .records import Entry, InviteNote, LedgerRow, State, invite_of

MOST_KEPT: Final = 50_000
"""Memberships that are remembered: of the last 50 minutes at a thousand invites a minute."""
LONGEST_LAG_S: Final = 600.0
"""Seconds after which a read is trusted over a record: twenty times the lag that was seen."""
INVITES_SCHEMA: Final = """
CREATE TABLE invited (
    membership TEXT NOT NULL, state INTEGER NOT NULL, noted REAL NOT NULL, seal INTEGER NOT NULL
)
"""


def keep_invites(database: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Record the memberships that invites were sent for, within a transaction."""
    notes = [
        (each.membership, int(each.state), each.noted)
        for entry in entries
        if (each := entry.invited) is not None
    ]
    if notes:
        database.executemany(
            "INSERT INTO invited VALUES (?, ?, ?, ?)", [(*note, seal_of(*note)) for note in notes]
        )


class Invites:
    """Remembers the last outcome about each membership, of this run and earlier ones.

    Args:
        clock: the clock of the session.
        about: ``Job.invites_to``.
    """

    def __init__(self, clock: Clock, about: Callable[[Any], str]) -> None:
        self._about: Final = about
        self._clock: Final = clock
        self._states: Final[dict[str, State]] = {}

    def load(self, database: sqlite3.Connection) -> None:
        """Read the records of earlier runs, within a transaction.

        Raises:
            ChangedError: a record is not as it was written.
        """
        found = database.execute(
            "SELECT membership, state, noted, seal FROM invited ORDER BY rowid DESC LIMIT ?",
            (MOST_KEPT,),
        ).fetchall()
        since = self._clock.time() - LONGEST_LAG_S
        for membership, state, noted, seal in reversed(found):
            if seal != seal_of(membership, state, noted):
                raise ChangedError("the memberships that got an invite")
            if noted > since:
                self._keep(membership, State(state))
        database.execute("DELETE FROM invited WHERE noted <= ?", (since,))

    def ended(self, row: LedgerRow[Any], entry: Entry, *, added: bool) -> Entry:
        """Note the outcome of a row, and return its entry with the record to be written.

        Args:
            row: the row, which names the membership.
            entry: its outcome.
            added: True if the membership was made, even if another part of the row failed.
        """
        if row.user_id is None or (entry.state is State.FAILED and not added):
            return entry
        membership, state = (
            invite_of(row.user_id, self._about(row.row)),
            State.DONE if added else entry.state,
        )
        if self._states.get(membership) is state:
            return entry
        self._keep(membership, state)
        if state is State.ALREADY:
            return entry  # a read has shown it, and the next read will
        note = InviteNote(membership, state, self._clock.time())
        return msgspec.structs.replace(entry, invited=note)

    def state_of(self, row: LedgerRow[Any]) -> State | None:
        """Return the last outcome about the membership of a row, or None."""
        return self._states.get(invite_of(row.user_id or "", self._about(row.row)))

    def _keep(self, membership: str, state: State) -> None:
        self._states.pop(membership, None)
        if len(self._states) >= MOST_KEPT:
            del self._states[next(iter(self._states))]
        self._states[membership] = state
