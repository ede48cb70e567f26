"""Changing and resetting users' passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel
from .users import IdentifierType


class PasswordReset(ResponseModel, frozen=True, kw_only=True):
    """A reset that was begun; a code sent by SMS is verified together with its id."""

    session_id: str | None = None


class PasswordResetToken(ResponseModel, frozen=True, kw_only=True):
    """Token with which a user sets a new password."""

    user_id: str | None = None
    token: str | None = None


class PasswordCheck(ResponseModel, frozen=True, kw_only=True):
    """Result of a check of a password."""

    # The specification shows an object without properties (client: programs read this one).
    valid: bool | None = None


class ResetPasswordRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwords.reset``, ``passwords.reset_by_email`` and ``passwords.reset_by_sms``."""

    identifier: str
    identifier_type: IdentifierType
    email_metadata: Mapping[str, Any] | UnsetType = UNSET


class VerifyPasswordResetRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwords.verify_reset``."""

    user_id: str
    token: str
    password: str


class VerifySmsCodeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwords.verify_sms_code``."""

    otc_token: str
    session_id: str


class ChangePasswordRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwords.change``."""

    password: str
    new_password: str


class CheckPasswordRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``passwords.check``."""

    email: str
    password: str
