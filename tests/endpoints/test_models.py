"""Models accept missing, null, unknown and new fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from frontegg_async.models import authentication, paging, permissions, roles, tenants, users
from frontegg_async.models._base import ResponseModel
from frontegg_async.models.users import AddToTenantRequest, User, UserTenant

from ..support.documents import DATES, json_of_struct

MODULES = (authentication, paging, permissions, roles, tenants, users)


def structs(base: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    found = [value for module in MODULES for value in vars(module).values()]
    return [
        value
        for value in found
        if isinstance(value, type)
        and issubclass(value, base)
        and value not in {base, paging.PageWithNulls}
    ]


RESPONSES = structs(ResponseModel)


def fields_of(struct: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def identity(kind: Any) -> Any:
    """Return the least that a field holds which has to be there: an id, or an empty list."""
    return [] if get_origin(kind) is tuple else "an-id"


@pytest.mark.parametrize("struct", RESPONSES, ids=lambda struct: struct.__name__)
@settings(max_examples=40)
@given(data=st.data())
def test_any_answer_of_the_right_shape_decodes(
    struct: type[msgspec.Struct], data: st.DataObject
) -> None:
    """Documents with missing, null, unknown or new fields decode, and keep their values."""
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
    """Missing fields and nulls both decode to None, except required ones, which are errors."""
    there = {each.encode_name: identity(each.type) for each in fields_of(struct) if each.required}
    nulls = dict.fromkeys(each.encode_name for each in fields_of(struct))
    decoder = msgspec.json.Decoder(struct)
    found = decoder.decode(json.dumps(there).encode())
    assert found == decoder.decode(json.dumps(nulls | there).encode())
    optional = [
        each.name for each in fields_of(struct) if not each.required and each.name != "nulls"
    ]
    assert all(getattr(found, name) is None for name in optional)
    if there:
        for name in there:
            with pytest.raises(msgspec.ValidationError, match=name):
                decoder.decode(json.dumps(there | {name: None}).encode())


@pytest.mark.parametrize("struct", RESPONSES, ids=lambda struct: struct.__name__)
def test_answers_cannot_be_changed(struct: type[msgspec.Struct]) -> None:
    """Results cannot be changed, and can be hashed."""
    there = {each.encode_name: identity(each.type) for each in fields_of(struct) if each.required}
    one, other = (msgspec.json.decode(json.dumps(there), type=struct) for _ in range(2))
    with pytest.raises(AttributeError):
        setattr(one, fields_of(struct)[0].name, None)
    assert hash(one) == hash(other)


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
    decoded = msgspec.json.decode(json.dumps({"id": "u", "createdAt": text}).encode(), type=User)
    assert decoded.created_at == expected


@pytest.mark.parametrize("value", ["", "never", "2024-05-06", "0000-00-00T00:00:00Z"])
def test_a_date_that_is_none(value: str) -> None:
    """A date that cannot be read is an error that names the field and not the value."""
    with pytest.raises(msgspec.ValidationError, match="createdAt") as caught:
        msgspec.json.decode(json.dumps({"id": "u", "createdAt": value}).encode(), type=User)
    assert "never" not in str(caught.value)


@pytest.mark.parametrize("value", ['{"a": 1}', "", {"a": {"b": [1]}}, {}, None])
def test_metadata_in_all_its_forms(value: Any) -> None:
    """Metadata comes as a text, as the document itself, or not at all."""
    document = {"id": "u", "metadata": value, "vendorMetadata": value}
    decoded = msgspec.json.decode(json.dumps(document).encode(), type=User)
    assert (decoded.metadata, decoded.vendor_metadata) == (value, value)


@pytest.mark.parametrize(
    ("user", "member"),
    [
        (User(id="u"), False),
        (User(id="u", tenant_ids=()), False),
        (User(id="u", tenant_ids=("b",)), False),
        (User(id="u", tenant_ids=("b", "a")), True),
        (User(id="u", tenants=(UserTenant(tenant_id="a"),)), True),
        (User(id="u", tenant_ids=("b",), tenants=(UserTenant(tenant_id="a"),)), True),
        (User(id="u", tenants=(UserTenant(tenant_id="b"),)), False),
        (User(id="u", tenant_ids=("aa",)), False),
        # The active tenant is no membership: it may be one that the user has been moved to.
        (User(id="u", tenant_id="a"), False),
    ],
)
def test_membership(user: User, member: bool) -> None:
    """A user is a member of the tenants in either list, and of no others."""
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
    """UNSET is left out, None is null, and False is sent."""
    encoded = msgspec.json.encode(AddToTenantRequest(tenant_id="T", **fields))
    assert json.loads(encoded) == document


def test_credentials_do_not_show() -> None:
    """The ``repr`` of a Struct shows neither its secret nor its token."""
    request = authentication.AuthenticateRequest(client_id="an-id", secret="canary-key")
    token = authentication.TokenGrant(token="canary-token", expires_in=5)
    assert "canary" not in repr(request) + repr(token)


def test_what_is_not_there_is_not_shown() -> None:
    """A ``repr`` shows the fields that are set, and not the thirty others."""
    assert repr(User(id="u", email="e@x", verified=False)) == (
        "User(id='u', email='e@x', verified=False)"
    )
    assert repr(AddToTenantRequest(tenant_id="T")) == "AddToTenantRequest(tenant_id='T')"
    body: Any = AddToTenantRequest(tenant_id="T", skip_invite_email=None)  # type: ignore[arg-type]
    assert repr(body) == "AddToTenantRequest(tenant_id='T', skip_invite_email=None)"
