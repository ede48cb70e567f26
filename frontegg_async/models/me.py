"""Data of the user whose token it is."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel
from .permissions import Permission
from .roles import Role
from .tenants import Tenant


class MyTenants(ResponseModel, frozen=True, kw_only=True):
    """The tenants that a user belongs to, and the one that the user works in."""

    # Without a schema; Frontegg's own React client reads both (client).
    tenants: tuple[Tenant, ...] | None = None
    active_tenant: Tenant | None = None


class MyAuthorization(ResponseModel, frozen=True, kw_only=True):
    """Roles and permissions of a user."""

    roles: tuple[Role, ...] | None = None
    permissions: tuple[Permission, ...] | None = None


class UpdateProfileRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``me.update`` and ``me.update_profile``."""

    name: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    profile_picture_url: str | UnsetType | None = UNSET
    metadata: str | UnsetType = UNSET


class SetMyTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``me.set_active_tenant``."""

    tenant_id: str


class UnlockMeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``me.unlock``."""

    token: str
