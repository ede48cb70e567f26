"""The ledger: the state of every row of a run, in an SQLite file that outlives the run.

    pending ──intent──▶ in flight ──outcome──▶ done, already, failed, unknown
       │                    │
       │                    └── the process died here: settled by the next run
       └── read as malformed: invalid, at once

An intent is recorded before its request, and an outcome soon after its response. A row is written
before its request, with room for its outcome, so that recording the outcome changes bytes in place
and never needs space that a full disk cannot give.

Killing the process at any moment loses nothing of this: a row whose outcome was not recorded yet is
in flight. After a power failure the last moments may be missing (``synchronous=NORMAL``): those
rows count as in flight, or are sent again; or the ledger is rejected as damaged (``log.py``).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from ...errors import LedgerDiskFullError, LedgerError
from ...pacing import Learned
from ..input.columns import Malformed, Row
from .available_rows import AvailableRows
from .checks import ChangedError, first_mark, mark_of, moved, row_seal, seal_of
from .codec import NO_TRACE, ROOM, TRACE_BYTES, runs_of
from .duplicates import forget_first_rows
from .errors import reported
from .file import (
    APPLICATION_ID,
    SCHEMA,
    VERSION,
    LedgerFile,
    check_same,
    check_whole,
    header_values,
    is_empty,
    open_for_reading,
    open_for_run,
    use_log,
)
from .invites import keep_invites
from .order import check_turns, take_turns
from .records import Entry, ExportedRow, Header, LedgerRow, NewRow, RowForm, RunTotals, State
from .rows import EXPORT, PENDING, exported_row, keep_originals, pending_rows

R = TypeVar("R")
RESERVE_BYTES: Final = 1024 * 1024
"""Reserve in the file, for reasons and totals, and space that the log keeps for commits."""

_ENTER: Final = (
    # The first numbers and trace id take the room of the later ones.
    "INSERT INTO rows VALUES "
    f"(?1, ?2, ?3, ?4, ?5, ?6, ?7, {State.PENDING:d}, {ROOM}, {ROOM}, X'{NO_TRACE.hex()}', ?8, "
    f"{first_mark(line='?1', ordered='?6', twin='?7')})"
)
_SET_STATE: Final = "UPDATE rows SET {} WHERE line = ?"


class Ledger:
    """An open ledger. Not for several threads at once: a run gives it a thread of its own."""

    def __init__(self, file: LedgerFile, form: RowForm[Any] | None = None) -> None:
        self._form: Final = form
        self.path: Final = file.path
        self._file: Final = file
        self._database: Final = file.database
        self._available: Final = AvailableRows(file.path, file.database)

    # Opening

    @classmethod
    def begin(cls, path: Path, header: Header, form: RowForm[Any]) -> Ledger:
        """Open the ledger at ``path`` for a run; create it if there is none.

        Args:
            path: its path.
            header: identifies the run.
            form: the form of the job's rows.

        Raises:
            LedgerBusyError: another process is running on it.
            LedgerMismatchError: it was begun for another input, job, environment or settings.
            LedgerDamagedError: it is no ledger, or not as it was written.
            LedgerDiskFullError: there is no space for it.
            LedgerError: it cannot be opened or locked.
        """
        file = open_for_run(path)
        try:
            with reported(path):
                new = is_empty(file.database)
                if not new:
                    check_same(path, check_whole(path, file.database), header)
                    check_turns(file.database)
                # Only now: the file of another program stays as it is, to the byte.
                use_log(file)
            ledger = cls(file, form)
            if new:
                ledger._create(header)
            elif not ledger.loaded:
                with ledger._transaction():
                    forget_first_rows(ledger._database)
        except BaseException:
            file.close()
            raise
        return ledger

    @classmethod
    def reopened(cls, path: Path, form: RowForm[Any]) -> Ledger:
        """Open the ledger at ``path`` for another run over its own rows.

        Raises:
            LedgerError: as for ``begin``; LedgerDamagedError also if there is none.
        """
        with closing(cls.read(path)) as found:
            header = found.header()
        return cls.begin(path, header, form)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Open the ledger at ``path`` for reading, also during a run.

        Raises:
            LedgerDamagedError: there is none, it is no ledger, or not as it was written.
            LedgerError: it cannot be opened.
        """
        ledger = cls(open_for_reading(path))
        try:
            with reported(path):
                check_whole(path, ledger._database)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _create(self, header: Header) -> None:
        database = self._database
        with self._transaction():
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")
            for statement in SCHEMA:
                database.execute(statement)
            database.execute("INSERT INTO guard VALUES (0)")
            for name, value in msgspec.structs.asdict(header).items():
                self._keep(name, value)
            self._keep("begun", str(time.time()))

    def header(self) -> Header:
        """Return the header, which identifies the run."""
        with reported(self.path):
            return msgspec.convert(header_values(self._database), Header)

    def close(self) -> None:
        """Close the file and release its lock."""
        self._file.close()

    # Loading

    @property
    def loaded(self) -> bool:
        """True if every row of the input is in the ledger."""
        return self.kept("loaded") is not None

    def begin_loading(self) -> None:
        """Hold back all rows, also of an earlier run, until they are entered or recognised."""
        with reported(self.path):
            self._available.begin()

    @property
    def form(self) -> RowForm[Any]:
        """The form of the job's rows, in a ledger that is open for a run."""
        if self._form is None:
            raise LedgerError(f"{self.path} is open for reading only")
        return self._form

    def add(self, rows: Sequence[Row]) -> None:
        """Enter rows that are not in the ledger yet."""
        self._add(rows, [self.form.new(line, row) for line, row in rows])

    def _add(self, rows: Sequence[Row], new: Sequence[NewRow]) -> None:
        with reported(self.path):
            possible = self._available.possible_duplicates(new)
        with self._transaction():
            self._database.executemany(
                _ENTER,
                [
                    (*row, duplicate, row_seal(row[0], row[2], row[3], row[4]))
                    for row, duplicate in zip(new, possible, strict=True)
                ],
            )
            invalid = [(line, row) for line, row in rows if isinstance(row, Malformed)]
            if invalid:
                self._database.executemany(
                    _SET_STATE.format(moved(state=f"{State.INVALID:d}")),
                    [(line,) for line, _ in invalid],
                )
                self._write_reasons([(line, row.reason, None) for line, row in invalid])
                keep_originals(self._database, ((line, row.original) for line, row in invalid))
        self._available.hold_back(new, possible)

    def _find_duplicates(self) -> None:
        """Mark the duplicates among the possible ones."""
        if self._available.in_question:
            with self._transaction():
                self._available.find_duplicates()
            self._available.duplicates_found()

    def add_new(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Enter the rows that are not in the ledger yet, and return them.

        Raises:
            LedgerMismatchError: a row differs from the one at its line.
            LedgerDamagedError: the key of a row is not as it was written.
        """
        all_rows = [self.form.new(line, row) for line, row in rows]
        with reported(self.path):
            new = self._available.recognised(all_rows)
        if new and self.loaded:
            raise self._available.mismatch(new[0][0])
        added = rows[len(rows) - len(new) :]
        if new:
            self._add(added, new)
        self._available.entered(all_rows)
        return added

    def finish_loading(self) -> None:
        """Record that every row of the input was entered, and mark the duplicates among them.

        Raises:
            LedgerMismatchError: the ledger has more rows than the input.
        """
        with reported(self.path):
            self._available.source_ended()
        with self._transaction():
            self._available.find_duplicates()
            (rows,) = self._database.execute("SELECT count(*) FROM rows").fetchone()
            self._keep("loaded", str(rows))
        self._available.duplicates_found()
        self.settle()

    def settle(self) -> None:
        """Move rows from the log into the file, where there is room for their outcomes."""
        with reported(self.path):
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def make_room(self) -> None:
        """Allocate the space that the run will need, before anything is sent.

        The file gets a reserve for reasons and totals, and the log grows to a length that it keeps:
        it is emptied into the file often, and starts over in place.
        """
        with reported(self.path):
            if self._database.execute("SELECT 1 FROM reserve").fetchone() is None:
                with self._transaction():
                    self._database.execute(
                        "INSERT INTO reserve VALUES (zeroblob(?))", (RESERVE_BYTES,)
                    )
            self._database.execute("PRAGMA wal_checkpoint(RESTART)")

    # Running

    def pending(self, after: int, limit: int) -> list[LedgerRow[Any]]:
        """Return rows behind line ``after`` without an outcome, in the order of the input."""
        if not (found := self._pending(after, limit)) and self._available.in_question:
            self._find_duplicates()
            self.settle()
            found = self._pending(after, limit)
        return found

    def take_turns(self, rows: Sequence[LedgerRow[Any]]) -> list[LedgerRow[Any]]:
        """Compare rows with the others of their users, and return the rows to be sent.

        Args:
            rows: as ``pending`` returned them, with their users looked up.
        """
        left = self.within(lambda database: take_turns(database, rows))
        self._available.sent_for_addresses(rows)
        return left

    def _pending(self, after: int, limit: int) -> list[LedgerRow[Any]]:
        with reported(self.path):
            (found,) = self._database.execute(
                PENDING, (after, self._available.end, limit)
            ).fetchone()
            return pending_rows(found, self.form)

    def write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        """Record intents and outcomes, all of them or none, in this order.

        Args:
            taken_back: lines that were not sent after all, to be pending again.
            entries: outcomes of rows.
            intents: first and last lines of rows that are about to be sent: all pending ones
                between them.

        Raises:
            LedgerDiskFullError: there is no space, even for entries without reasons.
        """
        try:
            self._write(taken_back, entries, intents)
        except LedgerDiskFullError as full:
            # The reserve makes room in the file for reasons, and emptying the log makes room
            # there. If that is not enough, the reasons are left out.
            brief = [entry.brief() for entry in entries]
            for outcomes in (entries, brief):
                try:
                    with reported(self.path):
                        self._database.execute("PRAGMA wal_checkpoint(RESTART)")
                    with self._transaction():
                        self._database.execute("DELETE FROM reserve")
                    self._write(taken_back, outcomes, intents)
                except LedgerDiskFullError:
                    continue
                else:
                    return
            raise full from None

    def _write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        with self._transaction():
            if taken_back:
                self._database.executemany(
                    _SET_STATE.format(moved(state=f"{State.PENDING:d}")),
                    [(line,) for line in taken_back],
                )
            if entries:
                # Adjacent rows with one outcome share a statement: the work of Python's module
                # around a statement costs more than SQLite's.
                self._database.executemany(
                    f"UPDATE rows SET {moved(state='?1', status='?2', attempts='?3')}, "
                    f"trace_id = substr(?4, 1 + {TRACE_BYTES} * (line - ?5), {TRACE_BYTES}) "
                    "WHERE line BETWEEN ?5 AND ?6",
                    runs_of(entries),
                )
                texts = [(e.line, e.reason, e.error_code) for e in entries if e.reason is not None]
                if texts:
                    self._write_reasons(texts)
                keep_invites(self._database, entries)
            if intents:
                self._database.executemany(
                    f"UPDATE rows SET {moved(state=f'{State.IN_FLIGHT:d}')} "
                    "WHERE line BETWEEN ? AND ? "
                    f"AND state = {State.PENDING:d} AND twin IS NULL",
                    intents,
                )
        if intents:
            # Damage to the last commit of a log goes unnoticed (log.py), so no intent may be in it.
            with self._transaction():
                self._database.execute("UPDATE guard SET turn = 1 - turn")

    def _write_reasons(self, texts: Sequence[tuple[int, str, str | None]]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO reasons VALUES (?, ?, ?, ?)",
            [(*text, seal_of(*text)) for text in texts],
        )

    def reopen(self, states: Iterable[State]) -> int:
        """Make rows that ended in one of ``states`` pending again; return their number.

        A row in doubt stays so: it becomes in flight, as if its run had died.
        """
        numbers = ", ".join(str(int(state)) for state in states)
        which = f"state IN ({numbers}) AND twin IS NULL"
        with self._transaction():
            self._database.execute(
                f"DELETE FROM reasons WHERE line IN (SELECT line FROM rows WHERE {which})"
            )
            again = moved(
                state=f"CASE rows.state WHEN {State.UNKNOWN:d} "
                f"THEN {State.IN_FLIGHT:d} ELSE {State.PENDING:d} END",
                status=str(ROOM),
                attempts=str(ROOM),
            )
            return self._database.execute(
                f"UPDATE rows SET {again}, trace_id = X'{NO_TRACE.hex()}' WHERE {which}"
            ).rowcount

    def add_run(self, *, requests: int, throttled: int, elapsed_s: float) -> None:
        """Add the requests and the time of a run to the totals."""
        with self._transaction():
            values = (requests, throttled, float(elapsed_s))
            self._database.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?)", (*values, seal_of(*values))
            )

    def remember(self, limits: Sequence[Learned]) -> None:
        """Keep the rate limits that a run has met, for the next run to begin with."""
        self.keep("limits", msgspec.json.encode(limits).decode())

    def remembered(self) -> list[Learned]:
        """Return the limits that the last run has met; none if they cannot be read."""
        found = self.kept("limits")
        try:
            return [] if found is None else msgspec.json.decode(found, type=list[Learned])
        except msgspec.DecodeError:
            return []

    def keep(self, name: str, value: str) -> None:
        """Keep a value, in place of an earlier one of that name."""
        with self._transaction():
            self._keep(name, value)

    def _keep(self, name: str, value: str) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO header VALUES (?, ?, ?)", (name, value, seal_of(name, value))
        )

    def kept(self, name: str) -> str | None:
        """Return the value that is kept under a name, or None."""
        with reported(self.path):
            return header_values(self._database).get(name)

    # Looking

    def counts(self, *, duplicates: bool = True) -> dict[State, int]:
        """Return the number of rows by state; a duplicate has the state of the row it repeats.

        Raises:
            LedgerDamagedError: a row is not as it was written.
        """
        counted = (
            f"SELECT state, count(*) AS many, sum(mark IS NOT {mark_of()}) AS unmarked "
            "FROM rows WHERE twin IS NULL GROUP BY state"
        )
        if duplicates:
            counted += (
                # A row that may be a duplicate counts by itself.
                " UNION ALL SELECT ifnull(one.state, other.state) AS state, count(*), "
                f"sum(other.mark IS NOT {mark_of('other')}) "
                "FROM rows AS other LEFT JOIN rows AS one ON one.line = other.twin "
                "WHERE other.twin IS NOT NULL GROUP BY 1"
            )
        with reported(self.path):
            found = self._database.execute(
                f"SELECT state, sum(many), sum(unmarked) FROM ({counted}) GROUP BY state"
            ).fetchall()
            if any(unmarked for _, _, unmarked in found):
                raise ChangedError("the state of some rows")
        return {State(state): many for state, many, _ in found}

    def totals(self) -> RunTotals:
        """Return the totals of all runs."""
        with reported(self.path):
            found = self._database.execute(
                "SELECT requests, throttled, elapsed_s, seal FROM runs"
            ).fetchall()
            if any(seal != seal_of(*values) for *values, seal in found):
                raise ChangedError("the total of its runs")
        requests, throttled, elapsed = (sum(run[column] for run in found) for column in range(3))
        return RunTotals(len(found), requests, throttled, float(elapsed))

    def export(self, states: Iterable[State] | None = None) -> Iterator[ExportedRow]:
        """Yield rows with their outcomes in the order of the input, duplicates included.

        Raises:
            LedgerDamagedError: a row is not as it was written.
        """
        numbers = ", ".join(str(int(state)) for state in (State if states is None else states))
        with reported(self.path):
            for found in self._database.execute(EXPORT.format(numbers)):
                yield exported_row(found)

    def within(self, function: Callable[[sqlite3.Connection], R]) -> R:
        """Call a function with the database, in a transaction."""
        with self._transaction():
            return function(self._database)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with reported(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                # SQLite itself rolls back on some errors, such as a full disk.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
