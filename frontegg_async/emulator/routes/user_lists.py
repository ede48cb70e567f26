"""The routes that read many users: pages of them, a search, and the statuses of some.

==================================================================  =====
at most 200 users a page, 50 unless asked; at most 200 ``userIds``  spec
``_identifier`` is a prefix, ``_identifierType`` has to be with it  spec
members of sub-tenants count, unless ``_includeSubTenants=false``   spec
a limit above the maximum, or nonsense, is 400                      guess
users come in the order of creation, of ``ids``, or of joining      guess
a phrase is looked for in name, address, username and phone number  guess
an approximate search finds a phrase with one letter wrong          guess
``statuses`` returns an array and leaves unknown users out          guess
==================================================================  =====
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..http.request import Call
from ..http.response import RejectedError, Response
from ..state.environment import State, User
from ._bodies import check_count, json_response, list_parameter, parameter
from ._pages import page_response
from ._route import route
from ._schemas import UserResponse, UserStatuses

__all__ = ["KEYS", "ROUTES", "list_users", "selected"]

_MAX_USERS: Final = 200
_Parameters = dict[str, list[str]]

KEYS: Final[dict[str, Callable[[User], Any]]] = {
    "createdAt": lambda user: user.created_at,
    "name": lambda user: user.name,
    "email": lambda user: user.email,
    "id": lambda user: user.id,
    "verified": lambda user: user.verified,
    "isLocked": lambda user: user.locked,
    "provider": lambda user: user.provider,
    "tenantId": lambda user: user.active_tenant,
}
_IDENTIFIERS: Final[dict[str, Callable[[User], str | None]]] = {
    "email": lambda user: user.email,
    "phoneNumber": lambda user: user.phone_number,
    "username": lambda user: user.username,
}


def statuses(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/tenants/users/v1/statuses``."""
    parameters = call.parameters()
    user_ids = list_parameter(parameters, "userIds")
    check_count("userIds", user_ids, _MAX_USERS)
    wanted = frozenset(list_parameter(parameters, "userTenantStatuses"))
    users = [user for user_id in user_ids if (user := state.find(user_id)) is not None]
    found = [UserStatuses.of(user, wanted) for user in users]
    if state.policy.statuses_as_object and len(found) == 1:
        return json_response(200, found[0])
    return json_response(200, found)


def list_users(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v3``."""
    return _list(state, call, None)


def search(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v1/query/phrase``."""
    return _list(state, call, _matches)


def _list(state: State, call: Call, sift: Callable[[User, _Parameters], bool] | None) -> Response:
    parameters = call.parameters()
    kind = parameter(parameters, "_identifierType")
    if ("_identifier" in parameters) != bool(kind) or (kind and kind not in _IDENTIFIERS):
        raise RejectedError(400, "_identifier and a known _identifierType must be given together")
    users = selected(state, call, parameters)
    if sift is not None:
        users = [user for user in users if sift(user, parameters)]
    return page_response(
        parameters, state.policy, users, UserResponse.listed, keys=KEYS, maximum=_MAX_USERS
    )


def selected(state: State, call: Call, parameters: _Parameters) -> list[User]:
    """Apply the filters; the narrowest one that is given is looked up, the others sift."""
    tenant_ids = [*parameters.get("_tenantId", ()), *([call.tenant] if call.tenant else ())]
    emails = parameters.get("_email", [])
    circles = [_circle(state, tenant_id, parameters) for tenant_id in tenant_ids]
    if "ids" in parameters:
        found = [state.find(user_id) for user_id in list_parameter(parameters, "ids")]
        users = [user for user in found if user is not None]
    elif emails:
        match = state.find_by_email(emails[-1])
        users = [] if match is None else [match]
    elif circles:
        users = _members(state, circles.pop(0))
    else:
        users = state.everyone()
    if circles:
        users = [
            user
            for user in users
            if all(any(each in user.tenants for each in circle) for circle in circles)
        ]
    if emails:
        users = [user for user in users if all(state.find_by_email(one) is user for one in emails)]
    for matches in _filters(parameters):
        users = [user for user in users if matches(user)]
    return users


def _circle(state: State, tenant_id: str, parameters: _Parameters) -> list[str]:
    """Return a tenant and, unless they are not wanted, the ones below it."""
    if parameter(parameters, "_includeSubTenants") == "false":
        return [tenant_id]
    return [tenant_id, *state.accounts.below(tenant_id)]


def _members(state: State, tenant_ids: list[str]) -> list[User]:
    if len(tenant_ids) == 1:
        return state.members_of(tenant_ids[0])
    members = (user for tenant_id in tenant_ids for user in state.members_of(tenant_id))
    return list({user.id: user for user in members}.values())


def _filters(parameters: _Parameters) -> Iterator[Callable[[User], bool]]:
    if "_namePrefix" in parameters:
        prefix = parameter(parameters, "_namePrefix").lower()
        yield lambda user: user.name.lower().startswith(prefix)
    if "_externalIds" in parameters:
        external = frozenset(list_parameter(parameters, "_externalIds"))
        yield lambda user: user.external_id in external
    if "_identifier" in parameters:
        start = parameter(parameters, "_identifier").lower()
        read = _IDENTIFIERS[parameter(parameters, "_identifierType")]
        yield lambda user: (read(user) or "").lower().startswith(start)


def _matches(user: User, parameters: _Parameters) -> bool:
    fields = (user.name, user.email, user.username, user.phone_number)
    text = "\n".join(field.lower() for field in fields if field)
    loose = parameter(parameters, "_phraseSearchApproximate") == "true"

    def holds(phrase: str) -> bool:
        phrase = phrase.lower()
        if not loose:
            return phrase in text
        letters = [re.escape(letter) for letter in phrase]
        slips = ("".join([*letters[:n], ".?", *letters[n + 1 :]]) for n in range(len(letters)))
        return any(re.search(slip, text) for slip in slips)

    contains = list_parameter(parameters, "_phraseSearchContains")
    excludes = list_parameter(parameters, "_phraseSearchExcludes")
    optional = list_parameter(parameters, "_phraseSearchOptional")
    return (
        all(map(holds, contains))
        and not any(map(holds, excludes))
        and (not optional or any(map(holds, optional)))
    )


ROUTES: Final = (
    route("GET", "/identity/resources/users/v3", list_users),
    route("GET", "/identity/resources/users/v1/query/phrase", search),
    route("GET", "/identity/resources/tenants/users/v1/statuses", statuses),
)
