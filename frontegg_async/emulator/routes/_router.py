"""The route table: what the emulator plays with a memory, and after that what it plays without.

``_paths.py`` says how a raw path is matched; ``/auth/vendor/`` with its slash at the end is the one
path that is forgiven (seen).
"""

from difflib import get_close_matches
from functools import cache
from typing import Final

from msgspec.structs import replace

from . import _fallback as fallback
from . import (
    account_settings,
    api_tokens,
    authentication,
    bulk,
    groups,
    handlers,
    hierarchy,
    identifiers,
    invitations,
    me,
    passwords,
    permissions,
    roles,
    tenants,
    user_lists,
    user_roles,
    users,
)
from ._paths import Tree, segments_of
from ._route import Route, route
from .passwords import keeping_password

__all__ = ["AUTHENTICATE", "ROUTES", "fallback_tree", "find", "known"]


_USERS: Final = "/identity/resources/users/v1"
_VENDOR_ONLY: Final = "/identity/resources/vendor-only/users/v1"

AUTHENTICATE: Final = route("POST", "/auth/vendor", None)

_GATHERED: Final[tuple[Route, ...]] = (
    AUTHENTICATE,
    *authentication.ROUTES,
    *passwords.ROUTES,
    *me.ROUTES,
    *api_tokens.ROUTES,
    *invitations.ROUTES,
    *bulk.ROUTES,
    *handlers.ROUTES,
    *user_lists.ROUTES,
    *account_settings.ROUTES,
    *user_roles.ROUTES,
    *groups.ROUTES,
    *hierarchy.ROUTES,
    *identifiers.ROUTES,
    *permissions.ROUTES,
    *roles.ROUTES,
    *tenants.ROUTES,
    *users.ROUTES,
    route("POST", _USERS + "/{userId}/tenant", handlers.add_to_tenant, environment_only=True),
    route("PUT", _USERS + "/{userId}/tenant", handlers.set_active_tenant, environment_only=True),
    route("PUT", _USERS + "/{userId}/superuser", handlers.set_superuser, environment_only=True),
    route("POST", _USERS + "/{userId}/lock", handlers.lock),
    route("POST", _USERS + "/{userId}/unlock", handlers.unlock),
    route("GET", _USERS + "/email", handlers.get_by_email),
    route("GET", _USERS + "/{userId}", handlers.get_in_tenant),
    route("DELETE", _USERS + "/{userId}", handlers.remove),
    route("POST", _USERS, handlers.invite),
    route("GET", "/identity/resources/users/v3", user_lists.list_users),
    route("GET", "/identity/resources/tenants/users/v1/statuses", user_lists.statuses),
    route("GET", _VENDOR_ONLY + "/{userId}", handlers.get_anywhere, environment_only=True),
    route("POST", _VENDOR_ONLY, handlers.create, environment_only=True),
)

_MAKING_USERS: Final = frozenset(
    {f"POST {_USERS}", "POST /identity/resources/users/v2", f"POST {_VENDOR_ONLY}"}
)

ROUTES: Final = tuple(
    replace(each, handle=keeping_password(each.handle))
    if each.handle is not None and each.key in _MAKING_USERS
    else each
    for each in _GATHERED
)
"""Every route with a memory."""

_TREE: Final = Tree(ROUTES)


@cache
def fallback_tree() -> Tree:
    """Return the routes without a memory."""
    return Tree(fallback.routes())


def known(key: str) -> str:
    """Return the key of the route that ``"METHOD /template"`` names; raise :exc:`ValueError`.

    The names of placeholders do not matter.
    """
    found = _TREE.same(key) or fallback_tree().same(key)
    if found is None:
        keys = [each.key for each in (*ROUTES, *fallback.routes())]
        like = ", ".join(dict.fromkeys(get_close_matches(key, keys, 5)))
        raise ValueError(f"no such route: {key!r}" + (f"; there are {like}" if like else ""))
    return found.key


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the route of a raw path without its query, and the decoded placeholders."""
    if path == "/auth/vendor/":
        path = AUTHENTICATE.template
    segments = segments_of(path)
    found = _TREE.find(method, segments)
    if found is None and path.startswith(("/identity/", "/tenants/")):
        return fallback_tree().find(method, segments)
    return found
