"""SMS templates: the content of Frontegg's text messages.

Frontegg describes neither the templates nor their types: both go and come as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from ..operation import JSON, Operation, RetrySafety
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "sms_templates.get_all", "GET", "/identity/resources/configurations/v1/sms/templates", JSON
)
GET: Final = Operation(
    "sms_templates.get",
    "GET",
    "/identity/resources/configurations/v1/sms/templates/{type}",
    JSON,
)
UPDATE: Final = Operation(
    "sms_templates.update",
    "POST",
    "/identity/resources/configurations/v1/sms/templates/{type}",
    JSON,
    body=dict[str, Any],
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "sms_templates.delete",
    "DELETE",
    "/identity/resources/configurations/v1/sms/templates/{type}",
    NoneType,
)
GET_DEFAULT: Final = Operation(
    "sms_templates.get_default",
    "GET",
    "/identity/resources/configurations/v1/sms/templates/{type}/default",
    JSON,
)
GET_DEFAULTS: Final = Operation(
    "sms_templates.get_defaults",
    "GET",
    "/identity/resources/configurations/v1/sms/templates/default/all",
    JSON,
)


class SmsTemplates(EndpointGroup):
    """The text messages that Frontegg sends to users."""

    async def get_all(self) -> Any:
        """Return the environment's own templates.

        GET /identity/resources/configurations/v1/sms/templates
        """
        return await self._caller.call(GET_ALL)

    async def get(self, template_type: str) -> Any:
        """Return the environment's own template of one type.

        GET /identity/resources/configurations/v1/sms/templates/{type}
        """
        return await self._caller.call(GET, template_type)

    async def update(self, template_type: str, settings: Mapping[str, Any]) -> Any:
        """Create or change the template of one type, and return it.

        Args:
            template_type: the type.
            settings: the whole body, in the form that ``get_default`` shows.

        POST /identity/resources/configurations/v1/sms/templates/{type}
        """
        return await self._caller.call(UPDATE, template_type, body=settings)

    async def delete(self, template_type: str) -> None:
        """Delete the environment's own template of one type.

        DELETE /identity/resources/configurations/v1/sms/templates/{type}
        """
        await self._caller.call(DELETE, template_type)

    async def get_default(self, template_type: str) -> Any:
        """Return Frontegg's own template of one type.

        GET /identity/resources/configurations/v1/sms/templates/{type}/default
        """
        return await self._caller.call(GET_DEFAULT, template_type)

    async def get_defaults(self) -> Any:
        """Return all of Frontegg's own templates.

        GET /identity/resources/configurations/v1/sms/templates/default/all
        """
        return await self._caller.call(GET_DEFAULTS)
