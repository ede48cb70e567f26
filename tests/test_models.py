"""Models take whatever comes: anything missing, anything null, anything new."""

from __future__ import annotations

import json
import types
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from frontegg_async.models import authentication, paging, permissions, roles, tenants, users
from frontegg_async.models._base import ResponseModel
from frontegg_async.models.users import AddToTenantRequest, User, UserTenant

MODULES = (authentication, paging, permissions, roles, tenants, users)


def structs(base: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    found = [value for module in MODULES for value in vars(module).values()]
    return [
        value
        for value in found
        if isinstance(value, type) and issubclass(value, base) and value is not base
    ]


RESPONSES = structs(ResponseModel)
DATES = [
    "2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123Z", "2024-05-06T07:08:09.123456Z",
    "2024-05-06T07:08:09+05:30", "2024-05-06T07:08:09.1-08:00", "2024-05-06T07:08:09",
]  # fmt: skip
extras = st.dictionaries(
    st.text(max_size=3).map("x-".__add__),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.booleans(), max_size=2),
    max_size=3,
)


def json_of(kind: Any) -> st.SearchStrategy[Any]:
    """Build JSON of the shape that a field's annotation stands for."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return st.one_of(*[json_of(arm) for arm in get_args(kind)])
    if origin is tuple:
        return st.lists(json_of(get_args(kind)[0]), max_size=2)
    if origin is Literal:
        return st.sampled_from(get_args(kind)) | st.text()
    if isinstance(origin or kind, type) and issubclass(origin or kind, msgspec.Struct):
        return json_of_struct(origin or kind)
    known: dict[Any, st.SearchStrategy[Any]] = {
        types.NoneType: st.none(),
        str: st.text(st.characters(codec="utf-8")),
        bool: st.booleans(),
        int: st.integers(0, 2**53),
        float: st.floats(0, 1e9),
        datetime: st.sampled_from(DATES),
    }
    if kind in known:
        return known[kind]
    # The rest are type variables of a generic and documents of any shape.
    return st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=2)


def json_of_struct(struct: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(struct)
    fields = {
        field.encode_name: json_of(hints[field.name]) | st.none()
        for field in msgspec.structs.fields(struct)
    }

    def merge(known: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
        return {**unknown, **known}

    return st.builds(merge, st.fixed_dictionaries({}, optional=fields), extras)


def encoded_names(struct: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


@pytest.mark.parametrize("struct", RESPONSES, ids=lambda struct: struct.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_any_answer_of_the_right_shape_decodes(
    struct: type[msgspec.Struct], data: st.DataObject
) -> None:
    """Fields missing, null, unknown or with new values decode, and keep what was said."""
    document = data.draw(json_of_struct(struct))
    decoded = msgspec.json.decode(json.dumps(document).encode(), type=struct)
    for field in msgspec.structs.fields(struct):
        value = getattr(decoded, field.name)
        given_value = document.get(field.encode_name)
        assert (value is None) == (given_value is None)
        if isinstance(given_value, str) and isinstance(value, str):
            assert value == given_value


@pytest.mark.parametrize("struct", RESPONSES, ids=lambda struct: struct.__name__)
def test_nothing_and_nulls_are_the_same(struct: type[msgspec.Struct]) -> None:
    """An empty object and one of nulls decode to the same: None everywhere."""
    nulls = json.dumps(dict.fromkeys(encoded_names(struct))).encode()
    assert msgspec.json.decode(b"{}", type=struct) == msgspec.json.decode(nulls, type=struct)
    assert all(value is None for value in msgspec.structs.astuple(struct()))


@pytest.mark.parametrize("struct", RESPONSES, ids=lambda struct: struct.__name__)
def test_answers_cannot_be_changed(struct: type[msgspec.Struct]) -> None:
    """Answers are values: nobody changes one under somebody else's hands."""
    with pytest.raises(AttributeError):
        setattr(struct(), msgspec.structs.fields(struct)[0].name, None)
    assert hash(struct()) == hash(struct())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DATES[0], datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        (DATES[1], datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC)),
        (DATES[3], datetime(2024, 5, 6, 1, 38, 9, tzinfo=UTC)),
        (DATES[4], datetime(2024, 5, 6, 15, 8, 9, 100_000, tzinfo=UTC)),
    ],
)
def test_dates(text: str, expected: datetime) -> None:
    """Times with and without fractions and offsets are the instants that they name."""
    decoded = msgspec.json.decode(json.dumps({"createdAt": text}).encode(), type=User)
    assert decoded.created_at == expected


@pytest.mark.parametrize("value", ["", "never", "2024-05-06", "0000-00-00T00:00:00Z"])
def test_a_date_that_is_none(value: str) -> None:
    """A date that cannot be read is an error that names the field and not the value."""
    with pytest.raises(msgspec.ValidationError, match="createdAt") as caught:
        msgspec.json.decode(json.dumps({"createdAt": value}).encode(), type=User)
    assert "never" not in str(caught.value)


@pytest.mark.parametrize("value", ['{"a": 1}', "", {"a": {"b": [1]}}, {}, None])
def test_metadata_in_all_its_forms(value: Any) -> None:
    """Metadata comes as a text, as the document itself, or not at all."""
    document = {"metadata": value, "vendorMetadata": value}
    decoded = msgspec.json.decode(json.dumps(document).encode(), type=User)
    assert (decoded.metadata, decoded.vendor_metadata) == (value, value)


@pytest.mark.parametrize(
    ("user", "member"),
    [
        (User(), False),
        (User(tenant_ids=()), False),
        (User(tenant_ids=("b",)), False),
        (User(tenant_ids=("b", "a")), True),
        (User(tenants=(UserTenant(tenant_id="a"),)), True),
        (User(tenant_ids=("b",), tenants=(UserTenant(tenant_id="a"),)), True),
        (User(tenants=(UserTenant(),)), False),
        (User(tenant_ids=("aa",)), False),
        # The active tenant is no membership: it may be one that the user has been moved to.
        (User(tenant_id="a"), False),
    ],
)
def test_membership(user: User, member: bool) -> None:
    """A membership is what either list of tenants shows, and nothing else."""
    assert user.is_member_of("a") is member


@pytest.mark.parametrize(
    ("fields", "document"),
    [
        ({}, {"tenantId": "T"}),
        ({"skip_invite_email": UNSET}, {"tenantId": "T"}),
        ({"skip_invite_email": False}, {"tenantId": "T", "skipInviteEmail": False}),
        ({"skip_invite_email": None}, {"tenantId": "T", "skipInviteEmail": None}),
        (
            {"skip_invite_email": True, "validate_tenant_exist": True},
            {"tenantId": "T", "skipInviteEmail": True, "validateTenantExist": True},
        ),
    ],
)
def test_absence_in_requests(fields: dict[str, Any], document: dict[str, Any]) -> None:
    """UNSET is left out, None is null, and False is said."""
    encoded = msgspec.json.encode(AddToTenantRequest(tenant_id="T", **fields))
    assert json.loads(encoded) == document


def test_credentials_do_not_show() -> None:
    """Neither the secret nor the token shows in the ``repr`` of what carries it."""
    request = authentication.AuthenticateRequest(client_id="an-id", secret="canary-key")
    token = authentication.TokenGrant(token="canary-token", expires_in=5)
    assert "canary" not in repr(request) + repr(token)


def test_what_is_not_there_is_not_shown() -> None:
    """A ``repr`` holds what an answer said or a body says, and not the thirty fields besides."""
    assert repr(User(id="u", email="e@x", verified=False)) == (
        "User(id='u', email='e@x', verified=False)"
    )
    assert repr(AddToTenantRequest(tenant_id="T")) == "AddToTenantRequest(tenant_id='T')"
    body: Any = AddToTenantRequest(tenant_id="T", skip_invite_email=None)  # type: ignore[arg-type]
    assert repr(body) == "AddToTenantRequest(tenant_id='T', skip_invite_email=None)"
