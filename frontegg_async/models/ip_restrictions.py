"""IP restrictions: addresses from which users may come."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel
from .domain_restrictions import RestrictionType


# The specification shows no fields of answers; Frontegg's own browser client reads these (client).
class IpRestriction(ResponseModel, frozen=True, kw_only=True):
    """An address or a range in CIDR notation, and the list that it is on."""

    id: str | None = None
    ip: str | None = None
    strategy: str | None = None
    is_active: bool | None = None
    description: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class IpRestrictionConfiguration(ResponseModel, frozen=True, kw_only=True):
    """The list that counts, if any."""

    strategy: str | None = None
    is_active: bool | None = None


class IpVerification(ResponseModel, frozen=True, kw_only=True):
    """Verdict on the address that asked."""

    valid: bool | None = None


class CreateIpRestrictionRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``ip_restrictions.create``."""

    ip: str
    strategy: RestrictionType
    description: str | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET


class UpdateIpRestrictionConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``ip_restrictions.update_configuration``."""

    strategy: RestrictionType | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
