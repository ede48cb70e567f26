"""Acting as another user.

====================================================================  =====
path, fields of body and response                                     client
the actor's token is an access token of a user who is logged in, or   guess
else 401; the session lasts an hour and its tokens have ``act``       doc
the shape of ``act`` is that of RFC 8693                              guess
the session is in the active tenant of the user whom it shows         guess
====================================================================  =====
"""

from __future__ import annotations

from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.store import http_date
from ..state.tokens import Kind
from ._bodies import json_response, whole
from ._claims import access_token
from ._lookups import find_user
from ._route import Takes, route
from ._sessions import refresh_cookie, unfit

__all__ = ["ROUTES"]

_MAX_S: Final = 3_600.0


class _Body(msgspec.Struct, rename="camel"):
    impersonated_user_id: str
    actor_token: str


_BODY: Final = msgspec.json.Decoder(_Body)


def _impersonate(state: State, call: Call) -> Response:
    body = decode(_BODY, call)
    store = call.store
    actor = store.tokens.find(body.actor_token)
    if actor is None or actor.user_id is None:
        raise RejectedError(401, "Actor token is not valid")
    user = find_user(state, body.impersonated_user_id)
    problem = unfit(user, user.active_tenant)
    if problem is not None:
        raise RejectedError(401, problem)
    session = store.logins.open(
        Kind.USER,
        user.active_tenant or "",
        user.id,
        user_agent=call.header("User-Agent") or "",
        actor=actor.user_id,
        lifetime=min(_MAX_S, store.logins.lifetime),
    )
    token, seconds = access_token(state, store, session, ())
    shown = {
        "tokenType": "Bearer",
        "accessToken": token,
        "refreshToken": session.refresh_token,
        "expiresIn": whole(seconds),
        "expires": http_date(store.wall_clock() + seconds),
    }
    response = json_response(201, shown)
    return msgspec.structs.replace(response, headers=refresh_cookie(store, session))


ROUTES: Final = (
    route("POST", "/identity/resources/impersonation/v1", _impersonate, takes=Takes.NOTHING),
)
