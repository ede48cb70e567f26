"""Responses that begin or renew a session, and the refresh token of a request.

==================================================================  ======
the fields of ``AuthenticationResponseDto`` and of the response to    spec
an API token
the cookie is ``fe_refresh_`` and the client id without its first     client
hyphen (as Frontegg's mobile SDKs name it)
``Secure`` goes with ``SameSite=None``, which browsers insist on      guess
``expires`` is written as an HTTP date                                guess
a login is in the active tenant, and activates the user there         guess
a user who is locked, disabled in that tenant, or in none: 401        guess
a renewal follows the user into a tenant that became the active one,  client
or goes into the one that its body names, for a tab of its own
the application of a login is in one of two headers                   client
MFA is never required                                                 ours
==================================================================  ======
"""

from collections.abc import Sequence

import msgspec

from ..http.request import Call, JsonErrors
from ..http.response import RejectedError, Response
from ..policy import RefreshTokenIn
from ..state.environment import State, User
from ..state.hosted import Grant
from ..state.logins import Session
from ..state.store import Store, http_date
from ..state.tokens import Kind
from ._bodies import json_response, whole
from ._claims import access_token
from .configurations import configured

__all__ = [
    "api_session_response",
    "clear_cookie",
    "hosted_response",
    "log_in",
    "may_go_on",
    "refresh_cookie",
    "rotate",
    "sent_refresh_token",
    "session_response",
    "unfit",
]


_APPLICATION = ("frontegg-requested-application-id", "frontegg-application-id")
_STEP_UP = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"


class _RefreshBody(msgspec.Struct, rename="camel"):
    refresh_token: str | None = None


_REFRESH_BODY = msgspec.json.Decoder(_RefreshBody)


def log_in(state: State, call: Call, user: User) -> Response:
    """Begin a session for an authenticated user; reject one who may not log in."""
    problem = unfit(user, user.active_tenant)
    if problem is not None:
        raise RejectedError(401, problem)
    tenant_id = user.active_tenant or ""
    call.store.keys.make()
    if tenant_id in user.tenants:
        user.tenants[tenant_id] = "Activated"
    session = call.store.logins.open(
        Kind.USER,
        tenant_id,
        user.id,
        user_agent=call.header("User-Agent") or "",
        application_id=_application(call),
    )
    return session_response(state, call.store, session, 200)


def _application(call: Call) -> str | None:
    """Return the application that a call is about, if it names one."""
    return next((value for each in _APPLICATION if (value := call.header(each))), None)


def unfit(user: User, tenant_id: str | None) -> str | None:
    """Return the reason why a user may not act in a tenant, or None."""
    if user.locked:
        return "User is locked"
    if tenant_id is None:
        return "User does not belong to any tenant"
    if user.disabled is not None and tenant_id in user.disabled:
        return "User is disabled in this tenant"
    return None


def may_go_on(state: State, session: Session, tenant_id: str | None = None) -> bool:
    """Return whether a session may be renewed, and move it to this tenant, or the active one."""
    if session.user_id is None:
        return True
    user = state.users.get(session.user_id)
    if user is None:
        return False
    wanted = session.tenant_id
    if session.kind is Kind.USER:
        wanted = tenant_id or user.active_tenant or wanted
    if wanted not in user.tenants or unfit(user, wanted) is not None:
        return False
    session.tenant_id = wanted
    return True


def rotate(call: Call, session: Session) -> None:
    """Give a session that is renewed another refresh token, if those rotate."""
    call.store.keys.make()
    if configured(call.store, "rotateRefreshTokens"):
        call.store.logins.rotate(session)


def session_response(state: State, store: Store, session: Session, status: int) -> Response:
    """Return the response with a new access token of a user's session."""
    assert session.user_id is not None  # noqa: S101 - tenants have no such sessions
    user = state.users[session.user_id]
    token, seconds = access_token(state, store, session, ())
    body = {
        "mfaRequired": False,
        "mfaEnrolled": user.authenticators is not None,
        "accessToken": token,
        "refreshToken": session.refresh_token,
        "expiresIn": whole(seconds),
        "expires": http_date(store.wall_clock() + seconds),
        "userId": user.id,
        "userEmail": user.email,
        "emailVerified": user.verified,
        "isBreachedPassword": False,
    }
    headers = refresh_cookie(store, session)
    return msgspec.structs.replace(json_response(status, body), headers=headers)


def api_session_response(
    state: State, store: Store, session: Session, role_ids: Sequence[str]
) -> Response:
    """Return the response with the tokens of an API token's session."""
    token, seconds = access_token(state, store, session, role_ids)
    body = {
        "access_token": token,
        "refresh_token": session.refresh_token,
        "expires_in": whole(seconds),
        "expires": http_date(store.wall_clock() + seconds),
    }
    return json_response(200, body)


def hosted_response(state: State, store: Store, session: Session, grant: Grant) -> Response:
    """Return the response with the tokens of a hosted login."""
    user = state.users[grant.user_id]
    own: dict[str, object] = {"aud": grant.client_id}
    if grant.stepped_up:
        own |= {"acr": _STEP_UP, "amr": ["pwd", "mfa", "otp"], "auth_time": int(grant.logged_in)}
    token, seconds = access_token(state, store, session, (), own)
    body: dict[str, object] = {
        "token_type": "Bearer",
        "access_token": token,
        "refresh_token": session.refresh_token,
        "expires_in": whole(seconds),
    }
    policy = store.policy.hosted_login
    if policy.id_token:
        now = int(store.wall_clock())
        claims = {
            "iss": store.issuer(),
            "sub": user.id,
            "iat": now,
            "exp": now + int(seconds),
            "name": user.name,
            "email": user.email,
            "email_verified": user.verified,
            **own,
        }
        if policy.nonce and grant.nonce is not None:
            claims["nonce"] = grant.nonce
        body["id_token"] = store.keys.sign(claims)
    return msgspec.structs.replace(json_response(200, body), headers={"Cache-Control": "no-store"})


def refresh_cookie(store: Store, session: Session) -> dict[str, str]:
    """Return the headers that keep the refresh token of a session in a cookie."""
    return _cookie(store, session.refresh_token)


def clear_cookie(store: Store) -> dict[str, str]:
    """Return the headers that end the cookie."""
    return _cookie(store, "", "; Max-Age=0")


def _cookie(store: Store, value: str, end: str = "") -> dict[str, str]:
    same_site = configured(store, "cookieSameSite").title()
    # Browsers drop one for all sites that is not secure, and take a secure one on this machine.
    secure = "; Secure" if same_site == "None" else ""
    cookie = f"{_cookie_name(store)}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{end}"
    return {"Set-Cookie": cookie}


def sent_refresh_token(call: Call) -> str | None:
    """Return the refresh token of a call, from the place that the policy names."""
    where = call.store.policy.refresh_token_in
    if where is not RefreshTokenIn.COOKIE:
        try:
            token = _REFRESH_BODY.decode(call.body or b"{}").refresh_token
        except JsonErrors:
            token = None
        if token is not None or where is RefreshTokenIn.BODY:
            return token
    return call.cookie(_cookie_name(call.store))


def _cookie_name(store: Store) -> str:
    return f"fe_refresh_{store.client_id.replace('-', '', 1)}"
