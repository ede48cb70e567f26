"""SMS configuration: the account that sends the environment's text messages."""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.sms_configuration import UpdateSmsConfigurationRequest
from ..operation import JSON, Operation, RetrySafety
from ._group import EndpointGroup

GET: Final = Operation(
    "sms_configuration.get", "GET", "/identity/resources/configurations/v1/sms", JSON
)
UPDATE: Final = Operation(
    "sms_configuration.update",
    "POST",
    "/identity/resources/configurations/v1/sms",
    JSON,
    body=UpdateSmsConfigurationRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "sms_configuration.delete", "DELETE", "/identity/resources/configurations/v1/sms", NoneType
)


class SmsConfiguration(EndpointGroup):
    """The account that sends text messages in the environment's name."""

    async def get(self) -> Any:
        """Return the configuration, as Frontegg gives it: it does not describe it.

        GET /identity/resources/configurations/v1/sms
        """
        return await self._caller.call(GET)

    @concealing
    async def update(
        self,
        *,
        sender_name: str | UnsetType = UNSET,
        account_id: str | UnsetType = UNSET,
        token: str | UnsetType = UNSET,
        service_id: str | UnsetType = UNSET,
        provider: str | UnsetType = UNSET,
        channel: str | UnsetType = UNSET,
    ) -> Any:
        """Create or change the configuration, and return it as Frontegg gives it.

        Args:
            sender_name: number or name that messages come from; a name is shown only in
                countries that allow it.
            account_id: id of the account at the provider, such as Twilio.
            token: token of the account.
            service_id: id of the messaging service.
            provider: the provider.
            channel: channel of the messages.

        POST /identity/resources/configurations/v1/sms
        """
        body = UpdateSmsConfigurationRequest(
            sender_name=sender_name,
            account_id=account_id,
            token=token,
            service_id=service_id,
            provider=provider,
            channel=channel,
        )
        return await self._caller.call(UPDATE, body=body)

    async def delete(self) -> None:
        """Delete the configuration.

        DELETE /identity/resources/configurations/v1/sms
        """
        await self._caller.call(DELETE)
