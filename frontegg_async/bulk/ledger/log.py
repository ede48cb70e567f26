"""Finds lost commits in the log of a ledger (SQLite's ``-wal``).

A run that was killed leaves commits in the log that are not in the file yet. SQLite reads the log
up to the first frame whose checksum is wrong, and takes the rest for leftovers: a byte that changed
in the middle makes it forget the commits behind it, without an error. Rows that those commits have
as in flight would be sent again.

Frames carry the salts of their turn of the log, and the checksum of each continues that of the one
before it. A whole commit behind the end of the chain, with the salts of this turn, is therefore a
commit that was lost by damage: processes that are killed, full disks and transactions that are
rolled back leave no such frame. The last commit has none behind it, so ``Ledger.write`` follows
each commit of intents with another one.

The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import msgspec

from ...errors import LedgerDamagedError

_Sums: TypeAlias = tuple[int, int]

_HEADER: Final = struct.Struct(">8I")
_FRAME: Final = struct.Struct(">6I")
_MAGIC: Final = 0x377F0682
"""With the lowest bit set, checksums are computed from big-endian words."""
_MASK: Final = 0xFFFF_FFFF


class _Frame(msgspec.Struct, frozen=True):
    """A frame as it stands in the file: its header's fields, and all that its checksum covers."""

    page_count: int
    salts: _Sums
    sums: _Sums
    summed: bytes


class _Log:
    """A log that is open, with the header that says how to read it."""

    def __init__(self, file: BinaryIO, page_size: int, order: str, salts: _Sums) -> None:
        self._file: Final = file
        self._size: Final = _FRAME.size + page_size
        self._words: Final = struct.Struct(f"{order}{(page_size + 8) // 4}I")
        self.salts: Final = salts

    def frame(self, number: int) -> _Frame | None:
        """Return a frame, or None behind the last whole one."""
        self._file.seek(_HEADER.size + number * self._size)
        found = self._file.read(self._size)
        if len(found) < self._size:
            return None
        _, page_count, salt, other_salt, one, two = _FRAME.unpack_from(found)
        return _Frame(page_count, (salt, other_salt), (one, two), found[:8] + found[_FRAME.size :])

    def sums_after(self, before: _Sums, frame: _Frame) -> _Sums:
        """Return the checksum that a frame must have behind one with the checksum ``before``."""
        return _sums(before, self._words.unpack(frame.summed))


def check_log(path: Path, ledger: Path) -> None:
    """Check that SQLite would read every commit of the log at ``path``.

    Not while a run writes it.

    Raises:
        LedgerDamagedError: a commit would be lost; the message names ``ledger``.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        found = file.read(_HEADER.size)
        # A log that is made has no bytes yet, and after a power failure perhaps only zeros.
        if len(found) < _HEADER.size or not any(found):
            return
        magic, _, page_size, _, salt, other_salt, *sums = _HEADER.unpack(found)
        order = ">" if magic & 1 else "<"
        whole = _sums((0, 0), struct.unpack(f"{order}6I", found[:24]))
        if magic & ~1 != _MAGIC or whole != tuple(sums):
            raise _damaged(ledger)
        log = _Log(file, page_size, order, (salt, other_salt))
        if _holds_lost_commit(log, whole):
            raise _damaged(ledger)


def _holds_lost_commit(log: _Log, sums: _Sums) -> bool:
    number = 0
    while (frame := log.frame(number)) is not None and frame.salts == log.salts:
        after = log.sums_after(sums, frame)
        if after != frame.sums:
            break
        sums = after
        number += 1
    if frame is None or not set(frame.salts) & set(log.salts):
        return False  # the log ends here: this place was not written in this turn of the log
    # Either the content of this frame changed, or its checksum.
    seeds = {frame.sums, log.sums_after(sums, frame)}
    while (frame := log.frame(number := number + 1)) is not None:
        commits = frame.page_count and frame.salts == log.salts
        if commits and any(log.sums_after(seed, frame) == frame.sums for seed in seeds):
            return True
        seeds = {frame.sums}
    return False


def _sums(before: _Sums, words: tuple[int, ...]) -> _Sums:
    one, two = before
    pairs = iter(words)
    for first, second in zip(pairs, pairs, strict=True):
        one = (one + first + two) & _MASK
        two = (two + second + one) & _MASK
    return one, two


def _damaged(ledger: Path) -> LedgerDamagedError:
    return LedgerDamagedError(
        f"{ledger} is damaged: its log, {ledger}-wal, changed after it was written, and the last "
        "records of a run cannot be read. Restore both files from a backup; or move both away and "
        "run again, which skips rows that are already satisfied"
    )
