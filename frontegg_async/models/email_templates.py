"""Templates of the e-mails that an environment sends."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel

EmailTemplateType: TypeAlias = Literal[
    "ResetPassword",
    "ActivateUser",
    "InviteToTenant",
    "PwnedPassword",
    "MagicLink",
    "OTC",
    "ConnectNewDevice",
    "UserUsedInvitation",
    "ResetPhoneNumber",
    "BulkInvitesToTenant",
    "MFAEnroll",
    "MFAUnenroll",
    "NewMFAMethod",
    "MFARecoveryCode",
    "RemoveMFAMethod",
    "EmailVerification",
    "BruteForceProtection",
    "SuspiciousIP",
    "MFAOTC",
    "ImpossibleTravel",
    "BotDetection",
    "SmsAuthenticationEnabled",
    "UnlockUser",
    "UnlockUserSuccess",
    "ActivateUserWithCode",
    "InviteToTenantWithCode",
    "VerifyNewEmail",
    "EmailAddressChanged",
    "ApprovalFlowApprove",
]
"""The occasions on which Frontegg sends an e-mail."""


class EmailTemplate(ResponseModel, frozen=True, kw_only=True):
    """A template. The patterns are the URLs as they were set, with variables not filled in."""

    # Not in the specification, which says that ids are found here.
    id: str | None = None
    type: str | None = None
    active: bool | None = None
    sender_email: str | None = None
    from_name: str | None = None
    subject: str | None = None
    html_template: str | None = None
    redirect_url: str | None = msgspec.field(name="redirectURL", default=None)
    redirect_url_pattern: str | None = msgspec.field(name="redirectURLPattern", default=None)
    success_redirect_url: str | None = None
    success_redirect_url_pattern: str | None = None


class UpdateEmailTemplateRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``email_templates.update``."""

    template_type: EmailTemplateType = msgspec.field(name="type")
    sender_email: str | UnsetType = UNSET
    subject: str | UnsetType = UNSET
    from_name: str | UnsetType = UNSET
    redirect_url: str | UnsetType = msgspec.field(name="redirectURL", default=UNSET)
    html_template: str | UnsetType = UNSET
    success_redirect_url: str | UnsetType = UNSET
    active: bool | UnsetType = UNSET
