"""Tenants above and below each other."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel

SubTenantAccess: TypeAlias = Literal["defaultOff", "defaultOn", "alwaysOn"]
"""Users' access to the tenants below their own: as a default, or always."""


class RelatedTenant(ResponseModel, frozen=True, kw_only=True):
    """A tenant above or below another, ``level`` steps away."""

    # Client: Frontegg's own React client reads these, and those of TenantTree.
    tenant_id: str | None = None
    tenant_name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    level: Number | None = None


class TenantTree(ResponseModel, frozen=True, kw_only=True):
    """A tenant with the tenants right below it, each with its own."""

    tenant_id: str | None = None
    tenant_name: str | None = None
    status: str | None = None
    created_at: datetime | None = None
    children: tuple[TenantTree, ...] | None = None


class CreateSubTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenants.create``."""

    tenant_id: str
    name: str
    parent_tenant_id: str
    status: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    logo_url: str | UnsetType = UNSET
    creator_name: str | UnsetType = UNSET
    creator_email: str | UnsetType = UNSET
    is_reseller: bool | UnsetType = UNSET


class SetSubTenantManagementRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenants.set_management``."""

    # Spec, in its text only.
    is_reseller: bool


class UpdateHierarchySettingsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenants.update_hierarchy_settings``."""

    # Spec, in its text only.
    sub_account_access_type: SubTenantAccess


class AttachSubTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenants.attach``."""

    parent_tenant_id: str
    child_tenant_id: str


class DetachSubTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sub_tenants.detach``."""

    # Client: sent to attach; the specification shows no fields.
    parent_tenant_id: str
    child_tenant_id: str
