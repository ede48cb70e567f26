"""Operations as values: paths, queries, decoding, and the table that everything is driven by."""

from __future__ import annotations

import re
from types import NoneType
from typing import Any, NamedTuple, TypeVar, Unpack
from urllib.parse import parse_qsl, unquote

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET

from frontegg_async import (
    FronteggSession,
    InvalidRequestError,
    Operation,
    RetrySafety,
    TenantHeader,
    TokenKind,
)
from frontegg_async._core.clock import SystemClock
from frontegg_async._core.ids import MAX_ID_CHARS
from frontegg_async.emulator import Emulator
from frontegg_async.endpoints import operations, users
from frontegg_async.endpoints.users import Users
from frontegg_async.models.users import UserGroups, UserLink, UserRoles, UserTenantStatuses
from frontegg_async.operation import JSON, Arguments, Query, QueryValue, encode_query

pytestmark = pytest.mark.anyio
T = TypeVar("T")

LAST: Operation[None] = Operation("things.get", "GET", "/a/b/{thingId}", NoneType)
INNER: Operation[None] = Operation("things.put", "PUT", "/a/{thingId}/c/{partId}", NoneType)


@given(st.text())
@example("../../vendor-only")
@example("a/b")
@example("%2e%2e")
@example("..%2f..%2fadmin")
@example("..\\x")
@example("x?y=1#z")
@example("caf\u00e9 \U0001f600")
@example("\ud800")
@example("%")
def test_a_value_stays_in_its_place(value: str) -> None:
    """A value is rejected, or stands alone between the template's own slashes, unchanged."""
    try:
        path = INNER.path((value, "part"))
    except InvalidRequestError:
        return
    assert path.count("/") == INNER.template.count("/")
    assert path.isascii()
    assert not set("?#\\ ") & set(path)
    segments = path.split("/")
    assert segments[1] == "a"
    assert segments[3:] == ["c", "part"]
    assert unquote(segments[2], errors="strict") == value
    assert segments[2] not in {"", ".", ".."}
    # A gateway that decodes once more must not be led elsewhere either.
    assert not {".", ".."} & set(re.split(r"[/\\]", unquote(unquote(segments[2]))))


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "\t", ".", "..", "../x", "x/..", "x\\..\\y", "%2e%2e", "%2E.", "..%2Fx", "a\nb",
        "a\x00", "a\x7f", "a\x85", "%00", "%0a", "\ud800", "a" * (MAX_ID_CHARS + 1),
    ],
)  # fmt: skip
def test_values_that_lead_elsewhere(value: str) -> None:
    """Empty values, dots and control characters are rejected, decoded once or twice."""
    with pytest.raises(InvalidRequestError, match="thingId") as caught:
        LAST.path((value,))
    assert (caught.value.operation, caught.value.attempts) == ("things.get", 0)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [None, 1, b"id", ["id"], True])
def test_values_of_other_types(value: Any) -> None:
    """An id that is no string is rejected with its type."""
    with pytest.raises(InvalidRequestError, match=f"string, got {type(value).__name__}"):
        LAST.path((value,))


@pytest.mark.parametrize("value", ["a", "...", "a.b", "~x", "-", "a" * MAX_ID_CHARS])
def test_values_that_need_no_encoding(value: str) -> None:
    """Unreserved characters go as they are."""
    assert LAST.path((value,)) == f"/a/b/{value}"


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "c")])
def test_the_number_of_values(values: tuple[str, ...]) -> None:
    """Too few or too many values are rejected with the expected names."""
    with pytest.raises(InvalidRequestError, match=r"2 path values \(thingId, partId\)"):
        INNER.path(values)


query_values: st.SearchStrategy[QueryValue] = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.integers(),
    st.booleans(),
    st.just(UNSET),
    st.none(),
    st.lists(st.text(st.characters(codec="utf-8"))),
    st.lists(st.integers()),
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), query_values))
def test_queries_read_back(query: dict[str, QueryValue]) -> None:
    """An encoded query reads back unchanged, without None and UNSET."""
    expected: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is None or value is UNSET:
            continue
        if isinstance(value, list):
            expected += [(name, str(item)) for item in value]
        else:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            expected.append((name, shown))
    text = encode_query(query)
    assert text.isascii()
    assert "+" not in text
    assert parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)) == expected


@pytest.mark.parametrize("query", [{"a": "\ud800"}, {"a": ["ok", "\udfff"]}, {"\ud800": "a"}])
def test_queries_of_half_characters(query: Query) -> None:
    """A lone surrogate is rejected as invalid input instead of raising an error of the codec."""
    with pytest.raises(InvalidRequestError):
        encode_query(query)


@pytest.mark.parametrize("body", [b"", b"null", b" null ", b"  ", b"\n"])
def test_nothing_decodes_to_an_empty_object(body: bytes) -> None:
    """An empty response is an object without anything in it, unless an object needs an id."""
    assert users.CREATE_ACTIVATION_LINK.decode(body) == UserLink()
    assert users.TENANT_STATUSES.decode(body) == ()
    with pytest.raises(msgspec.DecodeError, match="nothing, and so not which object"):
        users.GET.decode(body)
    with pytest.raises(msgspec.DecodeError, match="nothing, and so not which object"):
        users.ITERATE.decode(body)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"{}", b"[1]", b"true", b'"done"', b" ", b"OK", b"Accepted\n"]
)
def test_where_no_body_is_wanted(body: bytes) -> None:
    """An operation without a result accepts an empty body, any JSON and words of the status."""
    assert LAST.decode(body) is None


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (b'{"userId": "a"}', ["a"]),
        (b'[{"userId": "a"}, {"userId": "b"}]', ["a", "b"]),
        (b"[]", []),
    ],
)
@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (users.TENANT_STATUSES, UserTenantStatuses),
        (users.GET_ROLES, UserRoles),
        (users.GET_GROUPS, UserGroups),
    ],
)
def test_one_or_many(
    operation: Operation[tuple[Any, ...]], kind: type, body: bytes, ids: list[str]
) -> None:
    """One object and an array of them both come out as a tuple."""
    found = operation.decode(body)
    assert [each.user_id for each in found] == ids
    assert all(isinstance(each, kind) for each in found)


def test_one_of_nothing() -> None:
    """An object without fields is an empty list, and an error where an id has to be there."""
    assert users.GET_ROLES.decode(b"{}") == ()
    assert users.GET_GROUPS.decode(b"{}") == ()
    with pytest.raises(msgspec.DecodeError, match="userId"):
        users.TENANT_STATUSES.decode(b"{}")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"{", b'{"id": 1}'])
def test_other_shapes_do_not_decode(body: bytes) -> None:
    """A body of another shape than the documented object raises DecodeError."""
    with pytest.raises(msgspec.DecodeError):
        users.GET.decode(body)


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.name)
def test_the_table_of_operations(operation: Operation[Any]) -> None:
    """Each operation is complete, agrees with itself, and its name leads to its coroutine."""
    verb = operation.name.partition(".")[2]
    assert re.fullmatch(r"[a-z0-9_]+", verb)
    assert operation.method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert re.fullmatch(r"(/[\w.-]+|/\{\w+\})+", operation.template)
    assert operation.parameters == tuple(re.findall(r"\{(\w+)\}", operation.template))
    assert operation.limit_group == f"{operation.method} {operation.template}"
    assert operation.method != "GET" or operation.repeat is RetrySafety.SAFE
    assert (operation.repeat is RetrySafety.CONVERGING) == (operation.read_back is not None)
    if operation.read_back is not None:
        assert operation.read_back.operation.parameters == operation.parameters
        assert operation.read_back.operation.repeat is RetrySafety.SAFE
    try:
        nothing = None if operation.returns is JSON else operation.returns()
    except TypeError:  # an object that needs an id
        with pytest.raises(msgspec.DecodeError, match="nothing"):
            operation.decode(b"")
    else:
        assert operation.decode(b"") == nothing
    assert repr(operation) == (
        f"<Operation {operation.name}: {operation.method} {operation.template}>"
    )


def test_operations_are_all_there() -> None:
    """Names are unique and sorted, and each public coroutine of ``Users`` has an operation."""
    names = [operation.name for operation in operations()]
    assert names == sorted(set(names))
    verbs = {name for name in dir(Users) if not name.startswith("_")}
    assert {f"users.{verb}" for verb in verbs} == {n for n in names if n.startswith("users.")}


def test_repeat_of_methods() -> None:
    """If nothing is said, reading is safe, PUT and DELETE are idempotent, the rest is not."""
    found = {
        method: Operation("a.b", method, "/a", NoneType).repeat
        for method in ("GET", "PUT", "DELETE", "POST", "PATCH")
    }
    assert found == {
        "GET": RetrySafety.SAFE,
        "PUT": RetrySafety.IDEMPOTENT,
        "DELETE": RetrySafety.IDEMPOTENT,
        "POST": RetrySafety.UNSAFE,
        "PATCH": RetrySafety.UNSAFE,
    }


def test_what_its_method_does_not_say() -> None:
    """Few POSTs are safe to repeat, and one DELETE is not: each of them is meant."""
    writes = [operation for operation in operations() if operation.method != "GET"]
    assert {each.name for each in writes if each.repeat is RetrySafety.SAFE} == {
        "groups.get_many",
        "invitations.verify",
        "ip_restrictions.verify",
        "ip_restrictions.verify_allowed",
        "users.count_by_tenant",
    }
    assert {
        each.name
        for each in writes
        if each.method in {"PUT", "DELETE"} and each.repeat is not RetrySafety.IDEMPOTENT
    } == {"phone_numbers.start_deletion"}


def test_the_two_deletes_cannot_be_confused() -> None:
    """One of the two DELETEs on a user needs the tenant header, and the other refuses it."""
    assert users.REMOVE_FROM_TENANT.limit_group == users.DELETE_EVERYWHERE.limit_group
    assert users.REMOVE_FROM_TENANT.tenant is TenantHeader.REQUIRED
    assert users.DELETE_EVERYWHERE.tenant is TenantHeader.REFUSED
    assert users.DELETE_EVERYWHERE.token is TokenKind.ENVIRONMENT


class Sent(NamedTuple):
    """One call as an endpoint made it."""

    operation: Operation[Any]
    path: tuple[str, ...]
    query: dict[str, Any]
    body: Any
    tenant_id: str | None


class Recorder:
    """A ``Caller`` that records the calls."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.clock = SystemClock()

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Record the call, and return an empty result, or one with the required fields."""
        body, query = arguments.get("body"), arguments.get("query") or {}
        decoded = None if body is None else msgspec.json.decode(msgspec.json.encode(body))
        given_query = {name: value for name, value in query.items() if value not in (None, UNSET)}
        self.sent.append(Sent(operation, path, given_query, decoded, arguments.get("tenant_id")))
        try:
            return operation.decode(b"")
        except msgspec.DecodeError:
            return operation.decode(b'{"id": "a", "tenantId": "a", "items": []}')


@pytest.mark.parametrize(
    ("operation", "arguments", "options", "path", "query", "body", "tenant_id"),
    [
        (users.GET, ("U",), {}, ("U",), {}, None, None),
        (users.GET_BY_EMAIL, ("E@x",), {}, (), {"email": "E@x"}, None, None),
        (users.TENANT_STATUSES, (["U", "V"],), {}, (), {"userIds": ["U", "V"]}, None, None),
        (
            users.TENANT_STATUSES, (["U"],), {"statuses": ["Activated"]}, (),
            {"userIds": ["U"], "userTenantStatuses": ["Activated"]}, None, None,
        ),
        (users.ADD_TO_TENANT, ("U", "T"), {}, ("U",), {}, {"tenantId": "T"}, None),
        (
            users.ADD_TO_TENANT, ("U", "T"), {"skip_invite_email": True},
            ("U",), {}, {"tenantId": "T", "skipInviteEmail": True}, None,
        ),
        (
            users.ADD_TO_TENANT, ("U", "T"), {"validate_tenant_exist": False},
            ("U",), {}, {"tenantId": "T", "validateTenantExist": False}, None,
        ),
        (users.SET_ACTIVE_TENANT, ("U", "T"), {}, ("U",), {}, {"tenantId": "T"}, None),
        (
            users.SET_ACTIVE_TENANT, ("U", "T"), {"validate_tenant_exist": True},
            ("U",), {}, {"tenantId": "T", "validateTenantExist": True}, None,
        ),
        (users.SET_SUPERUSER, ("U", True), {}, ("U",), {}, {"superUser": True}, None),
        (users.SET_SUPERUSER, ("U", False), {}, ("U",), {}, {"superUser": False}, None),
        (users.REMOVE_FROM_TENANT, ("U", "T"), {}, ("U",), {}, None, "T"),
        (users.DELETE_EVERYWHERE, ("U",), {}, ("U",), {}, None, None),
        (users.LOCK, ("U",), {}, ("U",), {}, None, None),
        (users.UNLOCK, ("U",), {}, ("U",), {}, None, None),
    ],
)  # fmt: skip
async def test_each_argument_lands_in_its_place(
    operation: Operation[Any],
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    path: tuple[str, ...],
    query: dict[str, Any],
    body: Any,
    tenant_id: str | None,
) -> None:
    """A coroutine makes one call, with every argument exactly once and nothing beside them."""
    caller = Recorder()
    coroutine = getattr(Users(caller), operation.name.partition(".")[2])
    await coroutine(*arguments, **options)
    assert caller.sent == [Sent(operation, path, query, body, tenant_id)]


async def test_filters_of_iterate_land_in_the_query() -> None:
    """Each filter is one query parameter, and no other is sent."""
    caller = Recorder()
    found = Users(caller).iterate(
        tenant_id="T",
        email="E@x",
        ids=["U", "V"],
        include_sub_tenants=False,
        sort_by="name",
        order="DESC",
        limit=7,
    )
    assert [user async for user in found] == []
    assert [user async for user in Users(caller).iterate()] == []
    filters = {
        "_tenantId": "T",
        "_email": "E@x",
        "ids": "U,V",
        "_includeSubTenants": False,
        "_sortBy": "name",
        "_order": "DESC",
    }
    assert [(each.operation, each.query) for each in caller.sent] == [
        (users.ITERATE, {**filters, "_limit": 7, "_offset": 0}),
        (users.ITERATE, {"_sortBy": "id", "_limit": 200, "_offset": 0}),
    ]


REFUSED: list[tuple[str, tuple[Any, ...]]] = [
    ("get_by_email", ("",)),
    ("tenant_statuses", ([],)),
    ("tenant_statuses", (["U"] * 201,)),
    ("tenant_statuses", ("abc",)),
    *(
        (verb, ("U", tenant_id))
        for verb in ("add_to_tenant", "set_active_tenant", "remove_from_tenant")
        for tenant_id in ("", " ", None, 5)
    ),
]


@pytest.mark.parametrize(
    ("verb", "arguments"),
    REFUSED,
)
async def test_bad_input_is_refused_before_anything_is_sent(
    emulator: Emulator, frontegg: FronteggSession, verb: str, arguments: tuple[Any, ...]
) -> None:
    """Invalid arguments raise InvalidRequestError before any request."""
    with pytest.raises(InvalidRequestError) as caught:
        await getattr(frontegg.users, verb)(*arguments)
    assert caught.value.operation == f"users.{verb}"
    assert caught.value.attempts == 0
    assert emulator.count() == 0


@pytest.mark.parametrize("value", [None, "yes", 1, UNSET])
async def test_superuser_is_a_truth_value(value: Any) -> None:
    """``set_superuser`` rejects values other than True and False."""
    caller = Recorder()
    with pytest.raises(InvalidRequestError):
        await Users(caller).set_superuser("U", value)
    assert caller.sent == []


@pytest.mark.parametrize("ids", ["user-1", []])
def test_ids_of_iterate_are_a_list(ids: Any) -> None:
    """``ids`` rejects a single string, and an empty list, which would mean all users."""
    with pytest.raises(InvalidRequestError):
        Users(Recorder()).iterate(ids=ids)
