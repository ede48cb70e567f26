"""Requests and responses of a second factor while a user logs in."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel

WebAuthnDeviceType: TypeAlias = Literal["Platform", "CrossPlatform"]
"""Kinds of devices: built into the phone or computer, or a key that is carried about."""


# The specification leaves out most of these answers. Their fields are those that Frontegg's own
# React client reads (client).


class MfaChallenge(ResponseModel, frozen=True, kw_only=True):
    """A code that was sent; ``otc_token`` goes back with it.

    ``phone_number`` is where it went, if it went by SMS.
    """

    otc_token: str | None = None
    phone_number: str | None = None


class WebAuthnChallenge(ResponseModel, frozen=True, kw_only=True):
    """A challenge for a device; ``webauthn_token`` goes back with the device's response.

    ``options`` are for the browser's ``navigator.credentials``, as they came.
    """

    webauthn_token: str | None = None
    options: dict[str, Any] | None = None


class AuthenticatorEnrollment(ResponseModel, frozen=True, kw_only=True):
    """A QR code to be read by an authenticator app: a picture in base64."""

    qr_code: str | None = None


class RememberDeviceRule(ResponseModel, frozen=True, kw_only=True):
    """Rule for remembering a device, in seconds."""

    is_allowed_to_remember: bool | None = None
    mfa_device_expiration: Number | None = None


class WebAuthnAttestationResponse(RequestModel, frozen=True, kw_only=True):
    """Response of a new device to a browser, each field in base64.

    Args:
        client_data_json: data that the browser signed for.
        attestation_object: attestation of the device, with its public key.
    """

    client_data_json: str = msgspec.field(name="clientDataJSON")
    attestation_object: str


class WebAuthnAttestation(RequestModel, frozen=True, kw_only=True):
    """A browser's answer to the challenge to enroll a device.

    Args:
        id: id of the credential.
        response: response of the device.
        device_type: kind of the device.
    """

    id: str
    response: WebAuthnAttestationResponse
    device_type: WebAuthnDeviceType | UnsetType = UNSET


class WebAuthnAssertionResponse(RequestModel, frozen=True, kw_only=True):
    """Response of an enrolled device to a browser, each field in base64.

    Args:
        client_data_json: data that the browser signed for.
        authenticator_data: data of the device.
        signature: made with the device's private key.
        user_handle: whose credential it is; some devices do not tell.
    """

    client_data_json: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str
    # The specification requires it; in WebAuthn it may be null.
    user_handle: str | UnsetType | None = UNSET


class WebAuthnAssertion(RequestModel, frozen=True, kw_only=True):
    """A browser's answer to the challenge to show a device.

    Args:
        id: id of the credential.
        response: response of the device.
        recaptcha_token: reCAPTCHA token, if the environment asks for one.
        invitation_token: of the invitation that is accepted by logging in.
    """

    id: str
    response: WebAuthnAssertionResponse
    recaptcha_token: str | UnsetType = UNSET
    invitation_token: str | UnsetType = UNSET


class RecoverMfaRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.recover``."""

    email: str
    recovery_code: str


class StartMfaRequest(RequestModel, frozen=True, kw_only=True):
    """Body of the calls of ``mfa_login`` that send or ask for a challenge."""

    mfa_token: str


class VerifyAuthenticatorRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.verify_authenticator``, and of its older form."""

    code: str = msgspec.field(name="value")
    mfa_token: str
    remember_device: bool | UnsetType = UNSET


class VerifyMfaCodeRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.verify_email_code`` and ``mfa_login.verify_sms``."""

    otc_token: str
    code: str
    mfa_token: str
    remember_device: bool | UnsetType = UNSET


class VerifyWebAuthnRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.verify_webauthn``."""

    webauthn_token: str
    options: WebAuthnAssertion
    mfa_token: str
    remember_device: bool | UnsetType = UNSET


class EnrollAuthenticatorInLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.enroll_authenticator``."""

    token: str
    mfa_token: str
    remember_device: bool | UnsetType = UNSET


# The specification leaves the MFA token out of the next two; Frontegg's own React client sends it,
# and nothing else says whose login it is (client).


class StartSmsEnrollmentInLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.start_sms_enrollment``."""

    phone_number: str
    mfa_token: str | UnsetType = UNSET


class EnrollSmsInLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.enroll_sms``."""

    otc_token: str
    code: str
    mfa_token: str | UnsetType = UNSET
    remember_device: bool | UnsetType = UNSET


class EnrollWebAuthnRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``mfa_login.enroll_webauthn``."""

    device_type: WebAuthnDeviceType
    webauthn_token: str
    options: WebAuthnAttestation
    mfa_token: str
    remember_device: bool | UnsetType = UNSET
