"""Type hints of parameters and fields, taken apart."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import UnsetType

_LISTS: Final = (Sequence, list, tuple)
_OBJECTS: Final = (Mapping, dict)


def arms_of(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union; any other type is its own only member."""
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def present(hint: Any) -> Any:
    """Return a type without None and UNSET; None alone stays ``NoneType``."""
    arms = [arm for arm in arms_of(hint) if arm not in {types.NoneType, UnsetType}]
    if not arms:
        return types.NoneType
    return arms[0] if len(arms) == 1 else Union[tuple(arms)]  # noqa: UP007  # a run-time value


def is_list(hint: Any) -> bool:
    """Return whether a type stands for a JSON array."""
    return (get_origin(hint) or hint) in _LISTS


def is_object(hint: Any) -> bool:
    """Return whether a type stands for a JSON object of any fields."""
    return (get_origin(hint) or hint) in _OBJECTS


def item_of(hint: Any) -> Any:
    """Return the type of a list's items, without None and UNSET."""
    return present((get_args(hint) or (Any,))[0])


def struct_of(hint: Any) -> type[msgspec.Struct] | None:
    """Return the Struct that a type is, also a generic one with its parameters, or None."""
    kind = get_origin(hint) or hint
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None
