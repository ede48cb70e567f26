"""The identity configuration of an environment, and its CAPTCHA policy."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel
from .jwt_templates import JwtAlgorithm

AuthStrategy: TypeAlias = Literal[
    "Code", "EmailAndPassword", "MagicLink", "NoLocalAuthentication", "SmsCode"
]
"""Ways of logging in."""

CookieSameSite: TypeAlias = Literal["STRICT", "LAX", "NONE"]
"""To which sites browsers send Frontegg's cookies."""

MachineToMachineStrategy: TypeAlias = Literal["ClientCredentials", "AccessToken"]
"""Kinds of API tokens that users make."""


# Client: Frontegg's own REST client for browsers reads these.
class PublicConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Settings of logins that anybody may read."""

    allow_signups: bool | None = None
    allow_not_verified_users_login: bool | None = None
    api_tokens_enabled: bool | None = None
    force_permissions: bool | None = None
    auth_strategy: str | None = None
    machine_to_machine_auth_strategy: str | None = None


class IdentityConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Settings of logins and of users' tokens, in a whole environment."""

    id: str | None = None
    default_token_expiration: Number | None = None
    default_refresh_token_expiration: Number | None = None
    public_key: str | None = None
    cookie_same_site: str | None = None
    allow_signups: bool | None = None
    api_tokens_enabled: bool | None = None
    allow_override_password_complexity: bool | None = None
    allow_override_password_expiration: bool | None = None
    allow_override_enforce_password_history: bool | None = None
    jwt_algorithm: str | None = None
    jwt_secret: str | None = None
    allow_not_verified_users_login: bool | None = None
    force_permissions: bool | None = None
    auth_strategy: str | None = None
    default_passwordless_token_expiration: Number | None = None
    force_same_device_on_auth: bool | None = None
    allow_tenant_invitations: bool | None = None
    rotate_refresh_tokens: bool | None = None
    machine_to_machine_auth_strategy: str | None = None
    add_roles_to_jwt: bool | None = None
    add_permissions_to_jwt: bool | None = None
    refresh_tokens_rotation_limit: Number | None = None
    add_saml_attributes_to_jwt: bool | None = None
    allow_custom_login_tenant_switch: bool | None = None


class BasicIdentityConfiguration(ResponseModel, frozen=True, kw_only=True):
    """The part of the configuration that is about permissions and API tokens."""

    force_permissions: bool | None = None
    machine_to_machine_auth_strategy: str | None = None


class IdentityConfigurationChanges(RequestModel, frozen=True, kw_only=True):
    """Changes of the configuration.

    Args:
        default_token_expiration: seconds that users' tokens hold.
        default_refresh_token_expiration: seconds that refresh tokens hold, to 15,552,000 (180
            days).
        cookie_same_site: sites to which browsers send Frontegg's cookies.
        machine_to_machine_auth_strategy: kind of API tokens that users make.
        allow_signups: True to let people sign up by themselves.
        api_tokens_enabled: True to let users make API tokens.
        allow_override_password_complexity: True to let tenants set the complexity of passwords.
        allow_override_password_expiration: True to let tenants set the expiry of passwords.
        allow_override_enforce_password_history: True to let tenants set the number of earlier
            passwords that are rejected.
        jwt_algorithm: signature algorithm of the tokens.
        allow_not_verified_users_login: True to let users log in before their e-mail address
            is verified.
        force_permissions: True to enforce permissions.
        add_saml_attributes_to_jwt: True to put attributes from SAML into tokens.
        auth_strategy: way of logging in.
        default_passwordless_token_expiration: life of codes and magic links; Frontegg names no
            unit.
        force_same_device_on_auth: True if a magic link works only where it was asked for.
        allow_tenant_invitations: True to let tenants invite by a link.
        rotate_refresh_tokens: True if each refresh gives a new refresh token.
        skip_tenant_validation: True to leave tenants unchecked.
        add_roles_to_jwt: True to put roles into tokens.
        add_permissions_to_jwt: True to put permissions into tokens.
        allow_custom_login_tenant_switch: True to let users who log in on a tenant's own page
            switch to another tenant.
    """

    default_token_expiration: Number | UnsetType = UNSET
    default_refresh_token_expiration: Number | UnsetType = UNSET
    cookie_same_site: CookieSameSite | UnsetType = UNSET
    machine_to_machine_auth_strategy: MachineToMachineStrategy | UnsetType = UNSET
    allow_signups: bool | UnsetType = UNSET
    api_tokens_enabled: bool | UnsetType = UNSET
    allow_override_password_complexity: bool | UnsetType = UNSET
    allow_override_password_expiration: bool | UnsetType = UNSET
    allow_override_enforce_password_history: bool | UnsetType = UNSET
    jwt_algorithm: JwtAlgorithm | UnsetType = UNSET
    allow_not_verified_users_login: bool | UnsetType = UNSET
    force_permissions: bool | UnsetType = UNSET
    add_saml_attributes_to_jwt: bool | UnsetType = UNSET
    auth_strategy: AuthStrategy | UnsetType = UNSET
    default_passwordless_token_expiration: Number | UnsetType = UNSET
    force_same_device_on_auth: bool | UnsetType = UNSET
    allow_tenant_invitations: bool | UnsetType = UNSET
    rotate_refresh_tokens: bool | UnsetType = UNSET
    skip_tenant_validation: bool | UnsetType = UNSET
    add_roles_to_jwt: bool | UnsetType = UNSET
    add_permissions_to_jwt: bool | UnsetType = UNSET
    allow_custom_login_tenant_switch: bool | UnsetType = UNSET


class CaptchaPolicy(ResponseModel, frozen=True, kw_only=True):
    """Score that a reCAPTCHA needs, and the users who need not pass it."""

    id: str | None = None
    site_key: str | None = None
    secret_key: str | None = None
    enabled: bool | None = None
    min_score: Number | None = None
    ignored_emails: tuple[str, ...] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SetCaptchaPolicyRequest(RequestModel, frozen=True, kw_only=True):
    """Body of the operations that write the CAPTCHA policy."""

    enabled: bool
    site_key: str
    secret_key: str
    min_score: Number
    ignored_emails: tuple[str, ...] | UnsetType = UNSET
