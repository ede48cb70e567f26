"""Groups of users within a tenant."""

from typing import Any

import pytest

from .api import USERS, VENDOR_ONLY, Api, Result

pytestmark = pytest.mark.anyio

GROUPS = "/identity/resources/groups/v1"
GROUPS_V2 = "/identity/resources/groups/v2"


@pytest.fixture
async def world(api: Api) -> Api:
    """A tenant with two members and a stranger."""
    for user_id, tenant_id in (("a", "t"), ("b", "t"), ("stranger", "s")):
        api.emulator.add_user(user_id, tenant_ids=[tenant_id])
    return api


async def _send(api: Api, method: str, path: str = "", body: object = None) -> Result:
    return await api.send(method, GROUPS + path, body, frontegg_tenant_id="t")


async def _create(api: Api, name: str, **fields: object) -> Any:
    result = await _send(api, "POST", "", {"name": name, **fields})
    assert result.status == 201
    return result.json


async def test_a_group_is_created_read_changed_and_deleted(world: Api) -> None:
    """A group lives from POST to DELETE, and PATCH leaves the other fields alone."""
    group = await _create(world, "crew", color="#fff", metadata="{}")
    assert (group["roles"], group["users"], group["managedBy"]) == ([], [], "frontegg")
    path = f"/{group['id']}"
    changed = await _send(world, "PATCH", path, {"name": "band"})
    assert (changed.status, changed.json["name"], changed.json["color"]) == (200, "band", "#fff")
    assert (await _send(world, "GET", path)).json["name"] == "band"
    gone = await _send(world, "DELETE", path)
    assert (gone.status, gone.body) == (200, b"")
    assert (await _send(world, "GET", path)).status == 404
    assert (await _send(world, "GET")).json == {"groups": []}


async def test_relations_are_shown_as_asked(world: Api) -> None:
    """Roles and users of a group come only if _groupsRelations says so."""
    path = f"/{(await _create(world, 'crew'))['id']}"
    users = await _send(world, "POST", f"{path}/users", {"userIds": ["a", "b", "a"]})
    roles = await _send(world, "POST", f"{path}/roles", {"roleIds": ["role-x"]})
    assert (users.status, users.body, roles.status, roles.body) == (201, b"", 201, b"")
    for relations, role_keys, user_ids in (
        ("", [], []),
        ("?_groupsRelations=roles", ["x"], []),
        ("?_groupsRelations=users", [], ["a", "b"]),
        ("?_groupsRelations=rolesAndUsers", ["x"], ["a", "b"]),
    ):
        group = (await _send(world, "GET", path + relations)).json
        assert [role["key"] for role in group["roles"]] == role_keys
        assert [user["id"] for user in group["users"]] == user_ids
        assert all("permissions" not in role for role in group["roles"])
    assert (await _send(world, "GET", f"{path}?_groupsRelations=all")).status == 400


async def test_roles_and_users_are_removed(world: Api) -> None:
    """DELETE with a body removes the named ids, and unknown members are no error."""
    path = f"/{(await _create(world, 'crew'))['id']}"
    await _send(world, "POST", f"{path}/users", {"userIds": ["a", "b"]})
    await _send(world, "POST", f"{path}/roles", {"roleIds": ["role-x"]})
    users = await _send(world, "DELETE", f"{path}/users", {"userIds": ["a"]})
    roles = await _send(world, "DELETE", f"{path}/roles", {"roleIds": ["role-x", "role-y"]})
    assert (users.status, roles.status) == (200, 200)
    group = (await _send(world, "GET", f"{path}?_groupsRelations=rolesAndUsers")).json
    assert ([user["id"] for user in group["users"]], group["roles"]) == (["b"], [])


async def test_strangers_and_unknown_roles_are_not_found(world: Api) -> None:
    """Only members of the tenant and roles that it has can be in a group."""
    path = f"/{(await _create(world, 'crew'))['id']}"
    for body in ({"userIds": ["stranger"]}, {"userIds": ["a", "nobody"]}):
        assert (await _send(world, "POST", f"{path}/users", body)).status == 404
    assert (await _send(world, "POST", f"{path}/roles", {"roleIds": ["?"]})).status == 404
    group = (await _send(world, "GET", f"{path}?_groupsRelations=users")).json
    assert group["users"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/x", None),
        ("POST", "", {"name": "n"}),
        ("POST", "/bulkGet", {"groupsIds": []}),
        ("PATCH", "/x", {"name": "n"}),
        ("DELETE", "/x", None),
        ("POST", "/x/users", {"userIds": []}),
        ("DELETE", "/x/roles", {"roleIds": []}),
    ],
)
async def test_groups_need_their_tenant(world: Api, method: str, path: str, body: object) -> None:
    """Without the tenant header every route but the configuration's gets 403."""
    result = await world.send(method, GROUPS + path, body)
    assert (result.status, result.json["errors"]) == (403, ["Tenant ID is not specified"])


async def test_groups_of_another_tenant_are_out_of_reach(world: Api) -> None:
    """A group is found with its own tenant's header only."""
    group = await _create(world, "crew")
    target = f"{GROUPS}/{group['id']}"
    assert (await world.send("GET", target, frontegg_tenant_id="s")).status == 404
    assert (await world.send("DELETE", target, frontegg_tenant_id="s")).status == 404
    assert (await world.send("GET", GROUPS, frontegg_tenant_id="s")).json == {"groups": []}


async def test_a_name_is_taken_once_a_tenant(world: Api) -> None:
    """A second group of the same name is a conflict, and so is renaming to it."""
    await _create(world, "crew")
    other = await _create(world, "other")
    assert (await _send(world, "POST", "", {"name": "crew"})).status == 409
    assert (await _send(world, "PATCH", f"/{other['id']}", {"name": "crew"})).status == 409
    elsewhere = await world.send("POST", GROUPS, {"name": "crew"}, frontegg_tenant_id="s")
    assert elsewhere.status == 201


async def test_many_are_read_by_id(world: Api) -> None:
    """BulkGet returns 201 with the known groups, in the order of the ids."""
    first, second = await _create(world, "first"), await _create(world, "second")
    body = {"groupsIds": [second["id"], "unknown", first["id"]]}
    result = await _send(world, "POST", "/bulkGet", body)
    assert result.status == 201
    assert [group["name"] for group in result.json["groups"]] == ["second", "first"]


async def test_pages_of_groups(world: Api) -> None:
    """groups/v2 counts pages and sorts."""
    for name in ("b", "c", "a"):
        await _create(world, name)
    names: list[str] = []
    for page in (0, 1):
        query = f"?_sortBy=name&_order=DESC&_limit=2&_offset={page}"
        result = await world.send("GET", GROUPS_V2 + query, frontegg_tenant_id="t")
        names += [group["name"] for group in result.json["items"]]
        assert result.json["_metadata"] == {"totalItems": 3, "totalPages": 2}
    assert names == ["c", "b", "a"]


async def test_the_configuration_is_kept(api: Api) -> None:
    """A setting that is posted is kept, and the other one stays."""
    result = await api.send("POST", f"{GROUPS}/config", {"rolesEnabled": False})
    assert (result.status, result.body) == (201, b"")
    config = (await api.send("GET", f"{GROUPS}/config")).json
    assert config == {"enabled": True, "rolesEnabled": False}


async def test_users_show_their_groups(world: Api) -> None:
    """The groups of a user are in the user, and in the lookup of many."""
    group = await _create(world, "crew")
    await _send(world, "POST", f"/{group['id']}/users", {"userIds": ["a"]})
    user = (await world.send("GET", f"{VENDOR_ONLY}/a")).json
    assert user["groups"] == [{"id": group["id"], "name": "crew"}]
    target = "/identity/resources/users/v3/groups?ids=a,b,stranger"
    found = (await world.send("GET", target, frontegg_tenant_id="t")).json
    assert [(each["userId"], each["groupIds"]) for each in found] == [
        ("a", [group["id"]]),
        ("b", []),
    ]


async def test_leaving_a_tenant_leaves_its_groups(world: Api) -> None:
    """Neither a removed membership nor a deleted user stays in a group."""
    path = f"/{(await _create(world, 'crew'))['id']}"
    await _send(world, "POST", f"{path}/users", {"userIds": ["a", "b"]})
    await world.send("DELETE", f"{USERS}/a", frontegg_tenant_id="t")
    await world.send("DELETE", f"{USERS}/b")
    assert (await _send(world, "GET", f"{path}?_groupsRelations=users")).json["users"] == []
