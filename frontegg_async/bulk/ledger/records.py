"""What a ledger holds of its rows, as values."""

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
    """Where a row stands, as the file has it.

    Numbers of one byte each: SQLite writes 0 and 1 shorter, and a row must not grow when it ends.
    """

    PENDING = 10
    IN_FLIGHT = 11
    DONE = 12
    ALREADY = 13
    FAILED = 14
    UNKNOWN = 15
    INVALID = 16

    # An enum's own is written in Python, and every row looks up its state.
    __hash__ = int.__hash__


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a ledger was begun for: another run continues it only if all of this is the same.

    Args:
        job: what is done to the rows, such as ``assign``.
        source: name of the input, for messages.
        fingerprint: SHA-256 of the input's bytes, or an empty text for rows that come from a
            program and cannot be read again.
        environment: client id and host.
        environment_id: the environment that credentials of a whole account call, or an empty text
            where the session names none.
        settings: the options that change what a row means, such as whether invites are sent.
    """

    job: str
    source: str
    fingerprint: str
    environment: str
    settings: str
    environment_id: str = ""

    @property
    def where(self) -> str:
        """The environment in words, as messages and ``bulk status`` have it."""
        return environment_name(self.environment, self.environment_id)


class RowForm(msgspec.Struct, Generic[RowT], frozen=True):
    """How the rows of a job are kept in a ledger, which knows nothing of jobs.

    Args:
        columns: encodes the row's own columns: rows that say the same have the same string.
        ordered: returns True for a row that another row of the same user may undo. Such a row
            repeats an earlier one only if none of that user stands between them (``order.py``).
    """

    columns: Columns[RowT]
    ordered: Callable[[RowT], bool]

    def new(self, line: int, row: RowT | Malformed) -> NewRow:
        """Return a row as it is entered."""
        if isinstance(row, Malformed):
            return line, None, None, None, "{}", 0
        user_id, email, own = row.user_id or None, row.email or None, self.columns.encode(row)
        # A plain number, because for each of another type SQLite's module looks for an adapter,
        # at the price of the rest of the row.
        ordered = 1 if self.ordered(row) else 0
        return line, key_of(user_id, email, own), user_id, email, own, ordered


class LedgerRow(msgspec.Struct, Generic[RowT], frozen=True, gc=False):
    """A row to be done.

    Args:
        line: its number in the source.
        row: the row as the source had it.
        own: its own columns as the ledger has them.
        in_doubt: whether a run that died had it in flight.
        ordered: as ``RowForm`` has it.
        found_id: id of the user who was found by the address, where the row names no id.
        follows: whether earlier ordered rows of the same user say something else, so that a part
            of the row may hold by them.
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
    def who(self) -> str | None:
        """Id of the user, or None if no user was found by the address."""
        return self.row.user_id or self.found_id

    @property
    def wish(self) -> RowT:
        """The row, or the part of it that is left."""
        return self.row if self.left is None else self.left

    @property
    def turn(self) -> str:
        """Name of the user among those whose rows are done one after the other."""
        return self.row.user_id or self.found_id or address_of(self.row.email)


class InviteNote(msgspec.Struct, frozen=True, gc=False):
    """Where invites go out, what became of the membership that a row is about, and when."""

    membership: str
    state: State
    noted: float


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What became of a row; ``status`` is 0 and ``attempts`` is 0 where nothing was sent."""

    line: int
    state: State
    status: int = 0
    attempts: int = 0
    trace_id: str | None = None
    reason: str | None = None
    error_code: str | None = None
    invited: InviteNote | None = None

    def brief(self) -> Entry:
        """Return it without what takes more room than the row has."""
        return msgspec.structs.replace(self, reason=None, error_code=None, invited=None)


class ExportedRow(msgspec.Struct, frozen=True, gc=False):
    """A row with its end, as ``bulk export`` shows it; ``own`` is its own columns in JSON."""

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
    """How an invalid row stood in the source."""

    @property
    def values(self) -> dict[str, Any]:
        """Its own columns by name, without those that have their default."""
        return msgspec.json.decode(self.own, type=dict[str, Any])


class RunTotals(msgspec.Struct, frozen=True):
    """What all runs on a ledger sent together, and how long they took, in seconds."""

    runs: int
    requests: int
    throttled: int
    elapsed_s: float


def environment_name(environment: str, environment_id: str) -> str:
    """Return the name of an environment; two sessions reach the same one if it is the same."""
    return f"{environment}, environment id {environment_id}" if environment_id else environment


def key_of(user_id: str | None, email: str | None, own: str) -> bytes:
    """Return what two rows have in common that read the same."""
    if user_id:
        return _digest(f"i{user_id}\0{own}")
    return _digest(f"e{address_of(email)}\0{own}")


def subject_of(row: LedgerRow[Any], user_id: str) -> str:
    """Return what rows of a user have in common of which only the last one can hold.

    A row that is not ordered shares it only with those that say the same.
    """
    return _digest(f"i{user_id}" if row.ordered else f"i{user_id}\0{row.own}").hex()


def invite_of(user_id: str, about: str) -> str:
    """Return what rows have in common that would send the same invite, whatever else they say."""
    return _digest(f"m{user_id}\0{about}").hex()


def said_by(row: LedgerRow[Any]) -> str:
    """Return what ordered rows of one user have in common that say the same."""
    return _digest(row.own).hex()


def address_of(email: str | None) -> str:
    """Return an e-mail address as it is compared with others."""
    return (email or "").lower()


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).digest()
