"""Logging in: an environment, a user with a password, an API token; and signing up.

Frontegg knows the environment that a user logs in to by the host: an own domain names it, on a
region's host the header ``frontegg-vendor-host`` does (spec).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import Secret, concealing, revealed
from ..errors import InvalidRequestError
from ..models.authentication import (
    ApiTokenLogin,
    ApiTokenLoginRequest,
    ApiTokenLoginV1,
    AuthenticateRequest,
    IdentityProvider,
    LoginRequest,
    LoginResult,
    RefreshApiTokenRequest,
    RefreshRequest,
    SignUpRequest,
    SignUpResult,
    SignUpWithUsernameRequest,
    TokenGrant,
)
from ..models.metadata import Metadata, encode_metadata
from ..operation import Operation, RetrySafety, TokenKind
from ..options import APPLICATION_HEADER
from ._checks import ids
from ._group import EndpointGroup

VENDOR_HOST: Final = "frontegg-vendor-host"

_fits_cookie: Final = re.compile(r"[!#-+\--:<-\[\]-~]+").fullmatch

AUTHENTICATE: Final = Operation(
    "authentication.authenticate",
    "POST",
    "/auth/vendor",
    TokenGrant,
    body=AuthenticateRequest,
    token=TokenKind.NONE,
    # A second token does no harm to the first.
    repeat=RetrySafety.IDEMPOTENT,
)
LOGIN: Final = Operation(
    "authentication.login",
    "POST",
    "/identity/resources/auth/v1/user",
    LoginResult,
    body=LoginRequest,
    token=TokenKind.NONE,
    headers=(VENDOR_HOST,),
)
REFRESH: Final = Operation(
    "authentication.refresh",
    "POST",
    "/identity/resources/auth/v1/user/token/refresh",
    LoginResult,
    body=RefreshRequest,
    token=TokenKind.NONE,
    headers=("Cookie", VENDOR_HOST),
)
LOGOUT: Final = Operation(
    "authentication.logout",
    "POST",
    "/identity/resources/auth/v1/logout",
    NoneType,
    token=TokenKind.NONE,
    headers=("Cookie", VENDOR_HOST),
    repeat=RetrySafety.IDEMPOTENT,
)
LOGIN_WITH_API_TOKEN: Final = Operation(
    "authentication.login_with_api_token",
    "POST",
    "/identity/resources/auth/v2/api-token",
    ApiTokenLogin,
    body=ApiTokenLoginRequest,
    token=TokenKind.NONE,
)
# Not in the specification; Materialize's provider for Terraform logs in by it (client).
LOGIN_WITH_API_TOKEN_V1: Final = Operation(
    "authentication.login_with_api_token_v1",
    "POST",
    "/identity/resources/auth/v1/api-token",
    ApiTokenLoginV1,
    body=ApiTokenLoginRequest,
    token=TokenKind.NONE,
)
REFRESH_API_TOKEN: Final = Operation(
    "authentication.refresh_api_token",
    "POST",
    "/identity/resources/auth/v2/api-token/token/refresh",
    ApiTokenLogin,
    body=RefreshApiTokenRequest,
    token=TokenKind.NONE,
)
SIGN_UP: Final = Operation(
    "authentication.sign_up",
    "POST",
    "/identity/resources/users/v1/signUp",
    SignUpResult,
    body=SignUpRequest,
    token=TokenKind.NONE,
    headers=(VENDOR_HOST, APPLICATION_HEADER),
)
SIGN_UP_WITH_USERNAME: Final = Operation(
    "authentication.sign_up_with_username",
    "POST",
    "/identity/resources/users/v1/signUp/username",
    SignUpResult,
    body=SignUpWithUsernameRequest,
    token=TokenKind.NONE,
    headers=(VENDOR_HOST, APPLICATION_HEADER),
)


class Authentication(EndpointGroup):
    """Logging in and signing up. The session itself authenticates the environment.

    ``session.as_user()`` takes the result of logging in.

    ``vendor_host`` is the host of the environment's login page, such as ``app-x.frontegg.com``;
    it may be left out where the session's own host is that one.
    """

    @concealing
    async def login(
        self,
        *,
        password: str,
        email: str | UnsetType = UNSET,
        username: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
        vendor_host: str | None = None,
    ) -> LoginResult:
        """Log a user in with a password, and return the user's tokens.

        Args:
            password: the user's password.
            email: the user's address; either this or ``username``.
            username: username; either this or ``email``.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.
            vendor_host: host of the login page.

        Raises:
            AuthenticationError: no such user, or another password.

        POST /identity/resources/auth/v1/user, without a token
        """
        if (email is UNSET) == (username is UNSET):
            raise InvalidRequestError("give either email or username", operation=LOGIN.name)
        body = LoginRequest(
            password=password,
            email=email,
            username=username,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        return await self._caller.call(LOGIN, body=body, headers={VENDOR_HOST: vendor_host})

    @concealing
    async def refresh(
        self, refresh_token: str, *, client_id: str, vendor_host: str | None = None
    ) -> LoginResult:
        """Exchange a user's refresh token for new tokens. It is used up, the new one takes over.

        Args:
            refresh_token: from the login, or from the refresh before this one.
            client_id: of the environment; the cookie that carries the token is named after it.
            vendor_host: host of the login page.

        Raises:
            AuthenticationError: the refresh token has ended, was used or revoked: log in again.

        POST /identity/resources/auth/v1/user/token/refresh, without a token
        """
        headers = {"Cookie": _cookie(client_id, refresh_token, REFRESH), VENDOR_HOST: vendor_host}
        return await self._caller.call(REFRESH, body=RefreshRequest(), headers=headers)

    @concealing
    async def logout(
        self, refresh_token: str, *, client_id: str, vendor_host: str | None = None
    ) -> None:
        """Make a user's refresh token worthless. Access tokens live on to their end.

        Args:
            refresh_token: the latest one of the user's session.
            client_id: of the environment; the cookie that carries the token is named after it.
            vendor_host: host of the login page.

        POST /identity/resources/auth/v1/logout, without a token
        """
        headers = {"Cookie": _cookie(client_id, refresh_token, LOGOUT), VENDOR_HOST: vendor_host}
        await self._caller.call(LOGOUT, headers=headers)

    @concealing
    async def login_with_api_token(self, client_id: str, secret: str) -> ApiTokenLogin:
        """Exchange an API token, of a tenant or of a user, for an access token.

        An API token has at most 100 refresh tokens at a time; the oldest then ends.

        Args:
            client_id: of the API token, not of the environment.
            secret: of the API token.

        Raises:
            AuthenticationError: there is no such API token, or its secret is another.

        POST /identity/resources/auth/v2/api-token, without a token
        """
        body = ApiTokenLoginRequest(client_id=client_id, secret=secret)
        return await self._caller.call(LOGIN_WITH_API_TOKEN, body=body)

    @concealing
    async def login_with_api_token_v1(self, client_id: str, secret: str) -> ApiTokenLoginV1:
        """Exchange an API token, of a tenant or of a user, for an access token.

        The older form of ``login_with_api_token``, which takes the same. Frontegg does not
        document it; clients use it.

        POST /identity/resources/auth/v1/api-token, without a token
        """
        body = ApiTokenLoginRequest(client_id=client_id, secret=secret)
        return await self._caller.call(LOGIN_WITH_API_TOKEN_V1, body=body)

    @concealing
    async def refresh_api_token(self, refresh_token: str) -> ApiTokenLogin:
        """Exchange the refresh token of an API token for new tokens; it is used up.

        Raises:
            AuthenticationError: the refresh token has ended, was used or revoked.

        POST /identity/resources/auth/v2/api-token/token/refresh, without a token
        """
        body = RefreshApiTokenRequest(refresh_token=refresh_token)
        return await self._caller.call(REFRESH_API_TOKEN, body=body)

    @concealing
    async def sign_up(
        self,
        *,
        email: str,
        company_name: str,
        provider: IdentityProvider = "local",
        username: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        password: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        profile_picture_url: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        email_metadata: Mapping[str, Any] | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        skip_invite_email: bool | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
        vendor_host: str | None = None,
        application_id: str | None = None,
    ) -> SignUpResult:
        """Make a user and a tenant for the user's company, and return the state reached.

        Args:
            email: the user's address.
            company_name: name of the new tenant.
            provider: identity provider of the user.
            username: a name to log in with, besides the address.
            name: name for people.
            password: in environments that take passwords.
            phone_number: with the code of its country.
            profile_picture_url: at most 4,095 characters.
            metadata: the application's own, an object or a string that holds JSON.
            email_metadata: values for the template of the e-mail.
            role_ids: roles in the new tenant.
            skip_invite_email: True to send no e-mail.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by signing up.
            vendor_host: host of the login page.
            application_id: the application that the user signs up for.

        POST /identity/resources/users/v1/signUp, without a token
        """
        body = SignUpRequest(
            email=email,
            provider=provider,
            company_name=company_name,
            username=username,
            name=name,
            password=password,
            phone_number=phone_number,
            profile_picture_url=profile_picture_url,
            metadata=encode_metadata(metadata),
            email_metadata=email_metadata,
            role_ids=ids("role_ids", role_ids, SIGN_UP),
            skip_invite_email=skip_invite_email,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        headers = {VENDOR_HOST: vendor_host, APPLICATION_HEADER: application_id}
        return await self._caller.call(SIGN_UP, body=body, headers=headers)

    @concealing
    async def sign_up_with_username(
        self,
        *,
        username: str,
        company_name: str,
        provider: IdentityProvider = "local",
        email: str | UnsetType = UNSET,
        name: str | UnsetType = UNSET,
        password: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        profile_picture_url: str | UnsetType = UNSET,
        metadata: Metadata | UnsetType = UNSET,
        email_metadata: Mapping[str, Any] | UnsetType = UNSET,
        role_ids: Sequence[str] | UnsetType = UNSET,
        skip_invite_email: bool | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
        vendor_host: str | None = None,
        application_id: str | None = None,
    ) -> SignUpResult:
        """Make a user who logs in by name, and a tenant for the user's company.

        Args:
            username: at most 255 letters, digits, dots, hyphens and underscores.
            company_name: name of the new tenant.
            provider: identity provider of the user.
            email: the user's address, if there is one.
            name: name for people.
            password: in environments that take passwords.
            phone_number: with the code of its country.
            profile_picture_url: at most 4,095 characters.
            metadata: the application's own, an object or a string that holds JSON.
            email_metadata: values for the template of the e-mail.
            role_ids: roles in the new tenant.
            skip_invite_email: True to send no e-mail.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by signing up.
            vendor_host: host of the login page.
            application_id: the application that the user signs up for.

        POST /identity/resources/users/v1/signUp/username, without a token
        """
        body = SignUpWithUsernameRequest(
            username=username,
            provider=provider,
            company_name=company_name,
            email=email,
            name=name,
            password=password,
            phone_number=phone_number,
            profile_picture_url=profile_picture_url,
            metadata=encode_metadata(metadata),
            email_metadata=email_metadata,
            role_ids=ids("role_ids", role_ids, SIGN_UP_WITH_USERNAME),
            skip_invite_email=skip_invite_email,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        headers = {VENDOR_HOST: vendor_host, APPLICATION_HEADER: application_id}
        return await self._caller.call(SIGN_UP_WITH_USERNAME, body=body, headers=headers)


def _cookie(client_id: str, refresh_token: str, operation: Operation[Any]) -> Secret:
    """Return the cookie that carries a refresh token.

    It is named after the environment, without the first hyphen of its id (client: Frontegg's own
    mobile SDKs).
    """
    name = f"fe_refresh_{client_id.replace('-', '', 1)}"
    if _fits_cookie(f"{name}={revealed(refresh_token)}"):
        return Secret(f"{name}={revealed(refresh_token)}")
    raise InvalidRequestError(
        "refresh_token and client_id must be of characters that a cookie can hold",
        operation=operation.name,
    )
