"""E-mail templates: sender, subject and content of Frontegg's e-mails to users."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models.email_templates import EmailTemplate, EmailTemplateType, UpdateEmailTemplateRequest
from ..operation import Operation, RetrySafety
from ._group import EndpointGroup

GET_ALL: Final = Operation(
    "email_templates.get_all",
    "GET",
    "/identity/resources/mail/v1/configs/templates",
    tuple[EmailTemplate, ...],
)
UPDATE: Final = Operation(
    "email_templates.update",
    "POST",
    "/identity/resources/mail/v1/configs/templates",
    NoneType,
    body=UpdateEmailTemplateRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
DELETE: Final = Operation(
    "email_templates.delete",
    "DELETE",
    "/identity/resources/mail/v1/configs/templates/{templateId}",
    NoneType,
)
GET_DEFAULT: Final = Operation(
    "email_templates.get_default",
    "GET",
    "/identity/resources/mail/v1/configs/{type}/default",
    EmailTemplate,
)


class EmailTemplates(EndpointGroup):
    """The e-mails that Frontegg sends to users."""

    async def get_all(
        self, *, template_type: EmailTemplateType | UnsetType = UNSET
    ) -> tuple[EmailTemplate, ...]:
        """Return all templates, or those of one type.

        GET /identity/resources/mail/v1/configs/templates
        """
        return await self._caller.call(GET_ALL, query={"type": template_type})

    async def update(
        self,
        template_type: EmailTemplateType,
        *,
        sender_email: str | UnsetType = UNSET,
        subject: str | UnsetType = UNSET,
        from_name: str | UnsetType = UNSET,
        redirect_url: str | UnsetType = UNSET,
        html_template: str | UnsetType = UNSET,
        success_redirect_url: str | UnsetType = UNSET,
        active: bool | UnsetType = UNSET,
    ) -> None:
        """Create or change the template of one type.

        Args:
            template_type: the occasion that the e-mail is for.
            sender_email: address that it comes from, at most 512 characters.
            subject: its subject, at most 512 characters.
            from_name: name that it comes from, at most 512 characters.
            redirect_url: target of its link; required for ``ResetPassword``, ``ActivateUser``,
                ``InviteToTenant``, ``MagicLink`` and ``BulkInvitesToTenant``.
            html_template: its content as HTML, at most 1,000,000 characters.
            success_redirect_url: page that the user gets to in the end.
            active: True to send it.

        POST /identity/resources/mail/v1/configs/templates
        """
        body = UpdateEmailTemplateRequest(
            template_type=template_type,
            sender_email=sender_email,
            subject=subject,
            from_name=from_name,
            redirect_url=redirect_url,
            html_template=html_template,
            success_redirect_url=success_redirect_url,
            active=active,
        )
        await self._caller.call(UPDATE, body=body)

    async def delete(self, template_id: str) -> None:
        """Delete a template, by the ``id`` that ``get_all`` gives.

        DELETE /identity/resources/mail/v1/configs/templates/{templateId}
        """
        await self._caller.call(DELETE, template_id)

    async def get_default(self, template_type: EmailTemplateType) -> EmailTemplate:
        """Return Frontegg's own template of one type.

        GET /identity/resources/mail/v1/configs/{type}/default
        """
        return await self._caller.call(GET_DEFAULT, template_type)
