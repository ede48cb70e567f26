"""The JSON that the emulator shows of its state, shaped after Frontegg's OpenAPI.

These Structs are the emulator's own and deliberately share nothing with those of the SDK, so that
a mistake in one shows as a contradiction instead of an agreement. Where the wire is known to
differ from the spec, the wire wins: ``users/v3`` leaves ``tenants[].roles`` out, ``metadata`` may
be null, and permissions are ids in a role but objects in a user (seen). That ``lastLogin`` is null
for somebody who never logged in is a guess.
"""

from typing import Final

import msgspec

from .state import User

__all__ = ["Created", "Page", "Statuses", "UserView"]

_LONG_AGO: Final = "2024-01-01T00:00:00.000Z"


class _Role(msgspec.Struct, rename="camel", gc=False):
    id: str
    key: str
    name: str
    permissions: list[str]
    vendor_id: str = "emulator-vendor"
    tenant_id: str | None = None
    description: str = ""
    is_default: bool = False
    first_user_role: bool = False
    level: int = 0
    created_at: str = _LONG_AGO
    updated_at: str = _LONG_AGO

    @classmethod
    def of(cls, key: str) -> "_Role":
        return cls(f"role-{key}", key, key, [f"permission-{key}"])


class _Permission(msgspec.Struct, rename="camel", gc=False):
    id: str
    key: str
    name: str
    role_ids: list[str]
    description: str = ""
    category_id: str = "emulator-category"
    fe_permission: bool = False
    created_at: str = _LONG_AGO
    updated_at: str = _LONG_AGO

    @classmethod
    def of(cls, role_key: str) -> "_Permission":
        key = f"permission-{role_key}"
        return cls(key, key, key, [f"role-{role_key}"])


class _Tenant(msgspec.Struct, rename="camel", gc=False):
    tenant_id: str
    is_disabled: bool = False
    roles: list[_Role] | msgspec.UnsetType = msgspec.UNSET


class UserView(msgspec.Struct, rename="camel", gc=False):
    """``UserDto``; without the fields that default to UNSET also ``UserV3Dto``, ``CoreUserDto``."""

    id: str
    email: str
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
    roles: list[_Role] | msgspec.UnsetType = msgspec.UNSET
    permissions: list[_Permission] | msgspec.UnsetType = msgspec.UNSET
    groups: list[str] | msgspec.UnsetType = msgspec.UNSET
    last_login: str | None = None
    profile_picture_url: str | None = None
    mfa_enrolled: bool = False
    provider: str = "local"
    invisible: bool = False
    sub_account_access_allowed: bool = False
    managed_by: str = "frontegg"

    @classmethod
    def listed(
        cls, user: User, roles: list[_Role] | msgspec.UnsetType = msgspec.UNSET
    ) -> "UserView":
        """Show a user as lists do; the roles, if any are given, within each tenant."""
        return cls(
            user.id,
            user.email,
            user.name,
            user.id,
            user.active_tenant,
            list(user.tenants),
            [_Tenant(tenant_id, False, roles) for tenant_id in user.tenants],
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
        )

    @classmethod
    def full(cls, user: User) -> "UserView":
        """Show a user with roles, permissions and groups."""
        roles = [_Role.of(key) for key in user.roles]
        view = cls.listed(user, roles)
        view.roles = roles
        view.permissions = [_Permission.of(key) for key in user.roles]
        view.groups = []
        return view


class Created(msgspec.Struct, rename="camel", gc=False):
    """``UserCreatedResponse``."""

    id: str
    email: str
    name: str
    verified: bool
    metadata: str | None
    created_at: str
    roles: list[str]
    permissions: list[str] = []
    profile_picture_url: str | None = None
    last_login: str | None = None
    activated_for_tenant: bool = False

    @classmethod
    def of(cls, user: User) -> "Created":
        """Show a user who has just been invited."""
        return cls(
            user.id,
            user.email,
            user.name,
            user.verified,
            user.metadata,
            user.created_at,
            [f"role-{key}" for key in user.roles],
        )


class _Status(msgspec.Struct, rename="camel", gc=False):
    tenant_id: str
    status: str


class Statuses(msgspec.Struct, rename="camel", gc=False):
    """``UserTenantStatusesResponse``."""

    user_id: str
    tenants_statuses: list[_Status]

    @classmethod
    def of(cls, user: User, wanted: frozenset[str]) -> "Statuses":
        """Show the tenants of a user whose status is wanted; no wish means every status."""
        shown = [
            _Status(tenant_id, status)
            for tenant_id, status in user.tenants.items()
            if not wanted or status in wanted
        ]
        return cls(user.id, shown[:2000])  # spec: at most 2,000 per user


class _Links(msgspec.Struct):
    next: str | None
    prev: str | None
    first: str
    last: str


class _Totals(msgspec.Struct, rename="camel"):
    total_items: int
    total_pages: int


class Page(msgspec.Struct):
    """``FronteggPaginationWrapper``."""

    items: list[UserView]
    links: _Links = msgspec.field(name="_links")
    totals: _Totals = msgspec.field(name="_metadata")

    @classmethod
    def of(
        cls,
        users: list[User],
        links: tuple[str | None, str | None, str, str],
        items: int,
        pages: int,
    ) -> "Page":
        """Show users, the links in the order next, prev, first, last, and the two totals."""
        return cls([UserView.listed(user) for user in users], _Links(*links), _Totals(items, pages))
