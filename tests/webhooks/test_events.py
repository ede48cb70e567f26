"""Bodies of webhooks: events of every family, both shapes, and bodies that are no event."""

from __future__ import annotations

import contextlib
import copy
import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async import InvalidRequestError
from frontegg_async.models.users import User
from frontegg_async.webhooks import (
    ApiTokenEvent,
    ApplicationEvent,
    Event,
    EventKey,
    GroupEvent,
    PlanEvent,
    ScimEvent,
    SecurityEvent,
    TenantEvent,
    UserEvent,
    unwrap,
    unwrap_prehook,
)

from ..support.hooks import SECRET, signed

CONTEXT = {
    "tenantId": "tenant-1",
    "userId": "user-1",
    "applicationId": "app-1",
    "vendorId": "environment-1",
}
USER = {"id": "user-1", "email": "ada@example.test", "tenantIds": ["tenant-1"], "metadata": "{}"}
HEADERS = signed()

FAMILIES: dict[str, type[Event]] = {
    "frontegg.user.app.": ApplicationEvent,
    "frontegg.tenant.app.": ApplicationEvent,
    "frontegg.user.plan.": PlanEvent,
    "frontegg.tenant.plan.": PlanEvent,
    "frontegg.user.": UserEvent,
    "frontegg.tenant.": TenantEvent,
    "frontegg.group.": GroupEvent,
    "frontegg.userApiToken.": ApiTokenEvent,
    "frontegg.tenantApiToken.": ApiTokenEvent,
    "frontegg.scim.": ScimEvent,
    "frontegg.account.": SecurityEvent,
}


def received(body: object) -> Event:
    return unwrap(HEADERS, msgspec.json.encode(body), secret=SECRET)


@pytest.mark.parametrize("key", EventKey)
def test_known_keys_have_a_family(key: EventKey) -> None:
    """Every known key is an event of its family's class, equal to the name in the enumeration."""
    event = received({"eventKey": key.value, "eventContext": CONTEXT})
    family = next(kind for prefix, kind in FAMILIES.items() if key.startswith(prefix))
    assert type(event) is family
    assert event.key == key


@pytest.mark.parametrize("body_type", [bytes, bytearray, memoryview, bytes.decode])
def test_a_whole_event(body_type: Any) -> None:
    """Ids, the user and the raw body are read, from a body of any type."""
    content = {"eventKey": "frontegg.user.created", "eventContext": CONTEXT, "user": USER}
    event = unwrap(HEADERS, body_type(msgspec.json.encode(content)), secret=SECRET)
    assert (event.tenant_id, event.user_id) == ("tenant-1", "user-1")
    assert (event.application_id, event.environment_id) == ("app-1", "environment-1")
    assert isinstance(event.user, User)
    assert event.user.is_member_of("tenant-1")
    assert event.raw == content


@pytest.mark.parametrize(
    "data",
    [
        {"eventContext": CONTEXT, "user": USER},
        {**CONTEXT, "user": USER},
    ],
)
def test_the_other_shape(data: dict[str, Any]) -> None:
    """``{key, data}`` is the same event, with its ids in ``data`` or in a context there."""
    event = received({"key": "frontegg.user.updated", "data": data})
    assert type(event) is UserEvent
    assert (event.tenant_id, event.user_id) == ("tenant-1", "user-1")
    assert event.user is not None
    assert event.user.email == "ada@example.test"


@pytest.mark.parametrize("key", ["frontegg.billing.paid", "acme.order.shipped", "🦆"])
def test_unknown_keys(key: str) -> None:
    """An event of no known family is an open one, with all that others have."""
    event = received({"eventKey": key, "eventContext": CONTEXT})
    assert type(event) is Event
    assert (event.key, event.tenant_id) == (key, "tenant-1")


def test_new_keys_of_a_known_family() -> None:
    """A key that is new in a known family is of that family."""
    assert type(received({"eventKey": "frontegg.user.cloned"})) is UserEvent


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("ffrontegg.user.plan.unassigned", EventKey.USER_PLAN_UNASSIGNED),
        (
            "frontegg.user.temporary.access.temporary.to.permanentd",
            EventKey.TEMPORARY_ACCESS_MADE_PERMANENT,
        ),
    ],
)
def test_misspelled_keys(sent: str, meant: EventKey) -> None:
    """A key that the documentation misspells is the one that is meant; the body keeps it."""
    event = received({"eventKey": sent})
    assert event.key == meant
    assert event.raw["eventKey"] == sent


def test_users_that_are_provisioned() -> None:
    """The id of a user whom a directory provisions is that of the user in the body."""
    context = {**CONTEXT, "userId": "idp_provisioned"}
    event = received({"eventKey": EventKey.SCIM_USER_CREATED, "eventContext": context})
    assert event.user_id is None
    event = received(
        {"eventKey": EventKey.SCIM_USER_CREATED, "eventContext": context, "user": USER}
    )
    assert event.user_id == "user-1"


def test_ids_of_families() -> None:
    """Groups, plans and tokens have their ids, from the context, the body or ``data``."""
    group = received({"eventKey": EventKey.GROUP_CREATED, "eventContext": {"groupId": "g"}})
    scim = received({"key": EventKey.SCIM_GROUP_UPDATED, "data": {"group": {"id": "g"}}})
    plan = received({"eventKey": EventKey.USER_PLAN_ASSIGNED, "planId": "p"})
    token = received({"key": EventKey.USER_API_TOKEN_CREATED, "data": {"clientId": "c"}})
    assert isinstance(group, GroupEvent)
    assert isinstance(scim, ScimEvent)
    assert isinstance(plan, PlanEvent)
    assert isinstance(token, ApiTokenEvent)
    assert (group.group_id, scim.group_id, plan.plan_id, token.client_id) == ("g", "g", "p", "c")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not JSON",
        b"[]",
        b'"frontegg.user.created"',
        b"null",
        b"5",
        b"{}",
        b'{"eventKey": ""}',
        b'{"eventKey": 5}',
        b'{"eventKey": null, "eventContext": {}}',
        b'{"eventKey": "frontegg.user.created"',
        b'{"eventKey": "frontegg.user.created"} {}',
        b'{"eventKey": "\xff"',
        b'{"eventKey": "k", "n": NaN}',
        b'{"eventKey": "k", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"eventKey": "k", "n": ' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}",
        b"\xef\xbb\xbf{}",
        "{\x00}",
        "\ud800",
    ],
)
def test_bodies_that_are_no_event(body: bytes | str) -> None:
    """A body that is no event is a 400, whether it is no JSON, no object or without a key."""
    with pytest.raises(InvalidRequestError) as caught:
        unwrap(HEADERS, body, secret=SECRET)
    assert caught.value.status is None
    assert len(str(caught.value)) < 300


def test_broken_characters() -> None:
    """A body with half a character is read, with U+FFFD in its place."""
    event = unwrap(HEADERS, rb'{"eventKey": "frontegg.user.\ud83d"}', secret=SECRET)
    assert event.key == "frontegg.user.\N{REPLACEMENT CHARACTER}"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["tenantId", "userId", "applicationId", "vendorId", "appId", "groupId", "planId", "clientId"]
)
CONTEXTS = JSON | st.dictionaries(FIELDS, JSON)
USERS = JSON | st.fixed_dictionaries(
    {"id": JSON},
    optional=dict.fromkeys(
        ("email", "tenantIds", "tenants", "roles", "createdAt", "metadata", "groups"), JSON
    ),
)
KEYS = st.sampled_from([*map(str, EventKey), "other"])
BODIES = st.fixed_dictionaries(
    {"eventKey": KEYS},
    optional={
        "eventContext": CONTEXTS,
        "prehookContext": CONTEXTS,
        "user": USERS,
        "group": JSON,
        "data": CONTEXTS
        | st.fixed_dictionaries(
            {},
            optional={
                "eventContext": CONTEXTS,
                "user": USERS,
                "claims": JSON,
                "authData": JSON | st.fixed_dictionaries({"user": USERS}),
                "samlMetadata": JSON,
            },
        ),
    },
)


@given(BODIES)
def test_odd_fields_are_absent(body: dict[str, Any]) -> None:
    """Whatever types the fields have, a body with a key is an event whose ids are strings."""
    event = received(body)
    assert event.raw == body
    ids = [event.tenant_id, event.user_id, event.application_id, event.environment_id]
    assert all(each is None or str(each) == each != "" for each in ids)
    assert event.user is None or event.user.id
    assert copy.deepcopy(event) == event == pickle.loads(pickle.dumps(event))  # noqa: S301
    assert repr(event)


@given(BODIES)
def test_odd_prehooks(body: dict[str, Any]) -> None:
    """The same holds for prehooks, which need no key but something to decide on."""
    try:
        prehook = unwrap_prehook(HEADERS, msgspec.json.encode(body), secret=SECRET)
    except InvalidRequestError:
        for name in ("data", "prehookContext", "eventContext"):
            assert not isinstance(body.get(name), dict) or not body[name]
        return
    assert prehook.raw == body
    assert prehook.email is None or isinstance(prehook.email, str)
    assert repr(prehook)


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """Bytes of any kind are an event or are refused, and never another error."""
    with contextlib.suppress(InvalidRequestError):
        assert unwrap(HEADERS, body, secret=SECRET).key


def test_events_in_logs() -> None:
    """The ``repr`` of an event has its ids, and neither the user's data nor the body."""
    event = received({"eventKey": "frontegg.user.created", "eventContext": CONTEXT, "user": USER})
    assert repr(event) == (
        "UserEvent(tenant_id='tenant-1', user_id='user-1', application_id='app-1', "
        "environment_id='environment-1', key='frontegg.user.created')"
    )
