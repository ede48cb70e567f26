"""The routes of permissions and their categories.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
``PUT …/roles`` adds to the roles that were there                     spec
a category shows its permissions                                      spec
classifying one permission shows it; several, an array of them        guess
deleting a category leaves its permissions without one                guess
unknown ids are 404, a key or a category's id or name taken is 409    guess
====================================================================  =====
"""

from typing import Final, Literal
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import Category, Permission
from ..state.environment import State
from ._bodies import empty_response, given_fields, json_response, set_fields
from ._lookups import check_permissions, check_roles, find
from ._route import route

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/permissions/v1"
_Assignment = Literal["NEVER", "ALWAYS", "ASSIGNABLE"]


class _NewPermission(msgspec.Struct, rename="camel"):
    key: str
    name: str
    description: str = ""
    category_id: str | None = None
    assignment_type: _Assignment = "ASSIGNABLE"


class _Changes(msgspec.Struct, rename="camel"):
    key: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    category_id: str | msgspec.UnsetType = msgspec.UNSET


class _RoleIds(msgspec.Struct, rename="camel"):
    role_ids: list[str]


class _Classification(msgspec.Struct, rename="camel"):
    permission_ids: list[str]
    type: _Assignment


class _NewCategory(msgspec.Struct):
    name: str
    description: str = ""
    id: str | None = None


class _CategoryChanges(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET


class _FullCategory(msgspec.Struct, rename="camel"):
    """``PermissionCategoryResponseDto``, with the permissions that its description promises."""

    id: str
    name: str
    description: str
    created_at: str
    fe_category: bool
    permissions: list[Permission]


_NEW_PERMISSIONS: Final = msgspec.json.Decoder(list[_NewPermission])
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_ROLE_IDS: Final = msgspec.json.Decoder(_RoleIds)
_CLASSIFICATION: Final = msgspec.json.Decoder(_Classification)
_NEW_CATEGORY: Final = msgspec.json.Decoder(_NewCategory)
_CATEGORY_CHANGES: Final = msgspec.json.Decoder(_CategoryChanges)


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/permissions/v1``."""
    return json_response(200, list(state.access.permissions.values()))


def create(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/permissions/v1``: all of them, or none."""
    body = decode(_NEW_PERMISSIONS, call)
    access = state.access
    _check_keys(state, [new.key for new in body])
    for new in body:
        _check_category(state, new.category_id)
    now = state.now()
    made = [
        Permission(id=str(uuid4()), created_at=now, updated_at=now, **given_fields(new))
        for new in body
    ]
    access.permissions.update({permission.id: permission for permission in made})
    return json_response(201, made)


def update(state: State, call: Call) -> Response:
    """Serve ``PATCH /identity/resources/permissions/v1/{permissionId}``."""
    permission = _find(state, call)
    fields = given_fields(decode(_CHANGES, call))
    _check_category(state, fields.get("category_id"))
    _check_keys(state, [fields.get("key", permission.key)], but=permission)
    set_fields(permission, fields)
    permission.updated_at = state.now()
    return json_response(200, permission)


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/permissions/v1/{permissionId}``."""
    permission = _find(state, call)
    state.access.delete_permission(permission)
    return empty_response(204)


def set_roles(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/permissions/v1/{permissionId}/roles``."""
    permission = _find(state, call)
    body = decode(_ROLE_IDS, call)
    access = state.access
    check_roles(state, body.role_ids)
    for role_id in body.role_ids:
        access.grant(access.roles[role_id], permission.id)
    return json_response(200, permission)


def classify(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/permissions/v1/classification``."""
    body = decode(_CLASSIFICATION, call)
    known = state.access.permissions
    check_permissions(state, body.permission_ids)
    found = [known[permission_id] for permission_id in body.permission_ids]
    for permission in found:
        permission.assignment_type = body.type
    return json_response(200, found[0] if len(found) == 1 else found)


def get_categories(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/permissions/v1/categories``."""
    return json_response(
        200, [_full(state, category) for category in state.access.categories.values()]
    )


def create_category(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/permissions/v1/categories``."""
    body = decode(_NEW_CATEGORY, call)
    categories = state.access.categories
    if body.id in categories or any(each.name == body.name for each in categories.values()):
        raise RejectedError(409, "A category with this id or name already exists")
    category = Category(
        id=body.id or str(uuid4()),
        name=body.name,
        description=body.description,
        created_at=state.now(),
    )
    categories[category.id] = category
    return json_response(201, category)


def update_category(state: State, call: Call) -> Response:
    """Serve ``PATCH /identity/resources/permissions/v1/categories/{categoryId}``."""
    category = find("Category", state.access.categories, call.values[0])
    set_fields(category, given_fields(decode(_CATEGORY_CHANGES, call)))
    return empty_response(200)


def delete_category(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/permissions/v1/categories/{categoryId}``."""
    category = find("Category", state.access.categories, call.values[0])
    del state.access.categories[category.id]
    for permission in state.access.permissions.values():
        if permission.category_id == category.id:
            permission.category_id = None
    return empty_response(200)


def _find(state: State, call: Call) -> Permission:
    return find("Permission", state.access.permissions, call.values[0])


def _check_category(state: State, category_id: str | None) -> None:
    if category_id is not None:
        find("Category", state.access.categories, category_id)


def _check_keys(state: State, keys: list[str], but: Permission | None = None) -> None:
    taken = {each.key for each in state.access.permissions.values() if each is not but}
    if len(set(keys)) < len(keys) or not taken.isdisjoint(keys):
        raise RejectedError(409, "A permission with this key already exists")


def _full(state: State, category: Category) -> _FullCategory:
    known = state.access.permissions.values()
    return _FullCategory(
        category.id,
        category.name,
        category.description,
        category.created_at,
        category.fe_category,
        [permission for permission in known if permission.category_id == category.id],
    )


ROUTES: Final = (
    route("GET", _PATH, get_all),
    route("POST", _PATH, create),
    route("PUT", _PATH + "/classification", classify),
    route("GET", _PATH + "/categories", get_categories),
    route("POST", _PATH + "/categories", create_category),
    route("PATCH", _PATH + "/categories/{categoryId}", update_category),
    route("DELETE", _PATH + "/categories/{categoryId}", delete_category),
    route("PATCH", _PATH + "/{permissionId}", update),
    route("DELETE", _PATH + "/{permissionId}", delete),
    route("PUT", _PATH + "/{permissionId}/roles", set_roles),
)
