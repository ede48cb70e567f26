"""Types taken apart, and values made from them: with every field filled, all the way down."""

from __future__ import annotations

import types
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UnsetType

from frontegg_async.cli.call.hints import arms_of, is_list, is_object, struct_of

ABSENCES: Final = (types.NoneType, UnsetType)


class EndlessError(Exception):
    """A Struct holds itself with no way out: no value of it has an end."""


@dataclass(frozen=True)
class Field:
    """A field of a Struct.

    Args:
        name: in Python.
        wire: in JSON.
        hint: its type, with the parameters of a generic put in.
        required: True if it has no default.
    """

    name: str
    wire: str
    hint: Any
    required: bool


@cache
def fields_of(hint: Any) -> tuple[Field, ...]:
    """Return the fields of a Struct, in their order."""
    struct = struct_of(hint)
    assert struct is not None, hint
    given = dict(zip(getattr(struct, "__parameters__", ()), get_args(hint), strict=False))
    hints = get_type_hints(struct)
    return tuple(
        Field(
            field.name, field.encode_name, _with_parameters(hints[field.name], given),
            field.required,
        )
        for field in msgspec.structs.fields(struct)
    )  # fmt: skip


def tag_of(hint: Any) -> tuple[str, Any] | None:
    """Return the field, and its value, that tells a Struct from others, None if it has none."""
    struct = struct_of(hint)
    assert struct is not None, hint
    config = struct.__struct_config__
    return None if config.tag_field is None else (config.tag_field, config.tag)


def _with_parameters(hint: Any, given: Mapping[Any, Any]) -> Any:
    if isinstance(hint, TypeVar):
        return given.get(hint, Any)
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(each, Any) for each in parameters)] if parameters else hint


def present(hint: Any) -> tuple[Any, ...]:
    """Return the arms of a type without None and UNSET."""
    return tuple(arm for arm in arms_of(hint) if arm not in ABSENCES)


def item_of(hint: Any) -> Any:
    """Return what a list is of."""
    return (get_args(hint) or (Any,))[0]


def structs_in(*hints: Any) -> tuple[Any, ...]:
    """Return every Struct that values of these types can hold, by name, themselves included."""
    found: dict[Any, None] = {}
    waiting = list(hints)
    while waiting:
        hint = waiting.pop()
        if struct_of(hint) is not None:
            if hint not in found:
                found[hint] = None
                waiting += [field.hint for field in fields_of(hint)]
        elif get_origin(hint) is not Literal:
            waiting += get_args(hint)
    return tuple(sorted(found, key=str))


def words_of(hint: Any) -> frozenset[str] | None:
    """Return the strings that a type, or the items of a list of it, is limited to, or None."""
    found: set[str] = set()
    for arm in present(hint):
        if is_list(arm):
            inner = words_of(item_of(arm))
        else:
            inner = frozenset(map(str, get_args(arm))) if get_origin(arm) is Literal else None
        if inner is None:
            return None
        found |= inner
    return frozenset(found) or None


def value_of(hint: Any, label: str, variant: int = 0, inside: tuple[Any, ...] = ()) -> Any:
    """Return a value with every field filled; another ``variant`` gives another value.

    Args:
        hint: the type.
        label: stands in every string, so that a value shows its origin.
        variant: 0 or 1.
        inside: the Structs around it; one that holds itself is cut off there.

    Raises:
        EndlessError: it cannot be cut off.
    """
    arms = present(hint)
    if len(arms) != 1 or arms[0] != hint:
        return _arm_of(hint, arms, label, variant, inside)
    if struct_of(hint) is not None:
        return _struct_value(hint, label, variant, inside)
    if is_list(hint):
        try:
            items = [value_of(item_of(hint), f"{label}.{at}", variant, inside) for at in (0, 1)]
        except EndlessError:
            items = []
        return tuple(items) if get_origin(hint) is tuple else items
    if is_object(hint):
        kind = get_args(hint)[1:] or (Any,)
        return {label: variant if kind == (Any,) else value_of(kind[0], label, variant, inside)}
    if get_origin(hint) is Literal:
        words = get_args(hint)
        return words[(zlib.crc32(label.encode()) + variant) % len(words)]
    return _plain_value(hint, label, variant)


def _arm_of(
    hint: Any, arms: tuple[Any, ...], label: str, variant: int, inside: tuple[Any, ...]
) -> Any:
    # An object before a string: that is the richer form of metadata.
    for arm in sorted(arms, key=lambda arm: not is_object(arm)):
        try:
            return value_of(arm, label, variant, inside)
        except EndlessError:
            continue
    if types.NoneType not in arms_of(hint):
        raise EndlessError(hint)
    return None


def _struct_value(hint: Any, label: str, variant: int, inside: tuple[Any, ...]) -> Any:
    if hint in inside:
        raise EndlessError(hint)
    struct = struct_of(hint)
    assert struct is not None
    return struct(
        **{
            field.name: value_of(field.hint, f"{label}.{field.name}", variant, (*inside, hint))
            for field in fields_of(hint)
        }
    )


def _plain_value(hint: Any, label: str, variant: int) -> Any:
    known: dict[Any, Any] = {
        str: f"{label}-{variant}",
        bytes: f"{label}-{variant}".encode(),
        int: 2 + variant,
        float: 2.5 + variant,
        bool: variant == 0,
        datetime: datetime(2024, 5, 6, 7, 8, 9 + variant, tzinfo=UTC),
        Any: {label: variant},
        types.NoneType: None,
    }
    assert hint in known, f"no value can be made of {hint!r}"
    return known[hint]
