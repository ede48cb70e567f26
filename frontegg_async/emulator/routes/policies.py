"""The policies of an environment and of its tenants: MFA, lockout, passwords, captcha, sessions.

They are kept and shown, and enforce nothing. ``_settings.py`` has what all settings do.

====================================================================  =====
paths, fields, enums, success statuses, which are a tenant's too      spec
the values of a new MFA policy                                        spec
``/vendor`` and ``/public`` at the end: the environment's own         client
session settings that were never set are ``{}``                       seen
session settings are written with nothing in return                   client
MFA, password and rotation settings are there before they are set     client
other values before any is set                                        guess
the strategies of MFA are a fixed list, each on or off                spec
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response
from ._route import Takes, route
from ._settings import Setting

__all__ = ["ROUTES"]

_V1: Final = "/identity/resources/configurations/v1"
_SESSIONS: Final = "/identity/resources/configurations/sessions/v1"
_CAPTCHA: Final = _V1 + "/captcha-policy"
_STRATEGIES: Final = _V1 + "/mfa/strategies"
_WRITE: Final = {"POST": 201, "PATCH": 200}

_Number = Annotated[float, msgspec.Meta(ge=0)] | Annotated[int, msgspec.Meta(ge=0)]
_MayFlag = bool | msgspec.UnsetType
_MayNumber = _Number | msgspec.UnsetType
_Strategy = Literal[
    "AuthenticatorApp", "WebAuthnPlatform", "WebAuthnCrossPlatform", "SMS", "EmailCode"
]


class _Lockout(msgspec.Struct, rename="camel"):
    enabled: bool
    max_attempts: _Number


class _History(msgspec.Struct, rename="camel"):
    enabled: bool
    history_size: _Number


class _Captcha(msgspec.Struct, rename="camel"):
    enabled: bool
    site_key: str
    secret_key: str
    min_score: _Number
    ignored_emails: list[str] = []


class _MfaPolicy(msgspec.Struct):
    enforce: Literal["DontForce", "Force", "ForceExceptSAML"] | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="enforceMFAType"
    )
    remember: _MayFlag = msgspec.field(default=msgspec.UNSET, name="allowRememberMyDevice")
    expiration: _MayNumber = msgspec.field(default=msgspec.UNSET, name="mfaDeviceExpiration")


class _AuthenticatorApp(msgspec.Struct, rename="camel"):
    active: bool
    service_name: str


class _Sms(msgspec.Struct, rename="camel"):
    active: bool
    token_lifetime_seconds: _Number


class _Email(msgspec.Struct, rename="camel"):
    active: bool
    token_lifetime_seconds: _Number
    sender: str


class _Mfa(msgspec.Struct, rename="camel"):
    authentication_app: _AuthenticatorApp | msgspec.UnsetType = msgspec.UNSET
    sms: _Sms | msgspec.UnsetType = msgspec.UNSET
    email: _Email | msgspec.UnsetType = msgspec.UNSET


class _Password(msgspec.Struct, rename="camel"):
    allow_passphrases: _MayFlag = msgspec.UNSET
    max_length: _MayNumber = msgspec.UNSET
    min_length: _MayNumber = msgspec.UNSET
    min_phrase_length: _MayNumber = msgspec.UNSET
    min_optional_tests_to_pass: _MayNumber = msgspec.UNSET
    block_pwned_passwords: _MayFlag = msgspec.UNSET
    optional_tests: dict[str, bool] | msgspec.UnsetType = msgspec.UNSET
    required_tests: dict[str, bool] | msgspec.UnsetType = msgspec.UNSET


class _Rotation(msgspec.Struct, rename="camel"):
    is_active: _MayFlag = msgspec.UNSET
    rotation_period: _MayNumber = msgspec.UNSET
    notification_period: _MayNumber = msgspec.UNSET


class _Timeout(msgspec.Struct, rename="camel"):
    is_active: bool
    timeout: _Number


class _Concurrency(msgspec.Struct, rename="camel"):
    is_active: bool
    max_sessions: _Number


class _Sessions(msgspec.Struct, rename="camel"):
    session_idle_timeout_configuration: _Timeout | msgspec.UnsetType = msgspec.UNSET
    session_timeout_configuration: _Timeout | msgspec.UnsetType = msgspec.UNSET
    session_concurrent_configuration: _Concurrency | msgspec.UnsetType = msgspec.UNSET


class _Delegation(msgspec.Struct):
    enabled: _MayFlag = msgspec.UNSET


class _EmailChanges(msgspec.Struct, rename="camel"):
    allow_email_change: _MayFlag = msgspec.UNSET


class _OneStrategy(msgspec.Struct, rename="camel"):
    strategy: _Strategy
    is_active: bool


_ONE_STRATEGY: Final = msgspec.json.Decoder(_OneStrategy)

_MFA: Final[Document] = {
    "authenticationApp": {"active": True, "serviceName": "Emulator"},
    "sms": {"active": False, "tokenLifetimeSeconds": 300},
    "email": {"active": False, "tokenLifetimeSeconds": 300, "sender": "emulator@emulator.invalid"},
}
_MFA_POLICY: Final[Document] = {
    "enforceMFAType": "Force",
    "allowRememberMyDevice": False,
    "mfaDeviceExpiration": 1_209_600,
}
_PASSWORD: Final[Document] = {
    "allowPassphrases": False,
    "maxLength": 128,
    "minLength": 1,
    "minPhraseLength": 20,
    "minOptionalTestsToPass": 0,
    "blockPwnedPasswords": False,
    "optionalTests": {},
    "requiredTests": {},
}
_ROTATION: Final[Document] = {
    "isActive": False,
    "rotationPeriod": 90,
    "notificationPeriod": 7,
    "tenantId": "",
    "createdAt": "2024-01-01T00:00:00.000Z",
    "updatedAt": "2024-01-01T00:00:00.000Z",
}
_STRATEGY_DEFAULTS: Final[dict[str, bool]] = {
    "AuthenticatorApp": True,
    "WebAuthnPlatform": False,
    "WebAuthnCrossPlatform": False,
    "SMS": False,
    "EmailCode": False,
}


def _get_public_captcha(state: State, call: Call) -> Response:
    """Show as much of the captcha's policy as a login page needs."""
    found = call.store.settings.get(_CAPTCHA) or {"enabled": False, "siteKey": ""}
    return json_response(200, {name: found[name] for name in ("enabled", "siteKey")})


def _get_strategies(state: State, call: Call) -> Response:
    chosen = {**_STRATEGY_DEFAULTS, **(call.store.settings.get(_STRATEGIES) or {})}
    shown = [{"strategy": name, "isActive": active} for name, active in chosen.items()]
    return json_response(200, {"strategies": shown})


def _set_strategy(state: State, call: Call) -> Response:
    body = decode(_ONE_STRATEGY, call)
    chosen = call.store.settings.get(_STRATEGIES) or {}
    call.store.settings.put(_STRATEGIES, {**chosen, body.strategy: body.is_active})
    return empty_response(201)


def _get_password_rules(state: State, call: Call) -> Response:
    """Show the rules of passwords to a user who is about to choose one."""
    return json_response(200, _PASSWORD_RULES.now(call, call.tenant))


def _policy(
    name: str,
    body: type[msgspec.Struct],
    *,
    methods: Mapping[str, int] = _WRITE,
    fill: Document | None = None,
) -> Setting:
    """Make a policy of the environment or of a tenant, which is not there until it is made."""
    return Setting(
        path=f"{_V1}/{name}",
        body=body,
        methods=methods,
        fill=fill,
        by_tenant=True,
        stamped=True,
        once=True,
        vendor=True,
    )


_PASSWORD_RULES: Final = Setting(
    path=_V1 + "/password",
    body=_Password,
    methods={"POST": 201},
    defaults=_PASSWORD,
    by_tenant=True,
)

_SETTINGS: Final = (
    _policy("lockout-policy", _Lockout),
    _policy("password-history-policy", _History),
    _policy("mfa-policy", _MfaPolicy, methods={**_WRITE, "PUT": 200}, fill=_MFA_POLICY),
    Setting(
        path=_CAPTCHA,
        body=_Captcha,
        methods={"POST": 201, "PUT": 200},
        stamped=True,
        once=True,
    ),
    Setting(
        path=_V1 + "/password-rotation",
        body=_Rotation,
        methods={"POST": 200},
        defaults=_ROTATION,
        by_tenant=True,
        silent=True,
        vendor=True,
    ),
    Setting(path=_V1 + "/mfa", body=_Mfa, methods={"POST": 201}, defaults=_MFA),
    Setting(
        path=_SESSIONS,
        body=_Sessions,
        methods={"POST": 201},
        defaults={},
        by_tenant=True,
        silent=True,
        vendor=True,
    ),
    Setting(
        path=_V1 + "/delegation",
        body=_Delegation,
        methods={"POST": 200},
        defaults={"enabled": False},
        silent=True,
    ),
    Setting(
        path=_V1 + "/user-emails-policy",
        body=_EmailChanges,
        methods={"POST": 200},
        defaults={"allowEmailChange": True},
        silent=True,
    ),
    _PASSWORD_RULES,
)

ROUTES: Final = (
    *(each for setting in _SETTINGS for each in setting.routes()),
    route("GET", _CAPTCHA + "/public", _get_public_captcha, takes=Takes.NOTHING),
    route("GET", "/identity/resources/users/v1/passwords/config", _get_password_rules),
    route("GET", _STRATEGIES, _get_strategies),
    route("POST", _STRATEGIES, _set_strategy),
)
