"""Users of tenants below the caller's own.

==================================================================  ======
paths and bodies; the token is that of a user of the tenant above     client
the list has the users of the tenant and of all below it; no answer   client
to a change has a body
a tenant that is not the caller's, nor below it, is 404               guess
who is not known by address is created, and invited                   guess
leaving a tenant without being a member is 404                        guess
``PATCH`` replaces roles, ``POST`` adds, ``DELETE`` takes them        client
==================================================================  ======
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State, User
from ._bodies import check_email, empty_response, required
from ._lookups import check_roles, find_member, find_user, not_found
from ._pages import page_response
from ._route import Handler, Takes, route
from ._schemas import UserResponse
from .browser import matching
from .user_lists import KEYS

__all__ = ["ROUTES"]


class _User(msgspec.Struct):
    email: str
    name: str | None = None


class _Tenant(msgspec.Struct, rename="camel"):
    tenant_id: str
    role_ids: list[str] = []


class _AddBody(msgspec.Struct, rename="camel"):
    user: _User
    sub_tenants: list[_Tenant]


class _AddManyBody(msgspec.Struct, rename="camel"):
    users: list[_User]
    tenant_id: str
    role_ids: list[str] = []
    allow_sub_account_access: bool | None = None


class _RemoveBody(msgspec.Struct, rename="camel"):
    user_id: str
    sub_tenants: list[_Tenant]


class _RolesBody(msgspec.Struct, rename="camel"):
    sub_tenants_roles: list[_Tenant]


_ADD_BODY: Final = msgspec.json.Decoder(_AddBody)
_ADD_MANY_BODY: Final = msgspec.json.Decoder(_AddManyBody)
_REMOVE_BODY: Final = msgspec.json.Decoder(_RemoveBody)
_ROLES_BODY: Final = msgspec.json.Decoder(_RolesBody)


def _check_within(state: State, call: Call, tenant_ids: Iterable[str]) -> None:
    """Reject a tenant that is neither the caller's nor below it."""
    own = call.required_tenant()
    within = {own, *state.accounts.below(own)}
    for tenant_id in tenant_ids:
        if tenant_id not in within:
            raise not_found("Tenant", tenant_id)


def _list(state: State, call: Call) -> Response:
    own = call.required_tenant()
    tenants = (own, *state.accounts.below(own))
    found = {user.id: user for tenant_id in tenants for user in state.members_of(tenant_id)}
    parameters = call.parameters()
    users = [user for user in found.values() if matching(user, parameters)]

    def full(user: User) -> UserResponse:
        return UserResponse.full(user, state)

    return page_response(parameters, state.policy, users, full, keys=KEYS)


def _join(state: State, sent: _User, tenants: Iterable[_Tenant]) -> User:
    check_email(sent.email)
    user = state.find_by_email(sent.email)
    if user is None:
        user = state.create_user(None, email=sent.email, name=sent.name)
        user.verified = False
    for tenant in tenants:
        roles = tenant.role_ids
        state.add(user, tenant.tenant_id, skip_invite=False, validate=True, role_ids=roles)
    return user


def _add(state: State, call: Call) -> Response:
    body = decode(_ADD_BODY, call)
    required("subTenants", body.sub_tenants)
    _check_within(state, call, (each.tenant_id for each in body.sub_tenants))
    for each in body.sub_tenants:
        check_roles(state, each.role_ids, each.tenant_id)
    _join(state, body.user, body.sub_tenants)
    return empty_response(201)


def _add_many(state: State, call: Call) -> Response:
    body = decode(_ADD_MANY_BODY, call)
    required("users", body.users)
    _check_within(state, call, [body.tenant_id])
    check_roles(state, body.role_ids, body.tenant_id)
    for each in body.users:
        user = _join(state, each, [_Tenant(body.tenant_id, body.role_ids)])
        if body.allow_sub_account_access is not None:
            user.sub_account_access = body.allow_sub_account_access
    return empty_response(201)


def _remove(state: State, call: Call) -> Response:
    body = decode(_REMOVE_BODY, call)
    required("subTenants", body.sub_tenants)
    tenant_ids = [each.tenant_id for each in body.sub_tenants]
    _check_within(state, call, tenant_ids)
    for tenant_id in tenant_ids:
        find_member(state, body.user_id, tenant_id)
    user = find_user(state, body.user_id)
    for tenant_id in tenant_ids:
        state.leave(user, tenant_id)
    return empty_response(200)


def _changing(change: Callable[[tuple[str, ...], list[str]], Iterable[str]]) -> Handler:
    """Return a handler that gives a user the roles that follow from those before and those sent."""

    def handle(state: State, call: Call) -> Response:
        body = decode(_ROLES_BODY, call)
        required("subTenantsRoles", body.sub_tenants_roles)
        _check_within(state, call, (each.tenant_id for each in body.sub_tenants_roles))
        (user_id,) = call.values
        for each in body.sub_tenants_roles:
            find_member(state, user_id, each.tenant_id)
            check_roles(state, each.role_ids, each.tenant_id)
        user = find_user(state, user_id)
        for each in body.sub_tenants_roles:
            roles = change(user.roles_in(each.tenant_id), each.role_ids)
            user.set_roles(each.tenant_id, roles)
        return empty_response(200)

    return handle


_add_roles: Final = _changing(lambda before, sent: (*before, *sent))
_set_roles: Final = _changing(lambda before, sent: sent)
_remove_roles: Final = _changing(lambda before, sent: [one for one in before if one not in sent])

_USERS: Final = "/identity/resources/sub-tenants/users"
_ROLES: Final = _USERS + "/v1/{userId}/roles"

ROUTES: Final = (
    route("GET", _USERS + "/v1", _list, takes=Takes.USER),
    route("POST", _USERS + "/v1", _add, takes=Takes.USER),
    route("DELETE", _USERS + "/v1", _remove, takes=Takes.USER),
    route("POST", _USERS + "/v2", _add_many, takes=Takes.USER),
    # As Frontegg's REST client sends it (client).
    route("POST", _USERS + "/v2/", _add_many, takes=Takes.USER),
    route("POST", _ROLES, _add_roles, takes=Takes.USER),
    route("PATCH", _ROLES, _set_roles, takes=Takes.USER),
    route("DELETE", _ROLES, _remove_roles, takes=Takes.USER),
)
