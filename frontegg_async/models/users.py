"""Users, their roles and permissions, and the tenants that they belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel

TenantStatusName: TypeAlias = Literal[
    "PendingInvitation", "PendingLogin", "Activated", "NotActivated"
]
"""States of a membership. Answers may hold others: new ones are no error."""


class Role(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A role; its ``permissions`` are ids."""

    id: str | None = None
    vendor_id: str | None = None
    tenant_id: str | None = None
    key: str | None = None
    name: str | None = None
    description: str | None = None
    is_default: bool | None = None
    first_user_role: bool | None = None
    level: float | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    permissions: tuple[str, ...] | None = None


class Permission(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A permission."""

    id: str | None = None
    key: str | None = None
    name: str | None = None
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    role_ids: tuple[str, ...] | None = None
    category_id: str | None = None
    fe_permission: bool | None = None


class UserTenant(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A user's membership in one tenant."""

    tenant_id: str | None = None
    roles: tuple[Role, ...] | None = None
    temporary_expiration_date: datetime | None = None
    is_disabled: bool | None = None


class User(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A user. ``tenant_id`` is the active tenant; which fields come depends on the operation."""

    id: str | None = None
    email: str | None = None
    name: str | None = None
    profile_picture_url: str | None = None
    sub: str | None = None
    verified: bool | None = None
    mfa_enrolled: bool | None = None
    mfa_bypass: bool | None = None
    phone_number: str | None = None
    roles: tuple[Role, ...] | None = None
    permissions: tuple[Permission, ...] | None = None
    provider: str | None = None
    tenant_id: str | None = None
    tenant_ids: tuple[str, ...] | None = None
    activated_for_tenant: bool | None = None
    is_locked: bool | None = None
    tenants: tuple[UserTenant, ...] | None = None
    invisible: bool | None = None
    super_user: bool | None = None
    # A JSON document in a string, on some routes the document itself.
    metadata: str | dict[str, Any] | None = None
    vendor_metadata: str | dict[str, Any] | None = None
    external_id: str | None = None
    created_at: datetime | None = None
    last_login: datetime | None = None
    sub_account_access_allowed: bool | None = None
    managed_by: str | None = None

    def is_member_of(self, tenant_id: str) -> bool:
        """Whether the answer shows a membership in this tenant."""
        if self.tenant_ids is not None and tenant_id in self.tenant_ids:
            return True
        return any(tenant.tenant_id == tenant_id for tenant in self.tenants or ())


class TenantStatus(ResponseModel, frozen=True, kw_only=True, gc=False):
    """How far a user has come in one tenant: usually one of ``TenantStatusName``."""

    tenant_id: str | None = None
    status: str | None = None


class UserTenantStatuses(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A user's memberships; Frontegg lists 2,000 of them at most."""

    user_id: str | None = None
    tenants_statuses: tuple[TenantStatus, ...] | None = None


class AddToTenantRequest(
    RequestModel, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Body of ``users.add_to_tenant``."""

    tenant_id: str
    validate_tenant_exist: bool | UnsetType = UNSET
    skip_invite_email: bool | UnsetType = UNSET


class SetActiveTenantRequest(
    RequestModel, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Body of ``users.set_active_tenant``."""

    tenant_id: str
    validate_tenant_exist: bool | UnsetType = UNSET


class SetSuperuserRequest(
    RequestModel, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """Body of ``users.set_superuser``."""

    super_user: bool
