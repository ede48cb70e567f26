"""The service of applications, and the tenants that are assigned to them.

====================================================================  =====
paths, fields, enums, success statuses                                spec
PATCH and DELETE respond with nothing                                 seen
another one that is made the default takes its place                  guess
a tenant is assigned once: 409; what is unknown is 404                guess
====================================================================  =====
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any, Final, Literal
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.applications import NEW_APPLICATION
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response, list_parameter, parameter
from ._lookups import find, find_tenant, not_found
from ._route import Handler, Takes, route
from ._settings import new_object, wire_fields

__all__ = ["ROUTES"]

_V1: Final = "/applications/resources/applications/v1"
_TENANTS: Final = "/applications/resources/applications/tenant-assignments"

_MayText = str | msgspec.UnsetType
_MayFlag = bool | msgspec.UnsetType
_AccessType = Literal["FREE_ACCESS", "MANAGED_ACCESS"]
_Type = Literal["web", "mobile-ios", "mobile-android", "agent", "other"]
_Stack = Literal[
    "react",
    "vue",
    "angular",
    "next.js",
    "vanilla.js",
    "ionic",
    "flutter",
    "react-native",
    "kotlin",
    "swift",
]


class _Changes(msgspec.Struct, rename="camel"):
    name: _MayText = msgspec.UNSET
    app_url: _MayText = msgspec.field(default=msgspec.UNSET, name="appURL")
    login_url: _MayText = msgspec.field(default=msgspec.UNSET, name="loginURL")
    logo_url: _MayText = msgspec.field(default=msgspec.UNSET, name="logoURL")
    access_type: _AccessType | msgspec.UnsetType = msgspec.UNSET
    is_default: _MayFlag = msgspec.UNSET
    is_active: _MayFlag = msgspec.UNSET
    type: _Type | msgspec.UnsetType = msgspec.UNSET
    frontend_stack: _Stack | msgspec.UnsetType = msgspec.UNSET
    description: _MayText = msgspec.UNSET
    metadata: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    app_host: _MayText = msgspec.UNSET
    allow_dcr: _MayFlag = msgspec.UNSET


class _TenantBody(msgspec.Struct, rename="camel"):
    tenant_id: str
    access_type: _AccessType | None = None


class _AccessBody(msgspec.Struct, rename="camel"):
    access_type: _AccessType


class _AppId(msgspec.Struct, rename="camel"):
    app_id: str


_CHANGES: Final = msgspec.json.Decoder(_Changes)
_TENANT_BODY: Final = msgspec.json.Decoder(_TenantBody)
_ACCESS_BODY: Final = msgspec.json.Decoder(_AccessBody)
_APP_ID: Final = msgspec.json.Decoder(_AppId)


def _list(state: State, call: Call) -> Response:
    parameters = call.parameters()
    ids = list_parameter(parameters, "ids")
    name = parameter(parameters, "name").lower()
    wanted = {
        field: parameter(parameters, query)
        for query, field in (
            ("_accessType", "accessType"),
            ("_isDefault", "isDefault"),
            ("_isActive", "isActive"),
            ("type", "type"),
            ("frontendStack", "frontendStack"),
        )
        if query in parameters
    }
    found = [
        each
        for each in call.store.applications.known.values()
        if (not ids or each["id"] in ids)
        and name in each["name"].lower()
        and all(str(each[field]).lower() == value.lower() for field, value in wanted.items())
    ]
    return json_response(200, found)


def _create(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_CHANGES, call))
    for name in ("name", "appURL", "loginURL"):
        if name not in fields:
            raise RejectedError(400, f"{name} should not be empty")
    made = new_object(state, str(uuid4()), {**NEW_APPLICATION, **fields})
    call.store.applications.add(made)
    return json_response(201, made)


def _get_default(state: State, call: Call) -> Response:
    found = call.store.applications.default
    if found is None:
        raise RejectedError(404, "Default application not found")
    return json_response(200, found)


def _get(state: State, call: Call) -> Response:
    return json_response(200, _in_path(call))


def _update(state: State, call: Call) -> Response:
    application = _in_path(call)
    fields = wire_fields(decode(_CHANGES, call))
    if fields.get("isDefault"):
        call.store.applications.clear_default()
    application |= {**fields, "updatedAt": state.now()}
    return empty_response(201)


def _delete(state: State, call: Call) -> Response:
    application = _in_path(call)
    call.store.applications.delete(application["id"])
    return empty_response(200)


def _in_path(call: Call) -> Document:
    return find("Application", call.store.applications.known, call.values[0])


# Credentials


def _get_credentials(state: State, call: Call) -> Response:
    return json_response(200, call.store.applications.secrets_of(_in_path(call)["id"]))


def _regenerating(name: str) -> Handler:
    """Make the handler that replaces a secret."""

    def regenerate(state: State, call: Call) -> Response:
        app_id = decode(_APP_ID, call).app_id
        find("Application", call.store.applications.known, app_id)
        call.store.applications.secrets_of(app_id)[name] = token_urlsafe(24)
        return empty_response(201)

    return regenerate


# Tenants of applications


def _get_tenants(state: State, call: Call) -> Response:
    app_id = _in_path(call)["id"]
    return json_response(200, {"tenantIds": list(call.store.applications.tenants_of(app_id))})


def _assign_tenant(state: State, call: Call) -> Response:
    app_id = _in_path(call)["id"]
    body = decode(_TENANT_BODY, call)
    find_tenant(state, body.tenant_id)
    assigned = call.store.applications.tenants_of(app_id)
    if body.tenant_id in assigned:
        raise RejectedError(409, "Tenant is already assigned to the application")
    assigned[body.tenant_id] = body.access_type
    return json_response(201, {"tenantId": body.tenant_id, "appIds": [app_id]})


def _change_tenant(state: State, call: Call) -> Response:
    assigned, tenant_id = _assignment(call)
    assigned[tenant_id] = decode(_ACCESS_BODY, call).access_type
    return empty_response(200)


def _unassign_tenant(state: State, call: Call) -> Response:
    assigned, tenant_id = _assignment(call)
    del assigned[tenant_id]
    return empty_response(200)


def _assignment(call: Call) -> tuple[dict[str, str | None], str]:
    assigned, tenant_id = call.store.applications.tenants_of(_in_path(call)["id"]), call.values[1]
    if tenant_id not in assigned:
        raise not_found("Assignment", tenant_id)
    return assigned, tenant_id


def _by_tenant(call: Call) -> dict[str, list[tuple[str, str]]]:
    """Return the applications of each tenant that a call asks for, with the way of access."""
    parameters = call.parameters()
    app_ids = list_parameter(parameters, "appIds")
    tenant_ids = list_parameter(parameters, "tenantIds")
    if call.tenant:
        tenant_ids.append(call.tenant)
    found: dict[str, list[tuple[str, str]]] = {}
    for app_id, application in call.store.applications.known.items():
        if app_ids and app_id not in app_ids:
            continue
        for tenant_id, access_type in call.store.applications.tenants_of(app_id).items():
            way = access_type or application["accessType"]
            if parameter(parameters, "accessType") in ("", way):
                found.setdefault(tenant_id, []).append((app_id, way))
    return {each: ways for each, ways in found.items() if not tenant_ids or each in tenant_ids}


def _get_assignments(state: State, call: Call) -> Response:
    shown = [
        {"tenantId": tenant_id, "appIds": [app_id for app_id, _ in found]}
        for tenant_id, found in _by_tenant(call).items()
    ]
    return json_response(200, shown)


def _get_assignments_v2(state: State, call: Call) -> Response:
    shown = [
        {
            "tenantId": tenant_id,
            "assignments": [{"appId": app_id, "accessType": way} for app_id, way in found],
        }
        for tenant_id, found in _by_tenant(call).items()
    ]
    return json_response(200, shown)


ROUTES: Final = (
    route("GET", _V1, _list, takes=Takes.EITHER),
    route("POST", _V1, _create, takes=Takes.ENVIRONMENT),
    route("GET", _V1 + "/default", _get_default, takes=Takes.ENVIRONMENT),
    route("GET", _V1 + "/{id}", _get, takes=Takes.ENVIRONMENT),
    route("PATCH", _V1 + "/{id}", _update, takes=Takes.ENVIRONMENT),
    route("DELETE", _V1 + "/{id}", _delete, takes=Takes.ENVIRONMENT),
    route("GET", _V1 + "/credentials/{appId}", _get_credentials, takes=Takes.ENVIRONMENT),
    route(
        "POST",
        _V1 + "/credentials/regenerate",
        _regenerating("clientSecret"),
        takes=Takes.ENVIRONMENT,
    ),
    route(
        "POST",
        _V1 + "/credentials/shared/regenerate",
        _regenerating("sharedSecret"),
        takes=Takes.ENVIRONMENT,
    ),
    route("GET", _TENANTS + "/v1", _get_assignments, takes=Takes.EITHER),
    route("GET", _TENANTS + "/v2", _get_assignments_v2, takes=Takes.EITHER),
    route("GET", _TENANTS + "/v1/{appId}", _get_tenants, takes=Takes.ENVIRONMENT),
    route("POST", _TENANTS + "/v1/{appId}", _assign_tenant, takes=Takes.ENVIRONMENT),
    route("PUT", _TENANTS + "/v1/{appId}/{tenantId}", _change_tenant, takes=Takes.ENVIRONMENT),
    route("DELETE", _TENANTS + "/v1/{appId}/{tenantId}", _unassign_tenant, takes=Takes.ENVIRONMENT),
)
