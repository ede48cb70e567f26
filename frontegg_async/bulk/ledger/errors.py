"""Translates errors of SQLite about a ledger to errors of this package that say how to go on."""

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
    """Translate errors of SQLite, and signs of damage, to errors of this package."""
    try:
        yield
        return
    except sqlite3.Error as error:
        failed = _error_of(path, error)
    except ChangedError as error:
        failed = LedgerDamagedError(
            f"{path} is damaged: {error} changed after it was written. Restore the file from a "
            "backup; or move it away and run again, which skips rows that are already satisfied"
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        failed = LedgerDamagedError(f"{path} is damaged: {error}")
    raise failed


def lacks_shared_memory(error: sqlite3.Error) -> bool:
    """Return whether the file system cannot share memory, which the log of SQLite needs."""
    return _code(error) in _NO_SHARED_MEMORY


def cannot_open(error: sqlite3.Error) -> bool:
    """Return whether SQLite cannot open a file, as in a read-only folder."""
    return _code(error) & 0xFF in _NOT_OPENED


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0)


def _error_of(path: Path, error: sqlite3.Error) -> LedgerError:
    code = _code(error)
    kind = code & 0xFF
    if code == sqlite3.SQLITE_IOERR_GETTEMPPATH:
        return LedgerError(
            f"{path} needs a folder for temporary files, and none is writable: set TMPDIR"
        )
    if code in _NO_LOCKS:
        return LedgerError(
            f"{path} cannot be locked: some network drives do not support locks. Choose a ledger "
            "on a local disk with --ledger"
        )
    if code in _NO_SHARED_MEMORY:
        return LedgerError(f"{path} cannot be mapped into memory: {error}")
    if code in _UNREADABLE:
        return LedgerError(f"{path} cannot be read, its disk or network drive failed: {error}")
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:
        return LedgerDamagedError(f"{path} is damaged: it ends too early")
    if kind in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return LedgerDiskFullError(f"{path} cannot be written, the disk may be full: {error}")
    if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerBusyError(f"{path} is in use by another program")
    if kind in _NOT_OPENED:
        return LedgerError(f"{path} cannot be opened: {error}")
    return LedgerDamagedError(f"{path} is no ledger, or damaged: {error}")
