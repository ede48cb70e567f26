"""Tokens of users in one step, for tests that do not log in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from .routes._sessions import session_response, unfit
from .state.access import Access
from .state.environment import State
from .state.store import Store
from .state.tokens import Kind

__all__ = ["role_ids_of", "user_token"]


def user_token(
    state: State,
    store: Store,
    user_id: str,
    tenant_id: str | None,
    roles: str | Iterable[str] | None,
) -> str:
    """Return a token of a user in a tenant, both made if need be, and begin its session.

    A ``user_id`` with an ``@`` that is the id of no user is an e-mail address.

    Raises:
        ValueError: If an id is empty, or the user has no tenant, or may not log in.
        CannotSignError: If the extra that signs is not installed.

    """
    if not user_id or tenant_id == "":
        raise ValueError(f"the id of a {'tenant' if user_id else 'user'} must not be empty")
    store.keys.make()
    user = state.users.get(user_id)
    email = user_id if user is None and "@" in user_id else None
    if email is not None:
        user = state.find_by_email(email)
    if tenant_id is None and user is not None:
        tenant_id = user.active_tenant
    if tenant_id is None:
        raise ValueError(f"user {user_id!r} belongs to no tenant: name the tenant of the token")
    if user is None:
        user = state.create_user(user_id if email is None else None, email=email, name=None)
    if (problem := unfit(user, tenant_id)) is not None:
        raise ValueError(f"no token for {user_id!r} in {tenant_id!r}: {problem}")
    if tenant_id not in user.tenants:
        state.tenants.setdefault(tenant_id, tenant_id)
        state.join(user, tenant_id, "Activated")
    user.active_tenant = tenant_id
    if roles is not None:
        keys = (roles,) if isinstance(roles, str) else roles
        user.set_roles(tenant_id, role_ids_of(state.access, tenant_id, keys))
    session = store.logins.open(Kind.USER, tenant_id, user.id)
    body = msgspec.json.decode(session_response(state, store, session, 200).body)
    return cast("str", body["accessToken"])


def role_ids_of(access: Access, tenant_id: str | None, keys: Iterable[str]) -> list[str]:
    """Return the ids of roles by their keys; an unknown one is made."""
    known = {role.key: role.id for role in access.visible(tenant_id)}
    return [known.get(key) or access.seed(key) for key in keys]
