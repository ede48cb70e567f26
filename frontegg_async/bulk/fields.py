"""What columns and keys mean, whichever kind of file they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from ..errors import InvalidRequestError
from .rows import TenantRow, UserRow


class Malformed(msgspec.Struct, frozen=True):
    """A row that cannot be read, and why."""

    reason: str


Fields: TypeAlias = dict[str, Any]
"""The values of a row by the names of fields."""
RawRow: TypeAlias = tuple[int, Fields | Malformed]
"""A line number from 1, and what stands there."""
Row: TypeAlias = tuple[int, UserRow | Malformed]

_COLUMNS: Final = {
    # Spelled in any case, with or without underscores: user_id, userId, USER ID.
    "userid": "user_id",
    "email": "email",
    "tenantid": "tenant_id",
    "setactive": "set_active",
    "superuser": "super_user",
}
_TRUTHS: Final = {
    "": None,
    "0": False,
    "false": False,
    "no": False,
    "1": True,
    "true": True,
    "yes": True,
}


def column_of(name: str) -> str:
    """Return the field that a column or key stands for, or an empty text."""
    return _COLUMNS.get("".join(char for char in name.lower() if char.isalnum()), "")


def check_columns(path: Path, names: Sequence[str], kind: type[UserRow]) -> None:
    """Raise InvalidRequestError unless the names of columns say what a row is about."""
    fields = [field for name in names if (field := column_of(name))]
    needed = needed_fields(kind)
    if not {*needed} <= {*fields} or not {"user_id", "email"} & {*fields}:
        shown = ", ".join(names)[:200] or "none"
        wanted = ", ".join([*needed, "user_id or email"]).replace(
            ", user_id or", ", and user_id or"
        )
        raise InvalidRequestError(f"the columns of {path} are {shown}: it needs {wanted}")
    if len(fields) != len(set(fields)):
        raise InvalidRequestError(f"{path} names a column twice")


def needed_fields(kind: type[UserRow]) -> tuple[str, ...]:
    """Return the fields that no row of this kind can do without, beside who the user is."""
    needed = ["tenant_id"] if issubclass(kind, TenantRow) else []
    if kind.flag_name is not None and kind.flag_needed:
        needed.append(kind.flag_name)
    return tuple(needed)


def row_of(found: Fields, kind: type[UserRow]) -> UserRow | Malformed:
    """Return the row that values say."""
    values: Fields = {}
    for name in kind.texts:
        value = found.get(name)
        if value:
            values[name] = value
        elif value is not None and not isinstance(value, str):
            values[name] = value  # for the row to refuse
        elif name == "tenant_id":
            values[name] = ""  # an empty cell is nothing, but this must not be missing
    flag_name = kind.flag_name
    if flag_name is not None:
        flag = found.get(flag_name)
        if isinstance(flag, str):
            flag = _TRUTHS.get(flag.lower(), flag)
        if flag is None and kind.flag_needed:
            return Malformed(f"{flag_name} is missing")
        if not isinstance(flag, bool | None):
            return Malformed(f"{flag_name} must be true or false, got {str(flag)[:20]!r}")
        values[flag_name] = bool(flag)
    row = kind(**values)
    problem = row.problem()
    return row if problem is None else Malformed(problem)
