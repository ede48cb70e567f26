"""Authenticator apps of a user. Logins never ask for one.

====================================================================  =====
paths, headers, bodies, success statuses                              spec
``disable`` without a factor is 400 ER-01097                          seen
the list of devices by kind                                           client
a code is six digits by RFC 6238, and good for the step before and    guess
the step after its own; a wrong one is 401
``qrCode`` is the ``otpauth`` URI that a real one shows as a picture  ours
disabling needs a code if one is sent; unenrolling takes all          guess
====================================================================  =====
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State, User
from ._bodies import empty_response, json_response
from ._lookups import not_found, user_in_path, user_of_call, user_of_sessions
from ._route import Takes, route

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/users/v1/mfa"
_STEP_S: Final = 30
_SECRET_BYTES: Final = 20


class _Token(msgspec.Struct):
    token: str


class _MayToken(msgspec.Struct):
    token: str | None = None


_TOKEN: Final = msgspec.json.Decoder(_Token)
_MAY_TOKEN: Final = msgspec.json.Decoder(_MayToken)


def _start(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    secret = base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    user.pending_authenticator = secret
    label = quote(f"Emulator:{user.email or user.name}")
    return json_response(200, {"qrCode": f"otpauth://totp/{label}?secret={secret}&issuer=Emulator"})


def _enroll(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    token = decode(_TOKEN, call).token
    secret = user.pending_authenticator
    if secret is None:
        raise RejectedError(400, "MFA enrollment was not started")
    _check_code(call, secret, token)
    user.pending_authenticator = None
    user.authenticators = {**(user.authenticators or {}), str(uuid4()): secret}
    return json_response(200, {"recoveryCode": secrets.token_hex(16)})


def _get_devices(state: State, call: Call) -> Response:
    apps = [{"id": each} for each in user_of_call(state, call).authenticators or ()]
    return json_response(200, {"webauthn": [], "phones": [], "authenticators": apps, "emails": []})


def _disable(state: State, call: Call) -> Response:
    user = user_of_sessions(state, call)
    token = decode(_MAY_TOKEN, call).token
    if not user.authenticators:
        raise RejectedError(400, "MFA is not enrolled", "ER-01097")
    if token is not None:
        _check_code(call, next(iter(user.authenticators.values())), token)
    user.authenticators = None
    return empty_response(200)


def _disable_one(state: State, call: Call) -> Response:
    user = user_of_call(state, call)
    token = decode(_MAY_TOKEN, call).token
    (device_id,) = call.values
    secret = (user.authenticators or {}).get(device_id)
    if secret is None:
        raise not_found("Device", device_id)
    if token is not None:
        _check_code(call, secret, token)
    _drop(user, device_id)
    return empty_response(200)


def _unenroll(state: State, call: Call) -> Response:
    user_in_path(state, call).authenticators = None
    return empty_response(200)


def _drop(user: User, device_id: str) -> None:
    kept = dict(user.authenticators or {})
    del kept[device_id]
    user.authenticators = kept or None


def _check_code(call: Call, secret: str, code: str) -> None:
    step = int(call.store.wall_clock()) // _STEP_S
    good = (_code(secret, each) for each in (step - 1, step, step + 1))
    if not any(hmac.compare_digest(each.encode(), code.encode()) for each in good):
        raise RejectedError(401, "Code is not valid")


def _code(secret: str, step: int) -> str:
    """Return the code of an authenticator app in one step of time (RFC 6238)."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


ROUTES: Final = (
    route("POST", _PATH + "/enroll", _start),
    route("POST", _PATH + "/enroll/verify", _enroll),
    route("POST", _PATH + "/authenticator/enroll", _start),
    route("POST", _PATH + "/authenticator/enroll/verify", _enroll),
    route("POST", _PATH + "/authenticator/{deviceId}/disable/verify", _disable_one),
    route("GET", _PATH + "/devices", _get_devices, takes=Takes.EITHER),
    route("POST", _PATH + "/disable", _disable),
    route("POST", "/identity/resources/vendor-only/users/v1/{userId}/mfa/unenroll", _unenroll),
)
