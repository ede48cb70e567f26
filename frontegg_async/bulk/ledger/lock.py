"""The lock of a ledger: one run at a time, under whichever name of the file.

The lock is on a byte of the ledger itself, so it is the same through a symbolic or hard link, and
there is no second file that a user could delete. It ends with the process, however that ends.

The byte lies in the page that SQLite keeps free for locks (from 2^30 on; SQLite's own are the first
512 bytes of it), so nothing is ever stored there, and SQLite's locks stay as they are.

POSIX releases all locks of a process on a file as soon as the process closes any descriptor of that
file. The lock therefore belongs to the open file (``F_OFD_SETLK``: Linux, and macOS by the number
that its kernel has for it), which only this module closes. Where the system has no such lock, it is
an ordinary one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
import sys
import threading
from pathlib import Path
from typing import Final

from ...errors import LedgerBusyError, LedgerError

_AT: Final = 0x4000_0000 + 2_048
_TAKEN: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _is_taken(descriptor: int) -> bool:
        try:
            _lock(descriptor)
        except OSError:
            return True
        os.lseek(descriptor, _AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        return False
else:
    import fcntl

    _DARWIN: Final = sys.platform == "darwin"
    _OFD_SETLK: Final[int | None] = getattr(fcntl, "F_OFD_SETLK", 90 if _DARWIN else None)
    _OFD_GETLK: Final[int | None] = getattr(fcntl, "F_OFD_GETLK", 92 if _DARWIN else None)

    def _request() -> bytes:
        # struct flock: of macOS and the BSDs, and of Linux.
        if _DARWIN or "bsd" in sys.platform:
            return struct.pack("qqihh", _AT, 1, 0, fcntl.F_WRLCK, os.SEEK_SET)
        return struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _AT, 1, 0)

    def _call(descriptor: int, of_open_file: int | None, of_process: int) -> bytes:
        if of_open_file is not None:
            try:
                return fcntl.fcntl(descriptor, of_open_file, _request())
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
        return fcntl.fcntl(descriptor, of_process, _request())

    def _lock(descriptor: int) -> None:
        _call(descriptor, _OFD_SETLK, fcntl.F_SETLK)

    def _is_taken(descriptor: int) -> bool:
        found = _call(descriptor, _OFD_GETLK, fcntl.F_GETLK)
        kind: int
        if _DARWIN or "bsd" in sys.platform:
            kind = struct.unpack_from("qqihh", found)[3]
        else:
            kind = struct.unpack_from("hhqqi", found)[0]
        return kind != fcntl.F_UNLCK


_Identity = tuple[int, int]
_held: Final[set[_Identity]] = set()
"""Ledgers that this process runs on: a lock of the process would let it take one twice."""
_guard: Final = threading.Lock()


class LedgerLock:
    """Holds the right to run on a ledger.

    Args:
        file: the ledger, with symbolic links resolved. It is created, readable by its owner
            alone, if it does not exist.
        ledger: its name for messages.

    Raises:
        LedgerBusyError: another run holds it.
        LedgerError: the file cannot be opened or locked, or is no regular file.
    """

    def __init__(self, file: Path, ledger: Path) -> None:
        # First of all: where the lock is one of the process, closing the file again would end it.
        if is_held(file):
            raise LedgerBusyError(_busy(ledger))
        self._descriptor: Final = _opened(file, ledger)
        try:
            found = os.fstat(self._descriptor)
            self._identity: Final = (found.st_dev, found.st_ino)
            _check_kind(found, ledger)
            _hold(self._identity, ledger)
            try:
                _take(self._descriptor, ledger)
                _check_names(found, ledger)
            except BaseException:
                _held.discard(self._identity)
                raise
        except BaseException:
            os.close(self._descriptor)
            raise

    def holds(self, file: Path) -> bool:
        """Return whether ``file`` is still the file that is locked."""
        try:
            found = file.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def release(self) -> None:
        """Release the lock."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        _held.discard(self._identity)


def is_held(file: Path) -> bool:
    """Return whether this process runs on a ledger."""
    try:
        found = file.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) in _held


def is_run_on(file: Path, ledger: Path) -> bool:
    """Return whether a run of this process or another has a ledger open.

    Raises:
        LedgerError: the file cannot be read, or has another name.
    """
    if is_held(file):
        # The system is not asked: closing the file would cost the run SQLite's own locks.
        return True
    try:
        _check_names(file.stat(), ledger)
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        raise LedgerError(f"{ledger} cannot be read: {error.strerror}") from None
    try:
        return _is_taken(descriptor)
    except OSError:
        return False  # a file system without locks: no run can go on there
    finally:
        os.close(descriptor)


def _opened(file: Path, ledger: Path) -> int:
    # Non-blocking: opening a pipe would wait for its writer.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(file, flags, 0o600)
    except OSError as error:
        raise LedgerError(f"cannot write {ledger}: {error.strerror}") from None


def _check_kind(found: os.stat_result, ledger: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise LedgerError(f"{ledger} is not a regular file: choose another ledger with --ledger")


def _hold(identity: _Identity, ledger: Path) -> None:
    with _guard:
        if identity in _held:
            raise LedgerBusyError(_busy(ledger))
        _held.add(identity)


def _take(descriptor: int, ledger: Path) -> None:
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _TAKEN:
            raise LedgerBusyError(_busy(ledger)) from None
        raise LedgerError(
            f"{ledger} cannot be locked against a second run: {error.strerror}. Some network "
            "drives do not support locks: choose a ledger on a local disk with --ledger"
        ) from None


def _busy(ledger: Path) -> str:
    return f"another process or run is using {ledger}"


def _check_names(found: os.stat_result, ledger: Path) -> None:
    # SQLite finds the log of a ledger by the ledger's name: under another name, a run would miss
    # the commits that a killed run left in the log.
    if found.st_nlink > 1:
        raise LedgerError(
            f"{ledger} has {found.st_nlink} names (hard links), and its log only one: remove the "
            "others, or use a copy"
        )
