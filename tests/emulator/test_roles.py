"""Roles: created, read, changed and deleted, and given automatically."""

from typing import Any

import pytest

from .api import USERS, VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio

ROLES = "/identity/resources/roles/v1"
ROLES_V2 = "/identity/resources/roles/v2"
PERMISSIONS = "/identity/resources/permissions/v1"


async def _create(api: Api, key: str, tenant_id: str | None = None, **fields: object) -> Any:
    body = [{"key": key, "name": key.title(), "level": 1, **fields}]
    headers = {} if tenant_id is None else {"frontegg_tenant_id": tenant_id}
    result = await api.send("POST", ROLES, body, **headers)
    assert result.status == 201
    (role,) = result.json
    return role


async def _roles_in(api: Api, user_id: str, tenant_id: str) -> list[str]:
    user = (await api.send("GET", f"{USERS}/{user_id}", frontegg_tenant_id=tenant_id)).json
    return [role["id"] for role in user["roles"]]


async def test_a_role_is_created_listed_changed_and_deleted(api: Api) -> None:
    """A role lives from POST to DELETE, and PATCH leaves the other fields alone."""
    role = await _create(api, "editor", description="Edits")
    assert (role["tenantId"], role["permissions"], role["level"]) == (None, [], 1)
    assert [each["id"] for each in (await api.send("GET", ROLES)).json] == [role["id"]]
    changed = await api.send("PATCH", f"{ROLES}/{role['id']}", {"name": "Chief", "level": 0.5})
    assert (changed.status, changed.json["name"], changed.json["level"]) == (200, "Chief", 0.5)
    assert changed.json["description"] == "Edits"
    gone = await api.send("DELETE", f"{ROLES}/{role['id']}")
    assert (gone.status, gone.body) == (204, b"")
    assert (await api.send("GET", ROLES)).json == []


async def test_a_tenants_roles_are_listed_with_its_header_only(api: Api) -> None:
    """Roles made with the tenant header are seen with it and not without."""
    api.emulator.add_tenant("t")
    ours = await _create(api, "everywhere")
    theirs = await _create(api, "here", "t")
    assert theirs["tenantId"] == "t"
    assert (await api.send("GET", ROLES)).json == [ours]
    assert (await api.send("GET", ROLES, frontegg_tenant_id="t")).json == [ours, theirs]
    assert (await api.send("GET", ROLES, frontegg_tenant_id="other")).json == [ours]
    target = f"{ROLES}/{theirs['id']}"
    assert (await api.send("DELETE", target, frontegg_tenant_id="other")).status == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        [7],
        [{"key": "x", "name": "X"}],
        [{"key": "x", "level": 1}],
        [{"key": "x", "name": "X", "level": -1}],
        [{"key": "x", "name": "X", "level": 32_768}],
    ],
)
async def test_a_role_needs_key_name_and_level(api: Api, body: object) -> None:
    """Anything but an array of roles is rejected, and so is a level out of range."""
    rejected = await api.send("POST", ROLES, body)
    assert rejected.status == 400
    assert ("Expected body to be an array" in rejected.json["errors"]) is isinstance(body, dict)


async def test_a_key_is_taken_once(api: Api) -> None:
    """A key in use is a conflict in its own realm only, and of an array all fail or none."""
    api.emulator.add_tenant("t")
    await _create(api, "admin")
    await _create(api, "admin", "t")
    other = await _create(api, "other")
    body = [{"key": key, "name": "N", "level": 0} for key in ("new", "admin")]
    taken = await api.send("POST", ROLES, body)
    assert (taken.status, taken.json["errors"]) == (409, ["Roles already exists"])
    assert (await api.send("PATCH", f"{ROLES}/{other['id']}", {"key": "admin"})).status == 409
    assert [role["key"] for role in (await api.send("GET", ROLES)).json] == ["admin", "other"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"{ROLES}/x", {"name": "N"}),
        ("DELETE", f"{ROLES}/x", None),
        ("PUT", f"{ROLES}/x/permissions", {"permissionIds": []}),
        ("PUT", f"{ROLES}/x/tenant", {"tenantId": "t"}),
        ("POST", ROLES_V2, {"key": "k", "name": "N", "baseRoleId": "x", "permissionIds": []}),
    ],
)
async def test_unknown_roles_are_not_found(api: Api, method: str, path: str, body: object) -> None:
    """Every route that names a role answers 404 for one that is not there."""
    assert (await api.send(method, path, body)).status == 404


async def test_setting_permissions_replaces_them(api: Api) -> None:
    """PUT permissions makes the given ones the only ones, and both sides show it."""
    role = await _create(api, "editor")
    body = [{"key": "read", "name": "Read"}, {"key": "write", "name": "Write"}]
    read, write = (await api.send("POST", PERMISSIONS, body)).json
    for wanted in ([read["id"], write["id"]], [write["id"]]):
        result = await api.send(
            "PUT", f"{ROLES}/{role['id']}/permissions", {"permissionIds": wanted}
        )
        assert (result.status, result.json["permissions"]) == (200, wanted)
    shown = {each["key"]: each["roleIds"] for each in (await api.send("GET", PERMISSIONS)).json}
    assert shown == {"read": [], "write": [role["id"]]}
    unknown = {"permissionIds": ["x"]}
    assert (await api.send("PUT", f"{ROLES}/{role['id']}/permissions", unknown)).status == 404


async def test_a_role_moves_to_a_tenant(api: Api) -> None:
    """PUT tenant gives a role to a tenant that exists."""
    api.emulator.add_tenant("t")
    role = await _create(api, "editor")
    target = f"{ROLES}/{role['id']}/tenant"
    assert (await api.send("PUT", target, {"tenantId": "nowhere"})).status == 404
    moved = await api.send("PUT", target, {"tenantId": "t"})
    assert (moved.status, moved.json["tenantId"]) == (200, "t")
    assert (await api.send("GET", ROLES)).json == []


async def test_a_role_made_from_another_takes_its_level(api: Api) -> None:
    """POST roles/v2 answers 200 with the permissions given and the level of the base."""
    api.emulator.add_tenant("t")
    base = await _create(api, "base", level=7)
    (read,) = (await api.send("POST", PERMISSIONS, [{"key": "read", "name": "Read"}])).json
    body = {
        "key": "derived",
        "name": "Derived",
        "baseRoleId": base["id"],
        "permissionIds": [read["id"]],
    }
    made = await api.send("POST", ROLES_V2, body, frontegg_tenant_id="t")
    assert (made.status, made.json["permissions"]) == (200, [read["id"]])
    assert made.json["tenantId"] == "t"
    assert "level" not in made.json
    roles = (await api.send("GET", ROLES, frontegg_tenant_id="t")).json
    assert [role["level"] for role in roles] == [7, 7]


async def test_pages_of_roles_are_sorted_and_filtered(api: Api) -> None:
    """roles/v2 sorts where it is asked to, counts pages, and sifts by level, tenant and text."""
    api.emulator.add_tenant("t")
    for level, key in enumerate(("cook", "baker", "cutler")):
        await _create(api, key, "t" if key == "cutler" else None, level=level)

    async def keys(query: str) -> list[str]:
        page = (await api.send("GET", f"{ROLES_V2}?{query}")).json
        return [role["key"] for role in page["items"]]

    assert await keys("") == ["cook", "baker", "cutler"]
    assert (await api.send("GET", f"{ROLES_V2}?_sortBy=colour")).status == 400
    assert (await api.send("GET", f"{ROLES_V2}?_sortBy=key&_limit=2001")).status == 400
    assert await keys("_sortBy=key") == ["baker", "cook", "cutler"]
    assert await keys("_sortBy=level&_order=DESC&_limit=2") == ["cutler", "baker"]
    assert await keys("_sortBy=level&_order=DESC&_limit=2&_offset=1") == ["cook"]
    assert await keys("_sortBy=key&_levels=0&_levels=2") == ["cook", "cutler"]
    assert await keys("_sortBy=key&_tenantIds=t") == ["cutler"]
    assert await keys("_sortBy=key&_filter=C") == ["cook", "cutler"]
    levels = await api.send("GET", f"{ROLES_V2}/distinct-levels")
    tenants = await api.send("GET", f"{ROLES_V2}/distinct-tenants")
    assert (levels.json, tenants.json) == ([0, 1, 2], ["t"])


async def test_roles_sort_by_how_much_they_are_used(api: Api) -> None:
    """UserTenants sorts by memberships with the role, permissions by the permissions in it."""
    api.emulator.add_user("u", tenant_ids=["a", "b"], roles=["busy"])
    idle = await _create(api, "idle")
    for order, keys in (("ASC", ["idle", "busy"]), ("DESC", ["busy", "idle"])):
        for field in ("userTenants", "permissions"):
            query = f"{ROLES_V2}?_sortBy={field}&_order={order}"
            page = (await api.send("GET", query)).json
            assert [role["key"] for role in page["items"]] == keys
    assert idle["permissions"] == []


async def test_default_roles_go_to_users_without_any(api: Api) -> None:
    """An added user gets the default roles, and a user invited with roles gets those."""
    default = await _create(api, "default", isDefault=True)
    other = await _create(api, "other")
    api.emulator.add_user("u")
    await api.add("u", "t")
    body = {"email": "v@x.io", "roleIds": [other["id"]]}
    invited = await api.send("POST", USERS, body, frontegg_tenant_id="t")
    assert await _roles_in(api, "u", "t") == [default["id"]]
    assert invited.json["roles"] == [other["id"]]


async def test_the_first_user_of_a_tenant_gets_the_role_for_it(api: Api) -> None:
    """FirstUserRole goes to the first user of a tenant and to no later one."""
    owner = await _create(api, "owner", firstUserRole=True)
    for user_id in ("u", "v"):
        api.emulator.add_user(user_id)
        await api.add(user_id, "t")
    assert await _roles_in(api, "u", "t") == [owner["id"]]
    assert await _roles_in(api, "v", "t") == []


async def test_a_migrated_default_goes_to_all_users(api: Api) -> None:
    """MigrateRole gives a new default to users who are members already."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["admin"])
    role = await _create(api, "default", isDefault=True, migrateRole=True)
    assert await _roles_in(api, "u", "t") == ["role-admin", role["id"]]
    later = await _create(api, "later")
    change = {"isDefault": True, "migrateRole": True}
    await api.send("PATCH", f"{ROLES}/{later['id']}", change)
    assert await _roles_in(api, "u", "t") == ["role-admin", role["id"], later["id"]]


async def test_deleting_a_role_takes_it_from_users(api: Api) -> None:
    """A deleted role is gone from every user, together with its permissions."""
    api.emulator.add_user("u", tenant_ids=["a", "b"], roles=["admin", "editor"])
    assert (await api.send("DELETE", f"{ROLES}/role-admin")).status == 204
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert [role["key"] for role in user["roles"]] == ["editor"]
    assert [permission["key"] for permission in user["permissions"]] == ["permission-editor"]
    assert [[role["key"] for role in each["roles"]] for each in user["tenants"]] == [["editor"]] * 2


async def test_links_of_roles_keep_the_filters(connect: Connect) -> None:
    """The next page of roles is asked for with the same order and filter."""
    async with connect(next_at_end=None) as api:
        for key in ("a1", "b1", "a2", "a3"):
            await _create(api, key)
        target: str | None = f"{ROLES_V2}?_sortBy=key&_order=DESC&_filter=a&_limit=2"
        keys: list[str] = []
        while target is not None:
            page = (await api.send("GET", target)).json
            keys += [role["key"] for role in page["items"]]
            following = page["_links"]["next"]
            target = None if following is None else f"{ROLES_V2}?{following}"
        assert keys == ["a3", "a2", "a1"]
