"""The file of rows that were not done, in a form that can be fed back in."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
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
        try:
            # Line by line to the disk: what a killed run has seen fail is there to be read.
            self._file = self.path.open("w", encoding="utf-8", newline="", buffering=1)
        except OSError as error:
            problem = error.strerror or type(error).__name__
            raise ConfigurationError(f"cannot write {self.path}: {problem}") from None
        self._write: Final = self._jsonl() if self._is_jsonl() else self._csv()

    def _is_jsonl(self) -> bool:
        return self.path.suffix.lower() in {".jsonl", ".ndjson"}

    def write(self, result: RowResult) -> ConfigurationError | None:
        """Write one row, or return why that is no longer possible."""
        try:
            self._write(self._fields(result))
        except OSError as error:
            problem = error.strerror or type(error).__name__
        else:
            return None
        return ConfigurationError(f"cannot write {self.path}: {problem}")

    def _fields(self, result: RowResult) -> dict[str, Any]:
        row = result.assignment
        return {
            "user_id": row and row.user_id,
            "email": row and row.email,
            "tenant_id": row and row.tenant_id,
            "set_active": row and row.set_active,
            "line": result.line,
            "outcome": result.outcome.value,
            "reason": result.reason,
            "status": result.status,
            "error_code": result.error_code,
            "trace_id": result.trace_id,
        }

    def _csv(self) -> Callable[[dict[str, Any]], object]:
        writer = csv.writer(self._file, lineterminator="\n")
        writer.writerow(_COLUMNS)

        def write(fields: dict[str, Any]) -> None:
            writer.writerow([_cell(fields[name]) for name in _COLUMNS])

        return write

    def _jsonl(self) -> Callable[[dict[str, Any]], object]:
        encode = msgspec.json.Encoder().encode

        def write(fields: dict[str, Any]) -> None:
            known = {name: value for name, value in fields.items() if value is not None}
            self._file.write(encode(known).decode() + "\n")

        return write

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    # One line a row, so that the file can be read line by line.
    return " ".join(value.split()) if isinstance(value, str) else value


def _same_file(path: Path, source: Path) -> bool:
    try:
        return path.samefile(source)
    except OSError:
        return False
