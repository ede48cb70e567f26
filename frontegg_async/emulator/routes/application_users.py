"""The users who are assigned to applications, and their active tenants there.

====================================================================  =====
paths, fields, success statuses                                       spec
the paths with ``apps-user``, ``user-apps``, ``users-apps`` and       client
``apps-users``, which take or show several
unknown applications, tenants and users are 404                       guess
an active tenant is one of the user's                                 guess
====================================================================  =====
"""

from __future__ import annotations

from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response, list_parameter
from ._lookups import find, find_tenant, find_user, user_of_call
from ._route import Takes, route

__all__ = ["ROUTES"]

_USERS: Final = "/identity/resources/applications/v1"
_ACTIVE: Final = "/identity/resources/applications/user-tenants/active/v1"


class _Users(msgspec.Struct, rename="camel"):
    app_id: str
    tenant_id: str
    user_ids: list[str]


class _OneUser(msgspec.Struct, rename="camel"):
    app_ids: list[str]
    tenant_id: str
    user_id: str


class _ActiveTenant(msgspec.Struct, rename="camel"):
    application_id: str
    tenant_id: str


class _ActiveTenants(msgspec.Struct, rename="camel"):
    active_application_tenants: list[_ActiveTenant]


_USERS_BODY: Final = msgspec.json.Decoder(_Users)
_ONE_USER: Final = msgspec.json.Decoder(_OneUser)
_ACTIVE_TENANTS: Final = msgspec.json.Decoder(_ActiveTenants)


def _get_users(state: State, call: Call) -> Response:
    app_id = find("Application", call.store.applications.known, call.values[0])["id"]
    return json_response(
        200, list(dict.fromkeys(user for user, _ in call.store.applications.users_of(app_id)))
    )


def _get_apps(state: State, call: Call) -> Response:
    return json_response(200, call.store.applications.of_user(find_user(state, call.values[0]).id))


def _get_apps_of_users(state: State, call: Call) -> Response:
    user_ids = list_parameter(call.parameters(), "userIds")
    shown = [{"userId": each, "appIds": call.store.applications.of_user(each)} for each in user_ids]
    return json_response(200, shown)


def _get_users_of_apps(state: State, call: Call) -> Response:
    app_ids = list_parameter(call.parameters(), "appIds")
    shown = [
        {
            "appId": each,
            "userIds": list(
                dict.fromkeys(user for user, _ in call.store.applications.users_of(each))
            ),
        }
        for each in app_ids
        if each in call.store.applications.known
    ]
    return json_response(200, shown)


def _change_users(
    state: State, call: Call, app_ids: list[str], tenant_id: str, user_ids: list[str], *, add: bool
) -> list[Document]:
    find_tenant(state, tenant_id)
    for app_id in app_ids:
        find("Application", call.store.applications.known, app_id)
    for user_id in user_ids:
        find_user(state, user_id)
    changed: list[Document] = []
    for app_id in app_ids:
        users = call.store.applications.users_of(app_id)
        for user_id in user_ids:
            if not add:
                users.pop((user_id, tenant_id), None)
                continue
            since = users.setdefault((user_id, tenant_id), state.now())
            entry = {"appId": app_id, "userTenantId": f"{user_id}:{tenant_id}", "createdAt": since}
            changed.append(entry)
    return changed


def _assign_users(state: State, call: Call) -> Response:
    body = decode(_USERS_BODY, call)
    made = _change_users(state, call, [body.app_id], body.tenant_id, body.user_ids, add=True)
    return json_response(201, made)


def _unassign_users(state: State, call: Call) -> Response:
    body = decode(_USERS_BODY, call)
    _change_users(state, call, [body.app_id], body.tenant_id, body.user_ids, add=False)
    return empty_response(200)


def _assign_one_user(state: State, call: Call) -> Response:
    body = decode(_ONE_USER, call)
    made = _change_users(state, call, body.app_ids, body.tenant_id, [body.user_id], add=True)
    return json_response(201, made)


def _unassign_one_user(state: State, call: Call) -> Response:
    body = decode(_ONE_USER, call)
    _change_users(state, call, body.app_ids, body.tenant_id, [body.user_id], add=False)
    return empty_response(200)


def _active_tenants(call: Call, user_id: str) -> dict[str, str]:
    return call.store.applications.active_tenants.setdefault(user_id, {})


def _get_active_tenants(state: State, call: Call) -> Response:
    chosen = _active_tenants(call, user_of_call(state, call).id)
    shown = [{"applicationId": app, "tenantId": tenant} for app, tenant in chosen.items()]
    return json_response(200, {"applicationActiveTenants": shown})


def _set_active_tenants(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    body = decode(_ACTIVE_TENANTS, call)
    for each in body.active_application_tenants:
        find("Application", call.store.applications.known, each.application_id)
        if each.tenant_id not in user.tenants:
            raise RejectedError(400, "User does not belong to this tenant")
    for each in body.active_application_tenants:
        _active_tenants(call, user.id)[each.application_id] = each.tenant_id
    return empty_response(200)


ROUTES: Final = (
    route("POST", _USERS, _assign_users),
    route("DELETE", _USERS, _unassign_users),
    route("GET", _USERS + "/{appId}/users", _get_users),
    route("GET", _USERS + "/{userId}/apps", _get_apps),
    route("GET", _USERS + "/users-apps", _get_apps_of_users, takes=Takes.EITHER),
    route("GET", _USERS + "/apps-users", _get_users_of_apps, takes=Takes.EITHER),
    route("POST", _USERS + "/apps-user", _assign_one_user, takes=Takes.EITHER),
    route("DELETE", _USERS + "/user-apps", _unassign_one_user, takes=Takes.EITHER),
    route("GET", _ACTIVE, _get_active_tenants),
    route("PUT", _ACTIVE, _set_active_tenants),
)
