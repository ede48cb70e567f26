"""The service that sends an environment's e-mails."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from ._base import RequestModel, ResponseModel


class MailExtension(ResponseModel, frozen=True, kw_only=True):
    """A setting that only one of the services has."""

    # Client: Frontegg's Terraform provider reads these.
    extension_name: str | None = None
    extension_value: str | None = None


class MailConfiguration(ResponseModel, frozen=True, kw_only=True):
    """The service that sends e-mails; all is None if none is configured."""

    provider: str | None = None
    secret: str | None = None
    extension: tuple[MailExtension, ...] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SendGrid(RequestModel, frozen=True, kw_only=True, tag_field="provider", tag="sendgrid"):
    """E-mails go out by SendGrid.

    Args:
        secret: API key.
    """

    secret: str


class Mailgun(RequestModel, frozen=True, kw_only=True, tag_field="provider", tag="mailgun"):
    """E-mails go out by Mailgun.

    Args:
        secret: API key.
        domain: the domain to send from.
        region: Mailgun's region of the domain.
    """

    secret: str
    domain: str
    # The specification says a number, and names these two.
    region: Literal["us", "eu"]


class Ses(RequestModel, frozen=True, kw_only=True, tag_field="provider", tag="ses"):
    """E-mails go out by Amazon SES, with an access key.

    Args:
        id: id of the access key.
        secret: the access key.
        region: AWS region.
    """

    id: str
    secret: str
    region: str


class SesRole(RequestModel, frozen=True, kw_only=True, tag_field="provider", tag="ses-role"):
    """E-mails go out by Amazon SES, with a role.

    Args:
        secret: identifier of the role.
        region: AWS region.
    """

    secret: str
    region: str


MailProvider: TypeAlias = SendGrid | Mailgun | Ses | SesRole
"""A service that can send e-mails."""


class UpdateEmailConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``email_configuration.update``."""

    payload: MailProvider


class UpdateEmailConfigurationV1Request(RequestModel, frozen=True, kw_only=True):
    """Body of ``email_configuration.update_v1``."""

    secret: str
