"""The routes of a user's own profile, tenants and sessions.

==================================================================  ======
paths, bodies, success statuses; which of the routes take             spec
``frontegg-user-id`` along with an environment token
403 "User ID is not specified" without that header                    guess
an environment token on the others is 401                             guess
a user's token decides user and tenant, and not the headers           guess
a user's own change of tenant rejects tenants of other users          guess
the shapes of ``v1/me/tenants`` and of sessions                       client
the shape of ``me/hierarchy``                                         guess
==================================================================  ======
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State, User
from ..state.store import timestamp
from ._bodies import empty_response, given_fields, json_response, set_fields
from ._lookups import not_found, user_of_call, user_of_sessions
from ._route import Handler, Takes, route
from ._schemas import UserResponse

__all__ = ["ROUTES", "get_sessions", "get_tenants_v1"]

_NOT_IN_V3: Final = ("roles", "permissions", "groups")


class _ProfileBody(msgspec.Struct, rename="camel"):
    name: str | msgspec.UnsetType = msgspec.UNSET
    phone_number: str | msgspec.UnsetType | None = msgspec.UNSET
    picture: str | msgspec.UnsetType | None = msgspec.field(
        default=msgspec.UNSET, name="profilePictureUrl"
    )
    metadata: str | msgspec.UnsetType | None = msgspec.UNSET


class _TenantBody(msgspec.Struct, rename="camel"):
    tenant_id: str


_PROFILE_BODY: Final = msgspec.json.Decoder(_ProfileBody)
_TENANT_BODY: Final = msgspec.json.Decoder(_TenantBody)

_Mine = Callable[[State, Call, User], Response]


def _for_user(handle: _Mine) -> Handler:
    """Look up the user of a call before it is handled."""

    def handled(state: State, call: Call) -> Response:
        return handle(state, call, user_of_call(state, call))

    return handled


def _of_sessions(handle: _Mine) -> Handler:
    """Look up the user whose sessions a call is about before it is handled."""

    def handled(state: State, call: Call) -> Response:
        return handle(state, call, user_of_sessions(state, call))

    return handled


def _for_member(handle: _Mine) -> Handler:
    """Look up the user of a call and require a tenant before it is handled."""

    def handled(state: State, call: Call, user: User) -> Response:
        call.required_tenant()
        return handle(state, call, user)

    return _for_user(handled)


def _profile(state: State, call: Call, user: User) -> dict[str, Any]:
    tenant_id = call.tenant if call.tenant in user.tenants else None
    profile: dict[str, Any] = msgspec.to_builtins(UserResponse.full(user, state, tenant_id))
    return profile


def _get(state: State, call: Call, user: User) -> Response:
    return json_response(200, _profile(state, call, user))


def _get_v3(state: State, call: Call, user: User) -> Response:
    profile = _profile(state, call, user)
    return json_response(200, {name: profile[name] for name in profile if name not in _NOT_IN_V3})


def _get_authorization(state: State, call: Call, user: User) -> Response:
    profile = _profile(state, call, user)
    return json_response(200, {"roles": profile["roles"], "permissions": profile["permissions"]})


def _update(state: State, call: Call, user: User) -> Response:
    set_fields(user, given_fields(decode(_PROFILE_BODY, call)))
    state.hooks.note("frontegg.user.updated", user, call.tenant)
    return _get(state, call, user)


def _set_active_tenant(state: State, call: Call, user: User) -> Response:
    body = decode(_TENANT_BODY, call)
    if body.tenant_id not in user.tenants:
        raise RejectedError(400, "User does not belong to this tenant")
    user.active_tenant = body.tenant_id
    return json_response(200, _profile(state, call, user))


def _tenants(state: State, user: User) -> list[dict[str, str]]:
    return [{"tenantId": each, "name": state.tenants.get(each, each)} for each in user.tenants]


def _get_tenants(state: State, call: Call, user: User) -> Response:
    return json_response(200, _tenants(state, user))


def _get_tenants_v1(state: State, call: Call, user: User) -> Response:
    tenants = _tenants(state, user)
    active = [each for each in tenants if each["tenantId"] == user.active_tenant]
    body = {"tenants": tenants, "activeTenant": active[0] if active else None}
    return json_response(200, body)


get_tenants_v1: Final = _for_user(_get_tenants_v1)
"""Serves ``GET /identity/resources/users/v1/me/tenants``."""


def _get_hierarchy(state: State, call: Call, user: User) -> Response:
    entries = [
        {
            **tenant,
            "parentTenantId": state.accounts.parents.get(tenant["tenantId"]),
            "subTenantIds": list(state.accounts.children.get(tenant["tenantId"], ())),
        }
        for tenant in _tenants(state, user)
    ]
    return json_response(200, entries)


def get_sessions(call: Call, user: User) -> list[dict[str, Any]]:
    """Return the sessions of a user as the wire shows them."""
    current = None if call.token is None else call.token.session_id
    return [
        {
            "id": session.id,
            "ipAddress": "127.0.0.1",
            "userAgent": session.user_agent,
            "createdAt": timestamp(session.created),
            "expires": timestamp(session.ends),
            "current": session.id == current,
            "impersonated": session.actor is not None,
        }
        for session in call.store.logins.of_user(user.id)
    ]


def _get_sessions(state: State, call: Call, user: User) -> Response:
    return json_response(200, get_sessions(call, user))


def _delete_session(state: State, call: Call, user: User) -> Response:
    (session_id,) = call.values
    for session in call.store.logins.of_user(user.id):
        if session.id == session_id:
            call.store.logins.close(session)
            return empty_response(200)
    raise not_found("Session", session_id)


def _delete_sessions(state: State, call: Call, user: User) -> Response:
    for session in call.store.logins.of_user(user.id):
        call.store.logins.close(session)
    return empty_response(200)


_USERS: Final = "/identity/resources/users"
_SESSIONS: Final = _USERS + "/sessions/v1/me"

ROUTES: Final = (
    route("GET", _USERS + "/v2/me", _for_user(_get), takes=Takes.USER),
    route("PUT", _USERS + "/v2/me", _for_user(_update), takes=Takes.USER),
    route("GET", _USERS + "/v3/me", _for_user(_get_v3), takes=Takes.USER),
    route("GET", _USERS + "/v1/me/authorization", _for_user(_get_authorization), takes=Takes.USER),
    route("GET", _USERS + "/v1/me/tenants", get_tenants_v1, takes=Takes.USER),
    route("GET", _USERS + "/v2/me/tenants", _for_user(_get_tenants), takes=Takes.EITHER),
    route("GET", _USERS + "/v2/me/hierarchy", _for_user(_get_hierarchy), takes=Takes.USER),
    route("PUT", _USERS + "/v1", _for_member(_update), takes=Takes.EITHER),
    route("PUT", _USERS + "/v1/tenant", _for_member(_set_active_tenant), takes=Takes.EITHER),
    route("GET", _SESSIONS, _of_sessions(_get_sessions), takes=Takes.EITHER),
    route("DELETE", _SESSIONS + "/all", _of_sessions(_delete_sessions), takes=Takes.EITHER),
    route("DELETE", _SESSIONS + "/{id}", _of_sessions(_delete_session), takes=Takes.EITHER),
)
