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
from typing import TypeAlias

from ..errors import InvalidRequestError
from .assignment import Assignment
from .fields import Malformed, Row
from .text import text_rows

Source: TypeAlias = str | os.PathLike[str] | Iterable[Assignment] | AsyncIterable[Assignment]


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
    rows = aiter(source)
    try:
        async for row in rows:
            line += 1
            yield line, _checked(row)
    finally:
        # A generator that is left in the middle gets to end its own work now, not at some time.
        aclose: Callable[[], Awaitable[object]] | None = getattr(rows, "aclose", None)
        if aclose is not None:
            await aclose()


def _checked(row: object) -> Assignment | Malformed:
    if not isinstance(row, Assignment):
        return Malformed(f"is no Assignment but {type(row).__name__}")
    problem = row.problem()
    return row if problem is None else Malformed(problem)


def read_assignments(path: str | os.PathLike[str]) -> Iterator[Row]:
    """Return the rows of a file, read as they are asked for.

    Its name ends in ``.csv``, ``.jsonl``, ``.ndjson`` or, with the extra ``parquet``, ``.parquet``.
    Blank lines are no rows. Columns and keys beside the four of ``Assignment`` are ignored, so
    that a file of failures can be fed back in.

    Raises:
        InvalidRequestError: there is no such file, it is of another kind, or the header of a
            CSV file lacks a column that is needed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        from .parquet import parquet_rows  # its library is an extra

        return parquet_rows(path)
    if suffix not in {".csv", ".jsonl", ".ndjson"}:
        raise InvalidRequestError(f"{path} must end in .csv, .jsonl, .ndjson or .parquet")
    return text_rows(path)
