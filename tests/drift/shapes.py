"""JSON as a type describes it and as a schema describes it, both in the same terms."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, Union, cast, get_args, get_origin

import msgspec

from frontegg_async.cli.call.hints import arms_of, is_list, is_object, struct_of

from .instances import ABSENCES, fields_of, item_of, tag_of

Schema: TypeAlias = Mapping[str, Any]

_KIND_OF_TYPE: Final[Mapping[Any, str]] = {
    str: "string",
    bytes: "string",
    datetime: "string",
    int: "number",
    float: "number",
    bool: "boolean",
}
_KIND_OF_SCHEMA: Final = {"integer": "number"}


class DocumentError(ValueError):
    """A file is no OpenAPI document that this check can read."""


@dataclass(frozen=True)
class FieldShape:
    """A field of an object."""

    shape: Shape
    required: bool


@dataclass(frozen=True)
class Shape:
    """A description of a piece of JSON.

    Args:
        key: equal for shapes that are the same; one that holds itself is known by it.
        name: of the Structs or the schema, empty if it has none.
        kinds: of which it can be: string, number, boolean, array, object; None if any.
        words: all that it can be, None if other strings are no error.
        nullable: True if it can be null.
        structs: the Structs that a type holds here.
        find_fields: finds the fields of an object; None if nothing is said of them.
        find_item: finds the shape of an array's items, None if it is not described.
    """

    key: Hashable
    name: str
    kinds: frozenset[str] | None
    words: frozenset[str] | None
    nullable: bool
    structs: tuple[type[msgspec.Struct], ...]
    find_fields: Callable[[], Mapping[str, FieldShape] | None]
    find_item: Callable[[], Shape | None]

    @property
    def in_words(self) -> str:
        """Its kinds, for people."""
        return "anything" if self.kinds is None else " or ".join(sorted(self.kinds)) or "null"


def shape_of_type(hint: Any) -> Shape:
    """Return the shape of the JSON that a type stands for."""
    arms = [arm for arm in arms_of(hint) if arm not in ABSENCES]
    structs = [struct for arm in arms if (struct := struct_of(arm)) is not None]
    generic = [arm for arm in arms if struct_of(arm) is not None]
    lists = [arm for arm in arms if is_list(arm)]
    texts = [arm for arm in arms if not is_list(arm)]
    limited = bool(texts) and all(get_origin(arm) is Literal for arm in texts)
    return Shape(
        key=hint,
        name=" | ".join(struct.__name__ for struct in structs),
        kinds=None if Any in arms else frozenset(map(_kind_of_arm, arms)),
        words=frozenset(str(word) for arm in texts for word in get_args(arm)) if limited else None,
        nullable=type(None) in arms_of(hint),
        structs=tuple(structs),
        find_fields=lambda: _fields_of_types(generic) if generic else None,
        find_item=lambda: (
            shape_of_type(Union[tuple(item_of(each) for each in lists)]) if lists else None  # noqa: UP007  # a run-time value
        ),
    )


def _kind_of_arm(arm: Any) -> str:
    if is_list(arm):
        return "array"
    if is_object(arm) or struct_of(arm) is not None:
        return "object"
    if get_origin(arm) is Literal:
        return _KIND_OF_TYPE[type(get_args(arm)[0])]
    return _KIND_OF_TYPE[arm]


def _fields_of_types(structs: Sequence[Any]) -> Mapping[str, FieldShape]:
    """Return the fields of all; a field is required if all of them require it."""
    hints: dict[str, list[Any]] = {}
    required: dict[str, int] = {}
    for struct in structs:
        tag = tag_of(struct)
        if tag is not None:
            hints.setdefault(tag[0], []).append(Literal[tag[1]])
            required[tag[0]] = required.get(tag[0], 0) + 1
        for field in fields_of(struct):
            hints.setdefault(field.wire, []).append(field.hint)
            required[field.wire] = required.get(field.wire, 0) + field.required
    return {
        wire: FieldShape(
            shape_of_type(Union[tuple(found)]),  # noqa: UP007  # a run-time value
            required[wire] == len(structs),
        )
        for wire, found in hints.items()
    }


def shape_of_schema(document: Mapping[str, Any], schema: Schema) -> Shape:
    """Return the shape of the JSON that a schema of an OpenAPI document describes."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    schema = resolve(document, schema)
    parts = [shape_of_schema(document, part) for part in schema.get("allOf", ())]
    choices = [
        shape_of_schema(document, part) for at in ("oneOf", "anyOf") for part in schema.get(at, ())
    ]
    own = _own_kinds(schema)
    for part in parts:
        own = own if part.kinds is None else part.kinds if own is None else own & part.kinds
    if choices and own is None:
        known = [choice.kinds for choice in choices if choice.kinds is not None]
        own = frozenset[str]().union(*known) if len(known) == len(choices) else None
    words = frozenset(str(word) for word in schema.get("enum", ()) if word is not None) or None
    for part in parts:
        words = words or part.words
    if choices and words is None and all(choice.words is not None for choice in choices):
        words = frozenset[str]().union(*(choice.words or () for choice in choices))
    return Shape(
        key=name or id(schema),
        name=name,
        kinds=None if own is None else own - {"null"},
        words=words,
        nullable=_is_nullable(schema) or any(each.nullable for each in (*parts, *choices)),
        structs=(),
        find_fields=lambda: _fields_of_schema(document, schema, parts, choices),
        find_item=lambda: _item_of_schema(document, schema, parts, choices),
    )


def resolve(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the target of a reference in a document; any other part is its own.

    Raises:
        DocumentError: there is no such place in the document.
    """
    if "$ref" not in part:
        return part
    found: Any = document
    for step in str(part["$ref"]).removeprefix("#/").split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            raise DocumentError(f"nothing is at {part['$ref']}")
        found = cast("Any", found[name])
    return resolve(document, found)


def _own_kinds(schema: Schema) -> frozenset[str] | None:
    stated = schema.get("type")
    if stated is None:
        if schema.get("properties"):
            return frozenset({"object"})
        return frozenset({"string"}) if "enum" in schema else None
    types = [stated] if isinstance(stated, str) else stated
    return frozenset(_KIND_OF_SCHEMA.get(each, each) for each in types)


def _is_nullable(schema: Schema) -> bool:
    return (
        schema.get("nullable") is True
        or schema.get("type") == "null"
        or "null" in _own_kinds_or_none(schema)
        or None in schema.get("enum", ())
    )


def _own_kinds_or_none(schema: Schema) -> frozenset[str]:
    return _own_kinds(schema) or frozenset()


def _fields_of_schema(
    document: Mapping[str, Any], schema: Schema, parts: Sequence[Shape], choices: Sequence[Shape]
) -> Mapping[str, FieldShape] | None:
    required = set(schema.get("required", ()))
    found = {
        name: FieldShape(shape_of_schema(document, each), name in required)
        for name, each in schema.get("properties", {}).items()
    }
    for name, field in _of_all(parts):
        # Of two descriptions of a field the one nearer to the top says more.
        known = found.get(name, field)
        found[name] = FieldShape(known.shape, known.required or field.required or name in required)
    alternatives = [fields for choice in choices if (fields := choice.find_fields()) is not None]
    for name in dict.fromkeys(name for fields in alternatives for name in fields):
        holding = [fields[name] for fields in alternatives if name in fields]
        everywhere = len(holding) == len(choices) and all(each.required for each in holding)
        found.setdefault(name, FieldShape(either([each.shape for each in holding]), everywhere))
    return found or None


def _of_all(shapes: Sequence[Shape]) -> Iterator[tuple[str, FieldShape]]:
    for shape in shapes:
        yield from (shape.find_fields() or {}).items()


def _item_of_schema(
    document: Mapping[str, Any], schema: Schema, parts: Sequence[Shape], choices: Sequence[Shape]
) -> Shape | None:
    if "items" in schema:
        return shape_of_schema(document, schema["items"])
    items = [item for each in (*parts, *choices) if (item := each.find_item()) is not None]
    return either(items) if items else None


def either(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of JSON that has one of these shapes."""
    if len(shapes) == 1:
        return shapes[0]
    known = [shape.kinds for shape in shapes if shape.kinds is not None]
    words = [shape.words for shape in shapes if shape.words is not None]
    return Shape(
        key=tuple(shape.key for shape in shapes),
        name=" | ".join(dict.fromkeys(shape.name for shape in shapes if shape.name)),
        kinds=frozenset[str]().union(*known) if len(known) == len(shapes) else None,
        words=frozenset[str]().union(*words) if len(words) == len(shapes) else None,
        nullable=any(shape.nullable for shape in shapes),
        structs=(),
        find_fields=lambda: _fields_of_either(shapes),
        find_item=lambda: _item_of_schema({}, {}, (), shapes),
    )


def _fields_of_either(shapes: Sequence[Shape]) -> Mapping[str, FieldShape] | None:
    return _fields_of_schema({}, {}, (), shapes)
