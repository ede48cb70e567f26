"""The routes that read many users: pages of them, and the statuses of some.

==================================================================  =====
at most 200 users a page, 50 unless asked; at most 200 ``userIds``  spec
``_offset`` counts pages; ``_links.next`` is a bare query string    seen
``_links.next`` on the last page is empty (or null)                 guess
more than the most, or nonsense, is 400                             guess
users come in the order of creation, of ``ids``, or of joining      guess
``statuses`` answers an array and leaves unknown users out          guess
==================================================================  =====
"""

from typing import Final
from urllib.parse import urlencode

import msgspec

from .call import Call
from .state import State, User
from .views import Page, Statuses
from .wire import Answer, failure

__all__ = ["list_users", "statuses"]

_DEFAULT_LIMIT: Final = 50
_MOST: Final = 200
_encode = msgspec.json.Encoder().encode


def statuses(state: State, call: Call) -> Answer:
    """Serve ``GET /identity/resources/tenants/users/v1/statuses``."""
    parameters = call.parameters()
    user_ids = _listed(parameters, "userIds")
    if not 0 < len(user_ids) <= _MOST:
        return failure(400, f"userIds must contain between 1 and {_MOST} elements")
    wanted = frozenset(_listed(parameters, "userTenantStatuses"))
    users = [user for user_id in user_ids if (user := state.find(user_id)) is not None]
    shown = [Statuses.of(user, wanted) for user in users]
    if state.policy.statuses_as_object and len(shown) == 1:
        return Answer(200, _encode(shown[0]))
    return Answer(200, _encode(shown))


def list_users(state: State, call: Call) -> Answer:
    """Serve ``GET /identity/resources/users/v3``; sorting is not emulated."""
    parameters = call.parameters()
    try:
        limit = int(parameters.get("_limit", [str(_DEFAULT_LIMIT)])[-1])
        offset = int(parameters.get("_offset", ["0"])[-1])
    except ValueError:
        return failure(400, "_limit and _offset must be numbers")
    if not 0 < limit <= _MOST:
        return failure(400, f"_limit must be between 1 and {_MOST}")
    if offset < 0:
        return failure(400, "_offset must not be less than 0")
    users = _selected(state, call, parameters)
    pages = -(-len(users) // limit)

    def link(page: int) -> str:
        kept = {name: values for name, values in parameters.items() if name != "_offset"}
        return urlencode({**kept, "_limit": [limit], "_offset": [page]}, doseq=True)

    none = state.policy.next_at_end
    links = (
        link(offset + 1) if offset + 1 < pages else none,
        link(offset - 1) if offset else none,
        link(0),
        link(max(0, pages - 1)),
    )
    page = users[offset * limit : (offset + 1) * limit]
    return Answer(200, _encode(Page.of(page, links, len(users), pages)))


def _selected(state: State, call: Call, parameters: dict[str, list[str]]) -> list[User]:
    """Apply the filters; the narrowest one that is given is looked up, the others sift."""
    tenant_ids = [*parameters.get("_tenantId", ()), *([call.tenant] if call.tenant else ())]
    emails = parameters.get("_email", [])
    if "ids" in parameters:
        found = [state.find(user_id) for user_id in _listed(parameters, "ids")]
        users = [user for user in found if user is not None]
    elif emails:
        match = state.find_by_email(emails[-1])
        users = [] if match is None else [match]
    elif tenant_ids:
        users = state.members_of(tenant_ids[0])
    else:
        return state.everyone()
    return [
        user
        for user in users
        if all(tenant_id in user.tenants for tenant_id in tenant_ids)
        and all(email.lower() == user.email.lower() for email in emails)
    ]


def _listed(parameters: dict[str, list[str]], name: str) -> list[str]:
    """Read a parameter that is repeated, comma-separated, or both; each value once."""
    parts = (part for value in parameters.get(name, ()) for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))
