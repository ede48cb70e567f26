"""The file of a ledger: whose it is, and what SQLite's errors about it mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerMismatchError,
)
from .entries import Header

APPLICATION_ID: Final = 0x46724C67
"""Marks an SQLite file as a ledger of ours: "FrLg"."""
VERSION: Final = 2


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open the file; without ``write`` it must be there, and stays as it is."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
    # Used by one thread at a time, but not always by the one that opens it.
    database = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        # Asks for a page, so that a file of another kind is found out here.
        database.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        database.close()
        raise
    return database


def is_empty(database: sqlite3.Connection) -> bool:
    """Whether nothing was ever written to the file."""
    return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def check_kind(path: Path, database: sqlite3.Connection) -> None:
    """Raise unless the file is a whole ledger of this version."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerDamagedError(f"{path} is an SQLite file, but no ledger of a bulk run")
    if version != VERSION:
        raise LedgerMismatchError(
            f"{path} is a ledger of version {version}, and this program writes version {VERSION}: "
            "finish it with the program that began it, or name another with --ledger"
        )
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise LedgerDamagedError(f"{path} is damaged: {verdict}")


_DIFFERENCES: Final = {
    "job": "it was begun for the job {old}, not {new}",
    "fingerprint": "the input has changed since it was begun",
    "environment": "it was begun for another environment ({old})",
    "settings": "it was begun with other settings ({old})",
}


def check_same(path: Path, found: Header, wanted: Header) -> None:
    """Raise LedgerMismatchError unless a ledger was begun for what is wanted."""
    for name, sentence in _DIFFERENCES.items():
        old, new = getattr(found, name), getattr(wanted, name)
        if old != new:
            raise LedgerMismatchError(
                f"{path} does not belong to this run: {sentence.format(old=old, new=new)}. "
                "Name another ledger with --ledger, or remove this one if it is no longer needed"
            )


@contextmanager
def reported(path: Path) -> Generator[None]:
    """Turn errors of SQLite into errors of ours."""
    try:
        yield
        return
    except sqlite3.Error as error:
        failed = _error_of(path, error)
    raise failed


def _error_of(path: Path, error: sqlite3.Error) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return LedgerFullError(f"{path} cannot be written, the disk may be full: {error}")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerBusyError(f"{path} is in use by another program")
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
        return LedgerError(f"{path} cannot be opened: {error}")
    return LedgerDamagedError(f"{path} is no ledger, or damaged: {error}")
