"""A lock between processes that ends with the process, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from ..errors import LedgerBusyError, LedgerError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Holds the right to run on a ledger, in a file beside it.

    Beside it, because SQLite has locks of its own on the ledger, which readers may take while a
    run goes on. The file stays when the lock is released: removing it would let a third process
    lock a file that a second one still waits for.

    Raises:
        LedgerBusyError: another process holds it.
        LedgerError: the file cannot be made.
    """

    def __init__(self, ledger: Path) -> None:
        path = Path(f"{ledger}.lock")
        try:
            self._descriptor: Final = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LedgerError(f"cannot write {path}: {error.strerror}") from None
        try:
            _lock(self._descriptor)
        except OSError:
            os.close(self._descriptor)
            raise LedgerBusyError(f"another process is running on {ledger}") from None

    def release(self) -> None:
        """Let others have it."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
