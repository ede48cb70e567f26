"""What columns and keys mean, whichever kind of file they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec

from ..errors import InvalidRequestError
from .assignment import Assignment


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


def check_columns(path: Path, names: Sequence[str]) -> None:
    """Raise InvalidRequestError unless the names of columns say what a row is about."""
    fields = [field for name in names if (field := column_of(name))]
    if "tenant_id" not in fields or not {"user_id", "email"} & set(fields):
        shown = ", ".join(names)[:200] or "none"
        raise InvalidRequestError(
            f"the columns of {path} are {shown}: it needs tenant_id, and user_id or email"
        )
    if len(fields) != len(set(fields)):
        raise InvalidRequestError(f"{path} names a column twice")


def column_of(name: str) -> str:
    """Return the field of ``Assignment`` that a column or key stands for, or an empty text."""
    return _COLUMNS.get("".join(char for char in name.lower() if char.isalnum()), "")


def assignment_of(found: dict[str, Any]) -> Assignment | Malformed:
    """Return the row that a file's values say, by the names of ``Assignment``'s fields."""
    set_active = found.get("set_active")
    if isinstance(set_active, str):
        set_active = _TRUTHS.get(set_active.lower(), set_active)
    if not isinstance(set_active, bool | None):
        return Malformed(f"set_active must be true or false, got {str(set_active)[:20]!r}")
    row = Assignment(
        tenant_id="" if (tenant_id := found.get("tenant_id")) is None else tenant_id,
        user_id=None if (user_id := found.get("user_id")) == "" else user_id,
        email=None if (email := found.get("email")) == "" else email,
        set_active=bool(set_active),
    )
    problem = row.problem()
    return row if problem is None else Malformed(problem)
