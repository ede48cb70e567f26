"""The account that sends an environment's text messages."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel


class UpdateSmsConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``sms_configuration.update``."""

    sender_name: str | UnsetType = UNSET
    account_id: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    service_id: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    channel: str | UnsetType = UNSET
