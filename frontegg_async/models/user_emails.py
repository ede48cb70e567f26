"""The e-mail addresses of users, and the policy for changing them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel

UserEmailOrder: TypeAlias = Literal["userId", "email"]
"""Keys by which addresses can be sorted."""


class UserEmail(ResponseModel, frozen=True, kw_only=True):
    """An address of a user."""

    id: Id
    user_id: str | None = None
    email: str | None = None
    verified: bool | None = None
    is_primary: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class UserEmailsPolicy(ResponseModel, frozen=True, kw_only=True):
    """Setting that lets users change their addresses."""

    allow_email_change: bool | None = None


class EmailRequest(RequestModel, frozen=True, kw_only=True):
    """An address: the body of requests that add or change one, or make it the primary one."""

    email: str


class VerifyEmailRequest(RequestModel, frozen=True, kw_only=True):
    """An address, and the code that was sent to it."""

    email: str
    code: str


class CreateEmailForUserRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``user_emails.create_for_user``."""

    email: str
    is_verified: bool | UnsetType = UNSET


class UpdateUserEmailsPolicyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``user_emails.update_policy``."""

    allow_email_change: bool | UnsetType = UNSET
