"""The second factor while a user logs in: showing one, or enrolling the first.

A login with ``mfa_required`` gives an ``mfa_token`` instead of tokens to call with; every step
here takes it, and the last one returns the result of the login. Frontegg knows the environment by
the host: an own domain names it, on a region's host
``with_options(headers={"frontegg-vendor-host": ...})`` does.
"""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from .._core.secret import concealing
from ..models.authentication import LoginResult
from ..models.mfa_login import (
    AuthenticatorEnrollment,
    EnrollAuthenticatorInLoginRequest,
    EnrollSmsInLoginRequest,
    EnrollWebAuthnRequest,
    MfaChallenge,
    RecoverMfaRequest,
    RememberDeviceRule,
    StartMfaRequest,
    StartSmsEnrollmentInLoginRequest,
    VerifyAuthenticatorRequest,
    VerifyMfaCodeRequest,
    VerifyWebAuthnRequest,
    WebAuthnAssertion,
    WebAuthnAttestation,
    WebAuthnChallenge,
    WebAuthnDeviceType,
)
from ..operation import Operation, TenantHeader, TokenKind
from ._group import EndpointGroup

RECOVER: Final = Operation(
    "mfa_login.recover",
    "POST",
    "/identity/resources/auth/v1/user/mfa/recover",
    NoneType,
    body=RecoverMfaRequest,
    token=TokenKind.NONE,
)
VERIFY_AUTHENTICATOR_CODE: Final = Operation(
    "mfa_login.verify_authenticator_code",
    "POST",
    "/identity/resources/auth/v1/user/mfa/verify",
    # The specification shows no body; Frontegg's own React client reads a login's (client).
    LoginResult,
    body=VerifyAuthenticatorRequest,
    token=TokenKind.NONE,
    deprecated="It does not say which app; verify_authenticator does.",
)
VERIFY_AUTHENTICATOR: Final = Operation(
    "mfa_login.verify_authenticator",
    "POST",
    "/identity/resources/auth/v1/user/mfa/authenticator/{deviceId}/verify",
    LoginResult,
    body=VerifyAuthenticatorRequest,
    token=TokenKind.NONE,
)
SEND_EMAIL_CODE: Final = Operation(
    "mfa_login.send_email_code",
    "POST",
    "/identity/resources/auth/v1/user/mfa/emailcode",
    MfaChallenge,
    body=StartMfaRequest,
    token=TokenKind.NONE,
)
VERIFY_EMAIL_CODE: Final = Operation(
    "mfa_login.verify_email_code",
    "POST",
    "/identity/resources/auth/v1/user/mfa/emailcode/verify",
    LoginResult,
    body=VerifyMfaCodeRequest,
    token=TokenKind.NONE,
)
SEND_SMS_CODE: Final = Operation(
    "mfa_login.send_sms_code",
    "POST",
    "/identity/resources/auth/v1/user/mfa/sms/{deviceId}",
    MfaChallenge,
    body=StartMfaRequest,
    token=TokenKind.NONE,
)
VERIFY_SMS: Final = Operation(
    "mfa_login.verify_sms",
    "POST",
    "/identity/resources/auth/v1/user/mfa/sms/{deviceId}/verify",
    LoginResult,
    body=VerifyMfaCodeRequest,
    token=TokenKind.NONE,
)
START_WEBAUTHN: Final = Operation(
    "mfa_login.start_webauthn",
    "POST",
    "/identity/resources/auth/v1/user/mfa/webauthn/{deviceId}",
    WebAuthnChallenge,
    body=StartMfaRequest,
    token=TokenKind.NONE,
)
VERIFY_WEBAUTHN: Final = Operation(
    "mfa_login.verify_webauthn",
    "POST",
    "/identity/resources/auth/v1/user/mfa/webauthn/{deviceId}/verify",
    LoginResult,
    body=VerifyWebAuthnRequest,
    token=TokenKind.NONE,
)
START_AUTHENTICATOR_ENROLLMENT: Final = Operation(
    "mfa_login.start_authenticator_enrollment",
    "POST",
    "/identity/resources/auth/v1/user/mfa/authenticator/enroll",
    AuthenticatorEnrollment,
    body=StartMfaRequest,
    token=TokenKind.NONE,
)
ENROLL_AUTHENTICATOR: Final = Operation(
    "mfa_login.enroll_authenticator",
    "POST",
    "/identity/resources/auth/v1/user/mfa/authenticator/enroll/verify",
    LoginResult,
    body=EnrollAuthenticatorInLoginRequest,
    token=TokenKind.NONE,
)
START_SMS_ENROLLMENT: Final = Operation(
    "mfa_login.start_sms_enrollment",
    "POST",
    "/identity/resources/auth/v1/user/mfa/sms/enroll",
    MfaChallenge,
    body=StartSmsEnrollmentInLoginRequest,
    token=TokenKind.NONE,
)
ENROLL_SMS: Final = Operation(
    "mfa_login.enroll_sms",
    "POST",
    "/identity/resources/auth/v1/user/mfa/sms/enroll/verify",
    LoginResult,
    body=EnrollSmsInLoginRequest,
    token=TokenKind.NONE,
)
START_WEBAUTHN_ENROLLMENT: Final = Operation(
    "mfa_login.start_webauthn_enrollment",
    "POST",
    "/identity/resources/auth/v1/user/mfa/webauthn/enroll",
    WebAuthnChallenge,
    body=StartMfaRequest,
    token=TokenKind.NONE,
)
ENROLL_WEBAUTHN: Final = Operation(
    "mfa_login.enroll_webauthn",
    "POST",
    "/identity/resources/auth/v1/user/mfa/webauthn/enroll/verify",
    LoginResult,
    body=EnrollWebAuthnRequest,
    token=TokenKind.NONE,
)
MAY_REMEMBER_DEVICE: Final = Operation(
    "mfa_login.may_remember_device",
    "GET",
    "/identity/resources/configurations/v1/mfa-policy/allow-remember-device",
    RememberDeviceRule,
    token=TokenKind.NONE,
    tenant=TenantHeader.OPTIONAL,
)


class MfaLogin(EndpointGroup):
    """The second factor while a user logs in.

    Throughout, ``mfa_token`` is the one of the login, and ``remember_device`` asks Frontegg not
    to want a second factor from this device for some time.
    """

    @concealing
    async def recover(self, *, email: str, recovery_code: str) -> None:
        """Accept the recovery code of a user who has lost the second factor.

        It gives no tokens: the user logs in again afterwards.

        Args:
            email: the user's address.
            recovery_code: code that enrolling the authenticator app returned.

        POST /identity/resources/auth/v1/user/mfa/recover, without a token
        """
        body = RecoverMfaRequest(email=email, recovery_code=recovery_code)
        await self._caller.call(RECOVER, body=body)

    @concealing
    async def verify_authenticator_code(
        self, *, code: str, mfa_token: str, remember_device: bool | UnsetType = UNSET
    ) -> LoginResult:
        """Log in with the code of the authenticator app, and return the user's tokens.

        Deprecated by Frontegg: it does not say which app, ``verify_authenticator`` does.

        POST /identity/resources/auth/v1/user/mfa/verify, without a token
        """
        body = VerifyAuthenticatorRequest(
            code=code, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(VERIFY_AUTHENTICATOR_CODE, body=body)

    @concealing
    async def verify_authenticator(
        self,
        device_id: str,
        *,
        code: str,
        mfa_token: str,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Log in with the code of an authenticator app, and return the user's tokens.

        Args:
            device_id: the app, one of the login's ``mfa_devices``.
            code: code that the app shows.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/authenticator/{deviceId}/verify, without a
        token
        """
        body = VerifyAuthenticatorRequest(
            code=code, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(VERIFY_AUTHENTICATOR, device_id, body=body)

    @concealing
    async def send_email_code(self, mfa_token: str) -> MfaChallenge:
        """Send the user a code by e-mail, and return the token that ``verify_email_code`` takes.

        POST /identity/resources/auth/v1/user/mfa/emailcode, without a token
        """
        body = StartMfaRequest(mfa_token=mfa_token)
        return await self._caller.call(SEND_EMAIL_CODE, body=body)

    @concealing
    async def verify_email_code(
        self,
        *,
        otc_token: str,
        code: str,
        mfa_token: str,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Log in with the code from an e-mail, and return the user's tokens.

        Args:
            otc_token: token that ``send_email_code`` returned.
            code: code from the e-mail.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/emailcode/verify, without a token
        """
        body = VerifyMfaCodeRequest(
            otc_token=otc_token, code=code, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(VERIFY_EMAIL_CODE, body=body)

    @concealing
    async def send_sms_code(self, device_id: str, mfa_token: str) -> MfaChallenge:
        """Send a code to a phone, and return the token that ``verify_sms`` takes with it.

        Args:
            device_id: the phone, one of the login's ``mfa_devices``.
            mfa_token: of the login.

        POST /identity/resources/auth/v1/user/mfa/sms/{deviceId}, without a token
        """
        body = StartMfaRequest(mfa_token=mfa_token)
        return await self._caller.call(SEND_SMS_CODE, device_id, body=body)

    @concealing
    async def verify_sms(
        self,
        device_id: str,
        *,
        otc_token: str,
        code: str,
        mfa_token: str,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Log in with the code from an SMS, and return the user's tokens.

        Args:
            device_id: the phone that the code went to.
            otc_token: token that ``send_sms_code`` returned.
            code: code from the SMS.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/sms/{deviceId}/verify, without a token
        """
        body = VerifyMfaCodeRequest(
            otc_token=otc_token, code=code, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(VERIFY_SMS, device_id, body=body)

    @concealing
    async def start_webauthn(self, device_id: str, mfa_token: str) -> WebAuthnChallenge:
        """Return a challenge for a WebAuthn device, to be handed to the user's browser.

        Args:
            device_id: the device, one of the login's ``mfa_devices``.
            mfa_token: of the login.

        POST /identity/resources/auth/v1/user/mfa/webauthn/{deviceId}, without a token
        """
        body = StartMfaRequest(mfa_token=mfa_token)
        return await self._caller.call(START_WEBAUTHN, device_id, body=body)

    @concealing
    async def verify_webauthn(
        self,
        device_id: str,
        *,
        webauthn_token: str,
        options: WebAuthnAssertion,
        mfa_token: str,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Log in with a WebAuthn device, and return the user's tokens.

        Args:
            device_id: the device that the challenge was for.
            webauthn_token: token that ``start_webauthn`` returned.
            options: response of the browser.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/webauthn/{deviceId}/verify, without a token
        """
        body = VerifyWebAuthnRequest(
            webauthn_token=webauthn_token,
            options=options,
            mfa_token=mfa_token,
            remember_device=remember_device,
        )
        return await self._caller.call(VERIFY_WEBAUTHN, device_id, body=body)

    @concealing
    async def start_authenticator_enrollment(self, mfa_token: str) -> AuthenticatorEnrollment:
        """Return the QR code that makes an authenticator app a second factor.

        POST /identity/resources/auth/v1/user/mfa/authenticator/enroll, without a token
        """
        body = StartMfaRequest(mfa_token=mfa_token)
        return await self._caller.call(START_AUTHENTICATOR_ENROLLMENT, body=body)

    @concealing
    async def enroll_authenticator(
        self, *, token: str, mfa_token: str, remember_device: bool | UnsetType = UNSET
    ) -> LoginResult:
        """Make an authenticator app a second factor, and return the user's tokens.

        Args:
            token: the six digits that the app shows once it has read the QR code.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/authenticator/enroll/verify, without a token
        """
        body = EnrollAuthenticatorInLoginRequest(
            token=token, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(ENROLL_AUTHENTICATOR, body=body)

    @concealing
    async def start_sms_enrollment(
        self, phone_number: str, *, mfa_token: str | UnsetType = UNSET
    ) -> MfaChallenge:
        """Send a code to a new phone, and return the token that ``enroll_sms`` takes with it.

        Args:
            phone_number: in international form.
            mfa_token: of the login.

        POST /identity/resources/auth/v1/user/mfa/sms/enroll, without a token
        """
        body = StartSmsEnrollmentInLoginRequest(phone_number=phone_number, mfa_token=mfa_token)
        return await self._caller.call(START_SMS_ENROLLMENT, body=body)

    @concealing
    async def enroll_sms(
        self,
        *,
        otc_token: str,
        code: str,
        mfa_token: str | UnsetType = UNSET,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Make a phone a second factor, and return the user's tokens.

        Args:
            otc_token: token that ``start_sms_enrollment`` returned.
            code: code from the SMS.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/sms/enroll/verify, without a token
        """
        body = EnrollSmsInLoginRequest(
            otc_token=otc_token, code=code, mfa_token=mfa_token, remember_device=remember_device
        )
        return await self._caller.call(ENROLL_SMS, body=body)

    @concealing
    async def start_webauthn_enrollment(self, mfa_token: str) -> WebAuthnChallenge:
        """Return a challenge for a new WebAuthn device, to be handed to the user's browser.

        POST /identity/resources/auth/v1/user/mfa/webauthn/enroll, without a token
        """
        body = StartMfaRequest(mfa_token=mfa_token)
        return await self._caller.call(START_WEBAUTHN_ENROLLMENT, body=body)

    @concealing
    async def enroll_webauthn(
        self,
        *,
        device_type: WebAuthnDeviceType,
        webauthn_token: str,
        options: WebAuthnAttestation,
        mfa_token: str,
        remember_device: bool | UnsetType = UNSET,
    ) -> LoginResult:
        """Make a WebAuthn device a second factor, and return the user's tokens.

        Args:
            device_type: ``Platform`` for a reader that is built in, ``CrossPlatform`` for a key.
            webauthn_token: token that ``start_webauthn_enrollment`` returned.
            options: response of the browser.
            mfa_token: of the login.
            remember_device: True to be asked less often on this device.

        POST /identity/resources/auth/v1/user/mfa/webauthn/enroll/verify, without a token
        """
        body = EnrollWebAuthnRequest(
            device_type=device_type,
            webauthn_token=webauthn_token,
            options=options,
            mfa_token=mfa_token,
            remember_device=remember_device,
        )
        return await self._caller.call(ENROLL_WEBAUTHN, body=body)

    @concealing
    async def may_remember_device(
        self, mfa_token: str, *, tenant_id: str | None = None
    ) -> RememberDeviceRule:
        """Return whether ``remember_device`` will be granted, and for how many seconds.

        Args:
            mfa_token: of the login.
            tenant_id: the tenant whose policy counts, instead of the environment's.

        GET /identity/resources/configurations/v1/mfa-policy/allow-remember-device, without a
        token
        """
        query = {"mfaToken": mfa_token}
        return await self._caller.call(MAY_REMEMBER_DEVICE, query=query, tenant_id=tenant_id)
