"""Requests and responses of logins: of an environment, a user, an API token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel

IdentityProvider: TypeAlias = Literal[
    "local", "saml", "google", "github", "facebook", "microsoft", "scim2", "slack", "apple"
]
"""Identity providers of users."""


class AuthenticateRequest(RequestModel, frozen=True, kw_only=True):
    """Client id and secret of an environment."""

    client_id: str
    secret: str


class TokenGrant(ResponseModel, frozen=True, kw_only=True):
    """A token and its life in seconds."""

    token: str | None = None
    expires_in: Number | str | None = None


class UserTokens(ResponseModel, frozen=True, kw_only=True):
    """Tokens for ``session.as_user()``, which calls with the access token and renews it.

    ``expires_in`` is the life of the access token in seconds.
    """

    access_token: str | None = None
    refresh_token: str | None = None
    expires_in: Number | None = None
    expires: str | None = None


class WebAuthnDevice(ResponseModel, frozen=True, kw_only=True):
    """A security key, or the reader of a phone or computer."""

    id: str | None = None
    device_type: str | None = None
    name: str | None = None


class PhoneDevice(ResponseModel, frozen=True, kw_only=True):
    """A phone that gets codes."""

    id: str | None = None
    phone_number: str | None = None


class AuthenticatorDevice(ResponseModel, frozen=True, kw_only=True):
    """An authenticator app."""

    id: str | None = None


class EmailDevice(ResponseModel, frozen=True, kw_only=True):
    """An e-mail address that gets codes."""

    email: str | None = None


class MfaDevices(ResponseModel, frozen=True, kw_only=True):
    """Second factors that a user can show."""

    webauthn: tuple[WebAuthnDevice, ...] | None = None
    phones: tuple[PhoneDevice, ...] | None = None
    authenticators: tuple[AuthenticatorDevice, ...] | None = None
    emails: tuple[EmailDevice, ...] | None = None


class LoginResult(UserTokens, frozen=True, kw_only=True):
    """A user who is logged in, or the step that is still missing.

    With ``mfa_required`` there is no access token yet: go on in ``mfa_login``, with
    ``mfa_token``.
    """

    token_type: str | None = None
    otc_token: str | None = None
    mfa_required: bool | None = None
    mfa_token: str | None = None
    mfa_enrolled: bool | None = None
    mfa_devices: MfaDevices | None = None
    mfa_strategies: Any = None
    qr_code: str | None = None
    recovery_code: str | None = None
    reset_password_token: str | None = None
    password_expires_in: Number | None = None
    notification_period: Number | None = None
    user_id: str | None = None
    user_email: str | None = None
    email_verified: bool | None = None
    is_breached_password: bool | None = None


class ApiTokenLogin(UserTokens, frozen=True, kw_only=True):
    """The tokens that an API token was exchanged for."""

    # The only answers of this API that are not in camel case.
    access_token: str | None = msgspec.field(name="access_token", default=None)
    refresh_token: str | None = msgspec.field(name="refresh_token", default=None)
    expires_in: Number | None = msgspec.field(name="expires_in", default=None)
    expires: str | None = None


class ApiTokenLoginV1(ApiTokenLogin, frozen=True, kw_only=True):
    """The tokens that an API token was exchanged for, by the older route.

    They are renewed as those of ``login_with_api_token`` are, which is a guess.
    """

    access_token: str | None = msgspec.field(name="accessToken", default=None)
    refresh_token: str | None = msgspec.field(name="refreshToken", default=None)
    expires_in: Number | None = msgspec.field(name="expiresIn", default=None)


class LoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``authentication.login``."""

    password: str
    email: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET


class RefreshRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``authentication.refresh``: an empty object, the token goes in a cookie."""


class ApiTokenLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``authentication.login_with_api_token``, and of its older form."""

    client_id: str
    secret: str


class RefreshApiTokenRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``authentication.refresh_api_token``."""

    refresh_token: str


class _SignUpRequest(RequestModel, frozen=True, kw_only=True):
    provider: IdentityProvider
    company_name: str
    name: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    profile_picture_url: str | UnsetType = UNSET
    metadata: str | UnsetType = UNSET
    email_metadata: Mapping[str, Any] | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    skip_invite_email: bool | UnsetType = UNSET
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET


class SignUpRequest(_SignUpRequest, frozen=True, kw_only=True):
    """Body of ``authentication.sign_up``."""

    email: str
    username: str | UnsetType = UNSET


class SignUpWithUsernameRequest(_SignUpRequest, frozen=True, kw_only=True):
    """Body of ``authentication.sign_up_with_username``."""

    username: str
    email: str | UnsetType = UNSET


class SignUpResult(ResponseModel, frozen=True, kw_only=True):
    """A user who has signed up.

    ``auth_response`` logs the user in at once where nothing is left to be confirmed; otherwise
    ``should_activate`` is True.
    """

    should_activate: bool | None = None
    user_id: str | None = None
    tenant_id: str | None = None
    auth_response: LoginResult | None = None
    activation_token: str | None = None
