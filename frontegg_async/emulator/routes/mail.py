"""The provider of e-mails, and their templates.

====================================================================  =====
paths, fields, enums, success statuses                                spec
a provider is 404 until it is set; its secret is shown                client
templates are found by type and there is one of each at most          client
``redirectURLPattern`` and ``successRedirectUrlPattern`` are what was  client
written, with its variables
a template has an id, by which it is deleted                          guess
the default of a type has made-up texts                               ours
====================================================================  =====
"""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response, parameter
from ._lookups import find
from ._route import route
from ._settings import wire_fields

__all__ = ["ROUTES"]

_PROVIDER: Final = "/identity/resources/mail/v1/configurations"
_TEMPLATES: Final = "/identity/resources/mail/v1/configs/templates"
_KIND: Final = "mail-templates"
_TYPES: Final = (
    "ResetPassword",
    "ActivateUser",
    "InviteToTenant",
    "PwnedPassword",
    "MagicLink",
    "OTC",
    "ConnectNewDevice",
    "UserUsedInvitation",
    "ResetPhoneNumber",
    "BulkInvitesToTenant",
    "MFAEnroll",
    "MFAUnenroll",
    "NewMFAMethod",
    "MFARecoveryCode",
    "RemoveMFAMethod",
    "EmailVerification",
    "BruteForceProtection",
    "SuspiciousIP",
    "MFAOTC",
    "ImpossibleTravel",
    "BotDetection",
    "SmsAuthenticationEnabled",
    "UnlockUser",
    "UnlockUserSuccess",
    "ActivateUserWithCode",
    "InviteToTenantWithCode",
    "VerifyNewEmail",
    "EmailAddressChanged",
    "ApprovalFlowApprove",
)
_MAX_TEXT: Final = 512


class _OldProvider(msgspec.Struct):
    secret: str


class _Payload(msgspec.Struct):
    provider: Literal["sendgrid", "mailgun", "ses", "ses-role"]
    secret: str
    id: str | msgspec.UnsetType = msgspec.UNSET
    region: str | msgspec.UnsetType = msgspec.UNSET
    domain: str | msgspec.UnsetType = msgspec.UNSET


class _Provider(msgspec.Struct):
    payload: _Payload


class _Template(msgspec.Struct, rename="camel"):
    type: str
    sender_email: str | msgspec.UnsetType = msgspec.UNSET
    subject: str | msgspec.UnsetType = msgspec.UNSET
    from_name: str | msgspec.UnsetType = msgspec.UNSET
    redirect: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="redirectURL")
    html_template: str | msgspec.UnsetType = msgspec.UNSET
    success_redirect_url: str | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET


_OLD_PROVIDER: Final = msgspec.json.Decoder(_OldProvider)
_PROVIDER_BODY: Final = msgspec.json.Decoder(_Provider)
_TEMPLATE: Final = msgspec.json.Decoder(_Template)


def _set_old_provider(state: State, call: Call) -> Response:
    body = decode(_OLD_PROVIDER, call)
    return _keep_provider(state, call, {"provider": "sendgrid", "secret": body.secret}, 200)


def _set_provider(state: State, call: Call) -> Response:
    return _keep_provider(state, call, wire_fields(decode(_PROVIDER_BODY, call).payload), 201)


def _keep_provider(state: State, call: Call, fields: Document, status: int) -> Response:
    extension = [
        {"extensionName": name, "extensionValue": value}
        for name, value in fields.items()
        if name not in ("provider", "secret")
    ]
    before = call.store.settings.get(_PROVIDER)
    now = state.now()
    provider = {
        "provider": fields["provider"],
        "secret": fields["secret"],
        "extension": extension,
        "createdAt": now if before is None else before["createdAt"],
        "updatedAt": now,
    }
    call.store.settings.put(_PROVIDER, provider)
    return empty_response(status)


def _get_provider(state: State, call: Call) -> Response:
    found = call.store.settings.get(_PROVIDER)
    if found is None:
        raise RejectedError(404, "Mail configuration not found")
    return json_response(200, found)


def _delete_provider(state: State, call: Call) -> Response:
    call.store.settings.drop(_PROVIDER)
    return empty_response(200)


def _set_template(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_TEMPLATE, call))
    _check_type(fields["type"])
    for name in ("senderEmail", "subject", "fromName"):
        if len(fields.get(name, "")) > _MAX_TEXT:
            raise RejectedError(400, f"{name} must be at most {_MAX_TEXT} characters long")
    known = call.store.settings.objects(_KIND)
    before = next((each for each in known.values() if each["type"] == fields["type"]), None)
    template = before or {"id": str(uuid4()), **_default(fields["type"])}
    template |= fields
    for name in ("redirectURL", "successRedirectUrl"):
        template[f"{name}Pattern"] = template[name]
    known[template["id"]] = template
    return empty_response(201)


def _get_templates(state: State, call: Call) -> Response:
    wanted = parameter(call.parameters(), "type")
    known = call.store.settings.objects(_KIND).values()
    return json_response(200, [each for each in known if wanted in ("", each["type"])])


def _delete_template(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_KIND)
    del known[find("Template", known, call.values[0])["id"]]
    return empty_response(200)


def _get_default(state: State, call: Call) -> Response:
    (kind,) = call.values
    _check_type(kind)
    return json_response(200, _default(kind))


def _check_type(kind: str) -> None:
    if kind not in _TYPES:
        raise RejectedError(400, f"type must be one of {', '.join(_TYPES)}")


def _default(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "active": True,
        "senderEmail": "emulator@emulator.invalid",
        "fromName": "Emulator",
        "subject": kind,
        "htmlTemplate": f"<p>{kind}</p>",
        "redirectURL": "https://emulator.invalid/account",
        "successRedirectUrl": "https://emulator.invalid/",
    }


ROUTES: Final = (
    route("POST", _PROVIDER, _set_old_provider),
    route("GET", _PROVIDER, _get_provider),
    route("DELETE", _PROVIDER, _delete_provider),
    route("POST", "/identity/resources/mail/v2/configurations", _set_provider),
    route("POST", _TEMPLATES, _set_template),
    route("GET", _TEMPLATES, _get_templates),
    route("DELETE", _TEMPLATES + "/{templateId}", _delete_template),
    route("GET", "/identity/resources/mail/v1/configs/{type}/default", _get_default),
)
