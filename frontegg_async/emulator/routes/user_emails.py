"""The routes of users' e-mail addresses.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
the primary address is an entry like the others, ``email-<user id>``  ours
an address that another user has is 409; any address finds its user   guess
the primary address cannot be deleted: 400                            guess
the former primary address stays as another one                       guess
``isVerified`` is false unless given                                  guess
====================================================================  =====
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import Address, State, User
from ._bodies import check_email, empty_response, json_response, list_parameter, parameter
from ._lookups import not_found, user_in_path, user_of_call
from ._pages import page_response
from ._route import route

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/users/emails/v1"
_KEYS: Final[dict[str, Callable[[Address], Any]]] = {
    "userId": lambda address: address.user_id,
    "email": lambda address: address.email,
}


class _Email(msgspec.Struct):
    email: str


class _NewEmail(msgspec.Struct, rename="camel"):
    email: str
    is_verified: bool = False


_EMAIL: Final = msgspec.json.Decoder(_Email)
_NEW_EMAIL: Final = msgspec.json.Decoder(_NewEmail)


def list_emails(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/emails/v1``."""
    parameters = call.parameters()
    user_ids = list_parameter(parameters, "userIds")
    if user_ids:
        users: Iterable[User] = [state.users[each] for each in user_ids if each in state.users]
    else:
        users = state.members_of(call.tenant) if call.tenant else state.everyone()
    wanted = parameter(parameters, "_email").lower()
    addresses = [
        address
        for user in users
        if call.tenant is None or call.tenant in user.tenants
        for address in _addresses_of(state, user)
        if wanted in {"", address.email.lower()}
    ]
    return page_response(parameters, state.policy, addresses, lambda address: address, keys=_KEYS)


def get_my_emails(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/emails/v1/me``."""
    return json_response(200, list(_addresses_of(state, user_of_call(state, call))))


def create_email(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/vendor/{userId}``."""
    user = user_in_path(state, call)
    body = decode(_NEW_EMAIL, call)
    check_email(body.email)
    if state.find_by_email(body.email) is not None:
        raise RejectedError(409, "The address is already in use")
    return json_response(201, state.add_address(user, body.email, verified=body.is_verified))


def delete_email(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/emails/v1/vendor/{userId}/{emailId}``."""
    return _delete(state, user_in_path(state, call), call.values[1])


def delete_my_email(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/emails/v1/{emailId}``."""
    return _delete(state, user_of_call(state, call), call.values[0])


def _delete(state: State, user: User, address_id: str) -> Response:
    if address_id == _primary_id(user):
        raise RejectedError(400, "The primary address cannot be deleted")
    address = state.addresses.get(address_id)
    if address is None or address.user_id != user.id:
        raise not_found("Email", address_id)
    state.drop_address(address)
    return empty_response(200)


def set_primary(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/vendor/{userId}/primary``."""
    return _set_primary(state, call, user_in_path(state, call))


def set_my_primary(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/emails/v1/me/primary``."""
    return _set_primary(state, call, user_of_call(state, call))


def _set_primary(state: State, call: Call, user: User) -> Response:
    body = decode(_EMAIL, call)
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
    raise not_found("Email", body.email)


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


ROUTES: Final = (
    route("GET", _PATH, list_emails),
    route("GET", _PATH + "/me", get_my_emails),
    route("POST", _PATH + "/me/primary", set_my_primary),
    route("POST", _PATH + "/vendor/{userId}", create_email),
    route("DELETE", _PATH + "/vendor/{userId}/{emailId}", delete_email),
    route("POST", _PATH + "/vendor/{userId}/primary", set_primary),
    route("DELETE", _PATH + "/{emailId}", delete_my_email),
)
