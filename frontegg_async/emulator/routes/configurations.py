"""The environment's own configuration, which decides about logins and tokens.

====================================================================  =====
fields, enums, success statuses                                       spec
``publicKey`` is the key that tokens verify with, as PEM; also with   client
a slash at the end of the path
the fields of ``public``, and that it needs no token                  client
a user's token reads it too, without the secret                       client, guess
values before any is set, and that fields left out stay               guess
``jwtAlgorithm`` HS256 signs users' tokens with ``jwtSecret``         guess
``addRolesToJwt``, ``addPermissionsToJwt``: claims that may be left   doc
out; both are in unless turned off                                    guess
lives of tokens, and the rotation of refresh tokens, hold from then   guess
on; ``apiTokensEnabled`` and ``allowSignups`` are kept only
====================================================================  =====
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ..state.settings import Document, stable_id
from ..state.store import Store
from ..state.tokens import Kind
from ._bodies import json_response, whole
from ._route import Takes, route
from ._settings import wire_fields

__all__ = ["ROUTES", "configured"]

_PATH: Final = "/identity/resources/configurations/v1"
_PUBLIC: Final = (
    "allowSignups",
    "allowNotVerifiedUsersLogin",
    "apiTokensEnabled",
    "forcePermissions",
    "authStrategy",
    "machineToMachineAuthStrategy",
)
_BASIC: Final = ("forcePermissions", "machineToMachineAuthStrategy")
_DEFAULTS: Final[Document] = {
    "cookieSameSite": "LAX",
    "allowSignups": True,
    "apiTokensEnabled": True,
    "allowOverridePasswordComplexity": False,
    "allowOverridePasswordExpiration": False,
    "allowOverrideEnforcePasswordHistory": False,
    "allowNotVerifiedUsersLogin": True,
    "forcePermissions": True,
    "authStrategy": "EmailAndPassword",
    "defaultPasswordlessTokenExpiration": 300,
    "forceSameDeviceOnAuth": False,
    "allowTenantInvitations": True,
    "machineToMachineAuthStrategy": "ClientCredentials",
    "addRolesToJwt": True,
    "addPermissionsToJwt": True,
    "refreshTokensRotationLimit": 1,
    "addSamlAttributesToJwt": False,
    "allowCustomLoginTenantSwitch": False,
    "skipTenantValidation": False,
}
_MAX_REFRESH_S: Final = 15_552_000
_MAX_TOKEN_S: Final = 315_360_000

_Seconds = Annotated[int, msgspec.Meta(ge=1, le=_MAX_TOKEN_S)]
_Flag = bool | msgspec.UnsetType


class _Changes(msgspec.Struct, rename="camel"):
    default_token_expiration: _Seconds | msgspec.UnsetType = msgspec.UNSET
    default_refresh_token_expiration: (
        Annotated[int, msgspec.Meta(ge=1, le=_MAX_REFRESH_S)] | msgspec.UnsetType
    ) = msgspec.UNSET
    cookie_same_site: Literal["STRICT", "LAX", "NONE"] | msgspec.UnsetType = msgspec.UNSET
    machine_to_machine_auth_strategy: (
        Literal["ClientCredentials", "AccessToken"] | msgspec.UnsetType
    ) = msgspec.UNSET
    allow_signups: _Flag = msgspec.UNSET
    api_tokens_enabled: _Flag = msgspec.UNSET
    allow_override_password_complexity: _Flag = msgspec.UNSET
    allow_override_password_expiration: _Flag = msgspec.UNSET
    allow_override_enforce_password_history: _Flag = msgspec.UNSET
    jwt_algorithm: Literal["HS256", "RS256"] | msgspec.UnsetType = msgspec.UNSET
    allow_not_verified_users_login: _Flag = msgspec.UNSET
    force_permissions: _Flag = msgspec.UNSET
    add_saml_attributes_to_jwt: _Flag = msgspec.UNSET
    auth_strategy: (
        Literal["Code", "EmailAndPassword", "MagicLink", "NoLocalAuthentication", "SmsCode"]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    default_passwordless_token_expiration: _Seconds | msgspec.UnsetType = msgspec.UNSET
    force_same_device_on_auth: _Flag = msgspec.UNSET
    allow_tenant_invitations: _Flag = msgspec.UNSET
    rotate_refresh_tokens: _Flag = msgspec.UNSET
    skip_tenant_validation: _Flag = msgspec.UNSET
    add_roles_to_jwt: _Flag = msgspec.UNSET
    add_permissions_to_jwt: _Flag = msgspec.UNSET
    allow_custom_login_tenant_switch: _Flag = msgspec.UNSET


_CHANGES: Final = msgspec.json.Decoder(_Changes)


def configured(store: Store, name: str) -> Any:
    """Return a setting of the configuration, by its name on the wire."""
    return _settings(store)[name]


def _settings(store: Store) -> Document:
    rotate = store.policy.rotate_refresh_tokens
    return {**_DEFAULTS, "rotateRefreshTokens": rotate, **(store.settings.get(_PATH) or {})}


def _whole(store: Store) -> Document:
    return {
        "id": stable_id(_PATH),
        **_settings(store),
        "defaultTokenExpiration": whole(store.tokens.access_lifetime),
        "defaultRefreshTokenExpiration": whole(store.logins.lifetime),
        "jwtAlgorithm": store.tokens.algorithm,
        "publicKey": store.keys.pem(),
        "jwtSecret": store.keys.secret,
    }


def _get(state: State, call: Call) -> Response:
    shown = _whole(call.store)
    if call.token is not None and call.token.kind is not Kind.ENVIRONMENT:
        del shown["jwtSecret"]
    return json_response(200, shown)


def _update(state: State, call: Call) -> Response:
    store = call.store
    fields = wire_fields(decode(_CHANGES, call))
    tokens, logins = store.tokens, store.logins
    # These three decide by themselves, and may have come from arguments of the emulator.
    tokens.access_lifetime = fields.pop("defaultTokenExpiration", tokens.access_lifetime)
    logins.lifetime = fields.pop("defaultRefreshTokenExpiration", logins.lifetime)
    tokens.algorithm = fields.pop("jwtAlgorithm", tokens.algorithm)
    store.settings.put(_PATH, {**(store.settings.get(_PATH) or {}), **fields})
    return json_response(201, _whole(store))


def _get_public(state: State, call: Call) -> Response:
    settings = _settings(call.store)
    return json_response(200, {name: settings[name] for name in _PUBLIC})


def _get_basic(state: State, call: Call) -> Response:
    settings = _settings(call.store)
    return json_response(200, {name: settings[name] for name in _BASIC})


ROUTES: Final = (
    route("GET", _PATH, _get, takes=Takes.EITHER),
    # As Frontegg's own Python SDK asks for it (client).
    route("GET", _PATH + "/", _get, takes=Takes.EITHER),
    route("POST", _PATH, _update, takes=Takes.ENVIRONMENT),
    route("GET", _PATH + "/public", _get_public, takes=Takes.NOTHING),
    route("GET", _PATH + "/basic", _get_basic, takes=Takes.EITHER),
)
