"""The routes of users' roles and groups.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
403 "Tenant ID is not specified" without the tenant header            seen
``users/v3/roles`` returns an array of ``userId``, ``tenantId``,      seen
``vendorId``, ``roleIds``; ``users/v3/groups`` with ``groupIds``
at most 250 ids a lookup                                              seen
users outside the header's tenant are left out of both                seen
both work without the header too, with an entry for each tenant       guess
the response to a change has all roles of the user                    guess
a user outside the tenant, an unknown role: 404                       guess
removing a role that the user does not have changes nothing           guess
====================================================================  =====
"""

from collections.abc import Callable
from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.access import VENDOR
from ..state.environment import State, User
from ._bodies import check_count, json_response, list_parameter
from ._lookups import check_roles, find_member
from ._route import route
from ._schemas import RoleSummary

__all__ = ["ROUTES"]

_MAX_IDS: Final = 250


class _RoleIds(msgspec.Struct, rename="camel"):
    role_ids: list[str]


class _Assigned(msgspec.Struct, rename="camel"):
    """``AssignUserToRolesResponseDto`` and ``DeleteUserToRolesResponseDto``."""

    tenant_id: str
    user_id: str
    roles: list[RoleSummary]


class _UserRoles(msgspec.Struct, rename="camel"):
    user_id: str
    tenant_id: str
    role_ids: list[str]
    vendor_id: str = VENDOR


class _UserGroups(msgspec.Struct, rename="camel"):
    user_id: str
    tenant_id: str
    group_ids: list[str]
    vendor_id: str = VENDOR


_ROLE_IDS: Final = msgspec.json.Decoder(_RoleIds)


def add_roles(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/roles``."""
    return _change(state, call, 201, lambda had, named: (*had, *named))


def remove_roles(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/v1/{userId}/roles``, which has a body."""
    return _change(
        state, call, 200, lambda had, named: tuple(each for each in had if each not in named)
    )


def _change(
    state: State,
    call: Call,
    status: int,
    change: Callable[[tuple[str, ...], list[str]], tuple[str, ...]],
) -> Response:
    tenant_id = call.required_tenant()
    body = decode(_ROLE_IDS, call)
    user = find_member(state, call.values[0], tenant_id)
    check_roles(state, body.role_ids, tenant_id)
    user.set_roles(tenant_id, change(user.roles_in(tenant_id), body.role_ids))
    roles = state.access.roles_of(user.roles_in(tenant_id))
    return json_response(
        status, _Assigned(tenant_id, user.id, [RoleSummary.of(role) for role in roles])
    )


def get_roles(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v3/roles``."""
    memberships = _memberships(state, call)
    return json_response(
        200,
        [
            _UserRoles(user.id, tenant_id, list(user.roles_in(tenant_id)))
            for user, tenant_id in memberships
        ],
    )


def get_groups(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v3/groups``."""
    memberships = _memberships(state, call)
    access = state.access
    return json_response(
        200,
        [
            _UserGroups(
                user.id, tenant_id, [group.id for group in access.groups_of(user.id, tenant_id)]
            )
            for user, tenant_id in memberships
        ],
    )


def _memberships(state: State, call: Call) -> list[tuple[User, str]]:
    user_ids = list_parameter(call.parameters(), "ids", "ids[]")
    check_count("ids", user_ids, _MAX_IDS)
    return [
        (user, tenant_id)
        for user_id in user_ids
        if (user := state.find(user_id)) is not None
        for tenant_id in user.tenants
        if call.tenant in {None, tenant_id}
    ]


ROUTES: Final = (
    route("POST", "/identity/resources/users/v1/{userId}/roles", add_roles),
    route("DELETE", "/identity/resources/users/v1/{userId}/roles", remove_roles),
    route("GET", "/identity/resources/users/v3/roles", get_roles),
    route("GET", "/identity/resources/users/v3/groups", get_groups),
)
