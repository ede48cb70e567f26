"""Records of a claim: what a ledger was told about rows, and the result, as compact bytes.

A record has the three things that ``Ledger.write`` takes, so a log is replayed into a new ledger as
it was written into the lost one. Rows that were done stand there in runs of adjacent lines, some
bytes each; a row that was not done has its reason.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

import msgspec

from ...errors import LedgerDamagedError, LedgerMismatchError
from ..ledger.ledger import Ledger
from ..ledger.records import Entry, InviteNote, State
from ..report.outcome_table import AttemptFigures, RowOutcome

_VERSION: Final = 1


class _Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Adjacent lines with the same outcome and no reason."""

    first: int
    last: int
    state: State
    status: int
    attempts: int


class _Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An ``InviteNote`` of a line."""

    line: int
    membership: bytes
    state: State
    noted: float


class _Record(msgspec.Struct, frozen=True, array_like=True):
    """What ``Ledger.write`` takes."""

    version: int
    taken_back: Sequence[int]
    runs: Sequence[_Run]
    told: Sequence[Entry]
    """Outcomes with a reason."""
    notes: Sequence[_Note]
    intents: Sequence[tuple[int, int]]


class _Head(msgspec.Struct, frozen=True, array_like=True):
    """The beginning of a record and of a result, in every version."""

    version: int


_ENCODE: Final = msgspec.msgpack.Encoder().encode
_DECODE_HEAD: Final = msgspec.msgpack.Decoder(_Head).decode
_DECODE: Final = msgspec.msgpack.Decoder(_Record).decode


def _check_version(encoded: bytes) -> None:
    version = _DECODE_HEAD(encoded).version
    if version != _VERSION:
        raise LedgerMismatchError(
            f"the claim of a partition is of version {version}, and this program writes version "
            f"{_VERSION}: finish the run with the version that began it, or choose another run_id. "
            "Another run skips rows that are already satisfied"
        )


def record_of(
    taken_back: Sequence[int], entries: Sequence[Entry], intents: Sequence[tuple[int, int]]
) -> bytes:
    """Return the record of what a ledger was told; arguments as of ``Ledger.write``."""
    plain = sorted(
        (each.line, each.state, each.status, each.attempts)
        for each in entries
        if each.reason is None
    )
    told = [
        msgspec.structs.replace(each, invited=None) for each in entries if each.reason is not None
    ]
    notes = [
        _Note(each.line, bytes.fromhex(note.membership), note.state, note.noted)
        for each in entries
        if (note := each.invited) is not None
    ]
    return _ENCODE(_Record(_VERSION, taken_back, list(_runs(plain)), told, notes, intents))


def _runs(plain: Iterable[tuple[int, State, int, int]]) -> Iterator[_Run]:
    # Adjacent lines have the same difference to their numbers.
    for key, found in groupby(enumerate(plain), lambda each: (*each[1][1:], each[1][0] - each[0])):
        lines = [line for _, (line, *_) in found]
        yield _Run(lines[0], lines[-1], *key[:3])


def replay(records: Iterable[bytes], ledger: Ledger) -> None:
    """Tell a ledger what the records of earlier attempts say.

    Raises:
        LedgerDamagedError: a record is not as it was written.
        LedgerMismatchError: another version of the package has written it.
    """
    for encoded in records:
        try:
            _check_version(encoded)
            record = _DECODE(encoded)
        except msgspec.DecodeError as error:
            raise LedgerDamagedError(f"the claim of a partition is damaged: {error}") from None
        notes = {
            each.line: InviteNote(each.membership.hex(), each.state, each.noted)
            for each in record.notes
        }
        plain = [
            Entry(line, run.state, run.status, run.attempts, invited=notes.get(line))
            for run in record.runs
            for line in range(run.first, run.last + 1)
        ]
        told = [msgspec.structs.replace(each, invited=notes.get(each.line)) for each in record.told]
        ledger.write(record.taken_back, [*plain, *told], record.intents)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The outcomes of a partition whose rows have all ended.

    Args:
        attempt: number of the attempt that ended it.
        ended_at: time at which it did.
        figures: its figures.
        outcomes: those of all rows, in their order.
    """

    attempt: int
    ended_at: datetime
    figures: AttemptFigures
    outcomes: list[RowOutcome]

    def encode(self) -> bytes:
        """Return it as bytes, in which adjacent rows with the same outcome take one place."""
        runs = [(len(list(same)), outcome) for outcome, same in groupby(map(_brief, self.outcomes))]
        stored = _Stored(_VERSION, self.attempt, self.ended_at.timestamp(), self.figures, runs)
        return zlib.compress(_ENCODE(stored))

    @classmethod
    def decode(cls, encoded: bytes) -> Result:
        """Return the result that ``encode`` wrote.

        Raises:
            LedgerDamagedError: it is something else.
            LedgerMismatchError: another version of the package has written it.
        """
        try:
            plain = zlib.decompress(encoded)
            _check_version(plain)
            stored = _DECODE_STORED(plain)
        except (msgspec.DecodeError, zlib.error) as error:
            raise LedgerDamagedError(f"the result of a partition is damaged: {error}") from None
        return cls(
            attempt=stored.attempt,
            ended_at=datetime.fromtimestamp(stored.ended_at, UTC),
            figures=stored.figures,
            outcomes=[outcome for count, outcome in stored.runs for _ in range(count)],
        )


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    version: int
    attempt: int
    ended_at: float
    figures: AttemptFigures
    runs: list[tuple[int, RowOutcome]]


_DECODE_STORED: Final = msgspec.msgpack.Decoder(_Stored).decode


def _brief(outcome: RowOutcome) -> RowOutcome:
    """Return an outcome without the trace id, if the row is done."""
    return (
        outcome if outcome.reason is not None else msgspec.structs.replace(outcome, trace_id=None)
    )
