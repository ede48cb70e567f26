"""Where rows come from: CSV and JSONL files, iterables, async iterables.

A file is read line by line, in bounded memory, and a row that cannot be read is a row all the
same: it comes out as ``Malformed``, with its line number, and the rows after it go on.
"""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import AsyncIterable, AsyncIterator, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias

import msgspec

from ..errors import InvalidRequestError
from .assignment import Assignment

MAX_LINE_BYTES: Final = 64 * 1024
"""Longest line of a file that is read as a row."""
MAX_ROW_LINES: Final = 100
"""Most lines that a quoted CSV field may go on for, before the quote counts as forgotten."""

Source: TypeAlias = str | os.PathLike[str] | Iterable[Assignment] | AsyncIterable[Assignment]


class Malformed(msgspec.Struct, frozen=True):
    """A row that cannot be read, and why."""

    reason: str


Row: TypeAlias = tuple[int, Assignment | Malformed]
"""A line number from 1, and what stands there."""

_COLUMNS: Final = {
    # Spelled in any case, with or without underscores: user_id, userId, USER ID.
    "userid": "user_id",
    "email": "email",
    "tenantid": "tenant_id",
    "setactive": "set_active",
}
_TRUTHS: Final = {
    "": False,
    "0": False,
    "false": False,
    "no": False,
    "1": True,
    "true": True,
    "yes": True,
}


def rows_of(source: Source) -> Iterator[Row] | AsyncIterator[Row]:
    """Return the rows of any source.

    Raises:
        InvalidRequestError: a file that cannot be read as rows at all.
    """
    if isinstance(source, str | os.PathLike):
        return read_assignments(source)
    if isinstance(source, AsyncIterable):
        return _number_async(source)
    return _number(source)


def _number(source: Iterable[Assignment]) -> Iterator[Row]:
    for line, row in enumerate(source, 1):
        yield line, _checked(row)


async def _number_async(source: AsyncIterable[Assignment]) -> AsyncIterator[Row]:
    line = 0
    async for row in source:
        line += 1
        yield line, _checked(row)


def _checked(row: object) -> Assignment | Malformed:
    if not isinstance(row, Assignment):
        return Malformed(f"is no Assignment but {type(row).__name__}")
    problem = row.problem()
    return row if problem is None else Malformed(problem)


def read_assignments(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Return the rows of a ``.csv``, ``.jsonl`` or ``.ndjson`` file, read as they are asked for.

    Blank lines are no rows. Columns and keys beside the four of ``Assignment`` are ignored, so
    that a file of failures can be fed back in.

    Raises:
        InvalidRequestError: there is no such file, it is of another kind, or the header of a
            CSV file lacks a column that is needed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".jsonl", ".ndjson"}:
        raise InvalidRequestError(f"{path} must end in .csv, .jsonl or .ndjson")
    try:
        # Looked at before the first row is asked for, so that nothing is sent for a bad file.
        with closing(_lines(path)) as lines:
            first = next(lines, (1, ""))[1]
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise InvalidRequestError(f"cannot read {path}: {problem}") from None
    if suffix == ".csv":
        return _csv_rows(path, *_header(path, first))
    return _json_rows(path)


def _lines(path: Path) -> Generator[tuple[int, str | Malformed]]:
    """Yield the lines that are not blank, without their ends, in bounded memory."""
    number = 0
    with path.open("rb") as file:
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if len(raw) > MAX_LINE_BYTES:
                _skip_line(file, raw)
                yield number, Malformed(f"is longer than {MAX_LINE_BYTES} bytes")
                continue
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                yield number, Malformed("is not UTF-8")
                continue
            if "\0" in text:
                yield number, Malformed("holds a NUL character")
            elif text := text.rstrip("\r\n"):
                yield number, text


def _skip_line(file: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)


def _json_rows(path: Path) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in _lines(path):
        if isinstance(line, Malformed):
            yield number, line
            continue
        if line.isspace():
            continue
        try:
            found = decode(line)
        except msgspec.DecodeError as error:
            yield number, Malformed(f"is not a JSON object: {error}")
            continue
        yield number, _assignment({_column(key): value for key, value in found.items()})


def _header(path: Path, header: str | Malformed) -> tuple[str, tuple[str, ...]]:
    if isinstance(header, Malformed):
        raise InvalidRequestError(f"the header of {path} {header.reason}")
    # Spreadsheets write semicolons where the comma separates decimals.
    delimiter = next((char for char in ",;\t" if char in header), ",")
    names = [name for row in csv.reader([header], delimiter=delimiter) for name in row]
    columns = tuple(_column(name) for name in names)
    needed = "it needs tenant_id, and user_id or email"
    if "tenant_id" not in columns or not {"user_id", "email"} & set(columns):
        shown = ", ".join(names)[:200] or "nothing"
        raise InvalidRequestError(f"the header of {path} is {shown}: {needed}")
    known = [column for column in columns if column]
    if len(known) != len(set(known)):
        raise InvalidRequestError(f"the header of {path} names a column twice")
    return delimiter, columns


def _column(name: str) -> str:
    """Return the field of ``Assignment`` that a column or key stands for, or an empty text."""
    return _COLUMNS.get("".join(char for char in name.lower() if char.isalnum()), "")


def _csv_rows(path: Path, delimiter: str, columns: tuple[str, ...]) -> Iterator[Row]:
    lines = _lines(path)
    next(lines, None)  # the header
    for number, line in lines:
        if isinstance(line, Malformed):
            yield number, line
        elif '"' not in line:
            if not line.isspace():
                yield number, _csv_row(line.split(delimiter), columns)
        elif line.count('"') % 2 == 0:
            yield number, _quoted_row([line], delimiter, columns)
        else:
            yield from _spanning_rows(number, line, lines, delimiter, columns)


def _spanning_rows(
    number: int,
    line: str,
    lines: Iterator[tuple[int, str | Malformed]],
    delimiter: str,
    columns: tuple[str, ...],
) -> Iterator[Row]:
    """Read a row whose quoted field goes on in the lines below.

    If the quote never ends, every line of it is malformed. None of them is taken for a row of
    its own: the inside of somebody's quoted text must not become an assignment.
    """
    span = [(number, line)]
    for next_number, next_line in lines:
        if isinstance(next_line, Malformed):
            span.append((next_number, ""))
            break
        span.append((next_number, next_line))
        if next_line.count('"') % 2 == 1:
            row = _quoted_row([text for _, text in span], delimiter, columns)
            if isinstance(row, Assignment):
                yield number, row
                return
            break
        if len(span) >= MAX_ROW_LINES:
            break
    for each, _ in span:
        yield each, Malformed(f"belongs to a quoted field that begins in line {number}")


def _quoted_row(
    lines: list[str], delimiter: str, columns: tuple[str, ...]
) -> Assignment | Malformed:
    try:
        rows = list(csv.reader([f"{line}\n" for line in lines], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Malformed(f"is not CSV: {error}")
    if len(rows) != 1:
        return Malformed("has a quotation mark that is not closed")
    return _csv_row(rows[0], columns)


def _csv_row(fields: list[str], columns: tuple[str, ...]) -> Assignment | Malformed:
    if len(fields) != len(columns):
        return Malformed(f"has {len(fields)} fields where the header has {len(columns)}")
    return _assignment(dict(zip(columns, (field.strip() for field in fields), strict=True)))


def _assignment(found: dict[str, Any]) -> Assignment | Malformed:
    set_active = found.get("set_active")
    if isinstance(set_active, str):
        set_active = _TRUTHS.get(set_active.lower(), set_active)
    if not isinstance(set_active, bool | None):
        return Malformed(f"set_active must be true or false, got {str(set_active)[:20]!r}")
    row = Assignment(
        tenant_id=found.get("tenant_id") or "",
        user_id=found.get("user_id") or None,
        email=found.get("email") or None,
        set_active=bool(set_active),
    )
    problem = row.problem()
    return row if problem is None else Malformed(problem)
