"""The phone numbers of users."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Id, RequestModel, ResponseModel

PhoneNumberOrder: TypeAlias = Literal["userId", "phoneNumber"]
"""Keys by which phone numbers can be sorted."""


class PhoneNumber(ResponseModel, frozen=True, kw_only=True):
    """A phone number of a user; ``verified`` if the user has proved it."""

    id: Id
    user_id: str | None = None
    phone_number: str | None = None
    verified: bool | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class PhoneNumberChallenge(ResponseModel, frozen=True, kw_only=True):
    """A code that was sent to a phone; ``otc_token`` goes back with it."""

    # The specification shows no fields; Frontegg's own React client reads these (client).
    otc_token: str | None = None
    phone_id: str | None = None


class CreatePhoneNumberRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``phone_numbers.create``."""

    phone_number: str
    verify: bool | UnsetType = UNSET


class NamePhoneNumberRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``phone_numbers.start_verification`` and ``phone_numbers.create_for_user``."""

    phone_number: str


class VerifyPhoneNumberRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``phone_numbers.verify`` and ``phone_numbers.delete``."""

    otc_token: str
    code: str
