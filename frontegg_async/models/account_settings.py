"""Settings of one tenant, which Frontegg calls account settings here."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel


class TenantSettings(ResponseModel, frozen=True, kw_only=True):
    """A tenant's settings; of the public ones there are the tenant and the two URLs only."""

    # Client: Frontegg's own React client reads these.
    tenant_id: str | None = None
    application_url: str | None = None
    login_url: str | None = None
    address: str | None = None
    timezone: str | None = None
    date_format: str | None = None
    time_format: str | None = None
    currency: str | None = None
    logo: str | None = None


class UpdateAccountSettingsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``account_settings.update``."""

    # Client: Frontegg's own React client sends these.
    name: str | UnsetType = UNSET
    application_url: str | UnsetType = UNSET
    login_url: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    date_format: str | UnsetType = UNSET
    time_format: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    logo: str | UnsetType = UNSET
