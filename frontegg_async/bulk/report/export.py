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
from ..input.cells import is_plain, protected
from ..input.file_set import check_not_read
from ..input.rows import ORIGINAL, OUTCOME_COLUMNS
from ..jobs.job import Job
from ..ledger.records import ExportedRow, State
from ..outcome import OUTCOME_OF
from ..private_files import open_private

Format: TypeAlias = Literal["csv", "jsonl"]


def outcome_name(job: Job[Any], state: State) -> str:
    """Return the name of a state for a job; rows that were not reached are skipped."""
    return job.labels[OUTCOME_OF[state]].name


def write_rows(job: Job[Any], rows: Iterable[ExportedRow], file: TextIO, form: Format) -> int:
    """Write rows to an open text file, and return their number.

    The cells of a CSV file are such that no spreadsheet runs them (``bulk.input.cells``).
    """
    table = _Table(job)
    count = 0
    if form == "csv":
        write = csv.writer(file, lineterminator="\n").writerow
        write(table.columns)
        columns = len(table.columns)
        for row in rows:
            cells = [
                each if type(each) is str else "" if each is None else _cell(each)
                for each in table.values(row)
            ]
            line = ",".join(cells)
            if is_plain(line, columns):
                file.write(line + "\n")  # nearly every row
            else:
                write([protected(cell) for cell in cells])
            count += 1
        return count
    for row in rows:
        named = zip(table.columns, table.values(row), strict=True)
        file.write(_json_line({name: value for name, value in named if value is not None}))
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


class _Table:
    """The columns of a file, and their values for a row; None for those that it lacks."""

    def __init__(self, job: Job[Any]) -> None:
        own = job.columns
        self.columns: Final = ["user_id", "email", *own.own, *OUTCOME_COLUMNS]
        self._own: Final = own
        self._none: Final = (None,) * len(own.own)
        self._names: Final = {state: outcome_name(job, state) for state in State}

    def values(self, row: ExportedRow) -> list[Any]:
        """Return the values of a row, in the order of the columns."""
        own, user_id, email, reason = self._own, row.user_id, row.email, row.reason
        known = row.state is not State.INVALID
        found = [
            user_id,
            email,
            *(own.values_of(own.decode(user_id, email, row.own)) if known else self._none),
            row.line,
            self._names[row.state],
            # One line a row, so that the file can be read line by line.
            None if reason is None else _line(reason),
            row.status,
            row.error_code,
            row.trace_id,
            None,
        ]
        original = row.original
        if original is None:
            return found
        # As the source had it, to be mended here and fed back in.
        fields = dict(zip(self.columns, found, strict=True)) | original.cells
        fields[ORIGINAL] = original.text
        return [fields[name] for name in self.columns]


def _json_line(fields: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(fields).decode() + "\n"
    except UnicodeEncodeError:
        return json.dumps(fields) + "\n"  # of a lone surrogate, as the escape that it may have been


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))


def _cell(value: object) -> str:
    """Return the cell for a value that is no text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return path.resolve() == other.resolve()  # one of them is not there yet
