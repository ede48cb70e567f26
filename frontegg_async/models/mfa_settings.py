"""Second factors that an environment offers, and the policy for asking."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel

MfaEnforcement: TypeAlias = Literal["DontForce", "Force", "ForceExceptSAML"]
"""Requirement of a second factor; users who come by SAML may be left out."""

MfaStrategyName: TypeAlias = Literal[
    "AuthenticatorApp", "WebAuthnPlatform", "WebAuthnCrossPlatform", "SMS", "EmailCode"
]
"""Kinds of second factor."""


class AuthenticatorConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Authenticator apps, and the name that they show for the environment."""

    active: bool | None = None
    service_name: str | None = None


class SmsCodeConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Codes by SMS, and how many seconds they are good for."""

    active: bool | None = None
    token_lifetime_seconds: Number | None = None


class EmailCodeConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Codes by e-mail, how many seconds they are good for, and whom they come from."""

    active: bool | None = None
    token_lifetime_seconds: Number | None = None
    sender: str | None = None


class MfaConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Configuration of an environment's second factors."""

    authentication_app: AuthenticatorConfiguration | None = None
    sms: SmsCodeConfiguration | None = None
    email: EmailCodeConfiguration | None = None


class MfaPolicy(ResponseModel, frozen=True, kw_only=True):
    """Policy for asking for a second factor.

    ``enforce_mfa_type`` is usually one of ``MfaEnforcement``; ``mfa_device_expiration`` is how
    many seconds a device is remembered.
    """

    id: str | None = None
    enforce_mfa_type: str | None = msgspec.field(name="enforceMFAType", default=None)
    allow_remember_my_device: bool | None = None
    mfa_device_expiration: Number | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MfaStrategy(ResponseModel, frozen=True, kw_only=True):
    """A kind of second factor, usually one of ``MfaStrategyName``, and whether it is offered."""

    strategy: str | None = None
    is_active: bool | None = None


class MfaStrategies(ResponseModel, frozen=True, kw_only=True):
    """The kinds of second factor that an environment has decided about."""

    strategies: tuple[MfaStrategy, ...] | None = None


class NewAuthenticatorConfiguration(RequestModel, frozen=True, kw_only=True):
    """Settings of authenticator apps.

    Args:
        active: True to offer them.
        service_name: name of the environment in the apps.
    """

    active: bool
    service_name: str


class NewSmsCodeConfiguration(RequestModel, frozen=True, kw_only=True):
    """Settings of codes by SMS.

    Args:
        active: True to offer them.
        token_lifetime_seconds: seconds that they are good for, from 300.
    """

    active: bool
    token_lifetime_seconds: Number


class NewEmailCodeConfiguration(RequestModel, frozen=True, kw_only=True):
    """Settings of codes by e-mail.

    Args:
        active: True to offer them.
        token_lifetime_seconds: seconds that they are good for, from 300.
        sender: whom they come from.
    """

    active: bool
    token_lifetime_seconds: Number
    sender: str


class UpdateMfaConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_settings.update_configuration``."""

    authentication_app: NewAuthenticatorConfiguration | UnsetType = UNSET
    sms: NewSmsCodeConfiguration | UnsetType = UNSET
    email: NewEmailCodeConfiguration | UnsetType = UNSET


class SetMfaPolicyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of the calls of ``mfa_settings`` that create, update or replace a policy."""

    enforce_mfa_type: MfaEnforcement | UnsetType = msgspec.field(
        name="enforceMFAType", default=UNSET
    )
    allow_remember_my_device: bool | UnsetType = UNSET
    mfa_device_expiration: Number | UnsetType = UNSET


class UpdateMfaStrategyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_settings.update_strategy``."""

    strategy: MfaStrategyName
    is_active: bool
