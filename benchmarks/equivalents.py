"""The same fields as a Struct has, as a pydantic model or as a dataclass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import make_dataclass
from functools import reduce
from importlib import import_module
from types import GenericAlias, UnionType
from typing import Annotated, Any, Protocol, TypeGuard, Union, cast, get_args, get_origin

import msgspec


class Validator(Protocol):
    """The part of pydantic's ``TypeAdapter`` that is used."""

    def validate_json(self, data: bytes, /) -> Any:
        """Decode."""
        ...


class _Maker(Protocol):
    def __call__(self, struct: Any, /) -> type[Any]:
        """Return a class with the fields of a Struct, or of a generic one with its argument."""
        ...


def pydantic_validator(shape: Any) -> Validator:
    """Return a decoder to pydantic models for a type that consists of Structs."""
    pydantic = import_module("pydantic")
    # As frozen as the Structs are; both ignore unknown keys.
    config = pydantic.ConfigDict(frozen=True)
    made: dict[Any, type[Any]] = {}

    def make(struct: Any) -> type[Any]:
        if struct not in made:
            fields: Mapping[str, Any] = {
                field.name: (
                    _translated(field.type, make),
                    pydantic.Field(default=field.default, alias=field.encode_name),
                )
                for field in msgspec.structs.fields(struct)
            }
            name = getattr(struct, "__name__", "Model")
            made[struct] = pydantic.create_model(name, __config__=config, **fields)
        return made[struct]

    validator: Validator = pydantic.TypeAdapter(_translated(shape, make))
    return validator


def dataclass_of(shape: Any) -> Any:
    """Return the type with dataclasses in place of Structs; their fields are named as on the wire.

    A dataclass has no names for the wire, so as written by hand.
    """
    made: dict[Any, type[Any]] = {}

    def make(struct: Any) -> type[Any]:
        if struct not in made:
            made[struct] = make_dataclass(
                getattr(struct, "__name__", "Record"),
                [
                    (field.encode_name, _translated(field.type, make), field.default)
                    for field in msgspec.structs.fields(struct)
                ],
            )
        return made[struct]

    return _translated(shape, make)


def _translated(shape: Any, make: _Maker) -> Any:
    """Return a type with other classes in place of its Structs."""
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Annotated:  # a constraint, which dataclasses do not have
        return _translated(arguments[0], make)
    if _is_struct(shape) or _is_struct(origin):
        return make(shape)
    if origin in {Union, UnionType}:
        parts: list[Any] = [_translated(each, make) for each in arguments]
        return reduce(lambda left, right: left | right, parts)
    if origin is tuple:
        return GenericAlias(tuple, (_translated(arguments[0], make), ...))
    if origin is None or origin is dict:
        return shape
    raise TypeError(f"no answer holds {shape}")


def _is_struct(shape: Any) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


def same(other: Any, value: Any) -> bool:
    """Return whether a model or dataclass equals a Struct, field by field."""
    if isinstance(value, tuple):
        return _same_items(other, cast("Sequence[Any]", value))
    if isinstance(value, msgspec.Struct):
        return all(
            same(_get(other, field), getattr(value, field.name))
            for field in msgspec.structs.fields(value)
        )
    return bool(other == value)


def _same_items(others: Sequence[Any], values: Sequence[Any]) -> bool:
    return len(others) == len(values) and all(map(same, others, values))


def _get(other: object, field: msgspec.structs.FieldInfo) -> object:
    return getattr(other, field.name if hasattr(other, field.name) else field.encode_name)
