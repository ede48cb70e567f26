"""Rows of Parquet files, in bounded memory. Needs ``pip install frontegg-async[parquet]``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ...errors import InvalidRequestError
from .arrow import BATCH_ROWS, batch_rows, pyarrow_for, pyarrow_problem

# One meaning of columns and rows for all kinds of files.
from .columns import RawRow, check_columns
from .rows import UserRow, columns_of

BUFFER_BYTES: Final = 256 * 1024
"""Bytes of a column that are read at a time: a row group can be as large as the whole file."""


def parquet_rows(path: Path, kind: type[UserRow]) -> Iterator[RawRow]:
    """Return the rows of a Parquet file, numbered from 1, read as they are asked for.

    Columns are found by name as in CSV files, and no others are read. Rows are checked as those
    of JSONL files are: ids and e-mail addresses must be columns of text, ``set_active`` one of
    booleans or text, and null is as good as not there. An id that is a number or a UUID in the
    file makes its row ``Malformed``: write it as text.

    Raises:
        InvalidRequestError: pyarrow is not installed, there is no such file, it is not a Parquet
            file, or it lacks a column that is needed; nothing of it was read. Also while
            iterating, if the file is damaged from some row on.
    """
    pyarrow = pyarrow_for(f"read {path}")
    parquet = pyarrow_for(f"read {path}", "parquet")
    unreadable = (pyarrow.ArrowException, OSError)
    with ExitStack() as opened:
        try:
            # A local file and nothing else: ParquetFile would take a URL as well.
            source = opened.enter_context(pyarrow.OSFile(str(path)))
            file = parquet.ParquetFile(source, buffer_size=BUFFER_BYTES, pre_buffer=False)
            names: list[str] = file.schema_arrow.names
        except unreadable as error:
            raise InvalidRequestError(f"cannot read {path}: {pyarrow_problem(error)}") from None
        columns = _columns(path, names, kind)
        batches = file.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)
        return _rows(path, batches, columns, unreadable, opened.pop_all())


def _columns(path: Path, names: list[str], kind: type[UserRow]) -> dict[str, str]:
    """Return the columns that are needed, and the field that each stands for."""
    check_columns(path, names, kind)
    columns = columns_of(kind)
    return {name: field for name in names if (field := columns.field(name))}


def _rows(
    path: Path,
    batches: Iterator[Any],
    columns: dict[str, str],
    unreadable: tuple[type[Exception], ...],
    opened: ExitStack,
) -> Iterator[RawRow]:
    line = 0
    with opened:
        while True:
            try:
                batch = next(batches, None)
            except unreadable as error:
                raise InvalidRequestError(
                    f"cannot read {path} after row {line}: {pyarrow_problem(error)}"
                ) from None
            if batch is None:
                return
            yield from batch_rows(batch, columns, line)
            line += batch.num_rows
