"""The routes of groups, which are a tenant's.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
403 "Tenant ID is not specified" without the tenant header            guess
``roles`` and ``users`` are empty unless ``_groupsRelations`` asks    guess
a name is taken once a tenant: 409                                    guess
unknown ids are 404, also those of users outside the tenant           guess
a user or role that is there already, or is not there, is no error    guess
the configuration is on from the beginning, and enforces nothing      guess
====================================================================  =====
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR, Group, Role
from ..state.environment import State, User
from ._bodies import empty_response, given_fields, json_response, parameter, set_fields
from ._lookups import check_roles, find, find_member, tenant_of_call
from ._pages import page_response
from ._route import route

__all__ = ["ROUTES"]

_V1: Final = "/identity/resources/groups/v1"
_RELATIONS: Final = {
    "": frozenset[str](),
    "roles": frozenset({"roles"}),
    "users": frozenset({"users"}),
    "rolesAndUsers": frozenset({"roles", "users"}),
}
_KEYS: Final[dict[str, Callable[[Group], Any]]] = {
    "id": lambda group: group.id,
    "name": lambda group: group.name,
    "createdAt": lambda group: group.created_at,
    "updatedAt": lambda group: group.updated_at,
}


class _NewGroup(msgspec.Struct):
    name: str
    color: str | None = None
    description: str | None = None
    metadata: str | None = None


class _Changes(msgspec.Struct):
    name: str | msgspec.UnsetType = msgspec.UNSET
    color: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    metadata: str | msgspec.UnsetType = msgspec.UNSET


class _GroupsIds(msgspec.Struct, rename="camel"):
    groups_ids: list[str]


class _RoleIds(msgspec.Struct, rename="camel"):
    role_ids: list[str]


class _UserIds(msgspec.Struct, rename="camel"):
    user_ids: list[str]


class _Configuration(msgspec.Struct, rename="camel"):
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    roles_enabled: bool | msgspec.UnsetType = msgspec.UNSET


class _RoleOfGroup(msgspec.Struct, rename="camel"):
    """``RoleDto``: a role without its permissions."""

    id: str
    tenant_id: str | None
    key: str
    name: str
    description: str
    is_default: bool
    first_user_role: bool
    level: int | float
    created_at: str
    updated_at: str
    vendor_id: str = VENDOR

    @classmethod
    def of(cls, role: Role) -> "_RoleOfGroup":
        return cls(*(getattr(role, name) for name in cls.__struct_fields__))


class _UserOfGroup(msgspec.Struct, rename="camel"):
    """``GroupUserDto``."""

    id: str
    email: str | None
    name: str
    profile_picture_url: str | None
    created_at: str
    activated_for_tenant: bool

    @classmethod
    def of(cls, user: User, tenant_id: str) -> "_UserOfGroup":
        return cls(
            user.id,
            user.email or None,
            user.name,
            user.picture,
            user.created_at,
            user.tenants[tenant_id] == "Activated",
        )


class _GroupResponse(msgspec.Struct, rename="camel"):
    """``GroupResponse``."""

    id: str
    name: str
    color: str | None
    description: str | None
    metadata: str | None
    roles: list[_RoleOfGroup]
    users: list[_UserOfGroup]
    created_at: str
    updated_at: str
    managed_by: str = "frontegg"


_NEW_GROUP: Final = msgspec.json.Decoder(_NewGroup)
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_GROUPS_IDS: Final = msgspec.json.Decoder(_GroupsIds)
_ROLE_IDS: Final = msgspec.json.Decoder(_RoleIds)
_USER_IDS: Final = msgspec.json.Decoder(_UserIds)
_CONFIGURATION: Final = msgspec.json.Decoder(_Configuration)


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/groups/v1``."""
    groups, view = _groups_and_view(state, call)
    return json_response(200, {"groups": [view(group) for group in groups.values()]})


def get_many(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/groups/v1/bulkGet``; unknown ids are left out."""
    groups, view = _groups_and_view(state, call)
    body = decode(_GROUPS_IDS, call)
    known = (groups[group_id] for group_id in body.groups_ids if group_id in groups)
    return json_response(201, {"groups": [view(group) for group in known]})


def list_groups(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/groups/v2``."""
    groups, view = _groups_and_view(state, call)
    found = list(groups.values())
    return page_response(call.parameters(), state.policy, found, view, keys=_KEYS)


def get(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/groups/v1/{id}``."""
    groups, view = _groups_and_view(state, call)
    return json_response(200, view(find("Group", groups, call.values[0])))


def create(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/groups/v1``."""
    tenant_id = tenant_of_call(state, call)
    body = decode(_NEW_GROUP, call)
    groups = state.access.groups.setdefault(tenant_id, {})
    _check_name(groups, body.name)
    now = state.now()
    group = Group(
        id=str(uuid4()), tenant_id=tenant_id, created_at=now, updated_at=now, **given_fields(body)
    )
    groups[group.id] = group
    _note(state, group, "created")
    return json_response(201, _view(state, group, _RELATIONS["rolesAndUsers"]))


def update(state: State, call: Call) -> Response:
    """Serve ``PATCH /identity/resources/groups/v1/{id}``."""
    group = _find(state, call)
    fields = given_fields(decode(_CHANGES, call))
    groups = state.access.groups[group.tenant_id]
    _check_name(groups, fields.get("name", group.name), but=group)
    set_fields(group, fields)
    group.updated_at = state.now()
    _note(state, group, "updated")
    return json_response(200, _view(state, group, _RELATIONS["rolesAndUsers"]))


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/groups/v1/{id}``."""
    group = _find(state, call)
    del state.access.groups[group.tenant_id][group.id]
    _note(state, group, "deleted")
    return empty_response(200)


def add_roles(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/groups/v1/{groupId}/roles``."""
    return _change_roles(state, call, 201, add=True)


def remove_roles(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/groups/v1/{groupId}/roles``, which has a body."""
    return _change_roles(state, call, 200, add=False)


def _change_roles(state: State, call: Call, status: int, *, add: bool) -> Response:
    group = _find(state, call)
    body = decode(_ROLE_IDS, call)
    check_roles(state, body.role_ids, group.tenant_id)
    _put(group.role_ids, body.role_ids, add=add)
    group.updated_at = state.now()
    _note(state, group, "roles.updated")
    return empty_response(status)


def add_users(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/groups/v1/{groupId}/users``."""
    return _change_users(state, call, 201, add=True)


def remove_users(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/groups/v1/{groupId}/users``, which has a body."""
    return _change_users(state, call, 200, add=False)


def _change_users(state: State, call: Call, status: int, *, add: bool) -> Response:
    group = _find(state, call)
    body = decode(_USER_IDS, call)
    for user_id in body.user_ids:
        find_member(state, user_id, group.tenant_id)
    _put(group.user_ids, body.user_ids, add=add)
    group.updated_at = state.now()
    _note(state, group, "users.added" if add else "users.removed")
    return empty_response(status)


def get_configuration(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/groups/v1/config``."""
    settings = state.settings
    return json_response(
        200, {"enabled": settings["groups"], "rolesEnabled": settings["groups.roles"]}
    )


def update_configuration(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/groups/v1/config``."""
    fields = given_fields(decode(_CONFIGURATION, call))
    state.settings["groups"] = fields.get("enabled", state.settings["groups"])
    state.settings["groups.roles"] = fields.get("roles_enabled", state.settings["groups.roles"])
    return empty_response(201)


def _groups_and_view(
    state: State, call: Call
) -> tuple[dict[str, Group], Callable[[Group], _GroupResponse]]:
    """Return the groups of the header's tenant, and the view of one that the query asks for."""
    tenant_id = call.required_tenant()
    relations = _RELATIONS.get(parameter(call.parameters(), "_groupsRelations"))
    if relations is None:
        raise RejectedError(400, "_groupsRelations must be roles, users or rolesAndUsers")
    groups = state.access.groups.get(tenant_id, {})
    return groups, lambda group: _view(state, group, relations)


def _view(state: State, group: Group, relations: frozenset[str]) -> _GroupResponse:
    roles = state.access.roles_of(group.role_ids) if "roles" in relations else []
    users = [state.users[user_id] for user_id in group.user_ids] if "users" in relations else []
    return _GroupResponse(
        group.id,
        group.name,
        group.color,
        group.description,
        group.metadata,
        [_RoleOfGroup.of(role) for role in roles],
        [_UserOfGroup.of(user, group.tenant_id) for user in users],
        group.created_at,
        group.updated_at,
    )


def _note(state: State, group: Group, action: str) -> None:
    state.hooks.note(f"frontegg.group.{action}", None, group.tenant_id, groupId=group.id)


def _find(state: State, call: Call) -> Group:
    groups = state.access.groups.get(call.required_tenant(), {})
    return find("Group", groups, call.values[0])


def _check_name(groups: dict[str, Group], name: str, but: Group | None = None) -> None:
    if any(group.name == name and group is not but for group in groups.values()):
        raise RejectedError(409, "A group with this name already exists")


def _put(held: dict[str, None], ids: list[str], *, add: bool) -> None:
    for each in ids:
        if add:
            held[each] = None
        else:
            held.pop(each, None)


ROUTES: Final = (
    route("GET", _V1, get_all),
    route("POST", _V1, create),
    route("POST", _V1 + "/bulkGet", get_many),
    route("GET", _V1 + "/config", get_configuration),
    route("POST", _V1 + "/config", update_configuration),
    route("GET", _V1 + "/{id}", get),
    route("PATCH", _V1 + "/{id}", update),
    route("DELETE", _V1 + "/{id}", delete),
    route("POST", _V1 + "/{groupId}/roles", add_roles),
    route("DELETE", _V1 + "/{groupId}/roles", remove_roles),
    route("POST", _V1 + "/{groupId}/users", add_users),
    route("DELETE", _V1 + "/{groupId}/users", remove_users),
    route("GET", "/identity/resources/groups/v2", list_groups),
)
