"""Endpoint coroutines, one module per API group, each a line over ``Caller.call``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from ..operation import Operation

GROUPS: Final = (
    "account_settings",
    "activations",
    "api_tokens",
    "applications",
    "approval_flows",
    "authentication",
    "bulk_users",
    "core_settings",
    "custom_oauth_providers",
    "delegation",
    "domain_restrictions",
    "email_configuration",
    "email_templates",
    "groups",
    "invitations",
    "ip_restrictions",
    "jwt_templates",
    "lockout_policy",
    "m2m_tokens",
    "me",
    "mfa",
    "mfa_login",
    "mfa_settings",
    "migrations",
    "password_settings",
    "passwordless",
    "passwords",
    "permission_categories",
    "permissions",
    "personal_tokens",
    "phone_numbers",
    "roles",
    "session_settings",
    "sms_configuration",
    "sms_templates",
    "social_logins",
    "sub_tenant_users",
    "sub_tenants",
    "temporary_users",
    "tenant_migrations",
    "tenants",
    "user_emails",
    "user_pools",
    "user_sessions",
    "usernames",
    "users",
)


def operations() -> tuple[Operation[Any], ...]:
    """Return every operation that the SDK has, by name."""
    found = {operation.name: operation for group in GROUPS for operation in _of_group(group)}
    return tuple(found[name] for name in sorted(found))


def find(name: str) -> Operation[Any] | None:
    """Return the operation of this name, for which its group alone is imported, or None."""
    group = name.partition(".")[0]
    if group not in GROUPS:
        return None
    return next((each for each in _of_group(group) if each.name == name), None)


def group_class(group: str) -> type[Any]:
    """Return the class of a group, such as ``UserPools`` for ``user_pools``."""
    name = "".join(map(str.capitalize, group.split("_")))
    kind: type[Any] = getattr(import_module(f"{__name__}.{group}"), name)
    return kind


def _of_group(group: str) -> Iterator[Operation[Any]]:
    for value in vars(import_module(f"{__name__}.{group}")).values():
        if isinstance(value, Operation):
            yield value
