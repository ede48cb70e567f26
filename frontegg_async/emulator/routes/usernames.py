"""The routes of usernames.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
usernames come in pages, although the spec shows a single one         guess
a username is created for the user of the token or of                 guess
``frontegg-user-id``: 403 without, 409 if it is taken; a user has
one at most
====================================================================  =====
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ._bodies import empty_response, json_response, list_parameter, parameter, required
from ._lookups import not_found, user_of_call
from ._pages import page_response
from ._route import route

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/usernames/v1"


class _NewUsername(msgspec.Struct):
    username: str


class _Username(msgspec.Struct, rename="camel"):
    """``UsernameResponseDto``."""

    username: str
    user_id: str


_KEYS: Final[dict[str, Callable[[_Username], Any]]] = {
    "userId": lambda entry: entry.user_id,
    "username": lambda entry: entry.username,
}
_NEW_USERNAME: Final = msgspec.json.Decoder(_NewUsername)


def list_usernames(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/usernames/v1``."""
    parameters = call.parameters()
    user_ids = list_parameter(parameters, "userIds")
    usernames = list_parameter(parameters, "usernames")
    prefix = parameter(parameters, "_usernamePrefix")
    entries = [
        _Username(username, user_id)
        for username, user_id in state.usernames.items()
        if username.startswith(prefix)
        and (not user_ids or user_id in user_ids)
        and (not usernames or username in usernames)
    ]
    return page_response(parameters, state.policy, entries, lambda entry: entry, keys=_KEYS)


def create_username(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/usernames/v1``."""
    user = user_of_call(state, call)
    body = decode(_NEW_USERNAME, call)
    required("username", body.username)
    if body.username in state.usernames or user.username is not None:
        raise RejectedError(409, "The username is already in use, or the user already has one")
    state.name_user(user, body.username)
    return empty_response(201)


def delete_username(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/usernames/v1/{username}``."""
    (username,) = call.values
    user = state.find_by_username(username)
    if user is None:
        raise not_found("Username", username)
    state.unname_user(user)
    return empty_response(200)


def get_my_username(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/usernames/v1/me``."""
    user = user_of_call(state, call)
    if user.username is None:
        raise not_found("Username of", user.id)
    return json_response(200, _Username(user.username, user.id))


ROUTES: Final = (
    route("GET", _PATH, list_usernames),
    route("POST", _PATH, create_username),
    route("GET", _PATH + "/me", get_my_username),
    route("DELETE", _PATH + "/{username}", delete_username),
)
