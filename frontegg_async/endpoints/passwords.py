"""Passwords of users: changing, resetting and checking them."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.password_settings import PasswordConfiguration
from ..models.passwords import (
    ChangePasswordRequest,
    CheckPasswordRequest,
    PasswordCheck,
    PasswordReset,
    PasswordResetToken,
    ResetPasswordRequest,
    VerifyPasswordResetRequest,
    VerifySmsCodeRequest,
)
from ..models.users import IdentifierType
from ..operation import Operation, RetrySafety, TokenKind, UserHeader
from ._group import EndpointGroup

RESET: Final = Operation(
    "passwords.reset",
    "POST",
    "/identity/resources/users/v1/passwords/reset",
    NoneType,
    body=ResetPasswordRequest,
    token=TokenKind.ANY,
)
RESET_BY_EMAIL: Final = Operation(
    "passwords.reset_by_email",
    "POST",
    "/identity/resources/users/v2/passwords/reset/email",
    PasswordReset,
    body=ResetPasswordRequest,
    token=TokenKind.ANY,
)
RESET_BY_SMS: Final = Operation(
    "passwords.reset_by_sms",
    "POST",
    "/identity/resources/users/v2/passwords/reset/sms",
    PasswordReset,
    body=ResetPasswordRequest,
    token=TokenKind.ANY,
)
VERIFY_SMS_CODE: Final = Operation(
    "passwords.verify_sms_code",
    "POST",
    "/identity/resources/users/v2/passwords/reset/sms/verify",
    PasswordResetToken,
    body=VerifySmsCodeRequest,
    token=TokenKind.ANY,
)
VERIFY_RESET: Final = Operation(
    "passwords.verify_reset",
    "POST",
    "/identity/resources/users/v1/passwords/reset/verify",
    NoneType,
    body=VerifyPasswordResetRequest,
    token=TokenKind.ANY,
)
CHANGE: Final = Operation(
    "passwords.change",
    "POST",
    "/identity/resources/users/v1/passwords/change",
    NoneType,
    body=ChangePasswordRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
GET_CONFIGURATION: Final = Operation(
    "passwords.get_configuration",
    "GET",
    "/identity/resources/users/v1/passwords/config",
    PasswordConfiguration,
    token=TokenKind.EITHER,
)
CHECK: Final = Operation(
    "passwords.check",
    "POST",
    "/identity/resources/vendor-only/users/v1/passwords/verify",
    PasswordCheck,
    body=CheckPasswordRequest,
    # It reads only, but a wrong password may count as a failed login (guess).
    repeat=RetrySafety.UNSAFE,
)


class Passwords(EndpointGroup):
    """The passwords of users, whose rules are set in ``password_settings``.

    A forgotten one is reset in two steps: Frontegg sends a token or a code, and ``verify_reset``
    takes the token together with the new password.
    """

    async def reset(
        self,
        identifier: str,
        identifier_type: IdentifierType,
        *,
        email_metadata: Mapping[str, Any] | UnsetType = UNSET,
    ) -> None:
        """Send a user an e-mail with a link to set a new password.

        Args:
            identifier: of the user.
            identifier_type: kind of ``identifier``.
            email_metadata: values for the template of the e-mail.

        POST /identity/resources/users/v1/passwords/reset, with any token or none
        """
        body = ResetPasswordRequest(
            identifier=identifier, identifier_type=identifier_type, email_metadata=email_metadata
        )
        await self._caller.call(RESET, body=body)

    async def reset_by_email(
        self,
        identifier: str,
        identifier_type: IdentifierType,
        *,
        email_metadata: Mapping[str, Any] | UnsetType = UNSET,
    ) -> PasswordReset:
        """Send a user an e-mail with a link to set a new password, and return the reset.

        Args:
            identifier: of the user.
            identifier_type: kind of ``identifier``.
            email_metadata: values for the template of the e-mail.

        POST /identity/resources/users/v2/passwords/reset/email, with any token or none
        """
        body = ResetPasswordRequest(
            identifier=identifier, identifier_type=identifier_type, email_metadata=email_metadata
        )
        return await self._caller.call(RESET_BY_EMAIL, body=body)

    async def reset_by_sms(
        self,
        identifier: str,
        identifier_type: IdentifierType,
        *,
        email_metadata: Mapping[str, Any] | UnsetType = UNSET,
    ) -> PasswordReset:
        """Send a user a code by SMS, and return the id that ``verify_sms_code`` takes with it.

        Args:
            identifier: of the user.
            identifier_type: kind of ``identifier``.
            email_metadata: as in ``reset_by_email``; Frontegg takes it here too.

        POST /identity/resources/users/v2/passwords/reset/sms, with any token or none
        """
        body = ResetPasswordRequest(
            identifier=identifier, identifier_type=identifier_type, email_metadata=email_metadata
        )
        return await self._caller.call(RESET_BY_SMS, body=body)

    @concealing
    async def verify_sms_code(self, otc_token: str, session_id: str) -> PasswordResetToken:
        """Exchange a code from an SMS for the token that ``verify_reset`` takes.

        Args:
            otc_token: the code.
            session_id: id that ``reset_by_sms`` returned.

        POST /identity/resources/users/v2/passwords/reset/sms/verify, with any token or none
        """
        body = VerifySmsCodeRequest(otc_token=otc_token, session_id=session_id)
        return await self._caller.call(VERIFY_SMS_CODE, body=body)

    @concealing
    async def verify_reset(self, *, user_id: str, token: str, password: str) -> None:
        """Set a user's new password.

        Args:
            user_id: the user.
            token: from the e-mail, from ``verify_sms_code``, or from
                ``users.create_password_reset_link``.
            password: the new one.

        POST /identity/resources/users/v1/passwords/reset/verify, with any token or none
        """
        body = VerifyPasswordResetRequest(user_id=user_id, token=token, password=password)
        await self._caller.call(VERIFY_RESET, body=body)

    @concealing
    async def change(self, password: str, new_password: str, *, user_id: str | None = None) -> None:
        """Change the password of a user who knows the present one.

        Args:
            password: present password.
            new_password: next password.
            user_id: the user.

        POST /identity/resources/users/v1/passwords/change, with the environment's or a user's
        token
        """
        body = ChangePasswordRequest(password=password, new_password=new_password)
        await self._caller.call(CHANGE, body=body, user_id=user_id)

    async def get_configuration(self, *, user_id: str | UnsetType = UNSET) -> PasswordConfiguration:
        """Return the rules for a user's password: the strictest of all the user's tenants.

        Args:
            user_id: the user; without it, the one whose token it is.

        GET /identity/resources/users/v1/passwords/config, with the environment's or a user's token
        """
        return await self._caller.call(GET_CONFIGURATION, query={"userId": user_id})

    @concealing
    async def check(self, email: str, password: str) -> PasswordCheck:
        """Return whether this is a user's password. It does not log in.

        POST /identity/resources/vendor-only/users/v1/passwords/verify
        """
        body = CheckPasswordRequest(email=email, password=password)
        return await self._caller.call(CHECK, body=body)
