"""Tenants, which Frontegg's portal calls accounts.

Frontegg specifies no response of its tenants API and few bodies. Its own clients read and send the
fields here: the React client (``@frontegg/rest-api``), the Terraform provider, the MCP server.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel
from .metadata import Metadata, decode_metadata

TenantOrder: TypeAlias = Literal["createdAt", "name", "tenantId"]
"""Keys by which tenants can be sorted."""


TenantMetadata: TypeAlias = Metadata | Number
"""Metadata of a new tenant: any JSON but null and lists, sent as it is."""


class Tenant(ResponseModel, frozen=True, kw_only=True):
    """A tenant. Every other operation knows it by its ``tenant_id``, not by its ``id``."""

    id: str | None = None
    # An older spelling of ``id``.
    record_id: str | None = msgspec.field(name="_id", default=None)
    vendor_id: str | None = None
    tenant_id: Id
    name: str | None = None
    alias: str | None = None
    status: str | None = None
    tenant_type: str | None = None
    website: str | None = None
    domain: str | None = None
    application_url: str | None = None
    login_url: str | None = None
    has_custom_login: bool | None = None
    logo: str | None = None
    logo_url: str | None = None
    address: str | None = None
    address2: str | None = None
    post_code: str | None = None
    city: str | None = None
    state: str | None = None
    country_code: str | None = None
    timezone: str | None = None
    date_format: str | None = None
    time_format: str | None = None
    currency: str | None = None
    industry: str | None = None
    # Facts about a company come from a data provider, hence numbers or strings.
    number_of_employees: Number | str | None = None
    annual_revenue: Number | str | None = None
    year_founded: Number | str | None = None
    total_funding: Number | str | None = None
    creator_name: str | None = None
    creator_email: str | None = None
    is_reseller: bool | None = None
    sub_account_access_type: str | None = None
    # A JSON document in a string, on some routes perhaps the document itself.
    metadata: str | dict[str, Any] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def decoded_metadata(self) -> Any:
        """``metadata`` decoded, usually a dict; the string itself if it is no JSON."""
        return decode_metadata(self.metadata)


class CreateTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``tenants.create``."""

    tenant_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    website: str | UnsetType = UNSET
    application_url: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    logo_url: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    creator_name: str | UnsetType = UNSET
    creator_email: str | UnsetType = UNSET
    is_reseller: bool | UnsetType = UNSET
    parent_tenant_id: str | UnsetType = UNSET
    # Client: Frontegg's MCP server sends it as an object, another client any JSON.
    metadata: TenantMetadata | UnsetType = UNSET


class UpdateTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``tenants.update`` and ``tenants.update_v1``."""

    # Client: Frontegg's MCP server sends these, and metadata as an object; others send it as text.
    name: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    website: str | UnsetType = UNSET
    application_url: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
    logo_url: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    is_reseller: bool | UnsetType = UNSET
    parent_tenant_id: str | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET


class SetTenantMetadataRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``tenants.set_metadata``."""

    metadata: Mapping[str, Any]
