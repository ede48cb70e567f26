"""Secrets in the fields of Structs and in documents, by the names of the fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import msgspec
from msgspec import UNSET

from .._core.secret import is_secret, revealed


def secrets_of(sent: object) -> tuple[str, ...]:
    """Return the secrets in a body or a query, to redact them from error messages."""
    found: list[str] = []
    gather_secrets(sent, found)
    return tuple(found)


def gather_secrets(sent: object, found: list[str]) -> None:
    """Add the secrets in a body or a query to ``found``."""
    fields: Iterable[tuple[object, object]]
    if isinstance(sent, msgspec.Struct):
        fields = [(name, getattr(sent, name)) for name in sent.__struct_fields__]
    elif isinstance(sent, Mapping):
        fields = cast("Mapping[object, object]", sent).items()
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
            if is_secret(str(name)):  # a key of an object may be a number
                _gather_items(text, found)
            gather_secrets(text, found)
        elif name == "Cookie":
            found.append(text.partition("=")[2])
        elif text and is_secret(str(name)):
            found.append(text)


def _gather_items(value: object, found: list[str]) -> None:
    """Add the strings of a list with a secret name: ``concealed`` hides them as well."""
    if isinstance(value, list | tuple):
        for item in map(revealed, cast("Sequence[object]", value)):
            if isinstance(item, str):
                found.append(item)
            else:
                _gather_items(item, found)


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
