"""Files of rows with their outcomes, in a form that can be fed back in."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, TextIO, TypeAlias

import msgspec

from ...errors import ConfigurationError
from ..input.cells import protected
from ..input.columns import ORIGINAL
from ..input.file_set import check_not_read
from ..jobs.job import Job
from ..ledger.records import ExportedRow, State
from ..outcome import OUTCOME_OF
from ..private_files import open_private

Format: TypeAlias = Literal["csv", "jsonl"]

_COLUMNS: Final = ("line", "outcome", "reason", "status", "error_code", "trace_id", ORIGINAL)


def outcome_name(job: Job[Any], state: State) -> str:
    """Return the name of a state for a job; rows that were not reached are skipped."""
    return job.labels[OUTCOME_OF[state]].name


def write_rows(job: Job[Any], rows: Iterable[ExportedRow], file: TextIO, form: Format) -> int:
    """Write rows to an open text file, and return their number.

    The cells of a CSV file are such that no spreadsheet runs them (``bulk.input.cells``).
    """
    columns = ["user_id", "email", *job.columns.own, *_COLUMNS]
    count = 0
    if form == "csv":
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            fields = _fields(job, row)
            writer.writerow([_cell(fields[name]) for name in columns])
            count += 1
        return count
    for row in rows:
        fields = _fields(job, row)
        known = {name: fields[name] for name in columns if fields[name] is not None}
        file.write(_json_line(known))
        count += 1
    return count


_FORMATS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def format_of(path: Path) -> Format | None:
    """Return the format for the end of a file's name, or None."""
    return _FORMATS.get(path.suffix.lower())


def check_writable(path: str | os.PathLike[str], *others: object) -> Path:
    """Return the path of the file of failures, before anything is sent.

    Args:
        path: the file.
        others: sources and ledgers, which it must not replace. Objects that are no paths are
            left out.

    Raises:
        ConfigurationError: its name ends in no format that can be fed back in, it cannot be
            written, or it is one of the others.
    """
    target = Path(path)
    if format_of(target) is None:
        ends = ", ".join(_FORMATS)
        raise ConfigurationError(
            f"cannot write failures to {target}: the name must end in one of {ends}, so that the "
            "file can be fed back in"
        )
    for other in others:
        check_not_read(target, other, "the failures in")
        if isinstance(other, str | os.PathLike) and _same_file(target, Path(os.fspath(other))):  # pyright: ignore[reportUnknownArgumentType]  # a path of any kind
            raise ConfigurationError(f"the failures would replace {target}, which the run reads")
    if target.is_fifo():
        raise ConfigurationError(f"cannot write failures to {target}: it is a named pipe")
    new = not target.exists() and not target.is_symlink()
    try:
        # The failures of an earlier run stay there until this one has ended.
        open_private(target, "a").close()
        if new:
            target.unlink()  # a run that is rejected for another reason leaves nothing
    except OSError as error:
        raise ConfigurationError(f"cannot write failures to {target}: {error.strerror}") from None
    return target


def write_failures(
    path: Path, job: Job[Any], rows: Iterable[ExportedRow]
) -> ConfigurationError | None:
    """Write the rows that were not done; return the error if that is not possible."""
    form: Format = format_of(path) or "csv"
    try:
        with open_private(path, "w") as file:
            write_rows(job, rows, file, form)
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return None
    return ConfigurationError(f"cannot write {path}: {problem}")


def _fields(job: Job[Any], row: ExportedRow) -> dict[str, Any]:
    reason = row.reason
    original = row.original
    fields: dict[str, Any] = {
        "user_id": row.user_id,
        "email": row.email,
        **_own_fields(job, row),
        "line": row.line,
        "outcome": outcome_name(job, row.state),
        # One line a row, so that the file can be read line by line.
        "reason": None if reason is None else _line(reason),
        "status": row.status,
        "error_code": row.error_code,
        "trace_id": row.trace_id,
        ORIGINAL: None,
    }
    if original is not None:
        # As the source had it, to be mended here and fed back in.
        fields |= original.cells
        fields[ORIGINAL] = original.text
    return fields


def _own_fields(job: Job[Any], row: ExportedRow) -> dict[str, Any]:
    if row.state is State.INVALID:
        return dict.fromkeys(job.columns.own)
    said = job.columns.decode(row.user_id, row.email, row.own)
    return {name: getattr(said, name) for name in job.columns.own}


def _json_line(fields: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(fields).decode() + "\n"
    except UnicodeEncodeError:
        return json.dumps(fields) + "\n"  # of a lone surrogate, as the escape that it may have been


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return protected(value) if isinstance(value, str) else value


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return path.resolve() == other.resolve()  # one of them is not there yet
