"""The meaning of columns and keys, in files of all kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import msgspec

from ...errors import InvalidRequestError
from .originals import Original, cells_of, shortened
from .rows import ORIGINAL, UserRow, columns_of


class Malformed(msgspec.Struct, frozen=True):
    """A row that cannot be read.

    Args:
        reason: the mistake, as the rest of a sentence about the row.
        original: the row as it stood in the source, so far as that is known.
    """

    reason: str
    original: Original = Original()


Fields: TypeAlias = dict[str, Any]
"""The values of a row by the names of fields."""
RawRow: TypeAlias = tuple[int, Fields | Malformed]
"""A line number from 1, and the fields of that line."""
Row: TypeAlias = tuple[int, UserRow | Malformed]

_TRUTHS: Final = {
    "": None,
    "0": False,
    "false": False,
    "no": False,
    "1": True,
    "true": True,
    "yes": True,
}


def check_columns(path: Path | str, names: Sequence[str], kind: type[UserRow]) -> None:
    """Raise InvalidRequestError if a column that rows need is missing, or named twice."""
    columns = columns_of(kind)
    fields = [field for name in names if (field := columns.field(name))]
    needed = columns.needed
    if not {*needed} <= {*fields} or not {"user_id", "email"} & {*fields}:
        shown = ", ".join(names)[:200] or "none"
        wanted = ", ".join([*needed, "user_id or email"]).replace(
            ", user_id or", ", and user_id or"
        )
        raise InvalidRequestError(f"the columns of {path} are {shown}: it needs {wanted}")
    if len(fields) != len(set(fields)):
        raise InvalidRequestError(f"{path} names a column twice")


def row_of(found: Fields, kind: type[UserRow], *, literal_ids: bool = False) -> UserRow | Malformed:
    """Return the row that has these values; ``literal_ids`` is that of ``UserRow.problem``."""
    columns = columns_of(kind)
    values: Fields = {}
    for name in columns.strings:
        value = found.get(name)
        if value:
            values[name] = value
        elif value is not None and not isinstance(value, str):
            values[name] = value  # for the row to reject
        elif name in columns.needed:
            values[name] = ""  # an empty cell is nothing, but this must not be missing
    for name in columns.flags:
        flag = found.get(name)
        if isinstance(flag, str):
            flag = _TRUTHS.get(flag.lower(), flag)
        if flag is None and name in columns.needed:
            return _malformed(f"{name} is missing", found)
        if not isinstance(flag, bool | None):
            return _malformed(f"{name} must be true or false, got {str(flag)[:20]!r}", found)
        if flag is not None:
            values[name] = flag
    row = kind(**values)
    problem = row.problem(literal_ids=literal_ids)
    return row if problem is None else _malformed(problem, found)


def checked_row(row: object, kind: type[UserRow], *, literal_ids: bool) -> UserRow | Malformed:
    """Return a row of a program, or ``Malformed`` if it is of another kind or has a mistake."""
    if isinstance(row, kind):
        problem = row.problem(literal_ids=literal_ids)
        return row if problem is None else _malformed(problem, msgspec.structs.asdict(row))
    return Malformed(
        f"must be of type {kind.__name__}, and is of type {type(row).__name__}",
        _original_of(row, kind),
    )


def _malformed(reason: str, found: Fields) -> Malformed:
    values = {name: value for name, value in found.items() if name and name != ORIGINAL}
    cells = cells_of(values)
    # That of an earlier file of failures, where it is the row that was to be mended.
    text = found.get(ORIGINAL)
    if not isinstance(text, str) or not text:
        whole = all(value is None or name in cells for name, value in values.items())
        text = None if whole else shortened(json.dumps(values, ensure_ascii=False, default=str))
    return Malformed(reason, Original(cells, text))


def _original_of(row: object, kind: type[UserRow]) -> Original:
    if isinstance(row, UserRow):
        return Original(cells_of(msgspec.structs.asdict(row)))
    if isinstance(row, Mapping):
        values = cast("Fields", row)
        field = columns_of(kind).field
        return Original(cells_of({field(str(name)): values[name] for name in values}))
    return Original(text=_shown(row))


def _shown(value: object) -> str:
    try:
        return shortened(repr(value))
    except Exception as error:  # noqa: BLE001  # of a program's own class
        return f"{type(value).__name__}, whose repr raises {type(error).__name__}"
