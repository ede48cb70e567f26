"""Memberships that runs on a ledger have made with an invite each, or may have made.

A read lags behind writes, by half a minute where it was tried, so a look at the user before the
next invite may be too early to show the last one. The next row about the same membership, and the
next run about the same row, therefore go by what is on file.
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
LONGEST_LAG: Final = 600.0
"""Seconds after which a look is believed again, whatever is on file: twenty times the lag tried."""
INVITED_SCHEMA: Final = """
CREATE TABLE invited (
    membership TEXT NOT NULL, state INTEGER NOT NULL, noted REAL NOT NULL, seal INTEGER NOT NULL
)
"""


def keep_invited(database: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Put on file which memberships the rows of entries were about, within a transaction."""
    notes = [
        (each.membership, int(each.state), each.noted)
        for entry in entries
        if (each := entry.invited) is not None
    ]
    if notes:
        database.executemany(
            "INSERT INTO invited VALUES (?, ?, ?, ?)", [(*note, seal_of(*note)) for note in notes]
        )


class Invited:
    """Remembers what rows about memberships ended in, of this run and of the last ones.

    Args:
        clock: the time.
        about: names what a row sends an invite to, such as the tenant.
    """

    def __init__(self, clock: Clock, about: Callable[[Any], str]) -> None:
        self._about: Final = about
        self._clock: Final = clock
        self._states: Final[dict[str, State]] = {}

    def look_back(self, database: sqlite3.Connection) -> None:
        """Take from file what earlier runs have noted, within a transaction.

        Raises:
            ChangedError: it is not as it was written.
        """
        found = database.execute(
            "SELECT membership, state, noted, seal FROM invited ORDER BY rowid DESC LIMIT ?",
            (MOST_KEPT,),
        ).fetchall()
        since = self._clock.time() - LONGEST_LAG
        for membership, state, noted, seal in reversed(found):
            if seal != seal_of(membership, state, noted):
                raise ChangedError("the memberships that got an invite")
            if noted > since:
                self._keep(membership, State(state))
        database.execute("DELETE FROM invited WHERE noted <= ?", (since,))

    def ended(self, row: LedgerRow[Any], entry: Entry, *, added: bool) -> Entry:
        """Hear what a row about a membership ended in, and return its entry with that noted.

        Args:
            row: names user and tenant.
            entry: what it ended in.
            added: whether the membership was made, although something else may have failed.
        """
        if row.who is None or (entry.state is State.FAILED and not added):
            return entry
        membership, state = (
            invite_of(row.who, self._about(row.row)),
            State.DONE if added else entry.state,
        )
        if self._states.get(membership) is state:
            return entry
        self._keep(membership, state)
        if state is State.ALREADY:
            return entry  # a read has shown it, and the next one will
        note = InviteNote(membership, state, self._clock.time())
        return msgspec.structs.replace(entry, invited=note)

    def state_of(self, row: LedgerRow[Any]) -> State | None:
        """Return what the last row about the membership of a row has shown of it, if any."""
        return self._states.get(invite_of(row.who or "", self._about(row.row)))

    def _keep(self, membership: str, state: State) -> None:
        self._states.pop(membership, None)
        if len(self._states) >= MOST_KEPT:
            del self._states[next(iter(self._states))]
        self._states[membership] = state
