"""Users in responses, shaped after Frontegg's OpenAPI.

These Structs are the emulator's own and deliberately share nothing with those of the SDK, so that
a mistake in one shows as a contradiction instead of an agreement. Where the wire is known to
differ from the spec, the wire wins.

==================================================================  =====
``users/v3`` leaves ``tenants[].roles`` out; ``metadata`` may be    seen
null; permissions are ids in a role but objects in a user
``roles``, ``permissions`` and ``groups`` of a user are those in    guess
the tenant asked for, or else the active one; roles of groups are
not among the first two
``lastLogin`` is always null                                        guess
``temporaryExpirationDate`` is there for temporary users only       guess
==================================================================  =====
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ..state.access import Permission, Role
from ..state.environment import State, User

__all__ = ["CreatedUser", "RoleSummary", "UserResponse", "UserStatuses"]

_NO_ROLES: Final[list[Role]] = []


class _Tenant(msgspec.Struct, rename="camel", gc=False):
    tenant_id: str
    is_disabled: bool = False
    roles: list[Role] | msgspec.UnsetType = msgspec.UNSET
    temporary_expiration_date: str | msgspec.UnsetType = msgspec.UNSET


class _GroupName(msgspec.Struct, gc=False):
    id: str
    name: str


class UserResponse(msgspec.Struct, rename="camel", gc=False):
    """``UserDto``; without the fields that default to UNSET also ``UserV3Dto``, ``CoreUserDto``."""

    id: str
    email: str | None
    name: str
    sub: str
    tenant_id: str | None
    tenant_ids: list[str]
    tenants: list[_Tenant]
    is_locked: bool
    super_user: bool
    verified: bool
    activated_for_tenant: bool
    mfa_bypass: bool
    metadata: str | None
    vendor_metadata: str | None
    external_id: str | None
    phone_number: str | None
    created_at: str
    profile_picture_url: str | None
    invisible: bool
    sub_account_access_allowed: bool
    provider: str
    roles: list[Role] | msgspec.UnsetType = msgspec.UNSET
    permissions: list[Permission] | msgspec.UnsetType = msgspec.UNSET
    groups: list[_GroupName] | msgspec.UnsetType = msgspec.UNSET
    last_login: str | None = None
    mfa_enrolled: bool = False
    managed_by: str = "frontegg"

    @classmethod
    def listed(
        cls, user: User, roles: list[Role] | msgspec.UnsetType = msgspec.UNSET
    ) -> "UserResponse":
        """Show a user as lists do; the roles, if any are given, within each tenant."""
        tenants = [_Tenant(tenant_id, False, roles) for tenant_id in user.tenants]
        if user.disabled or user.expires_at is not None:
            for tenant in tenants:
                tenant.is_disabled = user.disabled is not None and tenant.tenant_id in user.disabled
                tenant.temporary_expiration_date = user.expires_at or msgspec.UNSET
        return cls(
            user.id,
            user.email or None,
            user.name,
            user.id,
            user.active_tenant,
            list(user.tenants),
            tenants,
            user.locked,
            user.super_user,
            user.verified,
            user.active_tenant is not None and user.tenants.get(user.active_tenant) == "Activated",
            user.mfa_bypass,
            user.metadata,
            user.vendor_metadata,
            user.external_id,
            user.phone_number,
            user.created_at,
            user.picture,
            user.invisible,
            user.sub_account_access,
            user.provider,
            mfa_enrolled=user.authenticators is not None,
        )

    @classmethod
    def full(cls, user: User, state: State, tenant_id: str | None = None) -> "UserResponse":
        """Show a user with roles, permissions and groups: of this tenant, or the active one."""
        tenant_id = tenant_id or user.active_tenant
        view = cls.listed(user, _NO_ROLES)
        access = state.access
        if user.role_ids is None:
            view.roles, view.permissions = _NO_ROLES, []
        else:
            for tenant in view.tenants:
                tenant.roles = access.roles_of(user.roles_in(tenant.tenant_id))
            here = user.roles_in(tenant_id)
            view.roles, view.permissions = access.roles_of(here), access.permissions_of(here)
        view.groups = []
        if access.groups and tenant_id is not None:
            groups = access.groups_of(user.id, tenant_id)
            view.groups = [_GroupName(group.id, group.name) for group in groups]
        return view


class CreatedUser(msgspec.Struct, rename="camel", gc=False):
    """``UserCreatedResponse``."""

    id: str
    email: str | None
    name: str
    verified: bool
    metadata: str | None
    created_at: str
    roles: Sequence[str | Role]
    permissions: Sequence[str | Permission]
    profile_picture_url: str | None = None
    last_login: str | None = None
    activated_for_tenant: bool = False
    temporary_expiration_date: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(
        cls, user: User, tenant_id: str, state: State, *, objects: bool = False
    ) -> "CreatedUser":
        """Show a user after an invitation to a tenant; roles and permissions as ids or objects."""
        role_ids = user.roles_in(tenant_id)
        roles, permissions = state.access.roles_of(role_ids), state.access.permissions_of(role_ids)
        return cls(
            user.id,
            user.email or None,
            user.name,
            user.verified,
            user.metadata,
            user.created_at,
            roles if objects else [role.id for role in roles],
            permissions if objects else [permission.id for permission in permissions],
            user.picture,
            temporary_expiration_date=user.expires_at or msgspec.UNSET,
        )


class RoleSummary(msgspec.Struct, rename="camel", gc=False):
    """``IRole``."""

    id: str
    key: str
    name: str
    description: str
    is_default: bool
    level: int | float
    created_at: str

    @classmethod
    def of(cls, role: Role) -> "RoleSummary":
        """Show a role as the routes about a user's roles do."""
        return cls(
            role.id,
            role.key,
            role.name,
            role.description,
            role.is_default,
            role.level,
            role.created_at,
        )


class _Status(msgspec.Struct, rename="camel", gc=False):
    tenant_id: str
    status: str


class UserStatuses(msgspec.Struct, rename="camel", gc=False):
    """``UserTenantStatusesResponse``."""

    user_id: str
    tenants_statuses: list[_Status]

    @classmethod
    def of(cls, user: User, wanted: frozenset[str]) -> "UserStatuses":
        """Show the tenants of a user with a wanted status, or with any."""
        shown = [
            _Status(tenant_id, status)
            for tenant_id, status in user.tenants.items()
            if not wanted or status in wanted
        ]
        return cls(user.id, shown[:2000])  # spec: at most 2,000 per user
