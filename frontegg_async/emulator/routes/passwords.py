"""Passwords: given with a new user, changed, reset and checked.

==================================================================  ======
paths, bodies and success statuses                                    spec
a reset of an unknown address is a success like any other             guess
a reset ends the sessions of the user, a change does not              guess
wrong tokens are 404; a wrong old password is 400                     guess
a password may be anything but empty                                  guess
the response to a check has ``valid``                                 client
==================================================================  ======
"""

from typing import Any, Final, cast

import msgspec

from ..http.record import Mail
from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State, User
from ._bodies import empty_response, json_response, required
from ._lookups import user_of_call
from ._route import Handler, Takes, route

__all__ = ["ROUTES", "check_link", "keeping_password", "mail_link", "use_link"]


class _Password(msgspec.Struct):
    password: object = None


class _ResetBody(msgspec.Struct, rename="camel"):
    identifier: str | None = None
    identifier_type: str = "email"
    email: str | None = None


class _VerifyBody(msgspec.Struct, rename="camel"):
    user_id: str
    token: str
    password: str


class _ChangeBody(msgspec.Struct, rename="camel"):
    password: str
    new_password: str


class _CheckBody(msgspec.Struct):
    email: str
    password: str


_NO_LINK: Final = {
    "activation": "Activation token not found",
    "password": "Reset password token not found",
}

_PASSWORD: Final = msgspec.json.Decoder(_Password)
_RESET_BODY: Final = msgspec.json.Decoder(_ResetBody)
_VERIFY_BODY: Final = msgspec.json.Decoder(_VerifyBody)
_CHANGE_BODY: Final = msgspec.json.Decoder(_ChangeBody)
_CHECK_BODY: Final = msgspec.json.Decoder(_CheckBody)


def keeping_password(handle: Handler) -> Handler:
    """Let a handler that creates users keep the passwords in their bodies."""

    def with_password(state: State, call: Call) -> Response:
        before = len(state.users)
        response = handle(state, call)
        # A user who existed before keeps the old password.
        if response.status == 201 and len(state.users) > before:
            password = decode(_PASSWORD, call).password
            if isinstance(password, str) and password:
                made = cast("dict[str, Any]", msgspec.json.decode(response.body))
                call.store.logins.passwords[made["id"]] = password
        return response

    return with_password


def mail_link(state: State, call: Call, kind: str, user: User) -> None:
    """Send a user an e-mail with a link; earlier links of the kind end."""
    for token in [text for text, meant in state.links.items() if meant == (kind, user.id)]:
        del state.links[token]
    mail = Mail.new(kind, user.id, None, user.email)
    state.links[mail.token] = (kind, user.id)
    call.store.mails.append(mail)


def check_link(state: State, kind: str, user_id: str, token: str) -> None:
    """Reject a token that is not of this user's link of this kind."""
    if state.links.get(token) != (kind, user_id):
        raise RejectedError(404, _NO_LINK[kind])


def use_link(state: State, kind: str, user_id: str, token: str) -> User:
    """Use up a link of this kind, and return its user."""
    check_link(state, kind, user_id, token)
    if (user := state.users.get(user_id)) is None:
        raise RejectedError(404, _NO_LINK[kind])
    del state.links[token]
    return user


def _reset(state: State, call: Call) -> Response:
    body = decode(_RESET_BODY, call)
    identifier = required("identifier", body.identifier or body.email)
    if body.identifier_type == "username":
        user = state.find_by_username(identifier)
    else:
        user = state.find_by_email(identifier)
    if user is not None:
        mail_link(state, call, "password", user)
        state.hooks.note("frontegg.user.forgotPassword", user)
    return empty_response(201)


def _verify_reset(state: State, call: Call) -> Response:
    body = decode(_VERIFY_BODY, call)
    required("password", body.password)
    user = use_link(state, "password", body.user_id, body.token)
    call.store.logins.passwords[user.id] = body.password
    call.store.logins.close_all(user_id=user.id)
    state.hooks.note("frontegg.user.changedPassword", user)
    return empty_response(201)


def _change(state: State, call: Call) -> Response:
    body = decode(_CHANGE_BODY, call)
    user = user_of_call(state, call)
    passwords = call.store.logins.passwords
    if passwords.get(user.id) != body.password:
        raise RejectedError(400, "Password is not correct")
    passwords[user.id] = required("newPassword", body.new_password)
    state.hooks.note("frontegg.user.changedPassword", user)
    return empty_response(201)


def _check(state: State, call: Call) -> Response:
    body = decode(_CHECK_BODY, call)
    user = state.find_by_email(body.email)
    known = None if user is None else call.store.logins.passwords.get(user.id)
    return json_response(200, {"valid": known == body.password})


_CHECK: Final = "/identity/resources/vendor-only/users/v1/passwords/verify"
_PASSWORDS: Final = "/identity/resources/users/v1/passwords"

ROUTES: Final = (
    route("POST", _PASSWORDS + "/reset", _reset, takes=Takes.NOTHING),
    route("POST", _PASSWORDS + "/reset/verify", _verify_reset, takes=Takes.NOTHING),
    route("POST", _PASSWORDS + "/change", _change, takes=Takes.EITHER),
    route("POST", _CHECK, _check, takes=Takes.ENVIRONMENT),
)
