"""Activation of new users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel

ActivationMethod: TypeAlias = Literal["code", "link"]
"""Ways for users to activate themselves."""


class ActivationSettings(ResponseModel, frozen=True, kw_only=True):
    """The way in which users activate themselves, ``code`` or ``link``, and the life of a code."""

    strategy: str | None = None
    code_expiration: Number | None = None


class ActivationStrategy(ResponseModel, frozen=True, kw_only=True):
    """Requirements for one user; users who come by single sign-on need no password."""

    should_set_password: bool | None = None


class UpdateActivationSettingsRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``activations.update_settings``."""

    strategy: ActivationMethod
    code_expiration: Number | UnsetType = UNSET


class ActivateRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``activations.activate``."""

    user_id: str
    token: str
    password: str | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    last_terms_check: str | UnsetType = UNSET


class ActivateWithCodeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``activations.activate_with_code``."""

    user_id: str
    token: str
    code: str
    password: str | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    last_terms_check: str | UnsetType = UNSET


class ResendActivationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``activations.resend``."""

    email: str
    email_metadata: Mapping[str, Any]
