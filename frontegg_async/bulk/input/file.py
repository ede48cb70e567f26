"""A file of rows: opened once, so that the bytes that are hashed are the bytes that are read.

A regular file can be read again, which a fingerprint and a second run need. A pipe, a terminal or
stdin (``-``) can not: its rows are taken once, as they come, like those of a program.
"""

from __future__ import annotations

import hashlib
import io
import os
import select
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ...errors import InvalidRequestError
from .columns import Malformed, RawRow, Row, row_of
from .csv_jsonl import text_rows
from .rows import UserRow

STDIN: Final = "-"
TextForm: TypeAlias = Literal["csv", "jsonl"]
_FORMS: Final[dict[str, TextForm]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_PARQUET: Final = ".parquet"
SUFFIXES: Final = (*_FORMS, _PARQUET)
"""Ends of the names of files of rows."""
_CHUNK_BYTES: Final = 1 << 20
_POLL_S: Final = 0.1
"""Seconds between two checks that a pipe is still to be read."""


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Return whether a path can be read only once: stdin, a pipe, a terminal."""
    if os.fspath(path) == STDIN:
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


class InputFile:
    """A file of rows, opened.

    Args:
        path: its name ends in ``.csv``, ``.jsonl``, ``.ndjson`` or ``.parquet``; of a stream
            without such a name, the first line tells whether it is CSV or JSONL.
        kind: the rows that are expected.
        literal_ids: as for ``read_rows``.

    Attributes:
        path: its name, for messages.
        is_stream: True if it can be read only once.

    Raises:
        InvalidRequestError: there is no such file, it is a directory or of another kind, or it
            lacks a column that is needed. Of a stream, the header is read with the first row.
    """

    def __init__(
        self, path: str | os.PathLike[str], kind: type[UserRow], *, literal_ids: bool = False
    ) -> None:
        self.path: Final = Path("stdin") if os.fspath(path) == STDIN else Path(path)
        self._kind: Final = kind
        self._literal_ids: Final = literal_ids
        self._pipe: _Pipe | None = None
        self.is_stream: Final = is_stream(path)
        suffix = self.path.suffix.lower()
        form = _FORMS.get(suffix)
        if self.is_stream:
            if suffix == _PARQUET:
                raise InvalidRequestError(
                    f"{path} is a pipe, from which Parquet cannot be read: save it to a file first"
                )
            self._pipe = _Pipe(None if os.fspath(path) == STDIN else path)
            self._file: io.BufferedReader = io.BufferedReader(self._pipe)
            self._rows = self._streamed(form)
            return
        if self.path.is_dir():
            raise InvalidRequestError(f"{path} is a directory, and not a file of rows")
        try:
            self._file = self.path.open("rb")
        except OSError as error:
            raise InvalidRequestError(f"cannot read {path}: {_problem(error)}") from None
        try:
            self._rows = self._parquet_rows() if suffix == _PARQUET else self._text_rows(form)
        except BaseException:
            self._file.close()
            raise

    def rows(self) -> Iterator[Row]:
        """Return the rows, read as they are asked for. They can be had once."""
        kind, literal_ids = self._kind, self._literal_ids
        return (
            (
                line,
                row if isinstance(row, Malformed) else row_of(row, kind, literal_ids=literal_ids),
            )
            for line, row in self._rows
        )

    def fingerprint(self, given_up: threading.Event) -> str:
        """Return the SHA-256 of the bytes of a regular file. It takes time: call it in a thread.

        Args:
            given_up: ends it early; the result then means nothing.

        Raises:
            InvalidRequestError: it cannot be read.
        """
        digest = hashlib.sha256()
        try:
            at = self._file.tell()
            self._file.seek(0)
            try:
                while not given_up.is_set() and (chunk := self._file.read(_CHUNK_BYTES)):
                    digest.update(chunk)
            finally:
                self._file.seek(at)
        except OSError as error:
            raise InvalidRequestError(f"cannot read {self.path}: {_problem(error)}") from None
        return digest.hexdigest()

    def interrupt(self) -> None:
        """Let a thread that waits for the next byte of a stream go on as if it had ended."""
        if self._pipe is not None:
            self._pipe.interrupt()

    def close(self) -> None:
        """Close the file, unless another thread is reading it."""
        self._file.close()

    def _text_rows(self, form: TextForm | None) -> Iterator[RawRow]:
        if form is None:
            raise InvalidRequestError(
                f"{self.path} must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
            )
        try:
            return text_rows(self._file, self.path, form, self._kind)
        except OSError as error:
            raise InvalidRequestError(f"cannot read {self.path}: {_problem(error)}") from None

    def _parquet_rows(self) -> Iterator[RawRow]:
        from .parquet import parquet_rows  # its library is an extra

        rows = parquet_rows(self.path, self._kind)
        # Its library opens the file by its name: it must still be the one that is hashed.
        if not os.path.samestat(self.path.stat(), os.fstat(self._file.fileno())):
            raise InvalidRequestError(f"{self.path} was replaced while it was opened: run it again")
        return rows

    def _streamed(self, form: TextForm | None) -> Iterator[RawRow]:
        try:
            if not self._file.peek(1) and not (self._pipe and self._pipe.interrupted):
                raise InvalidRequestError(f"{self.path} ended before the first byte: no rows came")
            yield from text_rows(self._file, self.path, form, self._kind)
        except OSError as error:
            raise InvalidRequestError(f"cannot read {self.path}: {_problem(error)}") from None


class _Pipe(io.RawIOBase):
    """The bytes of a stream; waiting for them can be interrupted from another thread."""

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path: Final = path
        self._descriptor: int | None = None
        self.interrupted = False

    def readable(self) -> bool:
        """Return True: it can be read, and nothing else."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Wait for bytes; none mean the end."""
        descriptor = self._opened()
        # Windows can wait for sockets only.
        while sys.platform != "win32" and not self.interrupted:
            if select.select((descriptor,), (), (), _POLL_S)[0]:
                break
        if self.interrupted:
            return 0
        found = os.read(descriptor, len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def interrupt(self) -> None:
        """End it here, also if a thread waits for a writer to open the other end."""
        self.interrupted = True
        if self._path is not None and self._descriptor is None and sys.platform != "win32":
            with suppress(OSError):
                os.close(os.open(self._path, os.O_WRONLY | os.O_NONBLOCK))

    def close(self) -> None:
        """Close it; stdin stays open."""
        if not self.closed and self._path is not None and self._descriptor is not None:
            os.close(self._descriptor)
        super().close()

    def _opened(self) -> int:
        if self._descriptor is None:
            self._descriptor = 0 if self._path is None else os.open(self._path, os.O_RDONLY)
        return self._descriptor


def _problem(error: OSError) -> str:
    return error.strerror or type(error).__name__
