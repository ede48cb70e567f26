"""Domain restrictions: domains whose e-mail addresses may sign up."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel

RestrictionType: TypeAlias = Literal["ALLOW", "BLOCK"]
"""Kinds of lists: of all domains that get in, or of those kept out."""


class DomainRestriction(ResponseModel, frozen=True, kw_only=True):
    """A domain, and the list that it is on."""

    id: Id
    domain: str | None = None
    list_type: str | None = msgspec.field(name="type", default=None)


class DomainRestrictionConfiguration(ResponseModel, frozen=True, kw_only=True):
    """The list that counts, if any, and the setting that keeps public domains out."""

    active: bool | None = None
    list_type: str | None = None
    block_public_domains: bool | None = None


class CreateDomainRestrictionRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``domain_restrictions.create``."""

    domain: str
    list_type: RestrictionType = msgspec.field(name="type")


class ReplaceDomainRestrictionsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``domain_restrictions.replace``."""

    domains: tuple[str, ...]
    list_type: RestrictionType = msgspec.field(name="type")


class UpdateDomainRestrictionConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``domain_restrictions.update_configuration``."""

    active: bool
    # It answers listType, but is sent as type.
    list_type: RestrictionType | UnsetType = msgspec.field(name="type", default=UNSET)
    block_public_domains: bool | UnsetType = UNSET
