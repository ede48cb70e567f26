"""Responses that are not as documented: an odd value costs its own field only."""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
from collections.abc import AsyncIterator
from typing import Any, Final, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import frontegg_async.models
from frontegg_async import FronteggSession, Options, ResponseDecodeError, User
from frontegg_async.emulator import Emulator, MalformedJson
from frontegg_async.endpoints import email_templates, tenants, users
from frontegg_async.endpoints.authentication import AUTHENTICATE
from frontegg_async.models._base import ResponseModel
from frontegg_async.models.paging import Page, PageWithNulls
from frontegg_async.models.sub_tenants import TenantTree
from frontegg_async.operation import JSON, Operation

from ..support.documents import json_of_struct
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

LISTED: Final = users.ITERATE.limit_group
GET: Final = users.GET.limit_group
DATE: Final = "2024-05-06T07:08:09Z"


def answers() -> list[type[ResponseModel]]:
    """Return every Struct of responses, except the generic page."""
    found: list[type[ResponseModel]] = []
    for module in pkgutil.iter_modules(frontegg_async.models.__path__):
        room = importlib.import_module(f"frontegg_async.models.{module.name}")
        found += [
            value
            for value in vars(room).values()
            if isinstance(value, type)
            and issubclass(value, ResponseModel)
            and value.__module__ == room.__name__
            and value not in {ResponseModel, Page, PageWithNulls}
        ]
    return found


ANSWERS: Final = answers()
FLAT: Final = [each for each in ANSWERS if each is not TenantTree]
"""Models that do not contain themselves: Hypothesis would not end on the others."""


def fresh(returns: Any) -> Operation[Any]:
    """Make an operation that has not logged anything yet."""
    return Operation("odd.get", "GET", "/odd", returns)


def record(index: int, **odd: object) -> dict[str, object]:
    return {
        "id": f"u{index}",
        "name": f"User {index}",
        "email": f"u{index}@x.test",
        "lastLogin": DATE,
        "createdAt": DATE,
        "metadata": "{}",
        "tenantIds": ["t"],
        "roles": [{"id": "r", "key": "K"}],
    } | odd


ODD: Final[dict[str, tuple[dict[str, object], dict[str, object]]]] = {
    # name: fields as they came, fields as read
    "surrogate": ({"name": "cut \ud83d"}, {"name": "cut \ufffd"}),
    "surrogate in an address": ({"email": "u\ud83d@x.test"}, {"email": None}),
    "empty date": ({"lastLogin": ""}, {"last_login": None}),
    "no date": ({"createdAt": "0000-00-00T00:00:00Z"}, {"created_at": None}),
    "bare number": ({"metadata": 5}, {"metadata": "5"}),
    "list for a document": ({"metadata": [1, {"a": None}]}, {"metadata": '[1, {"a": null}]'}),
    "null in a list": ({"tenantIds": ["t", None, "u"]}, {"tenant_ids": ("t", "u")}),
    # Short of one tenant it would read as "no".
    "number in a list": ({"tenantIds": ["t", 5]}, {"tenant_ids": None}),
    "role without an id": ({"roles": [{"id": "r"}, {"key": "K"}]}, {"roles": None}),
    "number for an id": ({"tenantId": 7}, {"tenant_id": None}),
    "number for a text": ({"name": 7.50}, {"name": "7.5"}),
    "word for a flag": ({"verified": "yes"}, {"verified": None}),
}


@pytest.fixture
async def session(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give a session that sends everything once."""
    async with session_on(emulator, options=Options(max_attempts=1)) as opened:
        yield opened


@pytest.mark.parametrize("name", ODD)
async def test_one_odd_record_of_300(
    emulator: Emulator, session: FronteggSession, name: str
) -> None:
    """A page of 300 users with one odd value gives 299 whole ones, and that one without it."""
    came, read = ODD[name]
    records = [record(index) for index in range(300)]
    records[150] = record(150, **came)
    total = {"_metadata": {"totalItems": 300}, "_links": {"next": ""}}
    emulator.inject(MalformedJson(json.dumps({"items": records, **total}).encode()), on=LISTED)
    found = await session.users.iterate().collect()
    whole = msgspec.convert([record(index) for index in range(300)], tuple[User, ...])
    assert found[150] == msgspec.structs.replace(whole[150], **read)
    assert (*found[:150], *found[151:]) == (*whole[:150], *whole[151:])


async def test_null_among_records(emulator: Emulator, session: FronteggSession) -> None:
    """A null among the users is left out, and still counts against the total of the list."""
    page = {"items": [record(0), None, record(1)], "_metadata": {"totalItems": 3}}
    emulator.inject(MalformedJson(json.dumps(page).encode()), on=LISTED)
    assert [user.id for user in await session.users.iterate().collect()] == ["u0", "u1"]
    assert emulator.count(LISTED) == 1


@pytest.mark.parametrize("user_id", [None, 5, "", "u\ud800", ["u"], {"id": "u"}])
async def test_a_record_without_an_identity(
    emulator: Emulator, session: FronteggSession, user_id: object
) -> None:
    """A user whose id is missing or odd is an error, in a list with its place in the page."""
    odd = json.dumps(record(0, id=user_id, lastLogin="")).encode()
    emulator.inject(MalformedJson(b'{"items": [%b, %b]}' % (b'{"id": "a"}', odd)), on=LISTED)
    emulator.inject(MalformedJson(odd), on=GET)
    with pytest.raises(ResponseDecodeError, match=r"at `\$\.items\[1\]\.id`"):
        await session.users.iterate().collect()
    with pytest.raises(ResponseDecodeError, match=r"at `\$\.id`"):
        await session.users.get("user-0")


async def test_another_user_by_an_odd_answer(emulator: Emulator, session: FronteggSession) -> None:
    """The object of another user is an error also if it has odd fields."""
    emulator.inject(MalformedJson(json.dumps(record(7, lastLogin="")).encode()), on=GET)
    with pytest.raises(ResponseDecodeError, match="another id"):
        await session.users.get("user-0")


@pytest.mark.parametrize(
    "body",
    [
        {"status": 404, "error": "Not Found", "path": "/x", "timestamp": 5},
        {"statusCode": 500, "status": 500, "message": ["x"]},
        {"errors": ["x \ud800"]},
        {"errors": [{"a": 1}], "errorCodes": ["ER-1"], "status": ["failed"]},
    ],
)
def test_errors_read_leniently_are_errors(body: dict[str, object]) -> None:
    """An error that shares a field with a response, of another type, does not pass for one."""
    encoded = json.dumps(body).encode()
    for struct in ANSWERS:
        if {"errors", "message"} & {each.encode_name for each in msgspec.structs.fields(struct)}:
            continue
        with pytest.raises(msgspec.DecodeError):
            fresh(struct).decode(encoded)
    with pytest.raises(msgspec.DecodeError):
        fresh(JSON).decode(encoded)
    with pytest.raises(msgspec.DecodeError):
        fresh(type(None)).decode(encoded)


def test_warnings(caplog: pytest.LogCaptureFixture) -> None:
    """Each odd field is logged once per operation, by its name and never with its value."""
    operation = fresh(Page[User])
    odd = {"lastLogin": "canary-1", "metadata": 31415, "name": "canary \ud800", "x": "canary"}
    body = json.dumps({"items": [record(0, **odd), record(1, **odd)]}).encode()
    with caplog.at_level(logging.WARNING, "frontegg_async"):
        for _ in range(3):
            operation.decode(body)
    said = sorted(each.getMessage() for each in caplog.records)
    assert [text.split(" is not")[0] for text in said] == [
        "odd.get: User.lastLogin",
        "odd.get: User.metadata",
        "odd.get: User.name",
    ]
    assert not any(secret in text for text in said for secret in ("canary", "31415"))


def test_fields_read_as_they_say() -> None:
    """A tree, a list of one or many, a document of any shape and e-mail templates are read too."""
    tree = {"tenantId": "a", "children": [{"tenantId": "b", "createdAt": "never"}, None]}
    found = fresh(TenantTree).decode(json.dumps(tree).encode())
    assert found.children[0].tenant_id == "b"
    assert len(found.children) == 1
    assert tenants.GET.decode(b'{"tenantId": "a", "createdAt": ""}')[0].tenant_id == "a"
    assert fresh(JSON).decode(b'{"a": "\\ud800"}') == {"a": "\ufffd"}
    # A number that no program can hold: it bounds the life of a token, and costs no call.
    grant = AUTHENTICATE.decode(b'{"token": "t", "expiresIn": 1e999}')
    assert (grant.token, grant.expires_in) == ("t", "1e999")
    # The specification says that a template's type is an object.
    template = b'{"type": {}, "htmlTemplate": "h", "active": true}'
    assert email_templates.GET_DEFAULT.decode(template).html_template == "h"
    assert email_templates.GET_ALL.decode(b"[%b]" % template)[0].active is True


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [{"id": "a"},',
        b'{"items": [{"id": "a"}]} x',
        b'{"items": nul}',
        b"\xff\xfe",
        b"5",
    ],
)
def test_what_is_no_page_stays_an_error(body: bytes) -> None:
    """Text that is no JSON, and JSON of another shape, is an error as before."""
    with pytest.raises(msgspec.DecodeError):
        users.ITERATE.decode(body)


class Own(msgspec.Struct):
    """A Struct of the program."""

    id: str
    at: int | None = None


def test_structs_of_others() -> None:
    """A Struct of the program is decoded strictly."""
    assert fresh(Page[Own]).decode(b'{"items": [{"id": "a", "at": 1}]}').items == (Own("a", 1),)
    for body in (b'{"items": [{"id": "a", "at": "1"}]}', b'{"items": [{"id": "\\ud800"}]}'):
        with pytest.raises(msgspec.DecodeError, match=r"\$\.items\[0\]"):
            fresh(Page[Own]).decode(body)


def test_deep_trees_end() -> None:
    """A tree of 90 levels decodes, with an odd field in each of them."""
    deep = b'{"tenantId": "a", "createdAt": "", "children": [' * 90 + b"]}" * 90
    assert fresh(TenantTree).decode(deep).tenant_id == "a"


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(["\ud83d", "", "never"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


def exact_names(struct: type[msgspec.Struct]) -> set[str]:
    return {each.name for each in msgspec.structs.fields(struct) if each.name.endswith("id")}


@settings(
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_any_odd_value_costs_its_field(data: st.DataObject) -> None:
    """An odd value in one field of one record leaves the rest of the page unchanged.

    The field is None, a string, or as a strict decoder reads it. A required field is an error.
    """
    struct = data.draw(st.sampled_from(FLAT))
    decoder = msgspec.json.Decoder(struct)
    documents = [data.draw(json_of_struct(struct)) for _ in range(3)]
    whole = [decoder.decode(json.dumps(each).encode()) for each in documents]
    field = data.draw(st.sampled_from(msgspec.structs.fields(struct)))
    odd = data.draw(values)
    spoiled = documents[1] | {field.encode_name: odd}
    body = json.dumps({"items": [documents[0], spoiled, documents[2]]}).encode()
    strict: Any
    try:
        strict = decoder.decode(json.dumps(spoiled).encode())
    except (msgspec.DecodeError, UnicodeDecodeError):
        strict = None
    operation: Operation[Page[Any]] = fresh(Page[struct])  # type: ignore[valid-type]
    items: tuple[Any, ...] = ()
    refused = ""
    try:
        items = operation.decode(body).items
    except msgspec.DecodeError as error:
        refused = str(error)
    if refused:
        assert field.required
        assert f"$.items[1].{field.encode_name}" in refused
        assert strict is None
        return
    assert len(items) == 3
    assert [items[0], items[2]] == [whole[0], whole[2]]
    found = getattr(items[1], field.name)
    if strict is not None:
        assert items[1] == strict
    else:
        assert not field.required or isinstance(found, tuple)
        kind = get_type_hints(struct)[field.name]
        if "tuple" not in str(kind) and "dict" not in str(kind) and kind is not Any:
            assert found is None or isinstance(found, str | ResponseModel)
        if field.name in exact_names(struct):
            assert found is None
    for each in msgspec.structs.fields(struct):
        if each.name != field.name:
            assert getattr(items[1], each.name) == getattr(whole[1], each.name)


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_any_mutation_is_an_answer_or_an_error(data: st.DataObject) -> None:
    """A page with any of its parts replaced decodes with all its records, or is an error."""
    struct = data.draw(st.sampled_from(FLAT))
    page: dict[str, Any] = {"items": [data.draw(json_of_struct(struct)) for _ in range(3)]}
    place: Any = page
    while True:
        keys: list[Any] = sorted(place) if hasattr(place, "keys") else list(range(len(place)))
        assume(keys)
        key = data.draw(st.sampled_from(keys))
        inside: Any = place[key]
        if type(inside) not in {dict, list} or not inside or data.draw(st.booleans()):
            break
        place = inside
    place[key] = data.draw(values)
    operation: Operation[Page[Any]] = fresh(Page[struct])  # type: ignore[valid-type]
    try:
        found = operation.decode(json.dumps(page).encode())
    except msgspec.DecodeError:
        return
    assert len(found.items) + (found.nulls) == len(page["items"])
