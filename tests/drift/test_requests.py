"""Every body of every operation: fields left out are not sent, and names are those of the wire."""

from __future__ import annotations

import json
import re
from types import NoneType
from typing import Any, Final, cast

import msgspec
from msgspec import UNSET, UnsetType

from frontegg_async.cli.call.hints import arms_of, is_list, struct_of
from frontegg_async.models import secrets_of
from frontegg_async.models._base import RequestModel

from ..support.for_each import for_each
from .instances import Field, fields_of, present, structs_in, tag_of, value_of
from .recording import CALLABLE, parameters_of
from .secret_fields import secrets_in

STRUCTS: Final = structs_in(
    *(each.body for each in CALLABLE if each.body is not None),
    *(parameter.hint for each in CALLABLE for parameter in parameters_of(each)),
)
each_struct = for_each(STRUCTS)


def written(struct: Any, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a body with these fields."""
    return cast("dict[str, Any]", json.loads(msgspec.json.encode(struct(**fields))))


def filled(fields: tuple[Field, ...]) -> dict[str, Any]:
    """Return a value for each field."""
    return {field.name: value_of(field.hint, field.name) for field in fields}


def required(struct: Any) -> tuple[Field, ...]:
    """Return the fields that have to be given."""
    return tuple(field for field in fields_of(struct) if field.required)


def tag_name(struct: Any) -> set[str]:
    """Return the field that tells a Struct from others, if it has one: it is always sent."""
    tag = tag_of(struct)
    return set() if tag is None else {tag[0]}


def test_there_are_structs() -> None:
    """The tests below have something to run on."""
    assert len(STRUCTS) > 5


@each_struct
def test_everything_is_sent(struct: Any) -> None:
    """With every field given, every field is sent, false and nothing included."""
    expected = {field.wire for field in fields_of(struct)} | tag_name(struct)
    assert written(struct, filled(fields_of(struct))).keys() == expected
    for field in fields_of(struct):
        for small in (False, 0, ""):
            if type(small) in present(field.hint):
                sent = written(struct, {**filled(fields_of(struct)), field.name: small})
                assert sent[field.wire] == small


@each_struct
def test_what_is_left_out_is_not_sent(struct: Any) -> None:
    """Without the optional fields, or with UNSET in them, the required ones are sent alone."""
    expected = {field.wire for field in required(struct)} | tag_name(struct)
    assert written(struct, filled(required(struct))).keys() == expected
    unset = {field.name: UNSET for field in fields_of(struct) if not field.required}
    assert written(struct, {**filled(required(struct)), **unset}).keys() == expected


@each_struct
def test_absence_is_unset(struct: Any) -> None:
    """An optional field is UNSET if it is not given, and says so by its type."""
    made = struct(**filled(required(struct)))
    for field in fields_of(struct):
        assert field.required or getattr(made, field.name) is UNSET, field.name
        assert field.required == (UnsetType not in arms_of(field.hint)), field.name


@each_struct
def test_null_is_sent_where_it_is_taken(struct: Any) -> None:
    """None in a field is sent as null, wherever the type takes None."""
    for field in fields_of(struct):
        if NoneType in arms_of(field.hint):
            sent = written(struct, {**filled(required(struct)), field.name: None})
            assert sent[field.wire] is None


@each_struct
def test_names_on_the_wire(struct: Any) -> None:
    """No two fields share a name on the wire; the drift check compares them with the documents."""
    wires = [field.wire for field in fields_of(struct)] + list(tag_name(struct))
    assert len(set(wires)) == len(wires)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", wire) for wire in wires)


@each_struct
def test_form(struct: Any) -> None:
    """Bodies are frozen Structs of ours, and hold nothing that could be changed."""
    kind = struct_of(struct)
    assert kind is not None
    assert issubclass(kind, RequestModel)
    assert kind.__struct_config__.frozen
    for field in fields_of(struct):
        assert not any(is_list(arm) and arm.__origin__ is list for arm in present(field.hint))


@each_struct
def test_secrets_do_not_show(struct: Any) -> None:
    """No ``repr`` shows a string that a name calls secret, and errors know it to hide it."""
    made = value_of(struct, "canary")
    for field in secrets_in(struct):
        secret = getattr(made, field.name)
        assert secret not in repr(made), field.name
        assert secret in secrets_of(made), field.name
