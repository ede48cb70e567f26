"""Errors of SQLite about the file of a ledger, as errors of this package that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from ...errors import LedgerBusyError, LedgerDamagedError, LedgerDiskFullError, LedgerError
from .checks import ChangedError

_NO_LOCKS: Final = frozenset(
    {
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_UNLOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
        sqlite3.SQLITE_IOERR_BLOCKED,
    }
)
_NO_SHARED_MEMORY: Final = frozenset(
    {
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMLOCK,
    }
)
_UNREADABLE: Final = frozenset(
    {
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_IOERR_FSTAT,
        sqlite3.SQLITE_IOERR_ACCESS,
        sqlite3.SQLITE_IOERR_SEEK,
    }
)
_NOT_OPENED: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
)


@contextmanager
def reported(path: Path) -> Generator[None]:
    """Turn errors of SQLite, and values that cannot be what was written, into errors of ours."""
    try:
        yield
        return
    except sqlite3.Error as error:
        failed = _error_of(path, error)
    except ChangedError as error:
        failed = LedgerDamagedError(
            f"{path} is damaged: {error} changed after it was written. Put the file back from a "
            "copy; or move it away and run again, which reads first what holds already"
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        failed = LedgerDamagedError(f"{path} is damaged: {error}")
    raise failed


def lacks_shared_memory(error: sqlite3.Error) -> bool:
    """Whether a file system maps no files into memory, which the log of SQLite takes."""
    return _code(error) in _NO_SHARED_MEMORY


def cannot_open(error: sqlite3.Error) -> bool:
    """Whether a file cannot be opened as SQLite wants to, such as one in a read-only folder."""
    return _code(error) & 0xFF in _NOT_OPENED


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0)


def _error_of(path: Path, error: sqlite3.Error) -> LedgerError:
    code = _code(error)
    kind = code & 0xFF
    if code == sqlite3.SQLITE_IOERR_GETTEMPPATH:
        return LedgerError(
            f"{path} needs a folder for temporary files, and there is none that can be written: "
            "name one in TMPDIR"
        )
    if code in _NO_LOCKS:
        return LedgerError(
            f"{path} cannot be locked: some network drives keep no locks. Name a ledger on a disk "
            "of this machine with --ledger"
        )
    if code in _NO_SHARED_MEMORY:
        return LedgerError(f"{path} cannot be mapped into memory: {error}")
    if code in _UNREADABLE:
        return LedgerError(f"{path} cannot be read, its disk or network drive fails: {error}")
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return LedgerDamagedError(f"{path} is damaged: it ends too early")
    if kind in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return LedgerDiskFullError(f"{path} cannot be written, the disk may be full: {error}")
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerBusyError(f"{path} is in use by another program")
    if kind in _NOT_OPENED:
        return LedgerError(f"{path} cannot be opened: {error}")
    return LedgerDamagedError(f"{path} is no ledger, or damaged: {error}")
