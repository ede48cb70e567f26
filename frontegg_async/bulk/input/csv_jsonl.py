"""Rows of CSV and JSONL files, read line by line in bounded memory.

A row that cannot be read is a row all the same: it comes out as ``Malformed``, with its line
number, and the rows after it go on.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import msgspec

from ..._core.json_text import decode_json
from ...errors import InvalidRequestError
from .cells import are_protected, unprotected
from .columns import Fields, Malformed, RawRow, check_columns
from .originals import Original, shortened
from .rows import ORIGINAL, Columns, UserRow, columns_of

MAX_LINE_BYTES: Final = 64 * 1024
"""Longest line of a file that is read as a row."""
MAX_ROW_LINES: Final = 100
"""Most lines that a quoted CSV field may go on for, before the quote counts as forgotten."""


def text_rows(
    file: BinaryIO, path: Path, form: Literal["csv", "jsonl"] | None, kind: type[UserRow]
) -> Iterator[RawRow]:
    """Return the rows of an open file, which are read as they are asked for, once.

    Args:
        file: at its start.
        path: its name, for messages.
        form: CSV or JSONL; None leaves it to the first line, which begins with a brace in JSONL.
        kind: the rows that are expected.

    Raises:
        InvalidRequestError: the header of a CSV file lacks a column that is needed.
        OSError: the file cannot be read; also while iterating.
    """
    lines = _lines(file)
    # Looked at before the first row is asked for, so that nothing is sent for a bad file.
    first = next(lines, None)
    if form is None:
        form = "jsonl" if first is not None and first.text.lstrip().startswith("{") else "csv"
    if form == "csv":
        return _csv_rows(lines, _header(path, first or _Line(1, ""), kind))
    return _json_rows(lines if first is None else chain((first,), lines), kind)


_KEY_ENDS: Final = re.compile(r'"\s*:').findall
_RFC_4180: Final = {
    # A field is in quotes from end to end, or holds none: anything else is read differently by
    # different programs, and no id should depend on whose reading it is.
    delimiter: re.compile(rf"{field}(?:{delimiter}{field})*").fullmatch
    for delimiter in (",", ";", "\t")
    for field in (rf'(?:"(?:[^"]|"")*"|[^"{delimiter}]*)',)
}


class _Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a file.

    Args:
        number: from 1.
        text: without its end.
        problem: the reason that it is no row by itself, or None.
        shown: the line for people, where ``text`` is not all of it.
    """

    number: int
    text: str
    problem: str | None = None
    shown: str | None = None

    def malformed(self, problem: str) -> Malformed:
        """Return the row that stands for this line."""
        text = self.text.rstrip("\r\n") if self.shown is None else self.shown
        return Malformed(problem, Original(text=text))


def _lines(file: BinaryIO) -> Iterator[_Line]:
    """Yield the lines that are not empty, without their ends, in bounded memory."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > MAX_LINE_BYTES:
            shown = shortened(raw.decode(errors="backslashreplace"))
            # Its own quotes are no longer needed, but those of the rest may end a field below.
            quotes = _quotes_of_rest(file, raw)
            yield _Line(number, quotes, f"is longer than {MAX_LINE_BYTES} bytes", shown)
            continue
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            shown = raw.decode(errors="backslashreplace").rstrip("\r\n")
            yield _Line(number, raw.decode(errors="replace"), "is not UTF-8", shown)
            continue
        if "\0" in text:
            yield _Line(number, text, "holds a NUL character")
        elif text := text.rstrip("\r\n"):
            yield _Line(number, text)


def _quotes_of_rest(file: BinaryIO, raw: bytes) -> str:
    """Read a line to its end, and return its quotes, which alone matter to the lines below."""
    quotes = raw.count(b'"')
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)
        quotes += raw.count(b'"')
    return '"' * (quotes % 2)


def _json_rows(lines: Iterable[_Line], kind: type[UserRow]) -> Iterator[RawRow]:
    columns = columns_of(kind)
    decoder = msgspec.json.Decoder(dict[str, Any])
    for line in lines:
        if line.problem is not None:
            yield line.number, line.malformed(line.problem)
        elif not line.text.isspace():
            row = _json_row(decoder, line.text, columns)
            yield line.number, line.malformed(row) if isinstance(row, str) else row


def _json_row(
    decoder: msgspec.json.Decoder[dict[str, Any]], line: str, columns: Columns[Any]
) -> Fields | str:
    """Return the fields of an object, or the reason that there are none."""
    try:
        found = decode_json(decoder, line)
    except msgspec.DecodeError as error:
        return f"is not a JSON object: {error}"
    # Every member has a colon behind a quote: with no more of them than keys, no key stands there
    # twice. Only objects within make it necessary to read the line again, for some 4 us.
    if line.count(":") != len(found) and len(_KEY_ENDS(line)) != len(found):
        try:
            if _members(line) != len(found):
                return "has a key twice"
        except RecursionError:
            return "is not a JSON object: JSON is nested too deeply"
    fields = [(field, value) for key, value in found.items() if (field := columns.field(key))]
    if len(fields) != len(dict(fields)):
        names = [field for field, _ in fields]
        twice = next(name for name in names if names.count(name) > 1)
        return f"has {twice} twice, under two spellings of its name"
    if ORIGINAL in found and "outcome" in found:
        fields.append((ORIGINAL, found[ORIGINAL]))
    return dict(fields)


def _members(line: str) -> int:
    """Count the members of a JSON object, also those that have a key in common."""
    # Numbers stay strings: the standard library refuses those of more than 4,300 digits.
    members: int = json.loads(line, object_pairs_hook=len, parse_int=str, parse_float=str)
    return members


class _Form(msgspec.Struct, frozen=True, gc=False):
    """The form of the rows of a CSV file.

    Args:
        delimiter: between two fields.
        columns: the fields that the columns stand for, empty for those of no interest.
        protected: True if a run has written the file, in cells as ``bulk.input.cells`` has them.
    """

    delimiter: str
    columns: tuple[str, ...]
    protected: bool


def _header(path: Path, line: _Line, kind: type[UserRow]) -> _Form:
    if line.problem is not None:
        raise InvalidRequestError(f"the header of {path} {line.problem}")
    # Spreadsheets write semicolons where the comma separates decimals.
    delimiter = next((char for char in ",;\t" if char in line.text), ",")
    try:
        names = [name for row in csv.reader([line.text], delimiter=delimiter) for name in row]
    except csv.Error as error:
        raise InvalidRequestError(f"the header of {path} is not CSV: {error}") from None
    check_columns(path, names, kind)
    field = columns_of(kind).field
    columns = tuple(field(name) for name in names)
    if not are_protected(names):
        return _Form(delimiter, columns, protected=False)
    kept = (name.strip().lower() == ORIGINAL for name in names)
    columns = tuple(
        ORIGINAL if is_kept else column for column, is_kept in zip(columns, kept, strict=True)
    )
    return _Form(delimiter, columns, protected=True)


def _csv_rows(lines: Iterator[_Line], form: _Form) -> Iterator[RawRow]:
    delimiter = form.delimiter
    for line in lines:
        text = line.text
        if '"' in text and _is_open([text], delimiter):
            yield from _spanning_rows(line, lines, form)
        elif line.problem is not None:
            yield line.number, line.malformed(line.problem)
        elif '"' in text or not text.isspace():
            row = (
                _quoted_row([text], form) if '"' in text else _csv_row(text.split(delimiter), form)
            )
            yield line.number, line.malformed(row) if isinstance(row, str) else row


def _is_open(texts: list[str], delimiter: str) -> bool:
    """Return whether the last line ends inside of quotes: the next one belongs to the same row."""
    more = [*(f"{text}\n" for text in texts), "x\n"]
    try:
        return len(list(csv.reader(more, delimiter=delimiter))) == 1
    except csv.Error:
        return False


def _spanning_rows(first: _Line, lines: Iterator[_Line], form: _Form) -> Iterator[RawRow]:
    """Read a row whose quoted field goes on in the lines below.

    If it cannot be read, every line of it is malformed. None of them is taken for a row of its
    own: the inside of a quoted text must not become an assignment.
    """
    span = [first]
    for line in lines:
        span.append(line)
        texts = [each.text for each in span]
        if '"' in line.text and not _is_open(texts, form.delimiter):
            row = _quoted_row(texts, form)
            if not isinstance(row, str) and not any(each.problem for each in span):
                yield first.number, row
                return
            break
        if len(span) >= MAX_ROW_LINES:
            break
    for each in span:
        problem = each.problem or f"belongs to a quoted field that begins in line {first.number}"
        yield each.number, each.malformed(problem)


def _quoted_row(lines: list[str], form: _Form) -> Fields | str:
    """Return the fields of lines that hold quotes, or the reason that there are none."""
    delimiter = form.delimiter
    if not _RFC_4180[delimiter]("\n".join(lines)):
        return "has a quotation mark in the middle of a field"
    try:
        rows = list(csv.reader([f"{line}\n" for line in lines], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return f"is not CSV: {error}"
    if len(rows) != 1:
        return "has a quotation mark that is not closed"
    return _csv_row(rows[0], form)


def _csv_row(fields: list[str], form: _Form) -> Fields | str:
    columns = form.columns
    if len(fields) != len(columns):
        fields_found = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        return f"has {fields_found} where the header has {len(columns)}"
    return dict(
        zip(columns, map(unprotected if form.protected else str.strip, fields), strict=True)
    )
