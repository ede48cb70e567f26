"""Users of tenants below others.

Frontegg specifies none of it. Its own REST client for browsers sends these fields (client).
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel


class SubTenantUser(RequestModel, frozen=True, kw_only=True):
    """A user to be made a member of sub-tenants: one who exists, or a new one.

    Args:
        email: the address.
        name: name for people.
    """

    email: str
    name: str | UnsetType = UNSET


class SubTenantMembership(RequestModel, frozen=True, kw_only=True):
    """A sub-tenant that a user becomes a member of.

    Args:
        tenant_id: the sub-tenant.
        role_ids: roles that the user gets there.
    """

    tenant_id: str
    role_ids: tuple[str, ...] | UnsetType = UNSET


class SubTenantRoles(RequestModel, frozen=True, kw_only=True):
    """Roles of a user in a sub-tenant.

    Args:
        tenant_id: the sub-tenant.
        role_ids: the roles.
    """

    tenant_id: str
    role_ids: tuple[str, ...]


class SubTenantReference(RequestModel, frozen=True, kw_only=True):
    """A sub-tenant by its id."""

    tenant_id: str


class AddToSubTenantsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenant_users.add``."""

    user: SubTenantUser
    sub_tenants: tuple[SubTenantMembership, ...]


class AddUsersToSubTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenant_users.add_many``."""

    users: tuple[SubTenantUser, ...]
    tenant_id: str
    role_ids: tuple[str, ...] | UnsetType = UNSET
    allow_sub_account_access: bool | UnsetType = UNSET


class RemoveFromSubTenantsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenant_users.remove``."""

    user_id: str
    sub_tenants: tuple[SubTenantReference, ...]


class SubTenantsRolesRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenant_users.add_roles``, ``set_roles`` and ``remove_roles``."""

    sub_tenants_roles: tuple[SubTenantRoles, ...]
