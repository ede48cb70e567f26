"""Logging in and out: with a password, with an API token, and the keys that tokens verify with.

==================================================================  ======
paths, bodies and success statuses; the refresh token of a user is    spec
in a cookie; the one of an API token is in the body, and rotates
a refresh token that has been rotated away is invalid: 401            guess
wrong passwords and unknown addresses are the same 401                guess
logging out without a session is no error                             guess
an API token that has expired, or whose user is locked, is 401        guess
501 without the extra that signs                                      ours
==================================================================  ======
"""

from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.store import ApiToken
from ..state.tokens import Kind
from ._bodies import empty_response, json_response, same_secret
from ._route import Takes, route
from ._sessions import (
    api_session_response,
    clear_cookie,
    log_in,
    may_go_on,
    rotate,
    sent_refresh_token,
    session_response,
)

__all__ = ["ROUTES", "login_with_api_token"]


class _LoginBody(msgspec.Struct, rename="camel"):
    password: str
    email: str | None = None
    username: str | None = None


class _RefreshBody(msgspec.Struct, rename="camel"):
    tenant_id: str | None = None


class _ApiLoginBody(msgspec.Struct, rename="camel"):
    client_id: str
    secret: str


class _ApiRefreshBody(msgspec.Struct, rename="camel"):
    refresh_token: str


_LOGIN_BODY: Final = msgspec.json.Decoder(_LoginBody)
_REFRESH_BODY: Final = msgspec.json.Decoder(_RefreshBody)
_API_LOGIN_BODY: Final = msgspec.json.Decoder(_ApiLoginBody)
_API_REFRESH_BODY: Final = msgspec.json.Decoder(_ApiRefreshBody)


def _login(state: State, call: Call) -> Response:
    body = decode(_LOGIN_BODY, call)
    user = state.find_by_email(body.email) if body.email else None
    if user is None and body.username:
        user = state.find_by_username(body.username)
    known = None if user is None else call.store.logins.passwords.get(user.id)
    if user is None or known is None or not same_secret(known, body.password):
        raise RejectedError(401, "Incorrect email or password")
    response = log_in(state, call, user)
    state.hooks.note("frontegg.user.authenticated", user)
    return response


def _refresh(state: State, call: Call) -> Response:
    session = call.store.logins.find(sent_refresh_token(call))
    wanted = decode(_REFRESH_BODY, call).tenant_id
    if session is None or session.kind is not Kind.USER or not may_go_on(state, session, wanted):
        raise RejectedError(401, "Refresh token is not valid")
    rotate(call, session)
    return session_response(state, call.store, session, 201)


def _logout(state: State, call: Call) -> Response:
    session = call.store.logins.find(sent_refresh_token(call))
    if session is not None:
        call.store.logins.close(session)
    return msgspec.structs.replace(empty_response(201), headers=clear_cookie(call.store))


def login_with_api_token(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/auth/v2/api-token``."""
    body = decode(_API_LOGIN_BODY, call)
    token = call.store.api_tokens.get(body.client_id)
    if token is None or not same_secret(token.secret, body.secret) or _expired(call, token):
        raise RejectedError(401, "Invalid authentication")
    call.store.keys.make()
    kind = Kind.TENANT_API if token.user_id is None else Kind.USER_API
    session = call.store.logins.open(
        kind, token.tenant_id, token.user_id, api_token=token.client_id
    )
    if not may_go_on(state, session):
        call.store.logins.close(session)
        raise RejectedError(401, "User may not act in this tenant")
    return api_session_response(state, call.store, session, token.role_ids)


def _refresh_api_token(state: State, call: Call) -> Response:
    body = decode(_API_REFRESH_BODY, call)
    session = call.store.logins.find(body.refresh_token)
    token = None if session is None else call.store.api_tokens.get(session.api_token or "")
    if session is None or token is None or _expired(call, token) or not may_go_on(state, session):
        raise RejectedError(401, "Refresh token is not valid")
    rotate(call, session)
    return api_session_response(state, call.store, session, token.role_ids)


def _jwks(state: State, call: Call) -> Response:
    return json_response(200, call.store.keys.jwks())


def _expired(call: Call, token: ApiToken) -> bool:
    return token.expires is not None and token.expires <= call.store.wall_clock()


_AUTH: Final = "/identity/resources/auth"

ROUTES: Final = (
    route("GET", "/.well-known/jwks.json", _jwks, takes=Takes.NOTHING),
    route("POST", _AUTH + "/v1/user", _login, takes=Takes.NOTHING),
    route("POST", _AUTH + "/v1/user/token/refresh", _refresh, takes=Takes.NOTHING),
    route("POST", _AUTH + "/v1/logout", _logout, takes=Takes.NOTHING),
    route("POST", _AUTH + "/v2/api-token", login_with_api_token, takes=Takes.NOTHING),
    route("POST", _AUTH + "/v2/api-token/token/refresh", _refresh_api_token, takes=Takes.NOTHING),
)
