"""The sources of rows: files, iterables, async iterables."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)
from typing import Final, TypeAlias, TypeVar

from ...errors import InvalidRequestError
from .arrow import TableRows
from .columns import Row, checked_row
from .feeds import AsyncFeed, Feed, SlicedFeed, ThreadFeed
from .file import InputFile
from .file_set import FileSet, opened_input
from .rows import Assignment, UserRow

RowT = TypeVar("RowT", bound=UserRow)

Source: TypeAlias = str | os.PathLike[str] | Iterable[RowT] | AsyncIterable[RowT]
"""A path of a file or a folder, a pattern of paths, or rows."""
_AT_HAND: Final = (list, tuple, set, frozenset, deque, KeysView, ValuesView)
"""Types that are iterated over in the event loop, because no row has to be waited for."""


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
        # A generator that is left in the middle ends its own work now, and not at some time.
        aclose: Callable[[], Awaitable[object]] | None = getattr(rows, "aclose", None)
        if aclose is not None:
            await aclose()


def feed_of(
    source: Source[RowT] | InputFile | FileSet | TableRows,
    kind: type[RowT],
    *,
    literal_ids: bool = False,
) -> Feed:
    """Return the rows of any source as a run takes them.

    Args:
        source: rows, or a file; a path is opened.
        kind: the rows that are expected.
        literal_ids: as for ``read_rows``; an ``InputFile`` and ``TableRows`` have their own.

    Raises:
        InvalidRequestError: a file that cannot be read as rows at all.
    """
    if isinstance(source, InputFile) and source.is_stream:
        return ThreadFeed(source.rows(), source, interrupt=source.interrupt, own=True)
    if isinstance(source, InputFile | FileSet):
        return SlicedFeed(source.rows(), source)
    if isinstance(source, TableRows):
        return SlicedFeed(source.rows(), own=True)
    if isinstance(source, str | os.PathLike):
        return feed_of(opened_input(source, kind, literal_ids=literal_ids), kind)
    if isinstance(source, AsyncIterable):
        return AsyncFeed(_number_async(source, kind, literal_ids))
    _check_iterable(source, kind)
    if isinstance(source, _AT_HAND):
        return SlicedFeed(_number(source, kind, literal_ids))
    return ThreadFeed(_number(source, kind, literal_ids), source)


def _check_iterable(source: object, kind: type[UserRow]) -> None:
    """Raise InvalidRequestError for a source that is no rows at all, before anything is done."""
    # Not by iter(), which may begin work that belongs to the thread that iterates.
    found = type(source)
    iterable = hasattr(found, "__iter__") or hasattr(found, "__getitem__")
    if not iterable or issubclass(found, bytes | bytearray | Mapping):
        raise InvalidRequestError(
            f"the source of the rows must be a path, or an iterable of {kind.__name__}, and is of "
            f"type {found.__name__}"
        )


def read_rows(
    path: str | os.PathLike[str], kind: type[UserRow] = Assignment, *, literal_ids: bool = False
) -> Iterator[Row]:
    """Return the rows of a file, or of several, read as they are asked for.

    Its name ends in ``.csv``, ``.jsonl``, ``.ndjson`` or, with the extra ``parquet``, ``.parquet``.
    It may also be a pipe, ``-`` for stdin, a folder, or a pattern such as ``data/*.csv``: lines of
    several files are numbered through. Blank lines are no rows. Columns and keys beside the
    fields of ``kind`` are ignored, so that a file of failures can be fed back in.

    Args:
        path: the file, the folder or the pattern.
        kind: the type of its rows.
        literal_ids: True takes strings such as ``NULL`` or ``#N/A``, which spreadsheets and
            programs write in place of a value, for ids. Otherwise such a row is ``Malformed``.

    Raises:
        InvalidRequestError: there is no such file, it is of another kind, or it lacks a column that
            is needed; a folder or a pattern has no files, or one that is not of rows.
    """
    return _until_closed(opened_input(path, kind, literal_ids=literal_ids))


def _until_closed(file: InputFile | FileSet) -> Iterator[Row]:
    try:
        yield from file.rows()
    finally:
        file.close()
