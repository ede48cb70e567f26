"""Schemas and types in the same terms: each way of describing the same is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from .instances import EndlessError, fields_of, structs_in, value_of
from .shapes import DocumentError, FieldShape, Shape, resolve, shape_of_schema, shape_of_type
from .world import Animal, Dish, FeedRequest, Keeper

DOCUMENT: Final = {
    "components": {
        "schemas": {
            "Size": {"type": "string", "enum": ["small", "large"]},
            "Sized": {"type": "object", "required": ["size"], "properties": {
                "size": {"$ref": "#/components/schemas/Size"}}},
            "Named": {"properties": {"name": {"type": "string"}}, "required": ["name"]},
            "Odd~/": {"type": "boolean"},
            "Again": {"$ref": "#/components/schemas/Odd~0~1"},
        }
    }
}  # fmt: skip
ANY: Final[dict[str, Any]] = {}
SIZE: Final = {"$ref": "#/components/schemas/Size"}
SIZED: Final = {"$ref": "#/components/schemas/Sized"}
NAMED: Final = {"$ref": "#/components/schemas/Named"}


class Cat(msgspec.Struct, tag_field="animal", tag="cat", rename="camel"):
    """A Struct that is told from others by a field."""

    favourite_food: str
    name: str | UnsetType = UNSET


class Dog(msgspec.Struct, tag_field="animal", tag="dog"):
    """Another one."""

    name: str


def kinds(*names: str) -> frozenset[str]:
    """Return kinds of JSON."""
    return frozenset(names)


def required(fields: Mapping[str, FieldShape] | None) -> dict[str, bool] | None:
    """Return whether each of these fields is required."""
    return None if fields is None else {name: each.required for name, each in fields.items()}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, None),
        ({"type": "integer"}, kinds("number")),
        ({"type": ["string", "null"]}, kinds("string")),
        ({"enum": ["a"]}, kinds("string")),
        ({"properties": {"a": {}}}, kinds("object")),
        ({"items": {}, "type": "array"}, kinds("array")),
        ({"$ref": "#/components/schemas/Again"}, kinds("boolean")),
        ({"allOf": [SIZED, NAMED]}, kinds("object")),
        ({"allOf": [SIZED, {}]}, kinds("object")),
        ({"oneOf": [SIZED, SIZE]}, kinds("object", "string")),
        ({"anyOf": [SIZED, {}]}, None),
        ({"type": "object", "oneOf": [SIZED, {}]}, kinds("object")),
    ],
)
def test_kinds_of_schemas(schema: dict[str, Any], expected: frozenset[str] | None) -> None:
    """Kinds are read from types, references, parts and choices; without any it is anything."""
    assert shape_of_schema(DOCUMENT, schema).kinds == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, None),
        (SIZE, {"small", "large"}),
        ({"enum": ["a", None]}, {"a"}),
        ({"allOf": [SIZE]}, {"small", "large"}),
        ({"oneOf": [SIZE, {"enum": ["huge"]}]}, {"small", "large", "huge"}),
        ({"oneOf": [SIZE, {"type": "string"}]}, None),
    ],
)
def test_words_of_schemas(schema: dict[str, Any], expected: set[str] | None) -> None:
    """Words are limited where every choice limits them."""
    assert shape_of_schema(DOCUMENT, schema).words == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, False),
        ({"type": "string", "nullable": True}, True),
        ({"type": ["string", "null"]}, True),
        ({"enum": ["a", None]}, True),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, False),
        ({"allOf": [{"type": "string", "nullable": True}]}, True),
    ],
)
def test_null_in_schemas(schema: dict[str, Any], expected: bool) -> None:
    """Null is taken in each of the ways in which two versions of OpenAPI say so."""
    assert shape_of_schema(DOCUMENT, schema).nullable is expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "object"}, None),
        ({"type": "object", "properties": ANY}, None),
        (SIZED, {"size": True}),
        ({"allOf": [SIZED, NAMED]}, {"size": True, "name": True}),
        ({"allOf": [SIZED, {"properties": {"age": ANY}}]}, {"size": True, "age": False}),
        ({"allOf": [{"properties": {"a": ANY}}], "required": ["a"]}, {"a": True}),
        ({"oneOf": [SIZED, NAMED]}, {"size": False, "name": False}),
        ({"oneOf": [SIZED, SIZED]}, {"size": True}),
        ({"oneOf": [SIZED, {"type": "string"}]}, {"size": False}),
        ({"anyOf": [SIZED, {"properties": {"size": ANY}}]}, {"size": False}),
    ],
)
def test_fields_of_schemas(schema: dict[str, Any], expected: dict[str, bool] | None) -> None:
    """Fields are those of all parts and choices, required where no choice leaves them out."""
    assert required(shape_of_schema(DOCUMENT, schema).find_fields()) == expected


def test_items_of_schemas() -> None:
    """The items of an array are found in parts and choices too."""
    array = {"type": "array", "items": SIZE}
    for schema in (array, {"allOf": [array]}, {"oneOf": [array, SIZED]}):
        item = shape_of_schema(DOCUMENT, schema).find_item()
        assert item is not None
        assert (item.name, item.words) == ("Size", frozenset({"small", "large"}))
    assert shape_of_schema(DOCUMENT, SIZE).find_item() is None


@pytest.mark.parametrize("place", ["#/components/schemas/None", "#/components/schemas/Size/type/x"])
def test_references_to_nothing(place: str) -> None:
    """A reference that leads nowhere is an error that names it."""
    with pytest.raises(DocumentError, match=place):
        resolve(DOCUMENT, {"$ref": place})


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        (str, (kinds("string"), None, False)),
        (datetime | None, (kinds("string"), None, True)),
        (int | float | UnsetType, (kinds("number"), None, False)),
        (bool | None | UnsetType, (kinds("boolean"), None, True)),
        (Literal["a", "b"] | None, (kinds("string"), {"a", "b"}, True)),
        (Literal["a"] | str, (kinds("string"), None, False)),  # noqa: PYI051  # both are seen
        (Literal[1, 2], (kinds("number"), {"1", "2"}, False)),
        (str | Mapping[str, Any], (kinds("string", "object"), None, False)),
        (Sequence[Literal["a"]], (kinds("array"), None, False)),
        (tuple[Dish, ...] | Dish, (kinds("array", "object"), None, False)),
        (Any, (None, None, False)),
    ],
)
def test_types(hint: Any, expected: tuple[object, object, bool]) -> None:
    """A type says of which kinds JSON is, to which words it is limited, and if it can be null."""
    shape = shape_of_type(hint)
    assert (shape.kinds, shape.words, shape.nullable) == expected


def test_fields_of_types() -> None:
    """Fields go by their names on the wire; of several Structs, required are those of all."""
    assert required(shape_of_type(Dish).find_fields()) == {"name": True, "warm": False}
    both = shape_of_type(Cat | Dog)
    assert (both.name, both.structs) == ("Cat | Dog", (Cat, Dog))
    fields = both.find_fields()
    assert required(fields) == {"animal": True, "favouriteFood": False, "name": False}
    assert fields is not None
    assert fields["animal"].shape.words == frozenset({"cat", "dog"})
    assert shape_of_type(dict[str, Any]).find_fields() is None


def test_items_of_types() -> None:
    """The items of every kind of list are known."""
    for hint in (Sequence[Dish], tuple[Dish, ...] | None, list[Dish] | UnsetType):
        item = shape_of_type(hint).find_item()
        assert isinstance(item, Shape)
        assert item.structs == (Dish,)
    assert shape_of_type(Dish).find_item() is None


class Loop(msgspec.Struct):
    """A Struct that holds itself and cannot be made."""

    next: Loop


def test_values() -> None:
    """A value has every field filled, is another in its other variant, and ends."""
    value = value_of(FeedRequest, "x")
    assert value != value_of(FeedRequest, "x", 1)
    assert len(value.dishes) == 2
    assert value.dishes[0] != value.dishes[1]
    assert all(getattr(value, field.name) is not UNSET for field in fields_of(FeedRequest))
    assert value_of(Keeper, "x").superior is None
    with pytest.raises(EndlessError):
        value_of(Loop, "x")
    with pytest.raises(AssertionError, match="complex"):
        value_of(complex, "x")


def test_structs_in_types() -> None:
    """Every Struct that can be held is found, once, also one that holds itself."""
    assert structs_in(tuple[Animal, ...] | None, Literal["a"], Any) == (Animal, Keeper)
