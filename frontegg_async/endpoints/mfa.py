"""The second factors of a user who is logged in."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.authentication import MfaDevices
from ..models.mfa import (
    DisableAuthenticatorRequest,
    DisableSmsRequest,
    EnrollAuthenticatorRequest,
    EnrollSmsRequest,
    MfaRecovery,
    StartDisablingSmsRequest,
    StartSmsEnrollmentRequest,
)
from ..models.mfa_login import AuthenticatorEnrollment, MfaChallenge
from ..operation import Operation, TenantHeader, TokenKind, UserHeader
from ._group import EndpointGroup

START_ENROLLMENT: Final = Operation(
    "mfa.start_enrollment",
    "POST",
    "/identity/resources/users/v1/mfa/enroll",
    AuthenticatorEnrollment,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
    deprecated="Replaced by start_authenticator_enrollment.",
)
START_AUTHENTICATOR_ENROLLMENT: Final = Operation(
    "mfa.start_authenticator_enrollment",
    "POST",
    "/identity/resources/users/v1/mfa/authenticator/enroll",
    AuthenticatorEnrollment,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
ENROLL: Final = Operation(
    "mfa.enroll",
    "POST",
    "/identity/resources/users/v1/mfa/enroll/verify",
    MfaRecovery,
    body=EnrollAuthenticatorRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
    deprecated="Replaced by enroll_authenticator.",
)
ENROLL_AUTHENTICATOR: Final = Operation(
    "mfa.enroll_authenticator",
    "POST",
    "/identity/resources/users/v1/mfa/authenticator/enroll/verify",
    MfaRecovery,
    body=EnrollAuthenticatorRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
START_SMS_ENROLLMENT: Final = Operation(
    "mfa.start_sms_enrollment",
    "POST",
    "/identity/resources/users/v1/mfa/sms/enroll",
    # The specification shows no body; without this one the enrollment could not go on (client).
    MfaChallenge,
    body=StartSmsEnrollmentRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
ENROLL_SMS: Final = Operation(
    "mfa.enroll_sms",
    "POST",
    "/identity/resources/users/v1/mfa/sms/enroll/verify",
    NoneType,
    body=EnrollSmsRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
DISABLE: Final = Operation(
    "mfa.disable",
    "POST",
    "/identity/resources/users/v1/mfa/disable",
    NoneType,
    body=DisableAuthenticatorRequest,
    token=TokenKind.EITHER,
    # Not specified; seen: with the environment's token both headers are needed.
    tenant=TenantHeader.OPTIONAL,
    user=UserHeader.REQUIRED,
    deprecated="It does not say which app; disable_authenticator does.",
)
DISABLE_AUTHENTICATOR: Final = Operation(
    "mfa.disable_authenticator",
    "POST",
    "/identity/resources/users/v1/mfa/authenticator/{deviceId}/disable/verify",
    NoneType,
    body=DisableAuthenticatorRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)
START_DISABLING_SMS: Final = Operation(
    "mfa.start_disabling_sms",
    "POST",
    "/identity/resources/users/v1/mfa/sms/{deviceId}/disable",
    # The specification shows no fields; these are read by Frontegg's own React client (client).
    MfaChallenge,
    body=StartDisablingSmsRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.REQUIRED,
    user=UserHeader.REQUIRED,
)
DISABLE_SMS: Final = Operation(
    "mfa.disable_sms",
    "POST",
    "/identity/resources/users/v1/mfa/sms/{deviceId}/disable/verify",
    NoneType,
    body=DisableSmsRequest,
    token=TokenKind.EITHER,
    user=UserHeader.REQUIRED,
)


# Not in the specification; Frontegg's own REST client for browsers reads it (client).
GET_DEVICES: Final = Operation(
    "mfa.get_devices",
    "GET",
    "/identity/resources/users/v1/mfa/devices",
    MfaDevices,
    token=TokenKind.USER,
)


class Mfa(EndpointGroup):
    """The second factors of one user: authenticator apps and phones.

    The user is named by ``user_id``, or by the token on ``session.as_user()``.
    """

    async def start_enrollment(self, *, user_id: str | None = None) -> AuthenticatorEnrollment:
        """Return the QR code that makes an authenticator app a second factor.

        Deprecated by Frontegg: use ``start_authenticator_enrollment``.

        POST /identity/resources/users/v1/mfa/enroll, with the environment's or a user's token
        """
        return await self._caller.call(START_ENROLLMENT, user_id=user_id)

    async def start_authenticator_enrollment(
        self, *, user_id: str | None = None
    ) -> AuthenticatorEnrollment:
        """Return the QR code that makes an authenticator app a second factor.

        The app becomes one by ``enroll_authenticator``, with the code that it then shows.

        POST /identity/resources/users/v1/mfa/authenticator/enroll, with the environment's or a
        user's token
        """
        return await self._caller.call(START_AUTHENTICATOR_ENROLLMENT, user_id=user_id)

    @concealing
    async def enroll(self, token: str, *, user_id: str | None = None) -> MfaRecovery:
        """Make an authenticator app a second factor, and return the user's recovery code.

        Deprecated by Frontegg: use ``enroll_authenticator``.

        POST /identity/resources/users/v1/mfa/enroll/verify, with the environment's or a user's
        token
        """
        body = EnrollAuthenticatorRequest(token=token)
        return await self._caller.call(ENROLL, body=body, user_id=user_id)

    @concealing
    async def enroll_authenticator(self, token: str, *, user_id: str | None = None) -> MfaRecovery:
        """Make an authenticator app a second factor, and return the user's recovery code.

        The user should keep it: Frontegg does not show it again.

        Args:
            token: the six digits that the app shows once it has read the QR code.
            user_id: owner of the app.

        POST /identity/resources/users/v1/mfa/authenticator/enroll/verify, with the environment's
        or a user's token
        """
        body = EnrollAuthenticatorRequest(token=token)
        return await self._caller.call(ENROLL_AUTHENTICATOR, body=body, user_id=user_id)

    async def start_sms_enrollment(
        self, phone_number: str, *, user_id: str | None = None
    ) -> MfaChallenge:
        """Send a code to a new phone, and return the token that ``enroll_sms`` takes with it.

        Args:
            phone_number: in international form.
            user_id: owner of the phone.

        POST /identity/resources/users/v1/mfa/sms/enroll, with the environment's or a user's token
        """
        body = StartSmsEnrollmentRequest(phone_number=phone_number)
        return await self._caller.call(START_SMS_ENROLLMENT, body=body, user_id=user_id)

    @concealing
    async def enroll_sms(self, *, otc_token: str, code: str, user_id: str | None = None) -> None:
        """Make a phone a second factor.

        Args:
            otc_token: token that ``start_sms_enrollment`` returned.
            code: code from the SMS.
            user_id: owner of the phone.

        POST /identity/resources/users/v1/mfa/sms/enroll/verify, with the environment's or a
        user's token
        """
        body = EnrollSmsRequest(otc_token=otc_token, code=code)
        await self._caller.call(ENROLL_SMS, body=body, user_id=user_id)

    @concealing
    async def disable(
        self,
        *,
        token: str | UnsetType = UNSET,
        user_id: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        """Take an authenticator app out of a user's second factors.

        Deprecated by Frontegg: it does not say which app, ``disable_authenticator`` does.

        Args:
            token: the code that the app shows.
            user_id: owner of the app.
            tenant_id: a tenant of the user's; live, the environment's token needs it as well.

        POST /identity/resources/users/v1/mfa/disable, with the environment's or a user's token
        """
        body = DisableAuthenticatorRequest(token=token)
        await self._caller.call(DISABLE, body=body, user_id=user_id, tenant_id=tenant_id)

    @concealing
    async def disable_authenticator(
        self, device_id: str, *, token: str | UnsetType = UNSET, user_id: str | None = None
    ) -> None:
        """Take an authenticator app out of a user's second factors.

        Args:
            device_id: the app.
            token: the code that it shows.
            user_id: owner of the app.

        POST /identity/resources/users/v1/mfa/authenticator/{deviceId}/disable/verify, with the
        environment's or a user's token
        """
        body = DisableAuthenticatorRequest(token=token)
        await self._caller.call(DISABLE_AUTHENTICATOR, device_id, body=body, user_id=user_id)

    async def start_disabling_sms(
        self, device_id: str, *, user_id: str | None = None, tenant_id: str | None = None
    ) -> MfaChallenge:
        """Send a code to a phone, and return the token that ``disable_sms`` takes with it.

        It is needed only for a user who has no other second factor.

        Args:
            device_id: the phone.
            user_id: owner of the phone.
            tenant_id: the tenant that the user is in.

        POST /identity/resources/users/v1/mfa/sms/{deviceId}/disable, with the environment's or a
        user's token
        """
        return await self._caller.call(
            START_DISABLING_SMS,
            device_id,
            body=StartDisablingSmsRequest(),
            tenant_id=tenant_id,
            user_id=user_id,
        )

    @concealing
    async def disable_sms(
        self,
        device_id: str,
        *,
        otc_token: str | UnsetType = UNSET,
        code: str | UnsetType = UNSET,
        user_id: str | None = None,
    ) -> None:
        """Take a phone out of a user's second factors.

        Args:
            device_id: the phone.
            otc_token: token that ``start_disabling_sms`` returned, if it was needed.
            code: code from the SMS.
            user_id: owner of the phone.

        POST /identity/resources/users/v1/mfa/sms/{deviceId}/disable/verify, with the
        environment's or a user's token
        """
        body = DisableSmsRequest(otc_token=otc_token, code=code)
        await self._caller.call(DISABLE_SMS, device_id, body=body, user_id=user_id)

    async def get_devices(self) -> MfaDevices:
        """Return the user's second factors.

        Frontegg does not document it; its browser client uses it.

        GET /identity/resources/users/v1/mfa/devices, with a user's token
        """
        return await self._caller.call(GET_DEVICES)
