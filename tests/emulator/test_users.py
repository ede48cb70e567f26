"""What the user operations do and answer."""

import pytest

from frontegg_async.emulator import DuplicateAdd, ForeignTenant, Invite

from .api import USERS, VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio


async def test_adding_creates_tenant_membership_and_invite(api: Api) -> None:
    """An add answers 201 with the user, makes the unknown tenant, and invites once."""
    api.emulator.add_user("u", email="u@x.io")
    result = await api.add("u", "t")
    assert result.status == 201
    assert result.json["id"] == "u"
    assert result.json["tenantIds"] == ["t"]
    assert result.json["tenantId"] == "t"
    assert result.json["tenants"] == [{"tenantId": "t", "isDisabled": False, "roles": []}]
    assert api.emulator.memberships() == {("u", "t")}
    assert list(api.emulator.tenants) == ["t"]
    assert api.emulator.invites == [Invite("u", "t", "u@x.io")]
    assert api.emulator.user("u").tenants == {"t": "PendingInvitation"}


async def test_skipping_the_invite_sends_none(api: Api) -> None:
    """SkipInviteEmail adds the user without an e-mail."""
    api.emulator.add_user("u")
    assert (await api.add("u", "t", skipInviteEmail=True)).status == 201
    assert api.emulator.invites == []


@pytest.mark.parametrize(
    ("policy", "status", "invites"),
    [
        (DuplicateAdd.CREATED, 201, 1),
        (DuplicateAdd.CREATED_AND_INVITES, 201, 2),
        (DuplicateAdd.CONFLICT, 409, 1),
        (DuplicateAdd.BAD_REQUEST, 400, 1),
    ],
)
async def test_adding_twice_follows_the_policy(
    connect: Connect, policy: DuplicateAdd, status: int, invites: int
) -> None:
    """The second add of a membership answers and invites as each policy says."""
    async with connect(duplicate_add=policy) as api:
        api.emulator.add_user("u")
        await api.add("u", "t")
        assert (await api.add("u", "t")).status == status
        assert len(api.emulator.invites) == invites
        assert api.emulator.memberships() == {("u", "t")}


async def test_a_tenant_is_validated_if_the_request_asks_for_it(api: Api) -> None:
    """ValidateTenantExist refuses unknown tenants and lets known ones pass."""
    api.emulator.add_user("u")
    api.emulator.add_tenant("known", name="Known")
    assert (await api.add("u", "unknown", validateTenantExist=True)).status == 404
    assert (await api.add("u", "known", validateTenantExist=True)).status == 201
    assert list(api.emulator.tenants) == ["known"]


async def test_a_tenant_is_validated_if_the_emulator_is_told_to(connect: Connect) -> None:
    """validate_tenants refuses unknown tenants whatever the request says."""
    async with connect(validate_tenants=True) as api:
        api.emulator.add_user("u")
        assert (await api.add("u", "t", validateTenantExist=False)).status == 404


@pytest.mark.parametrize(
    "body", [{}, {"tenantId": 7}, {"tenantId": ""}, {"tenantId": "t", "skipInviteEmail": "yes"}]
)
async def test_a_bad_body_is_refused_and_does_nothing(api: Api, body: object) -> None:
    """Bodies of the wrong shape get 400 with a message."""
    api.emulator.add_user("u")
    result = await api.send("POST", f"{USERS}/u/tenant", body)
    assert result.status == 400
    assert result.json["errors"]
    assert not api.emulator.memberships()


async def test_a_body_without_its_content_type_is_no_body(api: Api) -> None:
    """JSON that does not say it is JSON is not read."""
    api.emulator.add_user("u")
    body = b'{"tenantId": "t"}'
    result = await api.send("POST", f"{USERS}/u/tenant", body, Content_Type="text/plain")
    assert result.status == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{USERS}/nobody/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/nobody/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/nobody/superuser", {"superUser": True}),
        ("POST", f"{USERS}/nobody/lock", None),
        ("POST", f"{USERS}/nobody/unlock", None),
        ("DELETE", f"{USERS}/nobody", None),
        ("GET", f"{VENDOR_ONLY}/nobody", None),
        ("GET", f"{USERS}/email?email=nobody%40x.io", None),
    ],
)
async def test_unknown_users_are_not_found(api: Api, method: str, path: str, body: object) -> None:
    """Every operation on a user who does not exist gets 404 and leaves no tenant behind."""
    assert (await api.send(method, path, body)).status == 404
    assert not api.emulator.tenants


async def test_implicit_users_exist_once_they_are_named(connect: Connect) -> None:
    """With implicit users an add to anybody works."""
    async with connect(implicit_users=True) as api:
        assert (await api.add("whoever", "t")).status == 201
        assert api.emulator.memberships() == {("whoever", "t")}


async def test_the_active_tenant_of_a_member_changes(api: Api) -> None:
    """Setting the active tenant answers 200 with it and leaves memberships alone."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    result = await api.send("PUT", f"{USERS}/u/tenant", {"tenantId": "b"})
    assert (result.status, result.json["tenantId"]) == (200, "b")
    assert result.json["tenantIds"] == ["a", "b"]


@pytest.mark.parametrize(
    ("policy", "status", "active", "members"),
    [
        (ForeignTenant.JOIN, 200, "b", {("u", "a"), ("u", "b")}),
        (ForeignTenant.SWITCH_ONLY, 200, "b", {("u", "a")}),
        (ForeignTenant.REFUSE, 400, "a", {("u", "a")}),
    ],
)
async def test_a_foreign_active_tenant_follows_the_policy(
    connect: Connect, policy: ForeignTenant, status: int, active: str, members: set[object]
) -> None:
    """Setting a tenant active that the user is no member of does as each policy says."""
    async with connect(foreign_tenant=policy) as api:
        api.emulator.add_user("u", tenant_ids=["a"])
        result = await api.send("PUT", f"{USERS}/u/tenant", {"tenantId": "b"})
        assert result.status == status
        assert api.emulator.user("u").active_tenant == active
        assert api.emulator.memberships() == members
        assert api.emulator.invites == []


async def test_superuser_is_set_and_taken_back(api: Api) -> None:
    """Both values of superUser arrive and are answered."""
    api.emulator.add_user("u")
    for value in (True, False):
        result = await api.send("PUT", f"{USERS}/u/superuser", {"superUser": value})
        assert (result.status, result.json["superUser"]) == (200, value)
        assert api.emulator.user("u").super_user is value


async def test_locking_answers_an_empty_body(api: Api) -> None:
    """Lock and unlock change the user and answer 200 with nothing in it."""
    api.emulator.add_user("u")
    for verb, locked in (("lock", True), ("unlock", False)):
        result = await api.send("POST", f"{USERS}/u/{verb}")
        assert (result.status, result.body) == (200, b"")
        assert api.emulator.user("u").locked is locked


async def test_deleting_with_a_tenant_leaves_the_others(api: Api) -> None:
    """DELETE with the tenant header ends that membership and moves the active tenant on."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    result = await api.send("DELETE", f"{USERS}/u", frontegg_tenant_id="a")
    assert (result.status, result.body) == (200, b"")
    assert api.emulator.memberships() == {("u", "b")}
    assert api.emulator.user("u").active_tenant == "b"
    again = await api.send("DELETE", f"{USERS}/u", frontegg_tenant_id="a")
    assert again.status == 404


async def test_deleting_without_a_tenant_deletes_everywhere(api: Api) -> None:
    """DELETE without the tenant header removes the user and frees the address."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["a", "b"])
    assert (await api.send("DELETE", f"{USERS}/u")).status == 200
    assert api.emulator.memberships() == set()
    with pytest.raises(KeyError):
        api.emulator.user("u")
    assert (await api.send("GET", f"{USERS}/email?email=u@x.io")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{USERS}/u/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/u/tenant", {"tenantId": "t"}),
        ("PUT", f"{USERS}/u/superuser", {"superUser": True}),
        ("GET", f"{VENDOR_ONLY}/u", None),
    ],
)
async def test_environment_routes_refuse_a_tenant_header(
    api: Api, method: str, path: str, body: object
) -> None:
    """Routes for the environment alone get 403 with the message seen, and do nothing."""
    api.emulator.add_user("u")
    result = await api.send(method, path, body, frontegg_tenant_id="t")
    assert result.status == 403
    assert result.json["errors"] == ["Tenant ID is defined - forbidden route for tenants"]
    assert not api.emulator.memberships()


async def test_reading_in_a_tenant_needs_the_tenant(api: Api) -> None:
    """GET users/v1/{id} gets 403 without the header, 404 in a foreign tenant, else the user."""
    api.emulator.add_user("u", tenant_ids=["t"])
    missing = await api.send("GET", f"{USERS}/u")
    foreign = await api.send("GET", f"{USERS}/u", frontegg_tenant_id="other")
    found = await api.send("GET", f"{USERS}/u", frontegg_tenant_id="t")
    assert (missing.status, missing.json["errors"]) == (403, ["Tenant ID is not specified"])
    assert (foreign.status, found.status) == (404, 200)


async def test_roles_are_ids_in_roles_and_objects_in_users(api: Api) -> None:
    """A user's roles hold permission ids while the user holds permission objects."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["Admin"])
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert user["roles"][0]["permissions"] == [user["permissions"][0]["id"]]
    assert user["tenants"][0]["roles"] == user["roles"]


async def test_a_user_is_found_by_email_in_any_case(api: Api) -> None:
    """Addresses are compared without regard to case, and no address is a 400."""
    api.emulator.add_user("u", email="U@x.io")
    assert (await api.send("GET", f"{USERS}/email?email=u%40X.io")).json["id"] == "u"
    assert (await api.send("GET", f"{USERS}/email")).status == 400


async def test_inviting_creates_or_adds(api: Api) -> None:
    """POST users/v1 makes a user in the header's tenant, and adds an existing one to another."""
    body = {"email": "new@x.io", "name": "New", "roleIds": ["role-Admin"]}
    assert (await api.send("POST", USERS, body)).status == 403
    first = await api.send("POST", USERS, body, frontegg_tenant_id="a")
    second = await api.send("POST", USERS, body, frontegg_tenant_id="b")
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] == second.json["id"]
    assert first.json["roles"] == ["role-Admin"]
    assert list(api.emulator.user(first.json["id"]).tenants) == ["a", "b"]
    assert len(api.emulator.invites) == 2


async def test_creating_as_the_vendor_takes_an_address_once(api: Api) -> None:
    """POST vendor-only/users/v1 makes a user without an invite, and refuses the address again."""
    body = {"email": "new@x.io", "tenantId": "t", "mfaBypass": True, "externalId": "x1"}
    result = await api.send("POST", VENDOR_ONLY, body)
    assert result.status == 201
    assert (result.json["mfaBypass"], result.json["externalId"]) == (True, "x1")
    assert api.emulator.invites == []
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 409


async def test_an_id_cannot_be_set_up_twice(api: Api) -> None:
    """Setting a user up under an id in use is the caller's mistake."""
    api.emulator.add_user("u")
    with pytest.raises(ValueError, match="already"):
        api.emulator.add_user("u")
