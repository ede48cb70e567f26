"""Rows of Arrow tables and batches: of a Parquet file, or of an engine's partition.

Needs ``pip install frontegg-async[parquet]``, which installs pyarrow.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, Literal, TypeAlias

from ..._core.extras import install
from ...errors import InvalidRequestError
from .columns import Malformed, RawRow, Row, check_columns, row_of
from .originals import Original, cells_of
from .rows import UserRow, columns_of

Table: TypeAlias = Any
"""A ``pyarrow.Table``: pyarrow has no type hints."""
BATCH_ROWS: Final = 1_024
"""Rows that are converted to Python objects at a time."""
_NO_VALUE: Final = (ValueError, OverflowError, LookupError, NotImplementedError)
"""Errors of pyarrow for a value that Python cannot hold, such as text that is not UTF-8."""


def pyarrow_for(purpose: str, part: Literal["", "compute", "parquet"] = "") -> Any:
    """Return pyarrow, or a module of it, which have no type hints.

    Args:
        purpose: what cannot be done without it, in words.
        part: name of the module.

    Raises:
        InvalidRequestError: it is not installed.
    """
    try:
        if part == "compute":
            return import_module("pyarrow.compute")
        if part == "parquet":
            return import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ModuleNotFoundError:
        raise InvalidRequestError(
            f"cannot {purpose} without pyarrow: {install('parquet')}"
        ) from None


def pyarrow_problem(error: Exception) -> str:
    """Return an error of pyarrow, or of a file, in few words."""
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return (str(error).partition("\n")[0] or type(error).__name__)[:200]


def batch_rows(batch: Any, columns: Mapping[str, str], before: int) -> Iterator[RawRow]:
    """Yield the rows of a batch.

    Args:
        batch: a ``pyarrow.RecordBatch`` or a ``pyarrow.Table``.
        columns: the field that each needed column stands for.
        before: number of rows that came before the first one.
    """
    fields = [_values(batch.column(name), columns[name]) for name in columns]
    names = tuple(columns.values())
    for line, values in enumerate(zip(*fields, strict=True), before + 1):
        found = dict(zip(names, values, strict=True))
        unread = next((value for value in values if isinstance(value, Malformed)), None)
        if unread is None:
            yield line, found
        else:
            yield line, Malformed(unread.reason, Original(cells_of(found)))


def _values(column: Any, field: str) -> list[object]:
    try:
        values: list[object] = column.to_pylist()
    except _NO_VALUE:
        # One value spoils them all: look at each.
        values = [_value(scalar, field) for scalar in column]
    return values


def _value(scalar: Any, field: str) -> object:
    try:
        value: object = scalar.as_py()
    except _NO_VALUE:
        return Malformed(f"{field} cannot be read as text")
    return value


class TableRows:
    """The rows of a table, checked, to be the source of a run.

    Null is as good as an empty cell of a CSV file. Rows have the numbers 1 to ``count``.

    Args:
        table: columns of text (string, large_string, string_view, or a dictionary of one), and of
            booleans or text for flags; each column belongs to a field of ``kind``.
        kind: the rows that are expected.
        literal_ids: as for ``read_rows``.

    Attributes:
        table: the columns under the names of fields, as text or booleans.
        count: number of rows.

    Raises:
        InvalidRequestError: a column is missing, unknown, named twice or of another type.
    """

    def __init__(self, table: Table, kind: type[UserRow], *, literal_ids: bool = False) -> None:
        pa = pyarrow_for("read a table")
        if not isinstance(table, pa.Table):
            raise InvalidRequestError(
                f"rows must come as a pyarrow.Table, and this is a {type(table).__name__}"
            )
        names: list[str] = table.column_names
        check_columns("the table", names, kind)
        columns = columns_of(kind)
        self._kind: Final = kind
        self._literal_ids: Final = literal_ids
        taken: dict[str, Any] = {}
        for name in names:
            field = columns.field(name)
            if not field:
                known = ", ".join(("user_id", "email", *columns.own))
                raise InvalidRequestError(
                    f"the table has a column {name!r}, which is none of {known}: select the "
                    "columns of the job first"
                )
            taken[field] = _plain(pa, table.column(name), name, flag=field in columns.flags)
        self.table: Final[Table] = pa.table(taken)
        self.count: Final[int] = table.num_rows

    def rows(self) -> Iterator[Row]:
        """Return the rows, converted as they are asked for."""
        columns = {name: name for name in self.table.column_names}
        kind, literal_ids, before = self._kind, self._literal_ids, 0
        batches: Iterable[Any] = self.table.to_batches(max_chunksize=BATCH_ROWS)
        for batch in batches:
            for line, found in batch_rows(batch, columns, before):
                if isinstance(found, Malformed):
                    yield line, found
                else:
                    yield line, row_of(found, kind, literal_ids=literal_ids)
            before += batch.num_rows


def as_text(pa: Any, column: Any) -> Any:
    """Return a column of any Arrow type of text, or a dictionary of one, as ``large_string``.

    Large, because a chunk of text may have more than 2 GB.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        # Beforehand: pyarrow 25 takes no values of type string_view out of a dictionary.
        column = column.cast(pa.dictionary(kind.index_type, pa.large_string(), kind.ordered))
    return column.cast(pa.large_string())


def _plain(pa: Any, column: Any, name: str, *, flag: bool) -> Any:
    """Return a column as text or booleans.

    Raises:
        InvalidRequestError: it is of another type.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if flag and pa.types.is_boolean(kind):
        return column.cast(pa.bool_())
    if (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    ):
        return as_text(pa, column)
    wanted = "text or booleans" if flag else "text"
    raise InvalidRequestError(
        f"the column {name!r} of the table must be {wanted}, and is {column.type}: cast it first"
    )
