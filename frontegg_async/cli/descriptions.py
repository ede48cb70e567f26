"""Descriptions of operations: purpose, parameters and result."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from datetime import datetime
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from ..operation import Operation
from .call import results
from .call.docstrings import Documentation
from .call.hints import arms_of, is_list, is_object, item_of, present, struct_of
from .call.results import Kind
from .call.signatures import TENANT_HEADER, USER_HEADER, Parameter, Signature

_NAMES: Final[dict[Any, str]] = {
    str: "str",
    bytes: "bytes",
    bool: "bool",
    int: "int",
    float: "float",
    datetime: "datetime",
    Any: "JSON",
    NoneType: "nothing",
}
_SENTENCES: Final = {
    Kind.ANSWER: "{}",
    Kind.PAGES: "pages of {}",
    Kind.TASK: "a task that ends with {}",
    Kind.TASKS: "tasks that each end with {}",
}
_REPEATS: Final = {
    "safe": "safe: it changes nothing",
    "idempotent": "idempotent: twice leaves what once leaves",
    "converging": "converging: twice leaves what once leaves, but the second may be noticed",
    "unsafe": "unsafe: twice is two of it",
}
_OWN: Final = "The session itself sends it, for the environment token: programs do not call it."


class Field(msgspec.Struct, frozen=True):
    """A field of a Struct, with its names in JSON (``wire``) and in Python."""

    wire: str
    name: str
    type: str
    required: bool
    text: str


class Shape(msgspec.Struct, frozen=True):
    """A Struct, one level deep."""

    name: str
    fields: tuple[Field, ...]


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter, its place in the request, and the Structs in its type."""

    name: str
    type: str
    place: str
    wire: str
    required: bool
    default: Any
    secret: bool
    text: str
    structs: tuple[Shape, ...]


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a call.

    Args:
        kind: answer, pages, task or tasks.
        type: type of the result, of one item, or of the status that a task ends with.
        described: False if Frontegg does not document the response.
        structs: the Struct in ``type``, if there is one.
    """

    kind: str
    type: str
    described: bool
    structs: tuple[Shape, ...]

    @property
    def in_words(self) -> str:
        """The type in words, without its fields."""
        return _SENTENCES[Kind(self.kind)].format(self.type)


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """An operation in full, as ``operations NAME --json`` prints it."""

    name: str
    method: str
    path: str
    summary: str
    details: tuple[str, ...]
    token: str
    tenant: str
    user: str
    headers: tuple[str, ...]
    repeat: str
    deprecated: str | None
    parameters: tuple[Argument, ...]
    returns: Returned


def describe(operation: Operation[Any]) -> Description:
    """Return the description of an operation."""
    signature = Signature.of(operation)
    documentation = Documentation(_OWN, (), {}) if signature is None else signature.documentation
    return Description(
        name=operation.name,
        method=operation.method,
        path=operation.template,
        summary=documentation.summary,
        # The last paragraph repeats the route.
        details=documentation.details[:-1],
        token=operation.token.value,
        tenant=operation.tenant.value,
        user=operation.user.value,
        headers=operation.headers,
        repeat=operation.repeat.value,
        deprecated=operation.deprecated,
        parameters=() if signature is None else tuple(map(_argument, signature.parameters)),
        returns=returned(operation, None if signature is None else signature.method),
    )


def returned(operation: Operation[Any], method: Callable[..., Any] | None) -> Returned:
    """Return the result of a coroutine, or of an operation without one."""
    kind, hint = Kind.ANSWER, operation.returns
    if method is not None:
        kind, hint = results.kind_of(method), get_type_hints(method)["return"]
    if kind is not Kind.ANSWER:
        (hint,) = get_args(hint)
    some = present(hint)
    doubtful = some is not NoneType and NoneType in arms_of(hint)
    return Returned(
        kind=kind.value,
        type=f"{type_name(some)} | None" if doubtful else type_name(some),
        described=hint is not Any,
        structs=_structs_in(some),
    )


def type_name(hint: Any) -> str:
    """Return a type in words, without None and UNSET."""
    some = present(hint)
    arms = arms_of(some)
    if len(arms) > 1:
        return "number" if arms == (int, float) else " | ".join(map(type_name, arms))
    if is_list(some):
        return f"list[{type_name(item_of(some))}]"
    if is_object(some):
        return "object"
    if get_origin(some) is Literal:
        return " | ".join(json.dumps(value) for value in get_args(some))
    return _NAMES.get(some) or str(some.__name__)


def _argument(parameter: Parameter) -> Argument:
    return Argument(
        name=parameter.name,
        type=type_name(parameter.hint) + (" | None" if parameter.nullable else ""),
        place=parameter.place.value,
        wire=parameter.wire,
        required=parameter.required,
        default=parameter.shown_default,
        secret=parameter.secret,
        text=parameter.text,
        structs=_structs_in(parameter.hint),
    )


def _structs_in(hint: Any) -> tuple[Shape, ...]:
    arms = [item_of(arm) if is_list(arm) else arm for arm in arms_of(hint)]
    return tuple(_shape(struct) for arm in arms if (struct := struct_of(arm)) is not None)


def _shape(struct: type[msgspec.Struct]) -> Shape:
    hints, texts = get_type_hints(struct), Documentation.of(struct).parameters
    fields = [
        Field(
            each.encode_name,
            each.name,
            type_name(hints[each.name]),
            each.required,
            texts.get(each.name, ""),
        )
        for each in msgspec.structs.fields(struct)
    ]
    tag = struct.__struct_config__
    if tag.tag_field is not None:
        # The tag tells one Struct of a union from another in JSON; in Python the class does.
        fields.insert(0, Field(tag.tag_field, "", json.dumps(tag.tag), True, ""))
    return Shape(struct.__name__, tuple(fields))


def in_lines(description: Description, width: int) -> Iterator[str]:
    """Yield the lines of a description, for people."""
    said = description
    yield said.name
    yield from _wrapped(said.summary, width)
    for detail in said.details:
        yield ""
        yield from _wrapped(detail, width)
    yield ""
    yield f"  {said.method} {said.path}"
    for label, text in (
        ("token", said.token),
        ("tenant", _header_in_words(said.tenant, TENANT_HEADER)),
        ("user", _header_in_words(said.user, USER_HEADER)),
        ("repeat", _REPEATS[said.repeat]),
        ("deprecated", said.deprecated),
    ):
        if text:
            yield from _wrapped(f"{label:<12}{text}", width, deeper=12)
    yield ""
    yield "Parameters" if said.parameters else "No parameters"
    for each in said.parameters:
        yield from _argument_lines(each, width)
    yield ""
    yield from _wrapped(f"Returns {said.returns.in_words}", width, indent=0)
    if not said.returns.described:
        yield from _wrapped("Frontegg does not document its fields.", width)
    for struct in said.returns.structs:
        longest = max((len(each.wire) for each in struct.fields), default=0)
        for field in struct.fields:
            yield from _wrapped(f"{field.wire:<{longest}}  {field.type}", width, deeper=longest + 2)


def _argument_lines(argument: Argument, width: int) -> Iterator[str]:
    place = argument.place if argument.place != "header" else f"header {argument.wire}"
    if argument.place == "body":
        place = f"body, as {argument.wire}" if argument.wire else "the whole body"
    parts = [argument.type, place]
    if argument.required:
        parts.append("required")
    if argument.default is not None:
        parts.append(f"default {argument.default}")
    if argument.secret:
        parts.append("secret")
    yield from _wrapped(f"{argument.name}: {'; '.join(parts)}", width, deeper=4)
    if argument.text:
        yield from _wrapped(argument.text, width, indent=6)
    for struct in argument.structs:
        if len(argument.structs) > 1:
            yield f"      {struct.name}"
        for field in struct.fields:
            required = "; required" if field.required else ""
            yield from _wrapped(f"{field.wire}: {field.type}{required}", width, indent=8, deeper=4)
            if field.text:
                yield from _wrapped(field.text, width, indent=12)


def _header_in_words(header: str, name: str) -> str:
    sent = f"{header}, as header {name}"
    return {"none": "", "refused": "refused: it reaches beyond one tenant"}.get(header, sent)


def _wrapped(text: str, width: int, *, indent: int = 2, deeper: int = 0) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + deeper),
        break_long_words=False,
        break_on_hyphens=False,
    )
