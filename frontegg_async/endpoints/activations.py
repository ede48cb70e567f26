"""Activation of users who were invited or have signed up."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models import Number
from ..models.activations import (
    ActivateRequest,
    ActivateWithCodeRequest,
    ActivationMethod,
    ActivationSettings,
    ActivationStrategy,
    ResendActivationRequest,
    UpdateActivationSettingsRequest,
)
from ..models.authentication import LoginResult
from ..operation import Operation, RetrySafety, TokenKind
from ._group import EndpointGroup
from .authentication import VENDOR_HOST

GET_SETTINGS: Final = Operation(
    "activations.get_settings",
    "GET",
    "/identity/resources/configurations/v1/activation/strategies",
    ActivationSettings,
)
UPDATE_SETTINGS: Final = Operation(
    "activations.update_settings",
    "POST",
    "/identity/resources/configurations/v1/activation/strategies",
    NoneType,
    body=UpdateActivationSettingsRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_STRATEGY: Final = Operation(
    "activations.get_strategy",
    "GET",
    "/identity/resources/users/v1/activate/strategy",
    ActivationStrategy,
    token=TokenKind.ANY,
)
ACTIVATE: Final = Operation(
    "activations.activate",
    "POST",
    "/identity/resources/users/v1/activate",
    LoginResult,
    body=ActivateRequest,
    token=TokenKind.NONE,
    headers=(VENDOR_HOST,),
)
ACTIVATE_WITH_CODE: Final = Operation(
    "activations.activate_with_code",
    "POST",
    "/identity/resources/users/v1/activate/code",
    LoginResult,
    body=ActivateWithCodeRequest,
    token=TokenKind.NONE,
    headers=(VENDOR_HOST,),
)
RESEND: Final = Operation(
    "activations.resend",
    "POST",
    "/identity/resources/users/v1/activate/reset",
    NoneType,
    body=ResendActivationRequest,
    token=TokenKind.EITHER,
)


class Activations(EndpointGroup):
    """Activating users, and the environment's settings for that.

    The activation token is the one in the e-mail that Frontegg sends, or the one that
    ``users.create_activation_link`` returns.

    ``vendor_host`` is the host of the environment's login page, such as ``app-x.frontegg.com``;
    it may be left out where the session's own host is that one.
    """

    async def get_settings(self) -> ActivationSettings:
        """Return whether users activate themselves by code or by link.

        GET /identity/resources/configurations/v1/activation/strategies
        """
        return await self._caller.call(GET_SETTINGS)

    async def update_settings(
        self, strategy: ActivationMethod, *, code_expiration: Number | UnsetType = UNSET
    ) -> None:
        """Let users activate themselves by code or by link.

        Args:
            strategy: code or link.
            code_expiration: life of codes, from 60; Frontegg does not say in which unit,
                presumably in seconds.

        POST /identity/resources/configurations/v1/activation/strategies
        """
        body = UpdateActivationSettingsRequest(strategy=strategy, code_expiration=code_expiration)
        await self._caller.call(UPDATE_SETTINGS, body=body)

    @concealing
    async def get_strategy(self, user_id: str, token: str) -> ActivationStrategy:
        """Return whether a user has to set a password to become active.

        Args:
            user_id: the user.
            token: the activation token.

        GET /identity/resources/users/v1/activate/strategy, with any token or none
        """
        query = {"userId": user_id, "token": token}
        return await self._caller.call(GET_STRATEGY, query=query)

    @concealing
    async def activate(
        self,
        user_id: str,
        token: str,
        *,
        password: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        last_terms_check: str | UnsetType = UNSET,
        vendor_host: str | None = None,
    ) -> LoginResult:
        """Activate a user and log the user in, and return the user's tokens.

        Args:
            user_id: the user.
            token: the activation token.
            password: if ``get_strategy`` says that the user has to set one.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            last_terms_check: accepted terms of use; Frontegg does not say in which form.
            vendor_host: host of the login page.

        POST /identity/resources/users/v1/activate, without a token
        """
        body = ActivateRequest(
            user_id=user_id,
            token=token,
            password=password,
            recaptcha_token=recaptcha_token,
            last_terms_check=last_terms_check,
        )
        return await self._caller.call(ACTIVATE, body=body, headers={VENDOR_HOST: vendor_host})

    @concealing
    async def activate_with_code(
        self,
        *,
        user_id: str,
        token: str,
        code: str,
        password: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        last_terms_check: str | UnsetType = UNSET,
        vendor_host: str | None = None,
    ) -> LoginResult:
        """Activate a user who was sent a code, log the user in, and return the user's tokens.

        Args:
            user_id: the user.
            token: the activation token.
            code: code that the user was sent.
            password: if ``get_strategy`` says that the user has to set one.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            last_terms_check: accepted terms of use; Frontegg does not say in which form.
            vendor_host: host of the login page.

        POST /identity/resources/users/v1/activate/code, without a token
        """
        body = ActivateWithCodeRequest(
            user_id=user_id,
            token=token,
            code=code,
            password=password,
            recaptcha_token=recaptcha_token,
            last_terms_check=last_terms_check,
        )
        headers = {VENDOR_HOST: vendor_host}
        return await self._caller.call(ACTIVATE_WITH_CODE, body=body, headers=headers)

    async def resend(self, email: str, email_metadata: Mapping[str, Any]) -> None:
        """Send a user the activation e-mail again, with a new token.

        Args:
            email: the user's address.
            email_metadata: values for the template of the e-mail; ``{}`` if it needs none.

        POST /identity/resources/users/v1/activate/reset, with the environment's or a user's token
        """
        body = ResendActivationRequest(email=email, email_metadata=email_metadata)
        await self._caller.call(RESEND, body=body)
