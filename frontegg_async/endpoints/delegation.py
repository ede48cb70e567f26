"""Delegation: tokens for a user who acts for another."""

from __future__ import annotations

from types import NoneType
from typing import Final

from ..models.delegation import DelegationConfiguration, UpdateDelegationConfigurationRequest
from ..operation import Operation, RetrySafety
from ._group import EndpointGroup

GET_CONFIGURATION: Final = Operation(
    "delegation.get_configuration",
    "GET",
    "/identity/resources/configurations/v1/delegation",
    DelegationConfiguration,
)
UPDATE_CONFIGURATION: Final = Operation(
    "delegation.update_configuration",
    "POST",
    "/identity/resources/configurations/v1/delegation",
    NoneType,
    body=UpdateDelegationConfigurationRequest,
    repeat=RetrySafety.IDEMPOTENT,
)


class Delegation(EndpointGroup):
    """The setting that makes exchanged tokens name the user and the one who acts for the user."""

    async def get_configuration(self) -> DelegationConfiguration:
        """Return whether token exchange delegates, in the whole environment.

        GET /identity/resources/configurations/v1/delegation
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def update_configuration(self, enabled: bool) -> None:
        """Turn delegation by token exchange on or off, in the whole environment.

        POST /identity/resources/configurations/v1/delegation
        """
        body = UpdateDelegationConfigurationRequest(enabled=enabled)
        await self._caller.call(UPDATE_CONFIGURATION, body=body)
