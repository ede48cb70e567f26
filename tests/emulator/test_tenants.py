"""Tenants: created, read, changed and deleted, with their users, roles and groups."""

import msgspec
import pytest

from .api import USERS, Api

pytestmark = pytest.mark.anyio

TENANTS = "/tenants/resources/tenants/v1"
TENANTS_V2 = "/tenants/resources/tenants/v2"


async def test_a_tenant_is_created_with_its_fields(api: Api) -> None:
    """POST returns 201 with the tenant, and both versions of GET show the same."""
    body = {"tenantId": "t", "name": "Acme", "website": "https://x.io", "isReseller": True}
    made = await api.send("POST", TENANTS, body)
    assert made.status == 201
    assert {name: made.json[name] for name in body} == body
    assert "parentTenantId" not in made.json
    assert (await api.send("GET", f"{TENANTS}/t")).json == [made.json]
    assert (await api.send("GET", f"{TENANTS_V2}/t")).json == made.json
    assert list(api.emulator.tenants) == ["t"]


async def test_a_tenant_without_an_id_gets_one(api: Api) -> None:
    """Without an id one is generated, which is the name as well."""
    made = (await api.send("POST", TENANTS, {})).json
    assert made["tenantId"]
    assert made["name"] == made["tenantId"]
    assert list(api.emulator.tenants) == [made["tenantId"]]


async def test_an_id_is_taken_until_it_is_deleted(api: Api) -> None:
    """Creating a tenant again is a conflict, unless it was deleted in between."""
    for status in (201, 409):
        assert (await api.send("POST", TENANTS, {"tenantId": "t"})).status == status
    gone = await api.send("DELETE", f"{TENANTS}/t")
    assert (gone.status, gone.body) == (200, b"")
    assert (await api.send("POST", TENANTS, {"tenantId": "t"})).status == 201


async def test_tenants_made_on_first_use_are_tenants(api: Api) -> None:
    """A tenant that came into being with an add is listed, and can be changed."""
    api.emulator.add_user("u")
    await api.add("u", "t")
    assert [each["tenantId"] for each in (await api.send("GET", TENANTS)).json] == ["t"]
    changed = await api.send("PUT", f"{TENANTS_V2}/t", {"name": "Acme"})
    assert (changed.status, changed.json["name"]) == (200, "Acme")


@pytest.mark.parametrize("path", [TENANTS, TENANTS_V2])
async def test_an_update_leaves_the_rest_alone(api: Api, path: str) -> None:
    """Both versions of PUT change the given fields, and reject an empty body."""
    await api.send("POST", TENANTS, {"tenantId": "t", "name": "Acme", "currency": "EUR"})
    changed = await api.send("PUT", f"{path}/t", {"timezone": "UTC", "metadata": '{"a": 1}'})
    assert changed.status == 200
    shown = changed.json
    assert (shown["name"], shown["currency"], shown["timezone"]) == ("Acme", "EUR", "UTC")
    assert msgspec.json.decode(shown["metadata"]) == {"a": 1}
    assert (await api.send("PUT", f"{path}/t", {})).status == 400
    assert (await api.send("PUT", f"{path}/x", {"name": "N"})).status == 404


async def test_unknown_tenants(api: Api) -> None:
    """v1 returns an empty array for an unknown tenant, and every other route 404."""
    assert (await api.send("GET", f"{TENANTS}/x")).json == []
    for method, path, body in (
        ("GET", f"{TENANTS_V2}/x", None),
        ("GET", f"{TENANTS_V2}/alias/x", None),
        ("DELETE", f"{TENANTS}/x", None),
        ("POST", f"{TENANTS}/x/metadata", {"metadata": "{}"}),
        ("DELETE", f"{TENANTS}/x/metadata/key", None),
        ("POST", TENANTS, {"tenantId": "t", "parentTenantId": "x"}),
    ):
        assert (await api.send(method, path, body)).status == 404
    assert list(api.emulator.tenants) == []


async def test_pages_of_tenants(api: Api) -> None:
    """Tenants come in pages, sorted and filtered by name or id."""
    for tenant_id, name in (("t1", "Cook"), ("t2", "Baker"), ("t3", "Cutler")):
        api.emulator.add_tenant(tenant_id, name=name)

    async def ids(query: str) -> list[str]:
        page = (await api.send("GET", f"{TENANTS_V2}?{query}")).json
        return [each["tenantId"] for each in page["items"]]

    assert await ids("_limit=2") == ["t1", "t2"]
    assert await ids("_limit=2&_offset=1") == ["t3"]
    assert await ids("_sortBy=name") == ["t2", "t1", "t3"]
    assert await ids("_sortBy=tenantId&_order=DESC") == ["t3", "t2", "t1"]
    assert await ids("_filter=c") == ["t1", "t3"]
    assert await ids("_filter=t2") == ["t2"]
    assert await ids("_tenantIds=t3&_tenantIds=t1,x") == ["t1", "t3"]
    for query in ("_limit=201", "_sortBy=color", "_order=UP"):
        assert (await api.send("GET", f"{TENANTS_V2}?{query}")).status == 400


async def test_an_alias_finds_its_tenant(api: Api) -> None:
    """The alias that a tenant was given leads to it."""
    await api.send("POST", TENANTS, {"tenantId": "t", "alias": "acme"})
    found = await api.send("GET", f"{TENANTS_V2}/alias/acme")
    assert (found.status, found.json["tenantId"]) == (200, "t")


async def test_metadata_grows_and_shrinks_by_the_key(api: Api) -> None:
    """Metadata is JSON in a string, to which keys are added and from which they are taken."""
    api.emulator.add_tenant("t")
    target = f"{TENANTS}/t/metadata"
    for metadata in ({"a": 1, "b": 2}, '{"b": 3, "c": {"d": null}}'):
        result = await api.send("POST", target, {"metadata": metadata})
        assert result.status == 201
    assert (await api.send("DELETE", f"{target}/a")).status == 200
    shown = (await api.send("GET", f"{TENANTS_V2}/t")).json["metadata"]
    assert msgspec.json.decode(shown) == {"b": 3, "c": {"d": None}}
    for wrong in ({}, {"metadata": 7}, {"metadata": "{"}, {"metadata": "[]"}):
        assert (await api.send("POST", target, wrong)).status == 400


async def test_deleting_a_tenant_deletes_users_without_another(api: Api) -> None:
    """Memberships end with their tenant, and users without another end too."""
    api.emulator.add_user("only", tenant_ids=["t"])
    api.emulator.add_user("both", tenant_ids=["t", "s"])
    await api.send("DELETE", f"{TENANTS}/t")
    assert api.emulator.memberships() == {("both", "s")}
    assert api.emulator.user("both").active_tenant == "s"
    with pytest.raises(KeyError):
        api.emulator.user("only")


async def test_a_deleted_tenant_takes_its_roles_and_groups(api: Api) -> None:
    """A tenant that is made again has none of the old roles and groups."""
    api.emulator.add_tenant("t")
    new = [{"key": "k", "name": "N", "level": 0}]
    await api.send("POST", "/identity/resources/roles/v1", new, frontegg_tenant_id="t")
    groups = "/identity/resources/groups/v1"
    await api.send("POST", groups, {"name": "g"}, frontegg_tenant_id="t")
    await api.send("DELETE", f"{TENANTS}/t")
    await api.send("POST", TENANTS, {"tenantId": "t"})
    roles = await api.send("GET", "/identity/resources/roles/v1", frontegg_tenant_id="t")
    assert roles.json == []
    assert (await api.send("GET", groups, frontegg_tenant_id="t")).json == {"groups": []}


async def test_deleting_the_current_tenant_needs_one(api: Api) -> None:
    """DELETE without an id is about the tenant of the call, and rejected without any."""
    api.emulator.add_tenant("t")
    assert (await api.send("DELETE", TENANTS)).status in {401, 403}
    assert list(api.emulator.tenants) == ["t"]


async def test_a_tenant_made_below_another_is_found_there(api: Api) -> None:
    """ParentTenantId puts a new tenant into the hierarchy."""
    api.emulator.add_tenant("top")
    await api.send("POST", TENANTS, {"tenantId": "t", "parentTenantId": "top"})
    target = "/tenants/resources/hierarchy/v1"
    below = (await api.send("GET", target, frontegg_tenant_id="top")).json
    assert [each["tenantId"] for each in below] == ["t"]


async def test_all_users_are_moved_to_another_tenant(api: Api) -> None:
    """Migrating moves every membership with status and roles; one in the target stays as it is."""
    api.emulator.add_user("a", tenant_ids=["old"], roles=["admin"])
    api.emulator.add_user("b", tenant_ids=["old", "new"])
    api.emulator.add_user("c", tenant_ids=["other"])
    await api.add("c", "old")
    target = f"{USERS}/tenants/migrate"
    body = {"srcTenantId": "old", "targetTenantId": "new"}
    result = await api.send("PUT", target, body)
    assert (result.status, result.body) == (200, b"")
    assert api.emulator.memberships() == {("a", "new"), ("b", "new"), ("c", "other"), ("c", "new")}
    assert api.emulator.user("c").tenants["new"] == "PendingInvitation"
    assert api.emulator.user("a").active_tenant == "new"
    user = (await api.send("GET", f"{USERS}/a", frontegg_tenant_id="new")).json
    assert [role["key"] for role in user["roles"]] == ["admin"]
    assert (await api.send("PUT", target, {**body, "targetTenantId": "x"})).status == 404
    assert (await api.send("PUT", target, {**body, "targetTenantId": "old"})).status == 400
    assert (await api.send("PUT", target, {"srcTenantId": "old"})).status == 400
