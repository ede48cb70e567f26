"""Requests and responses of a user's own second factors."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel


class MfaRecovery(ResponseModel, frozen=True, kw_only=True):
    """The code that replaces a lost second factor. It is shown this once."""

    recovery_code: str | None = None


class EnrollAuthenticatorRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.enroll_authenticator``, and of its older form."""

    token: str


class DisableAuthenticatorRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.disable_authenticator``, and of its older form."""

    token: str | UnsetType = UNSET


class StartSmsEnrollmentRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.start_sms_enrollment``."""

    phone_number: str


class EnrollSmsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.enroll_sms``."""

    otc_token: str
    code: str


class StartDisablingSmsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.start_disabling_sms``: an empty object."""


class DisableSmsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa.disable_sms``."""

    # The specification requires both; Frontegg's own React client sends neither for a user who
    # has another second factor (client).
    otc_token: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
