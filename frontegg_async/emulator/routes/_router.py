"""All routes: the ones with state, and after them the stateless ones.

==================================================================  ======
``/auth/vendor/`` works with its slash at the end too                 seen
every route is under ``/frontegg`` too, as own domains have it        client
HEAD is GET, without the body                                         guess
==================================================================  ======
"""

from difflib import get_close_matches
from functools import cache
from typing import Final

from . import _fallback as fallback
from . import (
    account_settings,
    api_tokens,
    application_users,
    applications,
    authentication,
    browser,
    bulk,
    client_only,
    configurations,
    groups,
    hierarchy,
    impersonation,
    invitations,
    jwt_templates,
    login_providers,
    mail,
    me,
    mfa,
    migrations_csv,
    oauth,
    passwords,
    permissions,
    policies,
    redirect_uris,
    restrictions,
    roles,
    social_logins,
    sub_tenant_users,
    temporary_users,
    tenants,
    user_emails,
    user_lists,
    user_roles,
    user_sources,
    usernames,
    users,
    vendors,
    webhooks,
)
from ._paths import Tree, segments_of
from ._route import Route, route

__all__ = ["AUTHENTICATE", "ROUTES", "fallback_tree", "find", "known"]


_OWN_DOMAIN: Final = "/frontegg/"

AUTHENTICATE: Final = route("POST", "/auth/vendor", None)

ROUTES: Final[tuple[Route, ...]] = (
    AUTHENTICATE,
    *authentication.ROUTES,
    *configurations.ROUTES,
    *oauth.ROUTES,
    *passwords.ROUTES,
    *me.ROUTES,
    *api_tokens.ROUTES,
    *invitations.ROUTES,
    *bulk.ROUTES,
    *migrations_csv.ROUTES,
    *browser.ROUTES,
    *social_logins.ROUTES,
    *sub_tenant_users.ROUTES,
    *user_lists.ROUTES,
    *account_settings.ROUTES,
    *user_roles.ROUTES,
    *groups.ROUTES,
    *hierarchy.ROUTES,
    *user_emails.ROUTES,
    *usernames.ROUTES,
    *temporary_users.ROUTES,
    *permissions.ROUTES,
    *roles.ROUTES,
    *tenants.ROUTES,
    *users.ROUTES,
    *webhooks.ROUTES,
    *policies.ROUTES,
    *restrictions.ROUTES,
    *jwt_templates.ROUTES,
    *mail.ROUTES,
    *login_providers.ROUTES,
    *user_sources.ROUTES,
    *applications.ROUTES,
    *application_users.ROUTES,
    *vendors.ROUTES,
    *redirect_uris.ROUTES,
    *impersonation.ROUTES,
    *mfa.ROUTES,
    *client_only.ROUTES,
)
"""Every route with state."""

_TREE: Final = Tree(ROUTES)


@cache
def fallback_tree() -> Tree:
    """Return the stateless routes."""
    return Tree(fallback.routes())


def known(key: str) -> str:
    """Return the key of the route that ``"METHOD /template"`` names; raise :exc:`ValueError`.

    The names of placeholders do not matter.
    """
    found = _TREE.same(key) or fallback_tree().same(key)
    if found is None:
        keys = [each.key for each in (*ROUTES, *fallback.routes())]
        like = ", ".join(dict.fromkeys(get_close_matches(key, keys, 5)))
        raise ValueError(f"no such route: {key!r}" + (f"; similar ones are {like}" if like else ""))
    return found.key


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the route of a raw path without its query, and the decoded placeholders."""
    if path.startswith(_OWN_DOMAIN):
        path = path[len(_OWN_DOMAIN) - 1 :]
    if path == "/auth/vendor/":
        path = AUTHENTICATE.template
    if method == "HEAD":
        method = "GET"
    segments = segments_of(path)
    found = _TREE.find(method, segments)
    if found is None and path.startswith(("/identity/", "/tenants/")):
        return fallback_tree().find(method, segments)
    return found
