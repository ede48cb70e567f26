"""The file of a ledger: opening it, and checking its owner and its integrity."""

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
from ..input.file_set import changes_between
from ..input.originals import ORIGINALS_SCHEMA
from .checks import ChangedError, count_unmarked, seal_of
from .duplicates import DUPLICATES_SCHEMA
from .errors import cannot_open, lacks_shared_memory, reported
from .invites import INVITES_SCHEMA
from .lock import LedgerLock, is_run_on
from .log import check_log
from .order import ORDER_SCHEMA
from .records import Header, environment_name
from .user_ids import USER_IDS_SCHEMA

APPLICATION_ID: Final = 0x46724C67
"""Application id in the SQLite header of every ledger: "FrLg"."""
VERSION: Final = 3
CHECKPOINT_PAGES: Final = 128
"""Pages of the log after which it starts over, well within the space that is kept for it."""

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
{DUPLICATES_SCHEMA};{ORDER_SCHEMA};{USER_IDS_SCHEMA};{ORIGINALS_SCHEMA};
{INVITES_SCHEMA}""".split(";")
)


class LedgerFile:
    """An open file, with its lock and its temporary copy, if any.

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
        """Close the file, and release its lock."""
        try:
            self.database.close()
        finally:
            if self._lock is not None:
                self._lock.release()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


def open_for_run(path: Path) -> LedgerFile:
    """Open the file at ``path`` for writing, and lock it; create it if it does not exist.

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
    """Open the file at ``path`` for reading, also during a run and in a read-only folder.

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
            if not running:  # else a run began meanwhile, and the log was read half written
                raise
        except OSError as error:
            raise LedgerError(f"the log of {path} cannot be read: {error.strerror}") from None
    with reported(path):
        try:
            return LedgerFile(path, file, connect(file, "ro"))
        except sqlite3.OperationalError as error:
            # SQLite creates a file beside the ledger even for reading, and maps it into memory.
            if running or not (cannot_open(error) or lacks_shared_memory(error)):
                raise
        return _opened_without_log(file, path)


def _opened_without_log(file: Path, path: Path) -> LedgerFile:
    """Open a file that no run writes to: in place, or a copy of it with its log."""
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
    """Create a folder for a temporary ledger.

    Raises:
        LedgerError: no folder for temporary files is writable.
    """
    try:
        return Path(tempfile.mkdtemp(prefix="frontegg_async-"))
    except OSError as error:
        raise LedgerError(
            f"no folder for temporary files is writable ({error.strerror}): set TMPDIR, or choose "
            "a ledger with --ledger"
        ) from None


def log_of(file: Path) -> Path:
    """Return the path of SQLite's log for a file."""
    return Path(f"{file}-wal")


def connect(file: Path, mode: str) -> sqlite3.Connection:
    """Open an existing file, in a mode of SQLite's URIs."""
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
            # SQLite then needs no shared memory.
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Reads a page, so that a file of another kind fails here.
        database.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def use_log(file: LedgerFile) -> None:
    """Write through a log, or where that is impossible, with a rollback journal.

    The log needs memory shared by processes, which network file systems do not have.
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
        # The journal is kept, not created for each transaction, so that its space is reserved.
        database.execute("PRAGMA journal_mode = PERSIST").fetchone()
        database.execute("PRAGMA locking_mode = NORMAL").fetchone()
    else:
        database.execute("PRAGMA journal_mode = WAL").fetchone()
    # Opens the shared memory, or gives other processes access again.
    database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def is_empty(database: sqlite3.Connection) -> bool:
    """Return whether the file is empty."""
    return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def check_whole(path: Path, database: sqlite3.Connection) -> Header:
    """Return the header of a ledger; raise unless it is an intact ledger of this version."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerDamagedError(f"{path} is an SQLite file, but no ledger of a bulk run")
    if version != VERSION:
        raise LedgerMismatchError(
            f"{path} is a ledger of version {version}, and this program writes version {VERSION}: "
            "finish it with the version that began it, or choose another ledger with --ledger. A "
            "new run skips rows that are already satisfied"
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
        raise LedgerDamagedError(f"{path} is damaged: its header is incomplete") from None


def header_values(database: sqlite3.Connection) -> dict[str, str]:
    """Return all values of the header, also to find a name that changed."""
    values: dict[str, str] = {}
    for name, value, seal in database.execute("SELECT name, value, seal FROM header"):
        if seal != seal_of(name, value):
            raise ChangedError("its header")
        values[name] = value
    return values


_DIFFERENCES: Final = {
    "job": "it was begun for the job {old}, not {new}",
    "fingerprint": "the input has changed since it was begun{changes}",
    "settings": "it was begun with other settings ({old})",
}


def check_same(path: Path, found: Header, wanted: Header) -> None:
    """Raise LedgerMismatchError unless a ledger was begun for the wanted header."""
    check_environment(path, found, wanted.environment, wanted.environment_id)
    for name, sentence in _DIFFERENCES.items():
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            found_changes = changes_between(old, new) if name == "fingerprint" else ""
            changes = f" ({found_changes})" if found_changes else ""
            raise LedgerMismatchError(
                f"{path} does not belong to this run: "
                f"{sentence.format(old=old, new=new, changes=changes)}. "
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
        f"{wanted}{how}. Use the credentials that it was begun with, or choose another ledger with "
        "--ledger"
    )


def one_ledger_each(path: Path) -> str:
    """Return advice, in sentences, for rows that a ledger was not begun for."""
    name, day = path.name.removesuffix(".ledger"), time.strftime("%Y-%m-%d")
    if name.endswith(day):
        day = "2"  # the second of a day
    return (
        "A ledger belongs to one job on one input. To repeat a job with other rows, name a ledger "
        f"for each time: --ledger {name}-{day}.ledger, or ledger={f'{name}-{day}.ledger'!r}"
    )
