"""Where rows come from: files, iterables, async iterables."""

from __future__ import annotations

import os
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from pathlib import Path
from typing import TypeAlias, TypeVar

from ..errors import InvalidRequestError
from .fields import Malformed, RawRow, Row, row_of
from .rows import Assignment, UserRow
from .text import text_rows

RowT = TypeVar("RowT", bound=UserRow)

Source: TypeAlias = str | os.PathLike[str] | Iterable[RowT] | AsyncIterable[RowT]
"""A path, or rows."""


def rows_of(source: Source[RowT], kind: type[RowT]) -> Iterator[Row] | AsyncIterator[Row]:
    """Return the rows of any source, numbered from 1 or by the lines of the file.

    Raises:
        InvalidRequestError: a file that cannot be read as rows at all.
    """
    if isinstance(source, str | os.PathLike):
        return read_rows(source, kind)
    if isinstance(source, AsyncIterable):
        return _number_async(source, kind)
    return _number(source, kind)


def _number(source: Iterable[object], kind: type[UserRow]) -> Iterator[Row]:
    for line, row in enumerate(source, 1):
        yield line, _checked(row, kind)


async def _number_async(source: AsyncIterable[object], kind: type[UserRow]) -> AsyncIterator[Row]:
    line = 0
    rows = aiter(source)
    try:
        async for row in rows:
            line += 1
            yield line, _checked(row, kind)
    finally:
        # A generator that is left in the middle gets to end its own work now, not at some time.
        aclose: Callable[[], Awaitable[object]] | None = getattr(rows, "aclose", None)
        if aclose is not None:
            await aclose()


def _checked(row: object, kind: type[UserRow]) -> UserRow | Malformed:
    if not isinstance(row, kind):
        return Malformed(f"is no {kind.__name__} but {type(row).__name__}")
    problem = row.problem()
    return row if problem is None else Malformed(problem)


def read_rows(path: str | os.PathLike[str], kind: type[UserRow] = Assignment) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for.

    Its name ends in ``.csv``, ``.jsonl``, ``.ndjson`` or, with the extra ``parquet``, ``.parquet``.
    Blank lines are no rows. Columns and keys beside the fields of ``kind`` are ignored, so that a
    file of failures can be fed back in.

    Raises:
        InvalidRequestError: there is no such file, it is of another kind, or it lacks a column
            that is needed.
    """
    found = _raw_rows(Path(path), kind)
    return ((line, row if isinstance(row, Malformed) else row_of(row, kind)) for line, row in found)


def _raw_rows(path: Path, kind: type[UserRow]) -> Iterator[RawRow]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from .parquet import parquet_rows  # its library is an extra

        return parquet_rows(path, kind)
    if suffix not in {".csv", ".jsonl", ".ndjson"}:
        raise InvalidRequestError(f"{path} must end in .csv, .jsonl, .ndjson or .parquet")
    return text_rows(path, kind)
