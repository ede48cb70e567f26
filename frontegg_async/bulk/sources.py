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
from .fields import Malformed, RawRow, Row, checked_row, row_of
from .rows import Assignment, UserRow
from .text import text_rows

RowT = TypeVar("RowT", bound=UserRow)

Source: TypeAlias = str | os.PathLike[str] | Iterable[RowT] | AsyncIterable[RowT]
"""A path, or rows."""


def rows_of(
    source: Source[RowT], kind: type[RowT], *, literal_ids: bool = False
) -> Iterator[Row] | AsyncIterator[Row]:
    """Return the rows of any source, numbered from 1 or by the lines of the file.

    Args:
        source: a path, or rows.
        kind: what the rows are.
        literal_ids: as for ``read_rows``.

    Raises:
        InvalidRequestError: a file that cannot be read as rows at all.
    """
    if isinstance(source, str | os.PathLike):
        return read_rows(source, kind, literal_ids=literal_ids)
    if isinstance(source, AsyncIterable):
        return _number_async(source, kind, literal_ids)
    return _number(source, kind, literal_ids)


def _number(source: Iterable[object], kind: type[UserRow], literal_ids: bool) -> Iterator[Row]:
    for line, row in enumerate(source, 1):
        yield line, checked_row(row, kind, literal_ids=literal_ids)


async def _number_async(
    source: AsyncIterable[object], kind: type[UserRow], literal_ids: bool
) -> AsyncIterator[Row]:
    line = 0
    rows = aiter(source)
    try:
        async for row in rows:
            line += 1
            yield line, checked_row(row, kind, literal_ids=literal_ids)
    finally:
        # A generator that is left in the middle gets to end its own work now, not at some time.
        aclose: Callable[[], Awaitable[object]] | None = getattr(rows, "aclose", None)
        if aclose is not None:
            await aclose()


def read_rows(
    path: str | os.PathLike[str], kind: type[UserRow] = Assignment, *, literal_ids: bool = False
) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for.

    Its name ends in ``.csv``, ``.jsonl``, ``.ndjson`` or, with the extra ``parquet``, ``.parquet``.
    Blank lines are no rows. Columns and keys beside the fields of ``kind`` are ignored, so that a
    file of failures can be fed back in.

    Args:
        path: the file.
        kind: what its rows are.
        literal_ids: whether strings such as ``NULL`` or ``#N/A``, which spreadsheets and programs
            write in place of a value, are taken for ids. Otherwise such a row is ``Malformed``.

    Raises:
        InvalidRequestError: there is no such file, it is of another kind, or it lacks a column
            that is needed.
    """
    found = _raw_rows(Path(path), kind)
    return (
        (line, row if isinstance(row, Malformed) else row_of(row, kind, literal_ids=literal_ids))
        for line, row in found
    )


def _raw_rows(path: Path, kind: type[UserRow]) -> Iterator[RawRow]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from .parquet import parquet_rows  # its library is an extra

        return parquet_rows(path, kind)
    if suffix not in {".csv", ".jsonl", ".ndjson"}:
        raise InvalidRequestError(f"{path} must end in .csv, .jsonl, .ndjson or .parquet")
    return text_rows(path, kind)
