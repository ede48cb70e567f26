"""Every operation on users, against the emulator's memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import UNSET

from frontegg_async import (
    FronteggSession,
    InvalidRequestError,
    NotFoundError,
    Operation,
    PermissionDeniedError,
    TenantHeader,
    User,
)
from frontegg_async.emulator import Emulator
from frontegg_async.endpoints import users
from frontegg_async.models.users import AddToTenantRequest

from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio
Act = Callable[[FronteggSession, str], Awaitable[Any]]

ACTS: dict[str, Act] = {
    "get": lambda session, user_id: session.users.get(user_id),
    "add_to_tenant": lambda session, user_id: session.users.add_to_tenant(user_id, "acme"),
    "set_active_tenant": lambda session, user_id: session.users.set_active_tenant(user_id, "acme"),
    "set_superuser": lambda session, user_id: session.users.set_superuser(user_id, True),
    "remove_from_tenant": lambda session, user_id: session.users.remove_from_tenant(
        user_id, "home"
    ),
    "delete_everywhere": lambda session, user_id: session.users.delete_everywhere(user_id),
    "lock": lambda session, user_id: session.users.lock(user_id),
    "unlock": lambda session, user_id: session.users.unlock(user_id),
}


async def test_get(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A user comes with every membership, roles and all."""
    emulator.add_user("u", email="u@example.test", tenant_ids=["a", "b"], roles=["admin"])
    user = await frontegg.users.get("u")
    assert (user.id, user.email, user.tenant_id) == ("u", "u@example.test", "a")
    assert user.tenant_ids == ("a", "b")
    assert [role.key for role in user.roles or ()] == ["admin"]
    assert user.created_at is not None
    assert user.is_member_of("b")


@pytest.mark.parametrize("email", ["user-1@example.test", "USER-1@example.test"])
async def test_get_by_email(frontegg: FronteggSession, email: str) -> None:
    """A user is found by address."""
    assert (await frontegg.users.get_by_email(email)).id == "user-1"


@pytest.mark.parametrize("email", ["a+b@example.test", "a&b=c@example.test", "\u00fc@example.test"])
async def test_odd_addresses(emulator: Emulator, frontegg: FronteggSession, email: str) -> None:
    """An address with characters that mean something in a URL arrives as it is."""
    emulator.add_user("odd", email=email)
    assert (await frontegg.users.get_by_email(email)).id == "odd"


@pytest.mark.parametrize(
    "user_id", ["a/b", "a b", "caf\u00e9", "a%2Fb", "a?b#c", "a+b", "...", "~"]
)
async def test_odd_ids(emulator: Emulator, frontegg: FronteggSession, user_id: str) -> None:
    """An id with characters that mean something in a URL leads to that user and no other."""
    emulator.add_user(user_id)
    assert (await frontegg.users.get(user_id)).id == user_id


@pytest.mark.parametrize(
    ("options", "invites", "status"),
    [
        ({}, 1, "PendingInvitation"),
        ({"skip_invite_email": False}, 1, "PendingInvitation"),
        ({"skip_invite_email": True}, 0, "NotActivated"),
    ],
)
async def test_add_to_tenant(
    emulator: Emulator, frontegg: FronteggSession, options: Any, invites: int, status: str
) -> None:
    """The user becomes a member, the tenant comes into being, and one invite or none goes out."""
    user = await frontegg.users.add_to_tenant("user-0", "acme", **options)
    assert user.is_member_of("acme")
    assert emulator.user("user-0").tenants == {"home": "Activated", "acme": status}
    assert "acme" in emulator.tenants
    assert [(each.user_id, each.tenant_id) for each in emulator.invites] == (
        [("user-0", "acme")] * invites
    )


@pytest.mark.parametrize("skip", [UNSET, None, False, True], ids=repr)
def test_only_without_an_invite_an_add_is_harmless(skip: Any) -> None:
    """A second add may follow one in doubt only if the body says that no invite is sent."""
    read_back = users.ADD_TO_TENANT.read_back
    assert read_back is not None
    body = AddToTenantRequest(tenant_id="acme", skip_invite_email=skip)
    assert read_back.harmless(body) is (skip is True)


@pytest.mark.parametrize("verb", ["add_to_tenant", "set_active_tenant"])
async def test_unknown_tenants_can_be_refused(
    emulator: Emulator, frontegg: FronteggSession, verb: str
) -> None:
    """Asked to validate, the server refuses an unknown tenant, and none is made."""
    before = emulator.memberships()
    with pytest.raises(NotFoundError) as caught:
        await getattr(frontegg.users, verb)("user-0", "unheard-of", validate_tenant_exist=True)
    assert caught.value.operation == f"users.{verb}"
    assert caught.value.messages == ("Tenant not found",)
    assert "unheard-of" not in emulator.tenants
    assert emulator.memberships() == before


async def test_set_active_tenant(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The active tenant changes, on the server and in the result."""
    emulator.add_user("u", tenant_ids=["a", "b"])
    user = await frontegg.users.set_active_tenant("u", "b")
    assert user.tenant_id == emulator.user("u").active_tenant == "b"


async def test_set_superuser(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Access to everything is given and taken."""
    for value in (True, False):
        user = await frontegg.users.set_superuser("user-0", value)
        assert user.super_user is value
        assert emulator.user("user-0").super_user is value


async def test_remove_from_tenant(emulator: Emulator, frontegg: FronteggSession) -> None:
    """One membership ends, and the user stays with the others."""
    emulator.add_user("u", tenant_ids=["a", "b"])
    assert await frontegg.users.remove_from_tenant("u", "a") is None  # type: ignore[func-returns-value]
    assert list(emulator.user("u").tenants) == ["b"]


async def test_delete_everywhere(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The user is gone from every tenant, and no other user is."""
    emulator.add_user("u", tenant_ids=["a", "home"])
    await frontegg.users.delete_everywhere("u")
    assert emulator.memberships() == {(f"user-{number}", "home") for number in range(3)}
    with pytest.raises(KeyError):
        emulator.user("u")
    assert "frontegg-tenant-id" not in emulator.requests[-1].headers


async def test_deleting_on_a_view_of_a_tenant(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """``delete_everywhere`` on a tenant's view is rejected, and nothing is sent."""
    with pytest.raises(InvalidRequestError, match="beyond one tenant"):
        await frontegg.for_tenant("home").users.delete_everywhere("user-0")
    assert emulator.count() == 0
    assert emulator.user("user-0").tenants == {"home": "Activated"}


async def test_removing_on_a_view_of_another_tenant(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """The tenant that is named beats the view's."""
    emulator.add_user("u", tenant_ids=["a", "b"])
    await frontegg.for_tenant("a").users.remove_from_tenant("u", "b")
    assert list(emulator.user("u").tenants) == ["a"]


async def test_lock_and_unlock(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A user is locked, twice if need be, and unlocked again."""
    for verb, locked in (("lock", True), ("lock", True), ("unlock", False)):
        assert await getattr(frontegg.users, verb)("user-0") is None
        assert emulator.user("user-0").locked is locked


@pytest.mark.parametrize("verb", ACTS)
async def test_nobody_there(emulator: Emulator, frontegg: FronteggSession, verb: str) -> None:
    """An unknown user is a NotFoundError of that operation, with the trace id."""
    before = emulator.memberships()
    with pytest.raises(NotFoundError) as caught:
        await ACTS[verb](frontegg, "nobody")
    error = caught.value
    assert (error.operation, error.status, error.attempts) == (f"users.{verb}", 404, 1)
    assert error.messages == ("User nobody not found",)
    assert error.trace_id
    assert len(error.trace_id) == 32
    assert emulator.memberships() == before


async def test_nobody_has_the_address(frontegg: FronteggSession) -> None:
    """An unknown address is a NotFoundError."""
    with pytest.raises(NotFoundError):
        await frontegg.users.get_by_email("nobody@example.test")


@pytest.mark.parametrize("verb", [verb for verb in ACTS if verb != "delete_everywhere"])
async def test_environment_operations_on_a_view_of_a_tenant(
    emulator: Emulator, frontegg: FronteggSession, verb: str
) -> None:
    """Operations that take no tenant send none on a tenant's view, so that none is rejected."""
    await ACTS[verb](frontegg.for_tenant("home"), "user-0")
    sent = emulator.requests[-1]
    assert ("frontegg-tenant-id" in sent.headers) is (verb == "remove_from_tenant")


GET_IN_TENANT = Operation(
    "own.get", "GET", "/identity/resources/users/v1/{userId}", User, tenant=TenantHeader.OPTIONAL
)
GET_ANYWHERE = Operation("own.get", "GET", users.GET.template, User, tenant=TenantHeader.OPTIONAL)


@pytest.mark.parametrize(
    ("operation", "tenant_id", "message", "hint"),
    [
        (GET_IN_TENANT, None, "Tenant ID is not specified", "on a for_tenant() view"),
        (GET_ANYWHERE, "home", "Tenant ID is defined", "not on a for_tenant() view"),
    ],
)
async def test_both_refusals_about_tenants(
    frontegg: FronteggSession,
    operation: Operation[User],
    tenant_id: str | None,
    message: str,
    hint: str,
) -> None:
    """A missing and a superfluous tenant are errors with a hint at the right view."""
    with pytest.raises(PermissionDeniedError) as caught:
        await frontegg.call(operation, "user-0", tenant_id=tenant_id)
    assert caught.value.messages[0].startswith(message)
    assert hint in (caught.value.hint or "")
    assert hint in str(caught.value)


@pytest.mark.parametrize("as_object", [False, True])
async def test_tenant_statuses(anyio_backend: str, as_object: bool) -> None:
    """Statuses of one user come as a tuple, whether the server sends an object or an array."""
    async with Emulator(api_key=API_KEY, statuses_as_object=as_object) as server:
        server.add_user("u", tenant_ids=["a"])
        server.add_user("v", tenant_ids=["a", "b"])
        async with session_on(server) as session:
            await session.users.add_to_tenant("u", "b")
            (found,) = await session.users.tenant_statuses(["u"])
            assert found.user_id == "u"
            assert [(each.tenant_id, each.status) for each in found.tenants_statuses or ()] == [
                ("a", "Activated"),
                ("b", "PendingInvitation"),
            ]
            both = await session.users.tenant_statuses(["u", "v"], statuses=["PendingInvitation"])
            assert [(each.user_id, len(each.tenants_statuses or ())) for each in both] == [
                ("u", 1),
                ("v", 0),
            ]
            assert await session.users.tenant_statuses(["nobody"]) == ()


async def test_as_many_statuses_as_there_may_be(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """Two hundred users go into one request, and each of them comes back."""
    ids = [emulator.add_user(f"s{number}", tenant_ids=["a"]) for number in range(200)]
    before = emulator.count()
    found = await frontegg.users.tenant_statuses(ids)
    assert [each.user_id for each in found] == ids
    assert emulator.count() - before == 2  # one of them for the token
