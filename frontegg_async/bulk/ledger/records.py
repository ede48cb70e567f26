"""What a ledger holds of its rows, as values."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

import msgspec

from ..input.originals import Original


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


class NewRow(msgspec.Struct, frozen=True, gc=False):
    """A row to be entered; ``problem`` says why it is invalid, if it is.

    ``original`` is how an invalid row stood in the source.

    ``ordered`` rows of one user undo each other: such a row repeats an earlier one only if none of
    that user stands between them (``order.py``).
    """

    line: int
    user_id: str | None = None
    email: str | None = None
    tenant_id: str | None = None
    flag: bool = False
    problem: str | None = None
    ordered: bool = False
    original: Original = Original()


class LedgerRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A row to be done.

    Args:
        in_doubt: whether a run that died had it in flight.
        ordered: as in ``NewRow``.
        found_id: id of the user who was found by ``email``, where there is no ``user_id``.
        follows: whether earlier ordered rows of the same user say something else, so that a part
            of the row may hold by them.
        overtaken_by: line of a later row of the same user that was done and says something else,
            or 0.
    """

    line: int
    user_id: str | None
    email: str | None
    tenant_id: str | None
    flag: bool
    in_doubt: bool
    ordered: bool = False
    found_id: str | None = None
    follows: bool = False
    overtaken_by: int = 0

    @property
    def who(self) -> str | None:
        """Id of the user, or None if nobody was found by the address."""
        return self.user_id or self.found_id

    @property
    def turn(self) -> str:
        """Name of the user among those whose rows are done one after the other."""
        return self.who or address_of(self.email)


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
    """A row with its end, as ``bulk export`` shows it."""

    line: int
    user_id: str | None
    email: str | None
    tenant_id: str | None
    flag: bool
    state: State
    status: int | None
    attempts: int
    trace_id: str | None
    reason: str | None
    error_code: str | None
    original: Original | None = None
    """How an invalid row stood in the source."""


class RunTotals(msgspec.Struct, frozen=True):
    """What all runs on a ledger sent together, and how long they took, in seconds."""

    runs: int
    requests: int
    throttled: int
    elapsed_s: float


def environment_name(environment: str, environment_id: str) -> str:
    """Return the name of an environment; two sessions reach the same one if it is the same."""
    return f"{environment}, environment id {environment_id}" if environment_id else environment


def key_of(row: NewRow) -> bytes | None:
    """Return what two rows have in common that read the same, or None for an invalid one."""
    if row.problem is not None:
        return None
    if row.user_id:
        return _key(row, row.user_id)
    return _digest(f"e{address_of(row.email)}\0{_what(row)}")


def subject_of(row: LedgerRow, user_id: str) -> str:
    """Return what rows of a user have in common of which only the last one can hold.

    A row about a membership shares it only with those that say the same.
    """
    return (_digest(f"i{user_id}") if row.ordered else _key(row, user_id)).hex()


def membership_of(row: LedgerRow, user_id: str) -> str:
    """Return what rows about one membership have in common, whatever else they ask for."""
    return _digest(f"m{user_id}\0{row.tenant_id or ''}").hex()


def said_by(row: LedgerRow) -> str:
    """Return what ordered rows of one user have in common that say the same."""
    return _digest(_what(row)).hex()


def address_of(email: str | None) -> str:
    """Return an e-mail address as it is compared with others."""
    return (email or "").lower()


def _key(row: NewRow | LedgerRow, user_id: str) -> bytes:
    return _digest(f"i{user_id}\0{_what(row)}")


def _what(row: NewRow | LedgerRow) -> str:
    return f"{row.tenant_id or ''}\0{'1' if row.flag else '0'}"


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=12).digest()
