"""Bases of all Structs."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeAlias, TypeVar, cast

import msgspec
from msgspec import UNSET

from .._core.secret import MASK, is_secret, revealed
from ..errors import InvalidRequestError
from ._secrets import refuse_secrets, secrets_of

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import core_schema

S = TypeVar("S", bound=msgspec.Struct)

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
"""An id that has to be there and not be empty: without it a record cannot be told from others.

Only where Frontegg's specification requires it in every answer that has the Struct; see
docs/frontegg.md.
"""

Number: TypeAlias = int | float
"""A JSON number. Frontegg says only that much, also of counts: ``5.0`` is no error."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """Struct that is shown without its secrets, and turned into a dict or JSON and back.

    pydantic, and FastAPI with it, takes it for a type of its own: ``-> User`` and ``-> Page[User]``
    are response models, and fields of pydantic models may be Structs.
    """

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """Return the fields as JSON types, under the names that Frontegg's API gives them.

        Args:
            secrets: True to include passwords, tokens and other secrets.

        Raises:
            TypeError: the Struct holds a secret, and ``secrets`` is not True.
        """
        if not secrets:
            refuse_secrets(self)
        return cast("dict[str, Any]", msgspec.to_builtins(self, enc_hook=revealed))

    def to_json(self, *, secrets: bool = False) -> bytes:
        """Return the fields as JSON, under the names that Frontegg's API gives them.

        Args:
            secrets: True to include passwords, tokens and other secrets.

        Raises:
            TypeError: the Struct holds a secret, and ``secrets`` is not True.
        """
        if not secrets:
            refuse_secrets(self)
        return msgspec.json.encode(self, enc_hook=revealed)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Return the Struct of what ``to_dict`` returned. Unknown fields are ignored.

        Raises:
            InvalidRequestError: a field is missing or of another type.
        """
        try:
            return msgspec.convert(fields, cls)
        except msgspec.DecodeError as error:
            problem = str(error)
        del fields  # they show secrets in a traceback
        raise InvalidRequestError(f"these are not the fields of a {cls.__name__}: {problem}")

    @classmethod
    def from_json(cls, document: str | bytes) -> Self:
        """Return the Struct of a JSON document. Unknown fields are ignored.

        Raises:
            InvalidRequestError: it is no JSON, or a field is missing or of another type.
        """
        try:
            return msgspec.json.decode(document, type=cls)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            problem = str(error)
        del document
        raise InvalidRequestError(f"this is not the JSON of a {cls.__name__}: {problem}")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        # Called by pydantic only, so that nothing is imported without it.
        from ._pydantic import core_schema_of

        return core_schema_of(source, handler)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        from ._pydantic import described

        return described(cls, schema, handler)


class RequestModel(Model, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
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


class ResponseModel(Model, frozen=True, kw_only=True, rename="camel", gc=False):
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


def _masked(name: str, value: object) -> object:
    if isinstance(value, dict):
        items = cast("Mapping[str, object]", value).items()
        return {key: _masked(key, item) for key, item in items}
    # Its presence may be seen; numbers and flags are no secrets, whichever their name.
    return MASK if value and isinstance(value, str | bytes) and is_secret(name) else value
