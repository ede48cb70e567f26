"""Structs as pydantic sees them. Imported when pydantic asks for a schema, and not before.

===================  ==============================================================================
validation           an instance is taken as it is; anything else goes to msgspec, by the names that
                     Frontegg's API gives the fields
serialisation        by pydantic, field by field, so that ``include``, ``exclude`` and
                     ``exclude_none`` work, by the same names whatever ``by_alias`` says. A Struct
                     that holds a secret is refused
JSON schema          that of the fields, as a definition of the Struct's name
===================  ==============================================================================
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import (
    InitErrorDetails,
    PydanticCustomError,
    PydanticSerializationUnexpectedValue,
    ValidationError,
    core_schema,
)

from .._core.secret import MASK
from ._secrets import refuse_secrets, secrets_of

_step: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]").finditer
"""A step of the path that msgspec gives with an error."""
_within: Final[ContextVar[frozenset[str]]] = ContextVar("within", default=frozenset())
"""Structs whose schema is being made, by reference."""


def core_schema_of(source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """Return the core schema of a Struct, or of a generic one with its arguments."""
    reference, within = _reference(source), _within.get()
    if reference in within:
        return core_schema.definition_reference_schema(reference)  # a tree, such as TenantTree
    struct: type[msgspec.Struct] = get_origin(source) or source
    fields = {field.name: field for field in msgspec.structs.fields(source)}
    before = _within.set(within | {reference})
    try:
        shape = core_schema.typed_dict_schema(
            {
                field.encode_name: core_schema.typed_dict_field(
                    handler.generate_schema(_without_unset(field.type)), required=field.required
                )
                for field in fields.values()
            }
        )
    finally:
        _within.reset(before)

    def validate(value: Any, _: core_schema.ValidatorFunctionWrapHandler) -> Any:
        if isinstance(value, struct):
            return value
        try:
            return msgspec.convert(value, source)
        except msgspec.ValidationError as error:
            refused = _refused(struct.__name__, error, value)
        del value  # it shows secrets in a traceback
        raise refused

    def serialize(value: Any, inner: core_schema.SerializerFunctionWrapHandler) -> Any:
        if not isinstance(value, struct):
            raise PydanticSerializationUnexpectedValue(f"Expected `{struct.__name__}`")
        refuse_secrets(value)
        present = ((field.encode_name, getattr(value, name)) for name, field in fields.items())
        return inner({name: part for name, part in present if part is not UNSET})

    return core_schema.no_info_wrap_validator_function(
        validate,
        shape,
        ref=reference,
        serialization=core_schema.wrap_serializer_function_ser_schema(serialize, schema=shape),
    )


def described(
    struct: type[msgspec.Struct], schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
) -> dict[str, Any]:
    """Return the JSON schema of a Struct, with its name and the first sentence about it."""
    json_schema = handler(schema)
    own = handler.resolve_ref_schema(json_schema)
    own["title"] = struct.__name__
    if struct.__doc__:
        own["description"] = struct.__doc__.partition("\n\n")[0]
    for field in own.get("properties", {}).values():
        field.pop("title", None)  # pydantic's, from a name in another style: "Createdat"
    return json_schema


def _without_unset(kind: Any) -> Any:
    """Return the type of a field that is set."""
    if get_origin(kind) not in {Union, UnionType}:
        return kind
    return Union[tuple(arm for arm in get_args(kind) if arm is not UnsetType)]  # noqa: UP007


def _reference(source: Any) -> str:
    """Return a name that is the type's own; pydantic makes those of definitions from it."""
    struct = get_origin(source) or source
    name = f"{struct.__module__}.{struct.__qualname__}:{id(struct)}"
    arguments = ",".join(_reference(each) for each in get_args(source) if isinstance(each, type))
    return f"{name}[{arguments}]" if arguments else name


def _refused(title: str, problem: msgspec.ValidationError, value: Any) -> ValidationError:
    """Return the error for a value, which it shows if there is no secret in it."""
    text, _, path = str(problem).partition(" - at `$")
    where = tuple(name or int(index) for name, index in (step.groups() for step in _step(path)))
    details = InitErrorDetails(
        type=PydanticCustomError("struct", "{problem}", {"problem": text}),
        loc=where,
        input=MASK if secrets_of(value) else value,
    )
    return ValidationError.from_exception_data(title, [details])
