"""Secrets in the fields of Structs and in documents, by the names of the fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from .._core.ids import names_id
from .._core.secret import is_secret, revealed

_HARMLESS: Final = frozenset({bool, int, float, NoneType, UnsetType, ...})
_CONTAINERS: Final = frozenset({Union, UnionType, list, tuple})


def secrets_of(sent: object) -> tuple[str, ...]:
    """Return the secrets in a body or a query, to redact them from error messages."""
    found: list[str] = []
    gather_secrets(sent, found)
    return tuple(found)


def gather_secrets(sent: object, found: list[str]) -> None:
    """Add the secrets in a body or a query to ``found``."""
    fields: Iterable[tuple[str, object]]
    if isinstance(sent, msgspec.Struct):
        names = _open_fields(type(sent))
        if not names:
            return  # nearly every body of a bulk run
        fields = [(name, getattr(sent, name)) for name in names]
    elif isinstance(sent, Mapping):
        fields = cast("Mapping[str, object]", sent).items()
    elif isinstance(sent, list | tuple):
        for item in cast("Sequence[object]", sent):
            gather_secrets(item, found)
        return
    else:
        return
    for name, value in fields:
        # Nearly every field of nearly every body.
        if value is None or value is UNSET or value is False or value is True:
            continue
        text = revealed(value)
        if not isinstance(text, str):
            gather_secrets(text, found)
        elif name == "Cookie":
            found.append(text.partition("=")[2])
        elif text and is_secret(name):
            found.append(text)


@lru_cache(maxsize=512)
def _open_fields(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a Struct that may hold a secret, or a value with secrets within.

    Flags and numbers cannot, and neither can ids, whose values are checked before they are sent.
    """
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if is_secret(field.name) or not _is_harmless(field.type, is_id=bool(names_id(field.name)))
    )


def _is_harmless(hint: Any, *, is_id: bool) -> bool:
    if hint is str:
        return is_id
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_harmless(get_args(hint)[0], is_id=is_id)
    if origin in _CONTAINERS:
        return all(_is_harmless(each, is_id=is_id) for each in get_args(hint))
    return hint in _HARMLESS


def refuse_secrets(value: object) -> None:
    """Raise TypeError if a Struct, or one within it, holds a secret in a field of its own.

    Documents of the program's own, such as ``metadata``, may hold any names.
    """
    for struct, name in _secret_fields(value):
        raise TypeError(
            f"this {struct} holds a secret ({name}) and is not turned into a dict or JSON unless "
            "to_dict(secrets=True) or to_json(secrets=True) says so"
        )


def _secret_fields(value: object) -> Iterator[tuple[str, str]]:
    """Yield Struct and field of each secret. It is in no variable of a frame that raises."""
    if isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _secret_fields(item)
    elif isinstance(value, msgspec.Struct):
        for name in type(value).__struct_fields__:
            field = revealed(getattr(value, name))
            if not isinstance(field, str | bytes):
                yield from _secret_fields(field)
            elif field and is_secret(name):
                yield type(value).__name__, name
