"""The file of rows that were not done, in a form that can be fed back in."""

from __future__ import annotations

import csv
import errno
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ..errors import ConfigurationError
from .outcome import RowResult
from .sources import Source

_COLUMNS: Final = (
    "user_id",
    "email",
    "tenant_id",
    "set_active",
    "line",
    "outcome",
    "reason",
    "status",
    "error_code",
    "trace_id",
)


class FailuresFile:
    """Writes each failure when it happens, as CSV, or as JSONL if the name ends in it.

    Args:
        path: where to; a file that is there is replaced.
        source: what the run reads, which must not be the same file.

    Raises:
        ConfigurationError: it cannot be written, or is the source itself.
    """

    def __init__(self, path: str | os.PathLike[str], source: Source) -> None:
        self.path: Final = Path(path)
        if isinstance(source, str | os.PathLike) and _same_file(self.path, Path(source)):
            raise ConfigurationError(f"the failures would replace their own source, {self.path}")
        jsonl = self.path.suffix.lower() in {".jsonl", ".ndjson"}
        self._line: Final = _json_line if jsonl else _csv_line
        try:
            # Without a buffer: what a killed run has seen fail is there to be read.
            self._file: Final = self.path.open("wb", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from None
        if not jsonl:
            problem = self._append(_csv_text(_COLUMNS))
            if problem is not None:
                self.close()
                raise problem

    def write(self, result: RowResult) -> ConfigurationError | None:
        """Write one row, or return why that is no longer possible."""
        row = result.assignment
        return self._append(
            self._line(
                {
                    "user_id": row and row.user_id,
                    "email": row and row.email,
                    "tenant_id": row and row.tenant_id,
                    "set_active": row and row.set_active,
                    "line": result.line,
                    "outcome": result.outcome.value,
                    # One line a row, so that the file can be read line by line.
                    "reason": " ".join(result.reason.split()),
                    "status": result.status,
                    "error_code": result.error_code,
                    "trace_id": result.trace_id,
                }
            )
        )

    def _append(self, text: str) -> ConfigurationError | None:
        line = text.encode(errors="backslashreplace")
        try:
            if self._file.write(line) == len(line):
                return None
            failed = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            failed = error
        return self._unwritable(failed)

    def _unwritable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"cannot write {self.path}: {error.strerror or type(error).__name__}"
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _csv_line(fields: dict[str, Any]) -> str:
    return _csv_text([_cell(fields[name]) for name in _COLUMNS])


def _csv_text(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _json_line(fields: dict[str, Any]) -> str:
    known = {name: value for name, value in fields.items() if value is not None}
    return msgspec.json.encode(known).decode() + "\n"


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def _same_file(path: Path, source: Path) -> bool:
    try:
        return path.samefile(source)
    except OSError:
        return False
