"""Core settings: the identity configuration of an environment, and its CAPTCHA policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models import Number
from ..models.core_settings import (
    BasicIdentityConfiguration,
    CaptchaPolicy,
    IdentityConfiguration,
    IdentityConfigurationChanges,
    PublicConfiguration,
    SetCaptchaPolicyRequest,
)
from ..operation import Operation, RetrySafety, TokenKind
from ._checks import ids
from ._group import EndpointGroup

GET: Final = Operation(
    "core_settings.get",
    "GET",
    "/identity/resources/configurations/v1",
    IdentityConfiguration,
    token=TokenKind.EITHER,
)
# Not in the specification; Frontegg's own REST client for browsers reads it (client).
GET_PUBLIC: Final = Operation(
    "core_settings.get_public",
    "GET",
    "/identity/resources/configurations/v1/public",
    PublicConfiguration,
    token=TokenKind.ANY,
)
UPDATE: Final = Operation(
    "core_settings.update",
    "POST",
    "/identity/resources/configurations/v1",
    IdentityConfiguration,
    body=IdentityConfigurationChanges,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_BASIC: Final = Operation(
    "core_settings.get_basic",
    "GET",
    "/identity/resources/configurations/v1/basic",
    BasicIdentityConfiguration,
)
GET_CAPTCHA_POLICY: Final = Operation(
    "core_settings.get_captcha_policy",
    "GET",
    "/identity/resources/configurations/v1/captcha-policy",
    CaptchaPolicy,
)
CREATE_CAPTCHA_POLICY: Final = Operation(
    "core_settings.create_captcha_policy",
    "POST",
    "/identity/resources/configurations/v1/captcha-policy",
    CaptchaPolicy,
    body=SetCaptchaPolicyRequest,
)
UPDATE_CAPTCHA_POLICY: Final = Operation(
    "core_settings.update_captcha_policy",
    "PUT",
    "/identity/resources/configurations/v1/captcha-policy",
    CaptchaPolicy,
    body=SetCaptchaPolicyRequest,
)


class CoreSettings(EndpointGroup):
    """Settings of logins to an environment and of users' tokens."""

    async def get(self) -> IdentityConfiguration:
        """Return the identity configuration, the secret that tokens are signed with included.

        GET /identity/resources/configurations/v1, with the environment's or a user's token
        """
        return await self._caller.call(GET)

    async def get_public(self) -> PublicConfiguration:
        """Return the settings that a login page needs.

        Frontegg does not document it; its browser client uses it, before a login as well.

        GET /identity/resources/configurations/v1/public, with any token or none
        """
        return await self._caller.call(GET_PUBLIC)

    async def update(self, changes: IdentityConfigurationChanges) -> IdentityConfiguration:
        """Change the identity configuration, and return it. Fields left out stay as they are.

        POST /identity/resources/configurations/v1
        """
        return await self._caller.call(UPDATE, body=changes)

    async def get_basic(self) -> BasicIdentityConfiguration:
        """Return the part of the configuration that is about permissions and API tokens.

        GET /identity/resources/configurations/v1/basic
        """
        return await self._caller.call(GET_BASIC)

    async def get_captcha_policy(self) -> CaptchaPolicy:
        """Return the CAPTCHA policy.

        Raises:
            NotFoundError: none was created yet.

        GET /identity/resources/configurations/v1/captcha-policy
        """
        return await self._caller.call(GET_CAPTCHA_POLICY)

    @concealing
    async def create_captcha_policy(
        self,
        *,
        enabled: bool,
        site_key: str,
        secret_key: str,
        min_score: Number,
        ignored_emails: Sequence[str] | UnsetType = UNSET,
    ) -> CaptchaPolicy:
        """Create the CAPTCHA policy, and return it.

        Args:
            enabled: True to apply it.
            site_key: reCAPTCHA key for the page.
            secret_key: reCAPTCHA key for the server.
            min_score: the least score that passes, from 0 to 1.
            ignored_emails: addresses of users who need not pass.

        Raises:
            ConflictError: there is one already; ``update_captcha_policy`` changes it.

        POST /identity/resources/configurations/v1/captcha-policy
        """
        body = SetCaptchaPolicyRequest(
            enabled=enabled,
            site_key=site_key,
            secret_key=secret_key,
            min_score=min_score,
            ignored_emails=ids("ignored_emails", ignored_emails, CREATE_CAPTCHA_POLICY),
        )
        return await self._caller.call(CREATE_CAPTCHA_POLICY, body=body)

    @concealing
    async def update_captcha_policy(
        self,
        *,
        enabled: bool,
        site_key: str,
        secret_key: str,
        min_score: Number,
        ignored_emails: Sequence[str] | UnsetType = UNSET,
    ) -> CaptchaPolicy:
        """Replace the CAPTCHA policy, and return it.

        Args:
            enabled: True to apply it.
            site_key: reCAPTCHA key for the page.
            secret_key: reCAPTCHA key for the server.
            min_score: the least score that passes, from 0 to 1.
            ignored_emails: addresses of users who need not pass.

        PUT /identity/resources/configurations/v1/captcha-policy
        """
        body = SetCaptchaPolicyRequest(
            enabled=enabled,
            site_key=site_key,
            secret_key=secret_key,
            min_score=min_score,
            ignored_emails=ids("ignored_emails", ignored_emails, UPDATE_CAPTCHA_POLICY),
        )
        return await self._caller.call(UPDATE_CAPTCHA_POLICY, body=body)
