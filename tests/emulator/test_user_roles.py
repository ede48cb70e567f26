"""Roles and groups of users, by tenant."""

import pytest

from .api import USERS, VENDOR_ONLY, Api

pytestmark = pytest.mark.anyio

ROLES_OF_USERS = "/identity/resources/users/v3/roles"
GROUPS_OF_USERS = "/identity/resources/users/v3/groups"


async def test_roles_are_added_and_removed_in_one_tenant(api: Api) -> None:
    """Each change returns all roles of that tenant, and other tenants keep theirs."""
    api.emulator.add_user("u", tenant_ids=["a", "b"], roles=["admin"])
    body = {"roleIds": ["role-editor", "role-admin"]}
    added = await api.send("POST", f"{USERS}/u/roles", body, frontegg_tenant_id="b")
    assert (added.status, added.json["tenantId"], added.json["userId"]) == (201, "b", "u")
    assert [role["key"] for role in added.json["roles"]] == ["admin", "editor"]
    body = {"roleIds": ["role-admin", "role-absent"]}
    removed = await api.send("DELETE", f"{USERS}/u/roles", body, frontegg_tenant_id="b")
    assert removed.status == 200
    assert [role["key"] for role in removed.json["roles"]] == ["editor"]
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    shown = {each["tenantId"]: [role["key"] for role in each["roles"]] for each in user["tenants"]}
    assert shown == {"a": ["admin"], "b": ["editor"]}
    assert [role["key"] for role in user["roles"]] == ["admin"]


async def test_a_users_roles_are_those_of_the_tenant_asked_for(api: Api) -> None:
    """Roles and permissions follow the tenant header, or else the active tenant."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    body = {"roleIds": ["role-admin"]}
    await api.send("POST", f"{USERS}/u/roles", body, frontegg_tenant_id="b")
    for tenant_id, keys in (("a", []), ("b", ["admin"])):
        user = (await api.send("GET", f"{USERS}/u", frontegg_tenant_id=tenant_id)).json
        assert [role["key"] for role in user["roles"]] == keys
        assert len(user["permissions"]) == len(keys)
    await api.send("PUT", f"{USERS}/u/tenant", {"tenantId": "b"})
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert [role["key"] for role in user["roles"]] == ["admin"]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_changing_roles_needs_a_tenant_a_member_and_a_role(api: Api, method: str) -> None:
    """403 without the header, 404 for strangers and unknown roles, 400 without ids."""
    api.emulator.add_user("u", tenant_ids=["t"])
    good, bad = {"roleIds": ["role-x"]}, {"roleIds": ["unknown"]}
    headless = await api.send(method, f"{USERS}/u/roles", good)
    assert (headless.status, headless.json["errors"]) == (403, ["Tenant ID is not specified"])
    for path, tenant_id, body, status in (
        (f"{USERS}/u/roles", "other", good, 404),
        (f"{USERS}/nobody/roles", "t", good, 404),
        (f"{USERS}/u/roles", "t", bad, 404),
        (f"{USERS}/u/roles", "t", {}, 400),
    ):
        result = await api.send(method, path, body, frontegg_tenant_id=tenant_id)
        assert result.status == status


async def test_a_role_of_another_tenant_cannot_be_given(api: Api) -> None:
    """A tenant's own role is unknown in every other tenant."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    new = [{"key": "k", "name": "N", "level": 0}]
    created = await api.send("POST", "/identity/resources/roles/v1", new, frontegg_tenant_id="a")
    body = {"roleIds": [created.json[0]["id"]]}
    for tenant_id, status in (("a", 201), ("b", 404)):
        result = await api.send("POST", f"{USERS}/u/roles", body, frontegg_tenant_id=tenant_id)
        assert result.status == status


async def test_leaving_a_tenant_ends_the_roles_there(api: Api) -> None:
    """A user who comes back to a tenant does not have the old roles."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    body = {"roleIds": ["role-admin"]}
    await api.send("POST", f"{USERS}/u/roles", body, frontegg_tenant_id="b")
    await api.send("DELETE", f"{USERS}/u", frontegg_tenant_id="b")
    await api.add("u", "b")
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert [each["roles"] for each in user["tenants"]] == [[], []]


async def test_the_roles_of_many_are_looked_up_at_once(api: Api) -> None:
    """users/v3/roles has an entry for each member of the tenant, and none for strangers."""
    api.emulator.add_user("a", tenant_ids=["t", "s"], roles=["admin"])
    api.emulator.add_user("b", tenant_ids=["t"])
    target = f"{ROLES_OF_USERS}?ids=a,b&ids=nobody"
    found = await api.send("GET", target, frontegg_tenant_id="t")
    assert found.status == 200
    assert found.json == [
        {"userId": "a", "tenantId": "t", "roleIds": ["role-admin"], "vendorId": "emulator-vendor"},
        {"userId": "b", "tenantId": "t", "roleIds": [], "vendorId": "emulator-vendor"},
    ]
    assert (await api.send("GET", target, frontegg_tenant_id="elsewhere")).json == []
    tenants = [each["tenantId"] for each in (await api.send("GET", target)).json]
    assert tenants == ["t", "s", "t"]


@pytest.mark.parametrize("path", [ROLES_OF_USERS, GROUPS_OF_USERS])
@pytest.mark.parametrize("count", [0, 251])
async def test_a_lookup_takes_one_to_250_ids(api: Api, path: str, count: int) -> None:
    """No id and more than 250 ids get 400."""
    ids = ",".join(str(number) for number in range(count))
    assert (await api.send("GET", f"{path}?ids={ids}", frontegg_tenant_id="t")).status == 400


async def test_a_seeded_role_comes_with_each_tenant(api: Api) -> None:
    """A user set up with roles gets them in tenants that are joined later, too."""
    api.emulator.add_user("u", tenant_ids=["a"], roles=["admin"])
    await api.add("u", "b")
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert [each["roles"] for each in user["tenants"]] == [user["roles"]] * 2
    assert user["roles"][0]["id"] == "role-admin"
