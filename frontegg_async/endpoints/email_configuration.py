"""E-mail configuration: the service that sends the environment's e-mails."""

from __future__ import annotations

from types import NoneType
from typing import Final

from .._core.secret import concealing
from ..models.email_configuration import (
    MailConfiguration,
    MailProvider,
    UpdateEmailConfigurationRequest,
    UpdateEmailConfigurationV1Request,
)
from ..operation import Operation, RetrySafety
from ._group import EndpointGroup

GET: Final = Operation(
    "email_configuration.get",
    "GET",
    "/identity/resources/mail/v1/configurations",
    MailConfiguration,
)
UPDATE: Final = Operation(
    "email_configuration.update",
    "POST",
    "/identity/resources/mail/v2/configurations",
    NoneType,
    body=UpdateEmailConfigurationRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
UPDATE_V1: Final = Operation(
    "email_configuration.update_v1",
    "POST",
    "/identity/resources/mail/v1/configurations",
    NoneType,
    body=UpdateEmailConfigurationV1Request,
    repeat=RetrySafety.IDEMPOTENT,
    deprecated="It knows SendGrid only: use email_configuration.update.",
)
DELETE: Final = Operation(
    "email_configuration.delete",
    "DELETE",
    "/identity/resources/mail/v1/configurations",
    NoneType,
)


class EmailConfiguration(EndpointGroup):
    """The service that sends e-mails in the environment's name."""

    async def get(self) -> MailConfiguration:
        """Return the service that sends e-mails.

        Raises:
            NotFoundError: none is configured; Frontegg may also answer with an empty object.

        GET /identity/resources/mail/v1/configurations
        """
        return await self._caller.call(GET)

    async def update(self, payload: MailProvider) -> None:
        """Choose the service that sends e-mails.

        Frontegg's own Terraform provider deletes the configuration first, if it was of another
        service.

        Args:
            payload: a ``SendGrid``, ``Mailgun``, ``Ses`` or ``SesRole``.

        POST /identity/resources/mail/v2/configurations
        """
        body = UpdateEmailConfigurationRequest(payload=payload)
        await self._caller.call(UPDATE, body=body)

    @concealing
    async def update_v1(self, secret: str) -> None:
        """Send e-mails by SendGrid, with this API key.

        Deprecated by Frontegg: use ``update`` with a ``SendGrid``.

        POST /identity/resources/mail/v1/configurations
        """
        body = UpdateEmailConfigurationV1Request(secret=secret)
        await self._caller.call(UPDATE_V1, body=body)

    async def delete(self) -> None:
        """Delete the configuration: no service of your own sends e-mails any more.

        DELETE /identity/resources/mail/v1/configurations
        """
        await self._caller.call(DELETE)
