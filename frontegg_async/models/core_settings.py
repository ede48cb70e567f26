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
"""How users log in."""

CookieSameSite: TypeAlias = Literal["STRICT", "LAX", "NONE"]
"""To which sites browsers send Frontegg's cookies."""

MachineToMachineStrategy: TypeAlias = Literal["ClientCredentials", "AccessToken"]
"""What kind of API tokens users make."""


class IdentityConfiguration(ResponseModel, frozen=True, kw_only=True):
    """How users log in and what their tokens are like, in a whole environment."""

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
        cookie_same_site: to which sites browsers send Frontegg's cookies.
        machine_to_machine_auth_strategy: what kind of API tokens users make.
        allow_signups: whether people can sign up by themselves.
        api_tokens_enabled: whether users can make API tokens.
        allow_override_password_complexity: whether tenants can choose how strong passwords are.
        allow_override_password_expiration: whether tenants can choose when passwords expire.
        allow_override_enforce_password_history: whether tenants can choose how many earlier
            passwords are refused.
        jwt_algorithm: what tokens are signed with.
        allow_not_verified_users_login: whether users log in before their e-mail address is
            verified.
        force_permissions: whether permissions are enforced.
        add_saml_attributes_to_jwt: whether tokens hold what came by SAML.
        auth_strategy: how users log in.
        default_passwordless_token_expiration: how long codes and magic links hold; Frontegg names
            no unit.
        force_same_device_on_auth: whether a magic link works only where it was asked for.
        allow_tenant_invitations: whether tenants can invite by a link.
        rotate_refresh_tokens: whether each refresh gives a new refresh token.
        skip_tenant_validation: whether tenants are not checked.
        add_roles_to_jwt: whether tokens hold roles.
        add_permissions_to_jwt: whether tokens hold permissions.
        allow_custom_login_tenant_switch: whether users who log in on a tenant's own page can
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
    """Who has to pass a reCAPTCHA, and with which score."""

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
