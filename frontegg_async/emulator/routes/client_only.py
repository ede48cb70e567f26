"""Routes that Frontegg's client for browsers calls, and nothing else documents.

Most have no state, and responses are marked so. Of what the emulator does not have, single sign-on,
social logins, passkeys and text messages, it says that there is none.

==================================================================  ======
paths and the fields of responses                                     client
statuses of success                                                   guess
404 to the search for a provider of single sign-on, 401 to a login    guess
that one would have to answer for
a token for another tenant of the user, which changes no session      client
a link for a forgotten password is checked and stays good             client
====================================================================  ======
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response, error_response
from ..state.environment import State
from ..state.store import http_date
from ._bodies import empty_response, json_response, required, whole
from ._claims import access_token
from ._fallback import MARK
from ._lookups import user_of_call
from ._route import Handler, Route, Takes, route
from .passwords import check_link

__all__ = ["ROUTES"]

_AUTH: Final = "/identity/resources/auth"
_CONFIGURATION: Final = "/identity/resources/configurations/v1"
_USERS: Final = "/identity/resources/users"
_PASSKEYS: Final = _USERS + "/webauthn/v1/devices"
_NO_SSO: Final = "SSO configuration not found"
_NO_LOGIN: Final = "Login failed"
_STRATEGIES: Final = {
    "mainAuthStrategies": [{"strategy": "EmailAndPassword"}],
    "secondaryAuthStrategies": [
        {"strategy": name, "isActive": False}
        for name in ("WebAuthnPlatform", "WebAuthnCrossPlatform", "SmsCode", "Passkeys")
    ],
}
_SIGN_UP: Final = [
    {"strategy": name, "isActive": name == "email"} for name in ("email", "phoneNumber", "username")
]
_RECOVERY: Final = [{"strategy": name, "isActive": name == "email"} for name in ("email", "sms")]
_CODE_SENT: Final = {"otcToken": "emulator-otcToken", "phoneNumber": "+15555550100"}


class _Tenant(msgspec.Struct, rename="camel"):
    tenant_id: str


class _Link(msgspec.Struct, rename="camel"):
    user_id: str
    token: str


class _Phone(msgspec.Struct, rename="camel"):
    phone_number: str


_TENANT: Final = msgspec.json.Decoder(_Tenant)
_LINK: Final = msgspec.json.Decoder(_Link)
_PHONE: Final = msgspec.json.Decoder(_Phone)


def _saying(status: int, content: Any = None) -> Handler:
    """Make the handler of a route without state."""
    plain = empty_response(status) if content is None else json_response(status, content)
    response = msgspec.structs.replace(plain, headers=MARK)

    def say(state: State, call: Call) -> Response:
        return response

    return say


def _refusing(status: int, message: str) -> Handler:
    """Make the handler of a route that has nothing behind it."""
    response = msgspec.structs.replace(error_response(status, message), headers=MARK)

    def refuse(state: State, call: Call) -> Response:
        return response

    return refuse


def _get_token(state: State, call: Call) -> Response:
    """Return a token of the same session that acts in another tenant of the user."""
    user = user_of_call(state, call)
    tenant_id = decode(_TENANT, call).tenant_id
    session_id = None if call.token is None else call.token.session_id
    session = next(
        (each for each in call.store.logins.of_user(user.id) if each.id == session_id), None
    )
    if session is None or tenant_id not in user.tenants:
        raise RejectedError(400, "User does not belong to this tenant")
    token, seconds = access_token(state, call.store, replace(session, tenant_id=tenant_id), ())
    shown = {
        "accessToken": token,
        "expiresIn": whole(seconds),
        "expires": http_date(call.store.wall_clock() + seconds),
    }
    return json_response(201, shown)


def _validate_link(state: State, call: Call) -> Response:
    body = decode(_LINK, call)
    check_link(state, "password", body.user_id, body.token)
    return empty_response(201)


def _change_phone(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    user.phone_number = required("phoneNumber", decode(_PHONE, call).phone_number)
    return empty_response(200)


def _open(method: str, path: str, handle: Handler) -> Route:
    return route(method, path, handle, takes=Takes.NOTHING)


def _mine(method: str, path: str, handle: Handler) -> Route:
    return route(method, path, handle, takes=Takes.USER)


ROUTES: Final = (
    _open("GET", _CONFIGURATION + "/auth/strategies/public", _saying(200, _STRATEGIES)),
    _mine("GET", _CONFIGURATION + "/auth/strategies", _saying(200, _STRATEGIES)),
    _open("GET", _CONFIGURATION + "/sign-up/strategies", _saying(200, _SIGN_UP)),
    _open("GET", _CONFIGURATION + "/password-recovery/strategies", _saying(200, _RECOVERY)),
    _open("POST", _AUTH + "/v1/user/saml/prelogin", _refusing(404, _NO_SSO)),
    _open("POST", _AUTH + "/v2/user/sso/prelogin", _refusing(404, _NO_SSO)),
    _open("POST", _AUTH + "/v1/user/saml/postlogin", _refusing(401, _NO_LOGIN)),
    _open("POST", _AUTH + "/v1/user/oidc/postlogin", _refusing(401, _NO_LOGIN)),
    _open("POST", _AUTH + "/v2/user/oidc/postlogin", _refusing(401, _NO_LOGIN)),
    _open("POST", _AUTH + "/v1/user/sso/{provider}/postlogin", _refusing(401, _NO_LOGIN)),
    _open("POST", _AUTH + "/v1/webauthn/prelogin", _refusing(401, _NO_LOGIN)),
    _open("POST", _AUTH + "/v1/webauthn/postlogin", _refusing(401, _NO_LOGIN)),
    _mine("POST", _AUTH + "/v1/user/step-up/generate", _refusing(400, "MFA is not enrolled")),
    _mine("GET", _PASSKEYS, _saying(200, {"devices": []})),
    _mine("POST", _PASSKEYS, _refusing(400, "Passkeys are not enabled")),
    _mine("POST", _PASSKEYS + "/verify", _refusing(400, "Passkeys are not enabled")),
    _mine("DELETE", _PASSKEYS + "/{id}", _refusing(404, "Device not found")),
    *(
        _mine("POST", f"{_USERS}/v1/mfa/webauthn/{path}", _refusing(status, message))
        for path, status, message in (
            ("enroll", 400, "Passkeys are not enabled"),
            ("enroll/verify", 400, "Passkeys are not enabled"),
            ("{deviceId}/disable", 404, "Device not found"),
            ("{deviceId}/disable/verify", 404, "Device not found"),
        )
    ),
    _mine("POST", _USERS + "/v3/me/token", _get_token),
    _open("POST", _USERS + "/v1/passwords/reset/validate", _validate_link),
    route("POST", _USERS + "/v1/passwords/breached/reset/bulk", _saying(201), takes=Takes.EITHER),
    _mine("PUT", _USERS + "/v1/phone/change", _change_phone),
    _mine("POST", _USERS + "/v1/phone", _saying(201, _CODE_SENT)),
    _mine("POST", _USERS + "/v1/phone/verify", _refusing(401, "Code is not valid")),
    _open("POST", _USERS + "/v1/phone/reset", _saying(201, _CODE_SENT)),
    _open("POST", _USERS + "/v1/phone/reset/verify", _refusing(401, "Code is not valid")),
    _open("POST", _USERS + "/v1/signUp/phoneNumber", _refusing(400, "SMS is not enabled")),
)
