"""The routes of what users are known by besides their id: e-mail addresses and usernames.

====================================================================  =====
paths, required fields, success statuses, shapes of the answers       spec
the primary address is an entry like the others, ``email-<user id>``  ours
an address that somebody has is 409; any address finds its user       guess
the primary address cannot be deleted: 400                            guess
the former primary address stays as another one                       guess
``isVerified`` is false unless given                                  guess
usernames come in pages, although the spec shows a single one         guess
a username is created for the user of the token or of                 guess
``frontegg-user-id``: 403 without, 409 if somebody has it; a user
has one at most
====================================================================  =====
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response, error_response
from ..state.environment import Address, State, User
from ._pages import ordered, window
from ._responses import empty_response, json_response, list_parameter, not_found
from ._route import route

__all__ = ["ROUTES"]

_EMAILS: Final = "/identity/resources/users/emails/v1"
_USERNAMES: Final = "/identity/resources/usernames/v1"

_ADDRESS_KEYS: Final[dict[str, Callable[[Address], Any]]] = {
    "userId": lambda address: address.user_id,
    "email": lambda address: address.email,
}


class _Email(msgspec.Struct):
    email: str


class _NewEmail(msgspec.Struct, rename="camel"):
    email: str
    is_verified: bool = False


class _NewUsername(msgspec.Struct):
    username: str


class _Username(msgspec.Struct, rename="camel"):
    """``UsernameResponseDto``."""

    username: str
    user_id: str


_USERNAME_KEYS: Final[dict[str, Callable[[_Username], Any]]] = {
    "userId": lambda entry: entry.user_id,
    "username": lambda entry: entry.username,
}
_EMAIL: Final = msgspec.json.Decoder(_Email)
_NEW_EMAIL: Final = msgspec.json.Decoder(_NewEmail)
_NEW_USERNAME: Final = msgspec.json.Decoder(_NewUsername)


def list_emails(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/emails/v1``."""
    parameters = call.parameters()
    page = window(parameters, None)
    if isinstance(page, Response):
        return page
    user_ids = list_parameter(parameters, "userIds")
    if user_ids:
        users: Iterable[User] = [state.users[each] for each in user_ids if each in state.users]
    else:
        users = state.members_of(call.tenant) if call.tenant else state.everyone()
    wanted = parameters.get("_email", [""])[-1].lower()
    addresses = [
        address
        for user in users
        if call.tenant is None or call.tenant in user.tenants
        for address in _addresses_of(state, user)
        if wanted in {"", address.email.lower()}
    ]
    in_order = ordered(addresses, parameters, _ADDRESS_KEYS)
    if isinstance(in_order, Response):
        return in_order
    return page.of(in_order, state.policy, lambda address: address)


def get_my_emails(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/emails/v1/me``."""
    user = _myself(state, call)
    return (
        user if isinstance(user, Response) else json_response(200, list(_addresses_of(state, user)))
    )


def create_email(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/vendor/{userId}``."""
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return not_found("User", user_id)
    body = decode(_NEW_EMAIL, call)
    if isinstance(body, Response):
        return body
    if "@" not in body.email:
        return error_response(400, "email must be an email")
    if state.find_by_email(body.email) is not None:
        return error_response(409, "Somebody has this address already")
    return json_response(201, state.add_address(user, body.email, verified=body.is_verified))


def delete_email(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/emails/v1/vendor/{userId}/{emailId}``."""
    user_id, address_id = call.values
    if (user := state.find(user_id)) is None:
        return not_found("User", user_id)
    return _delete(state, user, address_id)


def delete_my_email(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/emails/v1/{emailId}``."""
    user = _myself(state, call)
    if isinstance(user, Response):
        return user
    (address_id,) = call.values
    return _delete(state, user, address_id)


def _delete(state: State, user: User, address_id: str) -> Response:
    if address_id == _primary_id(user):
        return error_response(400, "The primary address cannot be deleted")
    address = state.addresses.get(address_id)
    if address is None or address.user_id != user.id:
        return not_found("Email", address_id)
    state.drop_address(address)
    return empty_response(200)


def set_primary(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/vendor/{userId}/primary``."""
    (user_id,) = call.values
    user = state.find(user_id)
    return not_found("User", user_id) if user is None else _set_primary(state, call, user)


def set_my_primary(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/me/primary``."""
    user = _myself(state, call)
    return user if isinstance(user, Response) else _set_primary(state, call, user)


def _set_primary(state: State, call: Call, user: User) -> Response:
    body = decode(_EMAIL, call)
    if isinstance(body, Response):
        return body
    for address in _addresses_of(state, user):
        if address.email.lower() == body.email.lower():
            if not address.is_primary:
                former, was_verified = user.email, user.verified
                state.drop_address(address)
                state.set_email(user, address.email)
                user.verified = address.verified
                if former:
                    state.add_address(user, former, verified=was_verified)
            return empty_response(200)
    return not_found("Email", body.email)


def _addresses_of(state: State, user: User) -> Iterator[Address]:
    if user.email:
        yield Address(
            id=_primary_id(user),
            user_id=user.id,
            email=user.email,
            verified=user.verified,
            is_primary=True,
            created_at=user.created_at,
            updated_at=user.created_at,
        )
    yield from [each for each in state.addresses.values() if each.user_id == user.id]


def _primary_id(user: User) -> str:
    return f"email-{user.id}"


def list_usernames(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/usernames/v1``."""
    parameters = call.parameters()
    page = window(parameters, None)
    if isinstance(page, Response):
        return page
    user_ids = list_parameter(parameters, "userIds")
    usernames = list_parameter(parameters, "usernames")
    prefix = parameters.get("_usernamePrefix", [""])[-1]
    entries = [
        _Username(username, user_id)
        for username, user_id in state.usernames.items()
        if username.startswith(prefix)
        and (not user_ids or user_id in user_ids)
        and (not usernames or username in usernames)
    ]
    in_order = ordered(entries, parameters, _USERNAME_KEYS)
    if isinstance(in_order, Response):
        return in_order
    return page.of(in_order, state.policy, lambda entry: entry)


def create_username(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/usernames/v1``."""
    user = _myself(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_NEW_USERNAME, call)
    if isinstance(body, Response):
        return body
    if not body.username:
        return error_response(400, "username should not be empty")
    if body.username in state.usernames or user.username is not None:
        return error_response(409, "The username is taken, or the user has one")
    state.name_user(user, body.username)
    return empty_response(201)


def delete_username(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/usernames/v1/{username}``."""
    (username,) = call.values
    user = state.find_by_username(username)
    if user is None:
        return not_found("Username", username)
    state.unname_user(user)
    return empty_response(200)


def get_my_username(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/usernames/v1/me``."""
    user = _myself(state, call)
    if isinstance(user, Response):
        return user
    if user.username is None:
        return not_found("Username of", user.id)
    return json_response(200, _Username(user.username, user.id))


def _myself(state: State, call: Call) -> User | Response:
    if (user_id := call.user) is None:
        return error_response(403, "User ID is not specified")
    user = state.find(user_id)
    return not_found("User", user_id) if user is None else user


ROUTES: Final = (
    route("GET", _EMAILS, list_emails),
    route("GET", _EMAILS + "/me", get_my_emails),
    route("POST", _EMAILS + "/me/primary", set_my_primary),
    route("POST", _EMAILS + "/vendor/{userId}", create_email),
    route("DELETE", _EMAILS + "/vendor/{userId}/{emailId}", delete_email),
    route("POST", _EMAILS + "/vendor/{userId}/primary", set_primary),
    route("DELETE", _EMAILS + "/{emailId}", delete_my_email),
    route("GET", _USERNAMES, list_usernames),
    route("POST", _USERNAMES, create_username),
    route("GET", _USERNAMES + "/me", get_my_username),
    route("DELETE", _USERNAMES + "/{username}", delete_username),
)
