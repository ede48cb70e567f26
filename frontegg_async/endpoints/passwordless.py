"""Logging in without a password: a code or a link is sent, and logs in when it comes back.

Frontegg knows the environment by the host: an own domain names it, on a region's host
``with_options(headers={"frontegg-vendor-host": ...})`` does.
"""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.authentication import LoginResult
from ..models.passwordless import (
    PasswordlessLoginRequest,
    SendLoginEmailRequest,
    SendSmsLoginCodeRequest,
    SentSmsCode,
)
from ..operation import Operation, TokenKind
from ._group import EndpointGroup

SEND_SMS_CODE: Final = Operation(
    "passwordless.send_sms_code",
    "POST",
    "/identity/resources/auth/v1/passwordless/smscode/prelogin",
    SentSmsCode,
    body=SendSmsLoginCodeRequest,
    token=TokenKind.NONE,
)
LOGIN_WITH_SMS_CODE: Final = Operation(
    "passwordless.login_with_sms_code",
    "POST",
    "/identity/resources/auth/v1/passwordless/smscode/postlogin",
    LoginResult,
    body=PasswordlessLoginRequest,
    token=TokenKind.NONE,
)
SEND_MAGIC_LINK: Final = Operation(
    "passwordless.send_magic_link",
    "POST",
    "/identity/resources/auth/v1/passwordless/magiclink/prelogin",
    NoneType,
    body=SendLoginEmailRequest,
    token=TokenKind.NONE,
)
LOGIN_WITH_MAGIC_LINK: Final = Operation(
    "passwordless.login_with_magic_link",
    "POST",
    "/identity/resources/auth/v1/passwordless/magiclink/postlogin",
    LoginResult,
    body=PasswordlessLoginRequest,
    token=TokenKind.NONE,
)
SEND_EMAIL_CODE: Final = Operation(
    "passwordless.send_email_code",
    "POST",
    "/identity/resources/auth/v1/passwordless/code/prelogin",
    NoneType,
    body=SendLoginEmailRequest,
    token=TokenKind.NONE,
)
LOGIN_WITH_EMAIL_CODE: Final = Operation(
    "passwordless.login_with_email_code",
    "POST",
    "/identity/resources/auth/v1/passwordless/code/postlogin",
    LoginResult,
    body=PasswordlessLoginRequest,
    token=TokenKind.NONE,
)


class Passwordless(EndpointGroup):
    """Logging in with a code by SMS, a code by e-mail, or a magic link.

    Each way takes two calls: one sends something to the user, the other logs in with it. The
    environment must have that way switched on. ``session.as_user()`` takes the result of logging
    in.
    """

    @concealing
    async def send_sms_code(
        self,
        *,
        email: str | UnsetType = UNSET,
        user_id: str | UnsetType = UNSET,
        username: str | UnsetType = UNSET,
        phone_number: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> SentSmsCode:
        """Send a user a code by SMS, and return the phone number that it went to.

        Args:
            email: the user's address; one of the first four is enough.
            user_id: user id.
            username: username.
            phone_number: the user's phone number.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        Raises:
            InvalidRequestError: the user has no phone number.

        POST /identity/resources/auth/v1/passwordless/smscode/prelogin, without a token
        """
        body = SendSmsLoginCodeRequest(
            email=email,
            user_id=user_id,
            username=username,
            phone_number=phone_number,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        return await self._caller.call(SEND_SMS_CODE, body=body)

    @concealing
    async def login_with_sms_code(
        self,
        token: str,
        *,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> LoginResult:
        """Log a user in with the code from an SMS, and return the user's tokens.

        Args:
            token: the code.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        POST /identity/resources/auth/v1/passwordless/smscode/postlogin, without a token
        """
        body = PasswordlessLoginRequest(
            token=token, recaptcha_token=recaptcha_token, invitation_token=invitation_token
        )
        return await self._caller.call(LOGIN_WITH_SMS_CODE, body=body)

    @concealing
    async def send_magic_link(
        self,
        *,
        email: str | UnsetType = UNSET,
        user_id: str | UnsetType = UNSET,
        username: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> None:
        """Send a user an e-mail with a link that logs in.

        Args:
            email: the user's address; one of the first three is enough.
            user_id: user id.
            username: username.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        Raises:
            InvalidRequestError: the environment does not offer magic links.

        POST /identity/resources/auth/v1/passwordless/magiclink/prelogin, without a token
        """
        body = SendLoginEmailRequest(
            email=email,
            user_id=user_id,
            username=username,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        await self._caller.call(SEND_MAGIC_LINK, body=body)

    @concealing
    async def login_with_magic_link(
        self,
        token: str,
        *,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> LoginResult:
        """Log a user in with the token of a magic link, and return the user's tokens.

        Args:
            token: the token in the link.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        POST /identity/resources/auth/v1/passwordless/magiclink/postlogin, without a token
        """
        body = PasswordlessLoginRequest(
            token=token, recaptcha_token=recaptcha_token, invitation_token=invitation_token
        )
        return await self._caller.call(LOGIN_WITH_MAGIC_LINK, body=body)

    @concealing
    async def send_email_code(
        self,
        *,
        email: str | UnsetType = UNSET,
        user_id: str | UnsetType = UNSET,
        username: str | UnsetType = UNSET,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> None:
        """Send a user a code by e-mail.

        Args:
            email: the user's address; one of the first three is enough.
            user_id: user id.
            username: username.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        Raises:
            InvalidRequestError: the environment does not offer codes by e-mail.

        POST /identity/resources/auth/v1/passwordless/code/prelogin, without a token
        """
        body = SendLoginEmailRequest(
            email=email,
            user_id=user_id,
            username=username,
            recaptcha_token=recaptcha_token,
            invitation_token=invitation_token,
        )
        await self._caller.call(SEND_EMAIL_CODE, body=body)

    @concealing
    async def login_with_email_code(
        self,
        token: str,
        *,
        recaptcha_token: str | UnsetType = UNSET,
        invitation_token: str | UnsetType = UNSET,
    ) -> LoginResult:
        """Log a user in with the code from an e-mail, and return the user's tokens.

        Args:
            token: the code.
            recaptcha_token: reCAPTCHA token, if the environment asks for one.
            invitation_token: of the invitation that is accepted by logging in.

        POST /identity/resources/auth/v1/passwordless/code/postlogin, without a token
        """
        body = PasswordlessLoginRequest(
            token=token, recaptcha_token=recaptcha_token, invitation_token=invitation_token
        )
        return await self._caller.call(LOGIN_WITH_EMAIL_CODE, body=body)
