"""Bases of all Structs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Annotated, Any, Self, TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET

from .._core.secret import MASK, is_secret, revealed

S = TypeVar("S", bound=msgspec.Struct)

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
"""An id that has to be there and not be empty: without it a record cannot be told from others.

Only where Frontegg's specification requires it in every answer that has the Struct; see
docs/frontegg.md.
"""

Number: TypeAlias = int | float
"""A JSON number. Frontegg says only that much, also of counts: ``5.0`` is no error."""


class RequestModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A body to send: a field left UNSET is not sent, None is sent as null."""

    def __repr__(self) -> str:
        return _shown_without(UNSET, self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields for rich, which would otherwise read all of them."""
        return _masked_fields(UNSET, self)

    def __reduce__(self) -> tuple[object, ...]:
        return _pickled(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return _copied(self, memo)


class ResponseModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    """Part of an answer: a field may be missing, null or odd, unknown ones are ignored.

    Fields without a default have to be there: see ``Id``, and ``frontegg_async._core.lenient``.

    ``gc=False`` is safe because decoded JSON has no cycles, and lists decode to tuples, so that
    a program which keeps 200,000 users is not stopped by the garbage collector.
    """

    def __repr__(self) -> str:
        return _shown_without(None, self)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields for rich, which would otherwise read all of them."""
        return _masked_fields(None, self)

    def __reduce__(self) -> tuple[object, ...]:
        return _pickled(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return _copied(self, memo)


def _masked_fields(absent: object, struct: msgspec.Struct) -> list[tuple[str, Any]]:
    """Return the fields that are set, with ``***`` in place of secrets."""
    fields = ((name, getattr(struct, name)) for name in type(struct).__struct_fields__)
    return [(name, _masked(name, value)) for name, value in fields if value is not absent]


def _shown_without(absent: object, struct: msgspec.Struct) -> str:
    fields = (f"{name}={value!r}" for name, value in _masked_fields(absent, struct))
    return f"{type(struct).__name__}({', '.join(fields)})"


def _pickled(struct: msgspec.Struct) -> tuple[object, ...]:
    """Return the recipe that pickle makes a Struct from; raise if it holds a secret."""
    if secrets_of(struct):
        raise TypeError(
            f"this {type(struct).__name__} holds a secret and is not pickled: a pickle ends up in "
            "caches, queues and logs. Pass on the fields that are needed"
        )
    return cast("tuple[object, ...]", msgspec.Struct.__reduce__(struct))


def _copied(struct: S, memo: dict[int, Any]) -> S:
    # By itself it would go by way of pickling, which a secret refuses. A copy stays here.
    return type(struct)(**deepcopy(msgspec.structs.asdict(struct), memo))


def secrets_of(sent: object) -> tuple[str, ...]:
    """Return the secrets in a body or a query, to redact them from error messages."""
    fields: Iterable[tuple[str, object]]
    if isinstance(sent, msgspec.Struct):
        fields = ((name, getattr(sent, name)) for name in type(sent).__struct_fields__)
    elif isinstance(sent, Mapping):
        fields = cast("Mapping[str, object]", sent).items()
    elif isinstance(sent, list | tuple):
        items = cast("Sequence[object]", sent)
        return tuple(secret for item in items for secret in secrets_of(item))
    else:
        return ()
    found: list[str] = []
    for name, value in fields:
        # Nearly every field of nearly every body. Asked for each row of a bulk run.
        if value is None or value is UNSET or isinstance(value, bool):
            continue
        value = revealed(value)
        if not isinstance(value, str):
            found += secrets_of(value)
        elif name == "Cookie":
            found.append(value.partition("=")[2])
        elif value and is_secret(name):
            found.append(value)
    return tuple(found)


def _masked(name: str, value: object) -> object:
    if isinstance(value, dict):
        items = cast("Mapping[str, object]", value).items()
        return {key: _masked(key, item) for key, item in items}
    # Its presence may be seen; numbers and flags are no secrets, whichever their name.
    return MASK if value and isinstance(value, str | bytes) and is_secret(name) else value
