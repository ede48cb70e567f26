"""The ledger: what a run knows of every row, in an SQLite file that outlives the run.

    pending ──intent──▶ in flight ──outcome──▶ done, already, failed, unknown
       │                    │
       │                    └── the process died here: settled by the next run
       └── read as malformed: invalid, at once

An intent is on file before its request is sent, and an outcome after its answer came. All rows are
written before the first request, with room for what will be said of them, so that recording an
outcome changes bytes in place and never needs space that a full disk cannot give.

Killing the process at any moment loses nothing of this. After a power failure the last moments may
be missing (``synchronous=NORMAL``): those rows count as in flight, or are sent again.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from ..errors import (
    LedgerDamagedError,
    LedgerFullError,
    LedgerMismatchError,
)
from .entries import (
    Entry,
    ExportedRow,
    Header,
    LedgerRow,
    NewRow,
    RunTotals,
    State,
    key_of,
    user_key_of,
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
from .locking import FileLock

_NO_TRACE: Final = bytes(16)
_TRACE_ID: Final = re.compile(r"[0-9a-fA-F]{32}").fullmatch
_ROOM: Final = 32_767
"""Stands in a number's place until it is known: two bytes, as what comes."""
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
    twin INTEGER,
    state INTEGER NOT NULL,
    status INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    trace_id BLOB NOT NULL
);
CREATE INDEX kinds ON rows (key) WHERE twin IS NULL AND key IS NOT NULL;
CREATE TABLE latest (user_key BLOB PRIMARY KEY, key BLOB NOT NULL, line INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE reserve (room BLOB NOT NULL);
CREATE TABLE reasons (line INTEGER PRIMARY KEY, reason TEXT NOT NULL, error_code TEXT);
CREATE TABLE runs (requests INTEGER NOT NULL, throttled INTEGER NOT NULL, elapsed_s REAL NOT NULL)
"""


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
            for statement in _SCHEMA.split(";"):
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
        found = self._database.execute("SELECT 1 FROM header WHERE name = 'loaded'").fetchone()
        return found is not None

    def forget_rows(self) -> None:
        """Forget all rows: loading was interrupted and starts over. Nothing was sent yet."""
        with self._transaction():
            for table in ("rows", "reasons", "latest"):
                self._database.execute(f"DELETE FROM {table}")

    def add(self, rows: Sequence[NewRow]) -> None:
        """Enter rows. Those that say the same as an earlier one become its twins."""
        with self._transaction():
            for row in rows:
                self._add(row)

    def _add(self, row: NewRow) -> None:
        execute = self._database.execute
        key = key_of(row)
        twin: int | None = None
        if row.problem is not None:
            execute("INSERT INTO reasons VALUES (?, ?, NULL)", (row.line, row.problem))
        elif row.ordered:
            user_key = user_key_of(row)
            latest = execute("SELECT key, line FROM latest WHERE user_key = ?", (user_key,))
            found = latest.fetchone()
            if found is not None and found[0] == key:
                twin = found[1]
            else:
                execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?)", (user_key, key, row.line))
        else:
            found = execute(
                "SELECT line FROM rows WHERE key = ? AND twin IS NULL", (key,)
            ).fetchone()
            twin = None if found is None else found[0]
        execute(
            # The numbers and the trace id take the room of what will stand there.
            f"INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, {_ROOM}, {_ROOM}, ?)",
            (
                row.line,
                key,
                row.user_id,
                row.email,
                row.tenant_id,
                row.flag,
                twin,
                State.PENDING if row.problem is None else State.INVALID,
                _NO_TRACE,
            ),
        )

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
        """Say that every row of the input has been entered."""
        with self._transaction():
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
            found = self._database.execute(
                "SELECT line, user_id, email, tenant_id, flag, state FROM rows "
                f"WHERE state <= {State.IN_FLIGHT:d} AND twin IS NULL AND line > ? "
                "ORDER BY line LIMIT ?",
                (after, limit),
            ).fetchall()
        return [
            LedgerRow(line, user_id, email, tenant_id, bool(flag), state == State.IN_FLIGHT)
            for line, user_id, email, tenant_id, flag, state in found
        ]

    def write(
        self, taken_back: Sequence[int], intents: Sequence[int], entries: Sequence[Entry]
    ) -> None:
        """Put intents and outcomes on file, all of them or none.

        Args:
            taken_back: lines that are not under way after all. Before the intents, because such
                a row is soon sent again.
            intents: lines that are about to be sent.
            entries: what rows ended in.

        Raises:
            LedgerFullError: there is no space; a shorter way of saying the same was tried.
        """
        try:
            self._write(taken_back, intents, entries)
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
                    self._write(taken_back, intents, outcomes)
                except LedgerFullError:
                    continue
                else:
                    return
            raise full from None

    def _write(
        self, taken_back: Sequence[int], intents: Sequence[int], entries: Sequence[Entry]
    ) -> None:
        with self._transaction():
            for state, lines in ((State.PENDING, taken_back), (State.IN_FLIGHT, intents)):
                if lines:
                    self._database.executemany(
                        f"UPDATE rows SET state = {state:d} WHERE line = ?",
                        [(line,) for line in lines],
                    )
            if entries:
                self._database.executemany(
                    "UPDATE rows SET state = ?, status = ?, attempts = ?, trace_id = ? "
                    "WHERE line = ?",
                    [
                        (e.state, e.status, e.attempts, _trace_bytes(e.trace_id), e.line)
                        for e in entries
                    ],
                )
                texts = [(e.line, e.reason, e.error_code) for e in entries if e.reason is not None]
                if texts:
                    self._database.executemany(
                        "INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)", texts
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
                f"status = {_ROOM}, attempts = {_ROOM}, trace_id = zeroblob(16) WHERE {which}"
            ).rowcount

    def add_run(self, *, requests: int, throttled: int, elapsed_s: float) -> None:
        """Add what a run has sent to the totals."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO runs VALUES (?, ?, ?)", (requests, throttled, elapsed_s)
            )

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
                "reasons.reason, reasons.error_code FROM rows "
                "JOIN rows AS one ON one.line = ifnull(rows.twin, rows.line) "
                "LEFT JOIN reasons ON reasons.line = one.line "
                f"WHERE one.state IN ({numbers}) ORDER BY rows.line"
            ):
                yield _exported(*found)

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


def _exported(
    line: int,
    user_id: str | None,
    email: str | None,
    tenant_id: str | None,
    flag: int,
    state: int,
    status: int,
    attempts: int,
    trace_id: bytes,
    reason: str | None,
    error_code: str | None,
) -> ExportedRow:
    ended = state not in (State.PENDING, State.IN_FLIGHT, State.INVALID)
    return ExportedRow(
        line=line,
        user_id=user_id,
        email=email,
        tenant_id=tenant_id,
        flag=bool(flag),
        state=State(state),
        status=status if ended and status not in {0, _ROOM} else None,
        attempts=attempts if ended and attempts != _ROOM else 0,
        trace_id=None if trace_id == _NO_TRACE else trace_id.hex(),
        reason=reason,
        error_code=error_code,
    )


def _trace_bytes(trace_id: str | None) -> bytes:
    """Return a trace id in 16 bytes; one of another form is not kept, for there is no room."""
    fits = trace_id is not None and _TRACE_ID(trace_id)
    return bytes.fromhex(trace_id) if trace_id and fits else _NO_TRACE
