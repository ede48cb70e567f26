"""Every answer of every operation: it decodes, with any field but its identity missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final, Literal, cast, get_args, get_origin

import msgspec
import pytest

from frontegg_async import Operation
from frontegg_async.cli.call.hints import arms_of, is_list, is_object, struct_of
from frontegg_async.endpoints import operations
from frontegg_async.models._base import ResponseModel
from frontegg_async.operation import JSON

from ..support.for_each import for_each
from .instances import fields_of, present, structs_in, value_of
from .secret_fields import secrets_in

OPERATIONS: Final = operations()
STRUCTS: Final = structs_in(*(each.returns for each in OPERATIONS if each.returns is not JSON))
IDENTITIES: Final = {
    "id", "client_id", "tenant_id", "user_id", "items", "groups", "access_tokens"
}  # fmt: skip
"""Fields that an answer cannot do without: ids, and the list that it is (docs/frontegg.md)."""
DATES: Final = {
    "2024-05-06T07:08:09Z": datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
    "2024-05-06T07:08:09.123Z": datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC),
    "2024-05-06T07:08:09.123456Z": datetime(2024, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC),
    "2024-05-06T07:08:09+05:30": datetime(2024, 5, 6, 1, 38, 9, tzinfo=UTC),
    "2024-05-06T07:08:09.1-08:00": datetime(2024, 5, 6, 15, 8, 9, 100_000, tzinfo=UTC),
}

each_struct = for_each(STRUCTS)
each_operation = for_each(OPERATIONS, name=lambda each: each.name)


def decoded(struct: Any, document: object) -> Any:
    """Return the result of an operation with this answer."""
    operation: Operation[Any] = Operation("drift.probe", "GET", "/probe", struct)
    return operation.decode(json.dumps(document).encode())


def full(struct: Any) -> dict[str, Any]:
    """Return JSON with every field filled."""
    document = json.loads(msgspec.json.encode(value_of(struct, "x")))
    assert set(document) == {field.wire for field in fields_of(struct)}
    return cast("dict[str, Any]", document)


def test_there_are_structs() -> None:
    """The tests below have something to run on."""
    assert len(STRUCTS) > 5
    assert any(list(secrets_in(struct)) for struct in STRUCTS)


@each_struct
def test_everything_is_read(struct: Any) -> None:
    """An answer with every field decodes to the value that it was made from."""
    assert decoded(struct, full(struct)) == value_of(struct, "x")


def least(struct: Any) -> dict[str, Any]:
    """Return JSON with the fields that have to be there: the id, or the list, that it is about."""
    needed = {field.wire for field in fields_of(struct) if field.required}
    return {name: value for name, value in full(struct).items() if name in needed}


@each_struct
def test_nothing_else_is_needed(struct: Any) -> None:
    """But for its identity: no field, only nulls, and each by itself missing or null, is None."""
    optional = [field for field in fields_of(struct) if not field.required]
    nothing = decoded(struct, least(struct))
    assert all(getattr(nothing, field.name) is None for field in optional)
    nulls = dict.fromkeys(field.wire for field in optional)
    assert decoded(struct, least(struct) | nulls) == nothing
    for field in optional:
        rest = {name: value for name, value in full(struct).items() if name != field.wire}
        for document in (rest, {**rest, field.wire: None}):
            assert getattr(decoded(struct, document), field.name) is None


@each_struct
def test_an_identity_is_needed(struct: Any) -> None:
    """Without an id that has to be there, or with null for it, it is no answer."""
    for field in fields_of(struct):
        if field.required:
            rest = {name: value for name, value in full(struct).items() if name != field.wire}
            for document in (rest, {**rest, field.wire: None}):
                with pytest.raises(msgspec.DecodeError, match=field.wire):
                    decoded(struct, document)


@each_struct
def test_what_is_new_does_no_harm(struct: Any) -> None:
    """Unknown fields are passed over, and no text is limited to the words that are known."""
    document = full(struct)
    strange: dict[str, Any] = {
        "x-new": 1,
        "x-list": [{}],
        "x-null": None,
        "x-object": {"a": {"b": []}},
    }
    assert decoded(struct, {**strange, **document}) == decoded(struct, document)
    for field in fields_of(struct):
        kinds = [get_args(arm) if is_list(arm) else [arm] for arm in present(field.hint)]
        assert not any(get_origin(kind) is Literal for arm in kinds for kind in arm), field.name
        if str in present(field.hint):
            word = "Something-that-nobody-knows-yet"
            assert getattr(decoded(struct, {**document, field.wire: word}), field.name) == word


@each_struct
def test_dates(struct: Any) -> None:
    """Times with and without fractions and offsets are the instants that they name."""
    dates = [field for field in fields_of(struct) if datetime in present(field.hint)]
    for text, instant in DATES.items():
        document = {**full(struct), **{field.wire: text for field in dates}}
        read = decoded(struct, document)
        assert {getattr(read, field.name) for field in dates} <= {instant}, text


@each_struct
def test_numbers(struct: Any) -> None:
    """Every number may come with a fraction of nothing, and as large as JavaScript counts."""
    for field in fields_of(struct):
        if {int, float} & set(present(field.hint)):
            for number in (0, 5.0, 2**53, 1e9, -1):
                document = least(struct) | {field.wire: number}
                read = getattr(decoded(struct, document), field.name)
                assert read == number


@each_struct
def test_form(struct: Any) -> None:
    """Structs of answers are frozen, without the garbage collector, and hold tuples."""
    kind = struct_of(struct)
    assert kind is not None
    assert issubclass(kind, ResponseModel)
    config = kind.__struct_config__
    assert (config.frozen, config.gc, config.forbid_unknown_fields) == (True, False, False)
    assert fields_of(struct)
    for field in fields_of(struct):
        if field.required:
            assert field.name in IDENTITIES, f"{field.name} is not optional"
        else:
            assert {NoneType, Any} & set(arms_of(field.hint)), f"{field.name} is not nullable"
        for arm in present(field.hint):
            assert not is_list(arm) or get_args(arm)[1:] == (...,), f"{field.name} is no tuple"
            assert not is_object(arm) or get_origin(arm) is dict, f"{field.name} is no dict"


@each_struct
def test_secrets_do_not_show(struct: Any) -> None:
    """No ``repr`` shows the text of a field whose name says that it is secret."""
    shown = repr(value_of(struct, "canary"))
    for field in secrets_in(struct):
        assert value_of(field.hint, f"canary.{field.name}") not in shown, field.name


@each_operation
def test_answers(operation: Operation[Any]) -> None:
    """A full answer decodes, and an empty body or null is an empty one where no id is needed."""
    returns = operation.returns
    if returns is NoneType:
        for body in (b"", b"null", b"{}", b'{"id": "1"}', b"[1]"):
            assert operation.decode(body) is None
        with pytest.raises(ValueError, match="HTML"):
            operation.decode(b"<html>not JSON</html>")
        return
    value = value_of(returns, operation.name)
    assert operation.decode(msgspec.json.encode(value)) == value
    for body in (b"", b"null", b" null "):
        if struct_of(returns) is not None and least(returns):
            with pytest.raises(msgspec.DecodeError, match="nothing"):
                operation.decode(body)
        else:
            assert operation.decode(body) == (None if returns is JSON else returns())
    if get_origin(returns) is tuple:
        assert operation.decode(b"[]") == ()
        # Not more than one kind of answer, of which an object would be taken for a list.
        assert len(get_args(returns)) == 2
    if operation.one_or_many:
        assert operation.decode(msgspec.json.encode(value[0])) == value[:1]


def test_all_operations_return_what_can_be_told() -> None:
    """An operation returns a Struct, an array, nothing, or JSON that is not described."""
    for operation in OPERATIONS:
        returns = operation.returns
        described = struct_of(returns) is not None or get_origin(returns) is tuple
        assert described or returns in {NoneType, JSON}, operation.name
