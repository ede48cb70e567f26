"""Delegation: tokens for a user who acts for another."""

from __future__ import annotations

from ._base import RequestModel, ResponseModel


class DelegationConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Setting of delegation by token exchange."""

    enabled: bool | None = None


class UpdateDelegationConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``delegation.update_configuration``."""

    enabled: bool
