"""Routes that clients in browsers call, and Frontegg's OpenAPI leaves out.

==================================================================  ======
paths, bodies and shapes; the token is the user's                     client
``users/v1`` is the exception: it takes the environment's             client
``users/v1`` and ``v2`` list users like ``v3``, and their roles in    client
each tenant; ``_filter`` of ``v2`` is a part of name or address        guess
``auth/v1/api-token`` answers as ``v2`` does, but in camel case       client
``v3/me/tenants`` is ``v1/me/tenants`` once more                      client
a user counts as one with access unless disabled                      guess
revoking ends the sessions of a user of the same tenant, else 404     guess
==================================================================  ======
"""

from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State, User
from ._bodies import empty_response, json_response, parameter, required
from ._lookups import find_member, not_found, user_of_call
from ._pages import page_response
from ._route import Takes, route
from ._schemas import UserResponse
from .authentication import login_with_api_token
from .me import get_sessions, get_tenants_v1
from .user_lists import KEYS, selected

__all__ = ["ROUTES", "matching"]


class _CountBody(msgspec.Struct, rename="camel"):
    tenant_ids: list[str]
    exclude_invisible_users: bool = False


class _RevokeBody(msgspec.Struct, rename="camel"):
    user_id: str


_COUNT_BODY: Final = msgspec.json.Decoder(_CountBody)
_REVOKE_BODY: Final = msgspec.json.Decoder(_RevokeBody)


def _login_with_api_token(state: State, call: Call) -> Response:
    """Serve the older form, whose answer is in camel case."""
    response = login_with_api_token(state, call)
    tokens: dict[str, Any] = msgspec.json.decode(response.body)
    shown = {
        "accessToken": tokens["access_token"],
        "refreshToken": tokens["refresh_token"],
        "expiresIn": tokens["expires_in"],
        "expires": tokens["expires"],
    }
    return msgspec.structs.replace(response, body=msgspec.json.encode(shown))


def _list_v1(state: State, call: Call) -> Response:
    parameters = call.parameters()
    return _page_of(selected(state, call, parameters), state, call)


def _list_v2(state: State, call: Call) -> Response:
    parameters = call.parameters()
    users = [user for user in selected(state, call, parameters) if matching(user, parameters)]
    return _page_of(users, state, call)


def _page_of(users: list[User], state: State, call: Call) -> Response:
    """Show users with their roles in each tenant, as the older lists do."""

    def full(user: User) -> UserResponse:
        return UserResponse.full(user, state, call.tenant)

    return page_response(call.parameters(), state.policy, users, full, keys=KEYS)


def matching(user: User, parameters: dict[str, list[str]]) -> bool:
    """Return whether ``_filter`` is a part of a user's name or address."""
    part = parameter(parameters, "_filter").lower()
    return not part or part in user.name.lower() or part in user.email.lower()


def _count(state: State, call: Call) -> Response:
    body = decode(_COUNT_BODY, call)
    required("tenantIds", body.tenant_ids)
    hidden = body.exclude_invisible_users

    def count(tenant_id: str) -> dict[str, Any]:
        users = [user for user in state.members_of(tenant_id) if not (hidden and user.invisible)]
        allowed = [user for user in users if tenant_id not in (user.disabled or ())]
        return {
            "tenantId": tenant_id,
            "totalUsers": len(users),
            "totalAccessAllowedUsers": len(allowed),
        }

    return json_response(200, [count(tenant_id) for tenant_id in body.tenant_ids])


def _current_session(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    for session in get_sessions(call, user):
        if session["current"]:
            return json_response(200, session)
    raise not_found("Session", user.id)


def _revoke(state: State, call: Call) -> Response:
    body = decode(_REVOKE_BODY, call)
    user = find_member(state, body.user_id, call.required_tenant())
    for session in call.store.logins.of_user(user.id):
        call.store.logins.close(session)
    return empty_response(200)


_IDENTITY: Final = "/identity/resources"
_SESSIONS: Final = _IDENTITY + "/users/sessions/v1"

ROUTES: Final = (
    route("POST", _IDENTITY + "/auth/v1/api-token", _login_with_api_token, takes=Takes.NOTHING),
    route("GET", _IDENTITY + "/users/v1", _list_v1, takes=Takes.ENVIRONMENT),
    route("GET", _IDENTITY + "/users/v2", _list_v2, takes=Takes.EITHER),
    route("GET", _IDENTITY + "/users/v3/me/tenants", get_tenants_v1, takes=Takes.USER),
    route("POST", _IDENTITY + "/tenants/users/v1/count", _count, takes=Takes.USER),
    route("GET", _SESSIONS + "/me/current", _current_session, takes=Takes.USER),
    route("POST", _SESSIONS + "/revoke", _revoke, takes=Takes.USER),
)
