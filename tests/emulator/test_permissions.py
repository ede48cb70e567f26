"""Permissions, and the categories that they are in."""

from typing import Any

import pytest

from .api import Api

pytestmark = pytest.mark.anyio

PERMISSIONS = "/identity/resources/permissions/v1"
CATEGORIES = f"{PERMISSIONS}/categories"


async def _create(api: Api, *keys: str, **fields: object) -> list[Any]:
    body = [{"key": key, "name": key, **fields} for key in keys]
    result = await api.send("POST", PERMISSIONS, body)
    assert result.status == 201
    created: list[Any] = result.json
    return created


async def test_permissions_are_created_listed_changed_and_deleted(api: Api) -> None:
    """Permissions live from POST to DELETE, and PATCH changes the given fields."""
    read, write = await _create(api, "read", "write")
    assert (await api.send("GET", PERMISSIONS)).json == [read, write]
    changed = await api.send("PATCH", f"{PERMISSIONS}/{read['id']}", {"description": "Look"})
    assert (changed.status, changed.json["description"]) == (200, "Look")
    assert changed.json["name"] == "read"
    gone = await api.send("DELETE", f"{PERMISSIONS}/{read['id']}")
    assert (gone.status, gone.body) == (204, b"")
    assert (await api.send("GET", PERMISSIONS)).json == [write]


async def test_keys_are_taken_once(api: Api) -> None:
    """A key in use is a conflict for a new permission and for a changed one."""
    read, _ = await _create(api, "read", "write")
    again = [{"key": "new", "name": "n"}, {"key": "new", "name": "n"}]
    assert (await api.send("POST", PERMISSIONS, again)).status == 409
    taken = await api.send("PATCH", f"{PERMISSIONS}/{read['id']}", {"key": "write"})
    assert taken.status == 409


async def test_setting_roles_adds_to_them(api: Api) -> None:
    """PUT roles leaves earlier roles in place, and users with the role are permitted."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["admin"])
    (read,) = await _create(api, "read")
    target = f"{PERMISSIONS}/{read['id']}/roles"
    for role_id in ("role-admin", "role-other", "role-admin"):
        assert (await api.send("PUT", target, {"roleIds": [role_id]})).status == 200
    (_, shown) = (await api.send("GET", PERMISSIONS)).json[:2]
    assert shown["roleIds"] == ["role-admin", "role-other"]
    user = (await api.send("GET", "/identity/resources/vendor-only/users/v1/u")).json
    assert [each["key"] for each in user["permissions"]] == ["permission-admin", "read"]
    assert (await api.send("PUT", target, {"roleIds": ["unknown"]})).status == 404


async def test_deleting_a_permission_takes_it_from_roles(api: Api) -> None:
    """No role has a deleted permission."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["admin"])
    assert (await api.send("DELETE", f"{PERMISSIONS}/permission-admin")).status == 204
    (role,) = (await api.send("GET", "/identity/resources/roles/v1")).json
    assert role["permissions"] == []


async def test_permissions_are_classified(api: Api) -> None:
    """Classification takes a list of ids and one of three types."""
    read, write = await _create(api, "read", "write")
    target = f"{PERMISSIONS}/classification"
    both = {"permissionIds": [read["id"], write["id"]], "type": "NEVER"}
    result = await api.send("PUT", target, both)
    assert [each["assignmentType"] for each in result.json] == ["NEVER", "NEVER"]
    one = await api.send("PUT", target, {"permissionIds": [read["id"]], "type": "ALWAYS"})
    assert (one.status, one.json["assignmentType"]) == (200, "ALWAYS")
    wrong = {"permissionIds": [read["id"]], "type": "SOMETIMES"}
    assert (await api.send("PUT", target, wrong)).status == 400


async def test_categories_hold_permissions(api: Api) -> None:
    """A category is made, shows its permissions, is renamed, and leaves them when it goes."""
    made = await api.send("POST", CATEGORIES, {"name": "Files", "id": "files"})
    assert (made.status, made.json["id"], made.json["feCategory"]) == (201, "files", False)
    assert (await api.send("POST", CATEGORIES, {"name": "Files"})).status == 409
    (read,) = await _create(api, "read", categoryId="files")
    renamed = await api.send("PATCH", f"{CATEGORIES}/files", {"name": "Documents"})
    assert (renamed.status, renamed.body) == (200, b"")
    (shown,) = (await api.send("GET", CATEGORIES)).json
    assert (shown["name"], shown["permissions"]) == ("Documents", [read])
    assert (await api.send("DELETE", f"{CATEGORIES}/files")).status == 200
    (left,) = (await api.send("GET", PERMISSIONS)).json
    assert left["categoryId"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"{PERMISSIONS}/x", {"name": "N"}),
        ("DELETE", f"{PERMISSIONS}/x", None),
        ("PUT", f"{PERMISSIONS}/x/roles", {"roleIds": []}),
        ("PUT", f"{PERMISSIONS}/classification", {"permissionIds": ["x"], "type": "ALWAYS"}),
        ("POST", PERMISSIONS, [{"key": "k", "name": "N", "categoryId": "x"}]),
        ("PATCH", f"{CATEGORIES}/x", {"name": "N"}),
        ("DELETE", f"{CATEGORIES}/x", None),
    ],
)
async def test_unknown_ids_are_not_found(api: Api, method: str, path: str, body: object) -> None:
    """Every route that names a permission or category answers 404 for one that is not there."""
    assert (await api.send(method, path, body)).status == 404


@pytest.mark.parametrize("body", [{"key": "k", "name": "N"}, [{"key": "k"}], [{"name": None}]])
async def test_a_permission_needs_key_and_name(api: Api, body: object) -> None:
    """Anything but an array of permissions with key and name is rejected."""
    assert (await api.send("POST", PERMISSIONS, body)).status == 400
