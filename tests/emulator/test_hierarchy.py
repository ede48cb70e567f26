"""Tenants below tenants."""

import pytest

from .api import Api

pytestmark = pytest.mark.anyio

HIERARCHY = "/tenants/resources/hierarchy/v1"
SUB_TENANTS = "/tenants/resources/sub-tenants/v1"
TENANTS = "/tenants/resources/tenants/v1"
USERS_V3 = "/identity/resources/users/v3"


@pytest.fixture
async def tree(api: Api) -> Api:
    """One tenant at the top, two below it, and one below the first of them."""
    api.emulator.add_tenant("top", name="Top")
    for child, parent in (("left", "top"), ("right", "top"), ("leaf", "left")):
        body = {"tenantId": child, "name": child.title(), "parentTenantId": parent}
        made = await api.send("POST", SUB_TENANTS, body)
        assert (made.status, made.json["tenantId"]) == (201, child)
    return api


async def _ids(api: Api, tenant_id: str, path: str = "") -> list[str]:
    result = await api.send("GET", HIERARCHY + path, frontegg_tenant_id=tenant_id)
    assert result.status == 200
    return [each["tenantId"] for each in result.json]


async def test_sub_tenants_and_parents_are_listed(tree: Api) -> None:
    """All levels below are listed, and all levels above from the nearest on."""
    assert await _ids(tree, "top") == ["left", "leaf", "right"]
    assert await _ids(tree, "right") == []
    assert await _ids(tree, "leaf", "/parents") == ["left", "top"]
    assert await _ids(tree, "top", "/parents") == []


async def test_the_tree_nests(tree: Api) -> None:
    """The tree shows each tenant within its parent, with the name under both its names."""
    shown = (await tree.send("GET", f"{HIERARCHY}/tree", frontegg_tenant_id="top")).json
    assert (shown["tenantId"], shown["name"], shown["tenantName"]) == ("top", "Top", "Top")
    left, right = shown["children"]
    (leaf,) = left["children"]
    assert [each["tenantId"] for each in (left, right, leaf)] == ["left", "right", "leaf"]
    assert (right["children"], leaf["children"]) == ([], [])


async def test_levels_count_the_steps(tree: Api) -> None:
    """The tenants right below and right above are one step away."""
    for tenant_id, path, levels in (("top", "", [1, 2, 1]), ("leaf", "/parents", [1, 2])):
        result = await tree.send("GET", HIERARCHY + path, frontegg_tenant_id=tenant_id)
        assert [each["level"] for each in result.json] == levels


async def test_an_update_moves_a_tenant(tree: Api) -> None:
    """ParentTenantId in an update moves a tenant, null frees it, a circle is rejected."""
    target = "/tenants/resources/tenants/v2/left"
    for parent, status, below_right in (
        ("leaf", 400, []),
        ("x", 404, []),
        ("right", 200, ["left", "leaf"]),
        (None, 200, []),
    ):
        result = await tree.send("PUT", target, {"parentTenantId": parent})
        assert result.status == status
        assert await _ids(tree, "right") == below_right
    assert await _ids(tree, "left") == ["leaf"]


@pytest.mark.parametrize("path", ["", "/parents", "/tree"])
async def test_reading_needs_a_tenant_that_exists(tree: Api, path: str) -> None:
    """Without the tenant header it is 403, with an unknown tenant 404."""
    headless = await tree.send("GET", HIERARCHY + path)
    assert (headless.status, headless.json["errors"]) == (403, ["Tenant ID is not specified"])
    unknown = await tree.send("GET", HIERARCHY + path, frontegg_tenant_id="x")
    assert unknown.status == 404


async def test_a_tenant_is_put_below_another_and_taken_away(tree: Api) -> None:
    """POST and DELETE of the relation have empty responses, and keep both tenants."""
    tree.emulator.add_tenant("late")
    body = {"parentTenantId": "leaf", "childTenantId": "late"}
    made = await tree.send("POST", HIERARCHY, body)
    assert (made.status, made.body) == (201, b"")
    assert await _ids(tree, "left") == ["leaf", "late"]
    gone = await tree.send("DELETE", HIERARCHY, body)
    assert (gone.status, gone.body) == (200, b"")
    assert await _ids(tree, "left") == ["leaf"]
    assert "late" in tree.emulator.tenants
    assert (await tree.send("DELETE", HIERARCHY, body)).status == 404


@pytest.mark.parametrize(
    ("parent", "child", "status"),
    [
        ("top", "top", 400),
        ("right", "leaf", 400),
        ("leaf", "top", 400),
        ("top", "x", 404),
        ("x", "top", 404),
        (None, "top", 400),
    ],
)
async def test_a_relation_that_cannot_be_is_rejected(
    tree: Api, parent: str | None, child: str, status: int
) -> None:
    """Nothing is below itself, has two parents, or closes a circle."""
    body = {"parentTenantId": parent, "childTenantId": child}
    assert (await tree.send("POST", HIERARCHY, body)).status == status
    assert await _ids(tree, "top") == ["left", "leaf", "right"]


async def test_deleting_a_tenant_moves_the_ones_below_up(tree: Api) -> None:
    """Tenants below a deleted tenant move up to its parent."""
    assert (await tree.send("DELETE", f"{SUB_TENANTS}/left")).status == 200
    assert await _ids(tree, "top") == ["right", "leaf"]
    assert (await tree.send("DELETE", f"{TENANTS}/top")).status == 200
    assert await _ids(tree, "leaf", "/parents") == []
    assert list(tree.emulator.tenants) == ["right", "leaf"]


async def test_a_tenant_at_the_top_is_no_sub_tenant(tree: Api) -> None:
    """Deleting by the sub-tenants' route spares a tenant at the top."""
    assert (await tree.send("DELETE", f"{SUB_TENANTS}/top")).status == 404
    assert "top" in tree.emulator.tenants


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"tenantId": "n", "name": "N"}, 400),
        ({"tenantId": "n", "parentTenantId": "top"}, 400),
        ({"tenantId": "n", "name": "N", "parentTenantId": "x"}, 404),
        ({"tenantId": "leaf", "name": "N", "parentTenantId": "top"}, 409),
    ],
)
async def test_a_sub_tenant_needs_id_name_and_parent(tree: Api, body: object, status: int) -> None:
    """Nothing is created without a name, without a known parent, or with an id in use."""
    assert (await tree.send("POST", SUB_TENANTS, body)).status == status
    assert set(tree.emulator.tenants) == {"top", "left", "right", "leaf"}


async def test_management_and_settings_are_kept(tree: Api) -> None:
    """IsReseller shows in the tenant, and only three kinds of access are known."""
    managed = await tree.send("PUT", f"{SUB_TENANTS}/left/management", {"isReseller": True})
    assert (managed.status, managed.json["isReseller"]) == (200, True)
    target = f"{SUB_TENANTS}/left/hierarchy-settings"
    kept = await tree.send("PUT", target, {"subAccountAccessType": "alwaysOn"})
    assert (kept.status, kept.json["subAccountAccessType"]) == (200, "alwaysOn")
    assert (await tree.send("PUT", target, {"subAccountAccessType": "never"})).status == 400
    for path, body in (
        ("management", {"isReseller": True}),
        ("hierarchy-settings", {"subAccountAccessType": "alwaysOn"}),
    ):
        assert (await tree.send("PUT", f"{SUB_TENANTS}/x/{path}", body)).status == 404


async def test_users_below_count_unless_they_should_not(tree: Api) -> None:
    """users/v3 of a tenant lists those of its sub-tenants too, once each, unless told not to."""
    for user_id, tenant_ids in (("a", ["top"]), ("b", ["leaf", "left"]), ("c", ["right", "top"])):
        tree.emulator.add_user(user_id, tenant_ids=tenant_ids)
    for query, expected in (
        ("_tenantId=top", {"a", "b", "c"}),
        ("_tenantId=top&_includeSubTenants=false", {"a", "c"}),
        ("_tenantId=left", {"b"}),
    ):
        page = (await tree.send("GET", f"{USERS_V3}?{query}")).json
        assert sorted(user["id"] for user in page["items"]) == sorted(expected)
