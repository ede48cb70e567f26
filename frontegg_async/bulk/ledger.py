"""The ledger: what a run knows of every row, in an SQLite file that outlives the run.

    pending ──intent──▶ in flight ──outcome──▶ done, already, failed, unknown
       │                    │
       │                    └── the process died here: settled by the next run
       └── read as malformed: invalid, at once

An intent is on file before its request is sent, and an outcome soon after its answer came. All
rows are written before the first request, with room for what will be said of them, so that
recording an outcome changes bytes in place and never needs space that a full disk cannot give.

Killing the process at any moment loses nothing of this: a row whose outcome was not on file yet is
in flight. After a power failure the last moments may be missing (``synchronous=NORMAL``): those
rows count as in flight, or are sent again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Final

import msgspec

from ..errors import LedgerDamagedError, LedgerFullError, LedgerMismatchError
from ..pacing import Learned
from .entries import (
    Entry,
    ExportedRow,
    Header,
    LedgerRow,
    NewRow,
    RunTotals,
    State,
    key_of,
)
from .ledger_file import (
    APPLICATION_ID,
    VERSION,
    check_kind,
    check_same,
    connect,
    is_empty,
    reported,
)
from .ledger_values import NO_TRACE, ROOM, exported_row, runs_of
from .locking import FileLock
from .originals import ORIGINALS_SCHEMA, keep_originals
from .twins import FOLLOWS, TWINS_SCHEMA, forget_twins, mark_ordered, mark_twins

RESERVE_BYTES: Final = 1024 * 1024
"""Kept in the file for what is said at the end, and in its log for what is said on the way."""
CHECKPOINT_PAGES: Final = 128
"""Pages of the log after which it starts over, well within what is kept for it."""

_SCHEMA: Final = """
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    line INTEGER PRIMARY KEY,
    key BLOB,
    user_id TEXT,
    email TEXT,
    tenant_id TEXT,
    flag INTEGER NOT NULL,
    ordered INTEGER NOT NULL,
    twin INTEGER,
    state INTEGER NOT NULL,
    status INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    trace_id BLOB NOT NULL
);
CREATE TABLE reserve (room BLOB NOT NULL);
CREATE TABLE reasons (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, error_code TEXT);
CREATE TABLE runs (requests INTEGER NOT NULL, throttled INTEGER NOT NULL, elapsed_s REAL NOT NULL)
"""
_LEDGER_ROWS: Final = msgspec.json.Decoder(list[LedgerRow])
_ENTER: Final = (
    # The numbers and the trace id take the room of what will stand there.
    "INSERT INTO rows VALUES "
    f"(?, ?, ?, ?, ?, ?, ?, NULL, {State.PENDING:d}, {ROOM}, {ROOM}, X'{NO_TRACE.hex()}')"
)


class Ledger:
    """An open ledger. Not for several threads at once: a run gives it a thread of its own."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: FileLock | None) -> None:
        self.path: Final = path
        self._database: Final = database
        self._lock: Final = lock

    # Opening

    @classmethod
    def begin(cls, path: Path, header: Header) -> Ledger:
        """Open the ledger at ``path`` for a run, making it if there is none.

        Raises:
            LedgerBusyError: another process is running on it.
            LedgerMismatchError: it was begun for another input, job, environment or settings.
            LedgerDamagedError: it is no ledger, or not whole.
            LedgerFullError: there is no space for it.
        """
        lock = FileLock(path)
        try:
            with reported(path):
                ledger = cls(path, connect(path, write=True), lock)
            try:
                with reported(path):
                    found = ledger._found_header(header)
                    # Only now: a file of somebody else stays as it is, to the byte.
                    ledger._database.execute("PRAGMA journal_mode = WAL")
                    ledger._database.execute("PRAGMA synchronous = NORMAL")
                    ledger._database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
                if not found:
                    ledger._create(header)
            except BaseException:
                ledger._database.close()
                raise
        except BaseException:
            lock.release()
            raise
        return ledger

    @classmethod
    def reopened(cls, path: Path) -> Ledger:
        """Open the ledger at ``path`` for another run over its own rows.

        Raises:
            LedgerError: as for ``begin``; LedgerDamagedError also if there is none.
        """
        with closing(cls.read(path)) as found:
            header = found.header()
        if header is None:
            raise LedgerDamagedError(f"{path} does not say what it was begun for")
        return cls.begin(path, header)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Open the ledger at ``path`` to look at it, also while a run is going on.

        Raises:
            LedgerDamagedError: there is none, it is no ledger, or not whole.
        """
        if not path.is_file():
            raise LedgerDamagedError(f"there is no ledger at {path}")
        with reported(path):
            database = connect(path, write=False)
            try:
                check_kind(path, database)
            except BaseException:
                database.close()
                raise
        return cls(path, database, None)

    def _found_header(self, wanted: Header) -> bool:
        """Whether the file is a ledger already; raise unless it is one for ``wanted``."""
        if is_empty(self._database):
            return False
        check_kind(self.path, self._database)
        found = self.header()
        if found is None:
            raise LedgerDamagedError(f"{self.path} does not say what it was begun for")
        check_same(self.path, found, wanted)
        return True

    def _create(self, header: Header) -> None:
        database = self._database
        with self._transaction():
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {VERSION}")
            for statement in f"{_SCHEMA};{TWINS_SCHEMA};{ORIGINALS_SCHEMA}".split(";"):
                database.execute(statement)
            database.executemany(
                "INSERT INTO header VALUES (?, ?)",
                [*msgspec.structs.asdict(header).items(), ("begun", str(time.time()))],
            )

    def header(self) -> Header | None:
        """Return what the ledger was begun for."""
        with reported(self.path):
            values = dict(self._database.execute("SELECT name, value FROM header"))
        try:
            return msgspec.convert(values, Header)
        except msgspec.ValidationError:
            return None

    def close(self) -> None:
        """Close the file and let other processes have it."""
        try:
            self._database.close()
        finally:
            if self._lock is not None:
                self._lock.release()

    def delete(self) -> None:
        """Close the ledger and remove its file."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    # Loading

    @property
    def loaded(self) -> bool:
        """Whether every row of the input is in the ledger."""
        return self.kept("loaded") is not None

    def forget_rows(self) -> None:
        """Forget all rows: loading was interrupted and starts over. Nothing was sent yet."""
        with self._transaction():
            for table in ("rows", "reasons", "originals"):
                self._database.execute(f"DELETE FROM {table}")
            forget_twins(self._database)

    def add(self, rows: Sequence[NewRow]) -> None:
        """Enter rows. Before any is sent, ``find_twins`` must have been called."""
        keys = [key_of(row) for row in rows]
        with self._transaction():
            self._database.executemany(
                _ENTER,
                [
                    (
                        row.line,
                        key,
                        row.user_id,
                        row.email,
                        row.tenant_id,
                        # Plain numbers, because for each of another type SQLite's module looks
                        # for an adapter, at the price of the rest of the row.
                        1 if row.flag else 0,
                        1 if row.ordered else 0,
                    )
                    for row, key in zip(rows, keys, strict=True)
                ],
            )
            mark_ordered(self._database, rows, keys)
            invalid = [(row.line, row.problem) for row in rows if row.problem is not None]
            if invalid:
                self._database.executemany(
                    f"UPDATE rows SET state = {State.INVALID:d} WHERE line = ?",
                    [(line,) for line, _ in invalid],
                )
                self._database.executemany("INSERT INTO reasons VALUES (?, ?, NULL)", invalid)
                keep_originals(self._database, ((r.line, r.original) for r in rows if r.problem))

    def find_twins(self) -> None:
        """Make rows twins of an earlier one that says the same."""
        with self._transaction():
            mark_twins(self._database)

    def add_new(self, rows: Sequence[NewRow]) -> list[NewRow]:
        """Enter those rows that are not there yet, and return them.

        Raises:
            LedgerMismatchError: a row differs from the one that stands at its line.
        """
        with reported(self.path):
            (last,) = self._database.execute("SELECT ifnull(max(line), 0) FROM rows").fetchone()
        known = [row for row in rows if row.line <= last]
        if known:
            with reported(self.path):
                found = dict(
                    self._database.execute(
                        "SELECT line, key FROM rows WHERE line BETWEEN ? AND ?",
                        (known[0].line, known[-1].line),
                    ).fetchall()
                )
            for row in known:
                if found.get(row.line, b"") != key_of(row):
                    raise self._other_rows(row.line)
        new = list(rows[len(known) :])
        if new and self.loaded:
            raise self._other_rows(new[0].line)
        if new:
            self.add(new)
        return new

    def _other_rows(self, line: int) -> LedgerMismatchError:
        return LedgerMismatchError(
            f"{self.path} does not belong to these rows: row {line} is another one. "
            "Name another ledger, or remove this one if it is no longer needed"
        )

    def finish_loading(self) -> None:
        """Say that every row of the input has been entered, and find the twins among them."""
        with self._transaction():
            mark_twins(self._database)
            self._database.execute("INSERT OR REPLACE INTO header VALUES ('loaded', 'yes')")

    def make_room(self) -> None:
        """Take the space now that the run will need, before anything is sent.

        The file gets a reserve for what is said at the end, and the log grows to a length that it
        keeps: it is emptied into the file often, and starts over in its own place.
        """
        with reported(self.path):
            if self._database.execute("SELECT 1 FROM reserve").fetchone() is None:
                with self._transaction():
                    self._database.execute(
                        "INSERT INTO reserve VALUES (zeroblob(?))", (RESERVE_BYTES,)
                    )
            self._database.execute("PRAGMA wal_checkpoint(RESTART)")

    # Running

    def pending(self, after: int, limit: int) -> list[LedgerRow]:
        """Return rows behind line ``after`` that have no end yet, in the order of the input."""
        with reported(self.path):
            # All rows in one value: for each that SQLite's module fetches by itself it lets go of
            # the interpreter and asks for it again, while the event loop wants it as well.
            (found,) = self._database.execute(
                "SELECT json_group_array(json_array(line, user_id, email, tenant_id, "
                "json(CASE WHEN flag THEN 'true' ELSE 'false' END), "
                f"json(CASE state WHEN {State.IN_FLIGHT:d} THEN 'true' ELSE 'false' END), "
                f"json(CASE ordered WHEN {FOLLOWS} THEN 'true' ELSE 'false' END))) "
                "FROM (SELECT * FROM rows "
                f"WHERE state <= {State.IN_FLIGHT:d} AND twin IS NULL AND line > ? "
                "ORDER BY line LIMIT ?)",
                (after, limit),
            ).fetchone()
        # In order, although an aggregate need not keep it.
        return sorted(_LEDGER_ROWS.decode(found), key=attrgetter("line"))

    def write(
        self,
        taken_back: Sequence[int],
        entries: Sequence[Entry],
        intents: Sequence[tuple[int, int]],
    ) -> None:
        """Put intents and outcomes on file, all of them or none, in this order.

        Args:
            taken_back: lines that are not under way after all.
            entries: what rows ended in.
            intents: first and last lines of rows that are about to be sent, which are all between
                them that have no end.

        Raises:
            LedgerFullError: there is no space; a shorter way of saying the same was tried.
        """
        try:
            self._write(taken_back, entries, intents)
        except LedgerFullError as full:
            # The reserve makes room in the file for texts, and emptying the log into it makes
            # room there. What still finds no place are texts: they are left out.
            brief = [
                msgspec.structs.replace(entry, reason=None, error_code=None) for entry in entries
            ]
            for outcomes in (entries, brief):
                try:
                    with reported(self.path):
                        self._database.execute("PRAGMA wal_checkpoint(RESTART)")
                    with self._transaction():
                        self._database.execute("DELETE FROM reserve")
                    self._write(taken_back, outcomes, intents)
                except LedgerFullError:
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
                    f"UPDATE rows SET state = {State.PENDING:d} WHERE line = ?",
                    [(line,) for line in taken_back],
                )
            if entries:
                # Rows side by side that ended alike are one statement: what SQLite's module does
                # around each costs more than SQLite.
                self._database.executemany(
                    "UPDATE rows SET state = ?, status = ?, attempts = ?, "
                    "trace_id = substr(?, 1 + 16 * (line - ?), 16) WHERE line BETWEEN ? AND ?",
                    runs_of(entries),
                )
                texts = [(e.line, e.reason, e.error_code) for e in entries if e.reason is not None]
                if texts:
                    self._database.executemany(
                        "INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)", texts
                    )
            if intents:
                self._database.executemany(
                    f"UPDATE rows SET state = {State.IN_FLIGHT:d} WHERE line BETWEEN ? AND ? "
                    f"AND state = {State.PENDING:d} AND twin IS NULL",
                    intents,
                )

    def reopen(self, states: Iterable[State]) -> int:
        """Make rows that ended in one of ``states`` pending again; return how many.

        What is in doubt stays so: such a row counts as under way when its run died.
        """
        numbers = ", ".join(str(int(state)) for state in states)
        which = f"state IN ({numbers}) AND twin IS NULL"
        with self._transaction():
            self._database.execute(
                f"DELETE FROM reasons WHERE line IN (SELECT line FROM rows WHERE {which})"
            )
            return self._database.execute(
                f"UPDATE rows SET state = CASE state WHEN {State.UNKNOWN:d} "
                f"THEN {State.IN_FLIGHT:d} ELSE {State.PENDING:d} END, "
                f"status = {ROOM}, attempts = {ROOM}, trace_id = zeroblob(16) WHERE {which}"
            ).rowcount

    def add_run(self, *, requests: int, throttled: int, elapsed_s: float) -> None:
        """Add what a run has sent to the totals."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO runs VALUES (?, ?, ?)", (requests, throttled, elapsed_s)
            )

    def remember(self, limits: Sequence[Learned]) -> None:
        """Keep the limits that a run has met, for the next one to begin with."""
        self.keep("limits", msgspec.json.encode(limits).decode())

    def remembered(self) -> list[Learned]:
        """Return the limits that the last run has met; what cannot be read counts as none."""
        found = self.kept("limits")
        try:
            return [] if found is None else msgspec.json.decode(found, type=list[Learned])
        except msgspec.DecodeError:
            return []

    def keep(self, name: str, value: str) -> None:
        """Keep a value, in place of an earlier one of that name."""
        with self._transaction():
            self._database.execute("INSERT OR REPLACE INTO header VALUES (?, ?)", (name, value))

    def kept(self, name: str) -> str | None:
        """Return the value that is kept under a name, or None."""
        with reported(self.path):
            found = self._database.execute(
                "SELECT value FROM header WHERE name = ?", (name,)
            ).fetchone()
        return None if found is None else str(found[0])

    # Looking

    def counts(self, *, twins: bool = True) -> dict[State, int]:
        """Return how many rows stand where; a twin stands where its first one does."""
        counted = "SELECT state, count(*) AS many FROM rows WHERE twin IS NULL GROUP BY state"
        if twins:
            counted += (
                " UNION ALL SELECT one.state, count(*) FROM rows AS other "
                "JOIN rows AS one ON one.line = other.twin GROUP BY one.state"
            )
        with reported(self.path):
            found = self._database.execute(
                f"SELECT state, sum(many) FROM ({counted}) GROUP BY state"
            ).fetchall()
        return {State(state): many for state, many in found}

    def totals(self) -> RunTotals:
        """Return what all runs sent together."""
        with reported(self.path):
            found = self._database.execute(
                "SELECT count(*), ifnull(sum(requests), 0), ifnull(sum(throttled), 0), "
                "ifnull(sum(elapsed_s), 0.0) FROM runs"
            ).fetchone()
        return RunTotals(*found)

    def export(self, states: Iterable[State] | None = None) -> Iterator[ExportedRow]:
        """Yield rows with their ends in the order of the input, twins included."""
        numbers = ", ".join(str(int(state)) for state in (State if states is None else states))
        with reported(self.path):
            for found in self._database.execute(
                "SELECT rows.line, rows.user_id, rows.email, rows.tenant_id, rows.flag, "
                "one.state, one.status, one.attempts, one.trace_id, "
                "reasons.reason, reasons.error_code, originals.original FROM rows "
                "JOIN rows AS one ON one.line = ifnull(rows.twin, rows.line) "
                "LEFT JOIN reasons ON reasons.line = one.line "
                "LEFT JOIN originals ON originals.line = rows.line "
                f"WHERE one.state IN ({numbers}) ORDER BY rows.line"
            ):
                yield exported_row(*found)

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
