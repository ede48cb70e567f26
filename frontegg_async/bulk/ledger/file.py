"""The file of a ledger: how it is opened, whose it is, and whether it is whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from ...errors import LedgerBusyError, LedgerDamagedError, LedgerError, LedgerMismatchError
from ..input.originals import ORIGINALS_SCHEMA
from .checks import ChangedError, count_unmarked, seal_of
from .duplicates import TWINS_SCHEMA
from .errors import cannot_open, lacks_shared_memory, reported
from .invited import INVITED_SCHEMA
from .lock import LedgerLock, is_run_on
from .log import check_log
from .order import ORDER_SCHEMA
from .people import PEOPLE_SCHEMA
from .records import Header, environment_name

APPLICATION_ID: Final = 0x46724C67
"""Marks an SQLite file as a ledger of ours: "FrLg"."""
VERSION: Final = 3
CHECKPOINT_PAGES: Final = 128
"""Pages of the log after which it starts over, well within what is kept for it."""

SCHEMA: Final = tuple(
    statement.strip()
    for statement in f"""
CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT NOT NULL, seal INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE rows (
    line INTEGER PRIMARY KEY,
    key BLOB,
    user_id TEXT,
    email TEXT,
    own TEXT NOT NULL,
    ordered INTEGER NOT NULL,
    twin INTEGER,
    state INTEGER NOT NULL,
    status INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    trace_id BLOB NOT NULL,
    seal INTEGER NOT NULL,
    mark INTEGER NOT NULL
);
CREATE TABLE reserve (room BLOB NOT NULL);
CREATE TABLE guard (turn INTEGER NOT NULL);
CREATE TABLE reasons (
    line INTEGER PRIMARY KEY, reason TEXT NOT NULL, error_code TEXT, seal INTEGER NOT NULL
);
CREATE TABLE runs (
    requests INTEGER NOT NULL, throttled INTEGER NOT NULL, elapsed_s REAL NOT NULL,
    seal INTEGER NOT NULL
);
{TWINS_SCHEMA};{ORDER_SCHEMA};{PEOPLE_SCHEMA};{ORIGINALS_SCHEMA};
{INVITED_SCHEMA}""".split(";")
)


class LedgerFile:
    """An open file, and all that goes with it until it is closed.

    Attributes:
        path: its name for messages.
        place: its name without symbolic links.
        database: the connection.
    """

    def __init__(
        self,
        path: Path,
        place: Path,
        database: sqlite3.Connection,
        *,
        lock: LedgerLock | None = None,
        folder: Path | None = None,
    ) -> None:
        self.path: Final = path
        self.place: Final = place
        self.database = database
        self._lock: Final = lock
        self._folder: Final = folder

    def close(self) -> None:
        """Close the file, and let other processes have it."""
        try:
            self.database.close()
        finally:
            if self._lock is not None:
                self._lock.release()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


def open_for_run(path: Path) -> LedgerFile:
    """Open the file at ``path`` to write to it, and lock it; make it if it is not there.

    Raises:
        LedgerBusyError: another run holds it.
        LedgerDamagedError: its log is damaged, or it is no SQLite file.
        LedgerError: it cannot be opened or locked.
    """
    file = Path(os.path.realpath(path))
    lock = LedgerLock(file, path)
    try:
        check_log(log_of(file), path)
        with reported(path):
            database = connect(file, "rw")
        _check_locked(path, file, lock, database)
    except BaseException:
        lock.release()
        raise
    return LedgerFile(path, file, database, lock=lock)


def _check_locked(path: Path, file: Path, lock: LedgerLock, database: sqlite3.Connection) -> None:
    if not lock.holds(file):
        database.close()
        raise LedgerBusyError(f"{path} was replaced by another file while it was opened")


def open_for_reading(path: Path) -> LedgerFile:
    """Open the file at ``path`` to look at it, also while a run goes on and in a read-only folder.

    Raises:
        LedgerDamagedError: there is none, its log is damaged, or it is no SQLite file.
        LedgerError: it cannot be opened.
    """
    file = Path(os.path.realpath(path))
    if not file.is_file():
        raise LedgerDamagedError(f"there is no ledger at {path}")
    running = is_run_on(file, path)
    if not running:
        try:
            check_log(log_of(file), path)
        except LedgerDamagedError:
            running = is_run_on(file, path)
            if not running:  # else a run has begun meanwhile, and the log was read half written
                raise
        except OSError as error:
            raise LedgerError(f"the log of {path} cannot be read: {error.strerror}") from None
    with reported(path):
        try:
            return LedgerFile(path, file, connect(file, "ro"))
        except sqlite3.OperationalError as error:
            # SQLite makes a file beside the ledger even for reading, and maps it into memory.
            if running or not (cannot_open(error) or lacks_shared_memory(error)):
                raise
        return _opened_without_log(file, path)


def _opened_without_log(file: Path, path: Path) -> LedgerFile:
    """Open a file that nobody writes to: as it is, or with its log in a copy of both."""
    log = log_of(file)
    if not log.exists() or not log.stat().st_size:
        return LedgerFile(path, file, connect(file, "ro&immutable=1"))
    folder = temporary_folder()
    try:
        copy = folder / "ledger"
        shutil.copyfile(file, copy)
        shutil.copyfile(log, log_of(copy))
        return LedgerFile(path, copy, connect(copy, "rw"), folder=folder)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise LedgerError(f"{path} cannot be copied to be read: {error.strerror}") from None
        raise


def temporary_folder() -> Path:
    """Make a folder for a ledger that does not last.

    Raises:
        LedgerError: there is no place for temporary files.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="frontegg_async-"))
    except OSError as error:
        raise LedgerError(
            f"there is no folder for temporary files ({error.strerror}): name one in TMPDIR, or a "
            "ledger of your own with --ledger"
        ) from None


def log_of(file: Path) -> Path:
    """Return where SQLite keeps the log of a file."""
    return Path(f"{file}-wal")


def connect(file: Path, mode: str) -> sqlite3.Connection:
    """Open the file, in a mode of SQLite's URIs; it must be there."""
    try:
        return _connected(file, mode)
    except sqlite3.OperationalError as error:
        if mode != "rw" or not lacks_shared_memory(error):
            raise
    return _connected(file, mode, alone=True)


def _connected(file: Path, mode: str, *, alone: bool = False) -> sqlite3.Connection:
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    # Used by one thread at a time, but not always by the one that opens it.
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        if alone:
            # SQLite then keeps in its own memory what it would share.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Asks for a page, so that a file of another kind is found out here.
        database.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def use_log(file: LedgerFile) -> None:
    """Write by way of a log, or where that cannot be, of a rollback journal.

    The log takes memory that processes share, which network file systems do not have.
    """
    try:
        _use_log(file.database)
    except sqlite3.OperationalError as error:
        if not lacks_shared_memory(error):
            raise
        file.database.close()
        file.database = _connected(file.place, "rw", alone=True)
        _use_log(file.database)


def _use_log(database: sqlite3.Connection) -> None:
    (locking,) = database.execute("PRAGMA locking_mode").fetchone()
    if locking == "exclusive":
        # Kept, and not made anew for each transaction, so that it has its space.
        database.execute("PRAGMA journal_mode = PERSIST").fetchone()
        database.execute("PRAGMA locking_mode = NORMAL").fetchone()
    else:
        database.execute("PRAGMA journal_mode = WAL").fetchone()
    # Takes the shared memory, or gives others access again.
    database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def is_empty(database: sqlite3.Connection) -> bool:
    """Whether nothing was ever written to the file."""
    return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def check_whole(path: Path, database: sqlite3.Connection) -> Header:
    """Return what a ledger was begun for; raise unless it is a whole ledger of this version."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerDamagedError(f"{path} is an SQLite file, but no ledger of a bulk run")
    if version != VERSION:
        raise LedgerMismatchError(
            f"{path} is a ledger of version {version}, and this program writes version {VERSION}: "
            "finish it with the program that began it, or name another with --ledger. A new run "
            "reads first what holds already, and does not send that again"
        )
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerDamagedError(f"{path} is damaged: {verdict}")
    found = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master")}
    if not found.issuperset(SCHEMA):
        raise ChangedError("the list of its tables")
    values = header_values(database)
    rows, unmarked = count_unmarked(database)
    if unmarked:
        raise ChangedError(f"the state of {unmarked} of {rows} rows")
    if values.get("loaded", str(rows)) != str(rows):
        raise ChangedError(f"the number of its rows ({values['loaded']}, now {rows})")
    try:
        return msgspec.convert(values, Header)
    except msgspec.ValidationError:
        raise LedgerDamagedError(f"{path} does not say what it was begun for") from None


def header_values(database: sqlite3.Connection) -> dict[str, str]:
    """Return all values of the header: only so is a name found that changed."""
    values: dict[str, str] = {}
    for name, value, seal in database.execute("SELECT name, value, seal FROM header"):
        if seal != seal_of(name, value):
            raise ChangedError("its header")
        values[name] = value
    return values


_DIFFERENCES: Final = {
    "job": "it was begun for the job {old}, not {new}",
    "fingerprint": "the input has changed since it was begun",
    "settings": "it was begun with other settings ({old})",
}


def check_same(path: Path, found: Header, wanted: Header) -> None:
    """Raise LedgerMismatchError unless a ledger was begun for what is wanted."""
    check_environment(path, found, wanted.environment, wanted.environment_id)
    for name, sentence in _DIFFERENCES.items():
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            raise LedgerMismatchError(
                f"{path} does not belong to this run: {sentence.format(old=old, new=new)}. "
                f"{one_ledger_each(path)}"
            )


def check_environment(path: Path, found: Header, environment: str, environment_id: str) -> None:
    """Raise LedgerMismatchError unless a ledger was begun for an environment."""
    wanted = environment_name(environment, environment_id)
    if found.where == wanted:
        return
    how = ""
    if found.environment_id != environment_id:
        how = " (environment_id, --environment-id and FRONTEGG_ENVIRONMENT_ID choose it)"
    raise LedgerMismatchError(
        f"{path} belongs to another environment: it was begun as {found.where}, and this run is "
        f"{wanted}{how}. Use the credentials that it was begun with, or name another ledger with "
        "--ledger"
    )


def one_ledger_each(path: Path) -> str:
    """Say what to do with other rows than those of a ledger."""
    name, day = path.name.removesuffix(".ledger"), time.strftime("%Y-%m-%d")
    if name.endswith(day):
        day = "2"  # the second of a day
    return (
        "A ledger remembers one job on one input. Where a job comes back with other rows, name a "
        f"ledger for each time: --ledger {name}-{day}.ledger, or ledger={f'{name}-{day}.ledger'!r}"
    )
