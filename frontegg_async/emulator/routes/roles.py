"""The routes of roles.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
a role made with the tenant header is that tenant's own               spec
roles of a tenant are listed with that tenant's header only           seen
``PUT …/permissions`` replaces all of them                            spec
``migrateRole`` with ``isDefault`` gives the role to all users        spec
at most 2,000 a page of ``roles/v2``                                  spec
without ``_sortBy``, which the spec requires, it is 200 in the order  seen
of creation
without a header ``roles/v2`` lists the roles of every tenant         guess
``_filter`` is a part of key, name or description                     guess
the distinct levels and tenants are bare arrays, in order             guess
with a header, another tenant's role is 404                           guess
a key that is taken: "Roles already exists"                           client
with 409; unknown ids are 404                                         guess
====================================================================  =====
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR, Role
from ..state.environment import State
from ._bodies import (
    empty_response,
    given_fields,
    json_response,
    list_parameter,
    parameter,
    set_fields,
)
from ._lookups import check_permissions, check_roles, find, find_tenant, not_found
from ._pages import page_response
from ._route import route

__all__ = ["ROUTES"]

_V1: Final = "/identity/resources/roles/v1"
_V2: Final = "/identity/resources/roles/v2"
_MAX_PAGE: Final = 2000
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")


_Range = msgspec.Meta(ge=0, le=32_767)
_Level = Annotated[int, _Range] | Annotated[float, _Range]


class _NewRole(msgspec.Struct, rename="camel"):
    key: str
    name: str
    level: _Level
    description: str = ""
    is_default: bool = False
    migrate_role: bool = False
    first_user_role: bool = False


class _RoleFromBase(msgspec.Struct, rename="camel"):
    key: str
    name: str
    base_role_id: str
    permission_ids: list[str]
    description: str = ""
    is_default: bool = False


class _Changes(msgspec.Struct, rename="camel"):
    key: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    level: _Level | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    is_default: bool | msgspec.UnsetType = msgspec.UNSET
    migrate_role: bool | msgspec.UnsetType = msgspec.UNSET
    first_user_role: bool | msgspec.UnsetType = msgspec.UNSET


class _PermissionIds(msgspec.Struct, rename="camel"):
    permission_ids: list[str]


class _TenantId(msgspec.Struct, rename="camel"):
    tenant_id: str


class _FromBase(msgspec.Struct, rename="camel"):
    """``AddRoleWithPermissionsResponse``."""

    id: str
    tenant_id: str | None
    key: str
    name: str
    description: str
    is_default: bool
    permissions: list[str]
    vendor_id: str = VENDOR


_NEW_ROLES: Final = msgspec.json.Decoder(list[_NewRole])
_ROLE_FROM_BASE: Final = msgspec.json.Decoder(_RoleFromBase)
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_PERMISSION_IDS: Final = msgspec.json.Decoder(_PermissionIds)
_TENANT_ID: Final = msgspec.json.Decoder(_TenantId)


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/roles/v1``."""
    return json_response(200, state.access.visible(call.tenant))


def create(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/roles/v1``: all of them, or none."""
    body = decode(_NEW_ROLES, call)
    _check_tenant(state, call.tenant)
    _check_keys(state, call.tenant, [new.key for new in body])
    made: list[Role] = []
    for new in body:
        fields = given_fields(new)
        migrate = fields.pop("migrate_role")
        made.append(_make(state, call.tenant, **fields))
        if migrate and new.is_default:
            _give_to_all(state, made[-1])
    return json_response(201, made)


def create_from_base(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/roles/v2``."""
    body = decode(_ROLE_FROM_BASE, call)
    access = state.access
    _check_tenant(state, call.tenant)
    check_permissions(state, body.permission_ids)
    _check_keys(state, call.tenant, [body.key])
    check_roles(state, [body.base_role_id], call.tenant)
    role = _make(
        state,
        call.tenant,
        key=body.key,
        name=body.name,
        description=body.description,
        is_default=body.is_default,
        level=access.roles[body.base_role_id].level,
    )
    access.grant_only(role, body.permission_ids)
    view = _FromBase(
        role.id,
        role.tenant_id,
        role.key,
        role.name,
        role.description,
        role.is_default,
        role.permissions,
    )
    return json_response(200, view)


def update(state: State, call: Call) -> Response:
    """Serve ``PATCH /identity/resources/roles/v1/{roleId}``."""
    role = _find(state, call)
    body = decode(_CHANGES, call)
    fields = given_fields(body)
    migrate = fields.pop("migrate_role", False)
    _check_keys(state, role.tenant_id, [fields.get("key", role.key)], but=role)
    set_fields(role, fields)
    role.updated_at = state.now()
    state.access.changed()
    if migrate and role.is_default:
        _give_to_all(state, role)
    return json_response(200, role)


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/roles/v1/{roleId}``."""
    role = _find(state, call)
    state.delete_role(role.id)
    return empty_response(204)


def set_permissions(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/roles/v1/{roleId}/permissions``."""
    role = _find(state, call)
    body = decode(_PERMISSION_IDS, call)
    check_permissions(state, body.permission_ids)
    state.access.grant_only(role, body.permission_ids)
    role.updated_at = state.now()
    return json_response(200, role)


def set_tenant(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/roles/v1/{roleId}/tenant``."""
    role = find("Role", state.access.roles, call.values[0])
    body = decode(_TENANT_ID, call)
    find_tenant(state, body.tenant_id)
    _check_keys(state, body.tenant_id, [role.key], but=role)
    role.tenant_id = body.tenant_id
    role.updated_at = state.now()
    return json_response(200, role)


def list_roles(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/roles/v2``."""
    parameters = call.parameters()
    levels = [_level(text) for text in list_parameter(parameters, "_levels", "_levels[]")]
    tenant_ids = list_parameter(parameters, "_tenantIds", "_tenantIds[]")
    part = parameter(parameters, "_filter").lower()
    roles = [
        role
        for role in _in_sight(state, call.tenant)
        if (not levels or role.level in levels)
        and (not tenant_ids or role.tenant_id in tenant_ids)
        and any(part in text.lower() for text in (role.key, role.name, role.description))
    ]
    return page_response(
        parameters, state.policy, roles, lambda role: role, keys=_keys(state), maximum=_MAX_PAGE
    )


def _level(text: str) -> float:
    """Return a level as URLs have it; Python reads more as numbers than others do."""
    if _NUMBER.fullmatch(text) is None:
        raise RejectedError(400, "_levels must be numbers")
    return float(text)


def levels(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/roles/v2/distinct-levels``."""
    return json_response(200, sorted({role.level for role in _in_sight(state, call.tenant)}))


def tenants(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/roles/v2/distinct-tenants``."""
    found = {role.tenant_id for role in state.access.roles.values()} - {None}
    return json_response(200, sorted(found, key=str))


def _in_sight(state: State, tenant_id: str | None) -> list[Role]:
    return state.access.visible(tenant_id) if tenant_id else list(state.access.roles.values())


def _keys(state: State) -> dict[str, Callable[[Role], Any]]:
    def users(role: Role) -> int:
        held = (user.role_ids for user in state.users.values() if user.role_ids is not None)
        return sum(role.id in role_ids for by_tenant in held for role_ids in by_tenant.values())

    def groups(role: Role) -> int:
        all_groups = (group for each in state.access.groups.values() for group in each.values())
        return sum(role.id in group.role_ids for group in all_groups)

    return {
        "key": lambda role: role.key,
        "name": lambda role: role.name,
        "description": lambda role: role.description,
        "isDefault": lambda role: role.is_default,
        "firstUserRole": lambda role: role.first_user_role,
        "level": lambda role: role.level,
        "updatedAt": lambda role: role.updated_at,
        "createdAt": lambda role: role.created_at,
        "permissions": lambda role: len(role.permissions),
        "userTenants": users,
        "groups": groups,
    }


def _find(state: State, call: Call) -> Role:
    role = find("Role", state.access.roles, call.values[0])
    if call.tenant and role.tenant_id not in {None, call.tenant}:
        raise not_found("Role", role.id)
    return role


def _make(state: State, tenant_id: str | None, **fields: Any) -> Role:
    now = state.now()
    role = Role(id=str(uuid4()), tenant_id=tenant_id, created_at=now, updated_at=now, **fields)
    state.access.roles[role.id] = role
    state.access.changed()
    return role


def _give_to_all(state: State, role: Role) -> None:
    for user in state.users.values():
        for tenant_id in user.tenants:
            if role.tenant_id in {None, tenant_id}:
                user.set_roles(tenant_id, (*user.roles_in(tenant_id), role.id))


def _check_tenant(state: State, tenant_id: str | None) -> None:
    if tenant_id is not None:
        find_tenant(state, tenant_id)


def _check_keys(
    state: State, tenant_id: str | None, keys: list[str], but: Role | None = None
) -> None:
    but_id = None if but is None else but.id
    taken = any(state.access.key_taken(key, tenant_id, but_id) for key in keys)
    if taken or len(set(keys)) < len(keys):
        raise RejectedError(409, "Roles already exists")


ROUTES: Final = (
    route("GET", _V1, get_all),
    route("POST", _V1, create),
    route("PATCH", _V1 + "/{roleId}", update),
    route("DELETE", _V1 + "/{roleId}", delete),
    route("PUT", _V1 + "/{roleId}/permissions", set_permissions),
    route("PUT", _V1 + "/{roleId}/tenant", set_tenant),
    route("GET", _V2, list_roles),
    route("POST", _V2, create_from_base),
    route("GET", _V2 + "/distinct-levels", levels),
    route("GET", _V2 + "/distinct-tenants", tenants),
)
