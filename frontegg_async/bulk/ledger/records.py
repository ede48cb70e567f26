"""Records of a ledger and its rows, as values."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from hashlib import blake2b
from typing import Any, Generic, TypeAlias

import msgspec

from ..input.columns import Malformed
from ..input.originals import Original
from ..input.rows import Columns, RowT

NewRow: TypeAlias = tuple[int, bytes | None, str | None, str | None, str, int]
"""A row to be entered: line, key, user id, address, own columns, and 1 if it is ordered.

An invalid row has no key."""


class State(IntEnum):
    """State of a row, in the file.

    Numbers of one byte each: SQLite stores 0 and 1 in none, and a row must not grow when it ends.
    """

    PENDING = 10
    IN_FLIGHT = 11
    DONE = 12
    ALREADY = 13
    FAILED = 14
    UNKNOWN = 15
    INVALID = 16

    # Enum's own hash is written in Python, and every row looks up its state.
    __hash__ = int.__hash__


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a ledger: another run continues it only if all of this is the same.

    Args:
        job: name of the job, such as ``assign``.
        source: name of the input, for messages.
        fingerprint: SHA-256 of the input's bytes, or an empty string for rows that come from a
            program and cannot be read again.
        environment: client id and host.
        environment_id: the environment that credentials of a whole account call, or an empty
            string where the session names none.
        settings: the options that change the meaning of a row, such as sending invites.
    """

    job: str
    source: str
    fingerprint: str
    environment: str
    settings: str
    environment_id: str = ""

    @property
    def where(self) -> str:
        """The environment in words, for messages and ``bulk status``."""
        return environment_name(self.environment, self.environment_id)


class RowForm(msgspec.Struct, Generic[RowT], frozen=True):
    """The form of a job's rows in a ledger, which knows nothing of jobs.

    Args:
        columns: encodes the row's own columns: rows that say the same have the same string.
        ordered: returns True for a row that another row of the same user may undo. Such a row
            repeats an earlier one only if no row of that user is between them (``order.py``).
    """

    columns: Columns[RowT]
    ordered: Callable[[RowT], bool]

    def new(self, line: int, row: RowT | Malformed) -> NewRow:
        """Return a row as it is entered."""
        if isinstance(row, Malformed):
            return line, None, None, None, "{}", 0
        user_id, email, own = row.user_id or None, row.email or None, self.columns.encode(row)
        # A plain int: for any other type, Python's module looks for an adapter, which costs as much
        # as the rest of the row.
        ordered = 1 if self.ordered(row) else 0
        return line, key_of(user_id, email, own), user_id, email, own, ordered


class LedgerRow(msgspec.Struct, Generic[RowT], frozen=True, gc=False):
    """A row to be sent.

    Args:
        line: its number in the source.
        row: the row of the source.
        own: its own columns, encoded as in the ledger.
        in_doubt: True if a run that died had it in flight.
        ordered: see ``RowForm``.
        found_id: id of the user who was found by the address, where the row names no id.
        follows: True if earlier ordered rows of the same user say something else, so that a part of
            the row may be satisfied by them.
        overtaken_by: line of a later row of the same user that was done and says something else,
            or 0.
        left: the part of the row that is left to do after it was overtaken, or None for all of it.
    """

    line: int
    row: RowT
    own: str
    in_doubt: bool
    ordered: bool = False
    found_id: str | None = None
    follows: bool = False
    overtaken_by: int = 0
    left: RowT | None = None

    @property
    def user_id(self) -> str | None:
        """Id of the user, or None if no user was found by the address."""
        return self.row.user_id or self.found_id

    @property
    def wish(self) -> RowT:
        """The row, or the part of it that is left."""
        return self.row if self.left is None else self.left

    @property
    def user_key(self) -> str:
        """Key of the user, whose rows are sent one after the other."""
        return self.row.user_id or self.found_id or address_of(self.row.email)


class InviteNote(msgspec.Struct, frozen=True, gc=False):
    """The last outcome about a membership with an invite; ``noted`` in seconds since the epoch."""

    membership: str
    state: State
    noted: float


class Entry(msgspec.Struct, frozen=True, gc=False):
    """The outcome of a row; ``status`` and ``attempts`` are 0 where nothing was sent."""

    line: int
    state: State
    status: int = 0
    attempts: int = 0
    trace_id: str | None = None
    reason: str | None = None
    error_code: str | None = None
    invited: InviteNote | None = None

    def brief(self) -> Entry:
        """Return the entry without the values that the row has no room for."""
        return msgspec.structs.replace(self, reason=None, error_code=None, invited=None)


class ExportedRow(msgspec.Struct, frozen=True, gc=False):
    """A row with its outcome, for ``bulk export``; ``own`` is its own columns in JSON."""

    line: int
    user_id: str | None
    email: str | None
    own: str
    state: State
    status: int | None
    attempts: int
    trace_id: str | None
    reason: str | None
    error_code: str | None
    original: Original | None = None
    """An invalid row, as it was in the source."""

    @property
    def values(self) -> dict[str, Any]:
        """Its own columns by name, without those that have their default."""
        return msgspec.json.decode(self.own, type=dict[str, Any])


class RunTotals(msgspec.Struct, frozen=True):
    """Totals of all runs on a ledger; the time is in seconds."""

    runs: int
    requests: int
    throttled: int
    elapsed_s: float


def environment_name(environment: str, environment_id: str) -> str:
    """Return a name that is the same for two sessions of the same environment."""
    return f"{environment}, environment id {environment_id}" if environment_id else environment


def key_of(user_id: str | None, email: str | None, own: str) -> bytes:
    """Return a key that is the same for two rows that name a user alike and say the same."""
    if user_id:
        return _digest(f"i{user_id}\0{own}")
    return _digest(f"e{address_of(email)}\0{own}")


def subject_of(row: LedgerRow[Any], user_id: str) -> str:
    """Return a key that is the same for rows of a user that replace each other.

    A row that is not ordered shares it only with rows that say the same.
    """
    return _digest(f"i{user_id}" if row.ordered else f"i{user_id}\0{row.own}").hex()


def invite_of(user_id: str, about: str) -> str:
    """Return a key that is the same for all rows that would send the same invite."""
    return _digest(f"m{user_id}\0{about}").hex()


def said_by(row: LedgerRow[Any]) -> str:
    """Return a key that is the same for ordered rows of one user that say the same."""
    return _digest(row.own).hex()


def address_of(email: str | None) -> str:
    """Return an e-mail address in the form in which addresses are compared."""
    return (email or "").lower()


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).digest()
