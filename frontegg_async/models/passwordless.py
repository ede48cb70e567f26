"""Requests and responses of logins without a password."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel


class SentSmsCode(ResponseModel, frozen=True, kw_only=True):
    """Phone number that a code to log in with was sent to."""

    phone_number: str | None = None
    reset_phone_number_token: str | None = None


# The specification requires every name of the user at once; Frontegg's own React client sends
# the one that it has (client).


class SendSmsLoginCodeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwordless.send_sms_code``."""

    email: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET


class SendLoginEmailRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwordless.send_magic_link`` and ``passwordless.send_email_code``."""

    email: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET


class PasswordlessLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of the calls of ``passwordless`` that log in."""

    token: str
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET
