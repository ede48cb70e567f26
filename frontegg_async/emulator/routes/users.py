"""The routes that manage one user and are not in the way of bulk work, and the one that moves all.

====================================================================  =====
paths, required fields, success statuses, shapes of the answers       spec
only the fields that are sent change; ``profilePictureUrl`` may be    spec
null, the others may not
an address that somebody has is 409                                   guess
enabling and disabling are 200, need the tenant header (403), and     guess
a member (404)
temporary users: the new end counts from now; nobody ends by itself   guess
making a user permanent who is so already is no error                 guess
moving everybody keeps statuses and roles; who is in both tenants     guess
stays in the target as they were; both tenants have to exist
====================================================================  =====
"""

from secrets import token_urlsafe
from typing import Annotated, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response, error_response
from ..state.environment import State, User
from ._responses import empty_response, given_fields, json_response, not_found, tenant_missing
from ._route import route
from ._schemas import UserResponse

__all__ = ["ROUTES"]

_USERS: Final = "/identity/resources/users/v1"
_TENANTS_USERS: Final = "/identity/resources/tenants/users/v1"
_TEMPORARY: Final = "/identity/resources/users/temporary/v1"


class _Changes(msgspec.Struct, rename="camel"):
    name: str | msgspec.UnsetType = msgspec.UNSET
    phone_number: str | msgspec.UnsetType = msgspec.UNSET
    picture: Annotated[str, msgspec.Meta(max_length=4095)] | msgspec.UnsetType | None = (
        msgspec.field(default=msgspec.UNSET, name="profilePictureUrl")
    )
    metadata: str | msgspec.UnsetType = msgspec.UNSET
    vendor_metadata: str | msgspec.UnsetType = msgspec.UNSET
    mfa_bypass: bool | msgspec.UnsetType = msgspec.UNSET
    external_id: str | msgspec.UnsetType = msgspec.UNSET


class _Email(msgspec.Struct):
    email: str


class _Invisible(msgspec.Struct):
    invisible: bool


class _Access(msgspec.Struct, rename="camel"):
    allow_access: bool


class _Expiration(msgspec.Struct, rename="camel"):
    expiration_in_seconds: (
        Annotated[int, msgspec.Meta(ge=300)] | Annotated[float, msgspec.Meta(ge=300)]
    )


class _Enabled(msgspec.Struct):
    enabled: bool


class _Move(msgspec.Struct, rename="camel"):
    src_tenant_id: str
    target_tenant_id: str


class _Link(msgspec.Struct, rename="camel"):
    link: str
    token: str
    user_id: str


_CHANGES: Final = msgspec.json.Decoder(_Changes)
_EMAIL: Final = msgspec.json.Decoder(_Email)
_INVISIBLE: Final = msgspec.json.Decoder(_Invisible)
_ACCESS: Final = msgspec.json.Decoder(_Access)
_EXPIRATION: Final = msgspec.json.Decoder(_Expiration)
_ENABLED: Final = msgspec.json.Decoder(_Enabled)
_MOVE: Final = msgspec.json.Decoder(_Move)


def update(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_CHANGES, call)
    if isinstance(body, Response):
        return body
    for name, value in given_fields(body).items():
        setattr(user, name, value)
    return json_response(200, UserResponse.full(user, state))


def update_email(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/email``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_EMAIL, call)
    if isinstance(body, Response):
        return body
    if "@" not in body.email:
        return error_response(400, "email must be an email")
    owner = state.find_by_email(body.email)
    if owner is not None and owner is not user:
        return error_response(409, "Somebody else has this address")
    for address in [each for each in state.addresses.values() if each.user_id == user.id]:
        if address.email.lower() == body.email.lower():
            state.drop_address(address)
    state.set_email(user, body.email)
    return json_response(200, UserResponse.full(user, state))


def set_invisible(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/invisible``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_INVISIBLE, call)
    if isinstance(body, Response):
        return body
    user.invisible = body.invisible
    return json_response(200, UserResponse.full(user, state))


def verify(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/verify``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    user.verified = True
    return empty_response(200)


def disable(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/tenants/users/v1/{userId}/disable``."""
    return _set_disabled(state, call, disabled=True)


def enable(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/tenants/users/v1/{userId}/enable``."""
    return _set_disabled(state, call, disabled=False)


def _set_disabled(state: State, call: Call, *, disabled: bool) -> Response:
    if (tenant_id := call.tenant) is None:
        return tenant_missing()
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    if tenant_id not in user.tenants:
        return not_found("User", user.id)
    others = (user.disabled or set[str]()) - {tenant_id}
    user.disabled = (others | {tenant_id} if disabled else others) or None
    return empty_response(200)


def set_sub_tenant_access(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/sub-tenants/users/v1/{userId}/access``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_ACCESS, call)
    if isinstance(body, Response):
        return body
    user.sub_account_access = body.allow_access
    return empty_response(200)


def set_expiration(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/temporary/v1/{userId}``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    body = decode(_EXPIRATION, call)
    if isinstance(body, Response):
        return body
    user.expires_at = state.now(body.expiration_in_seconds)
    return json_response(201, body)


def make_permanent(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/temporary/v1/{userId}``."""
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    user.expires_at = None
    return empty_response(200)


def get_temporary_configuration(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/temporary/v1/configuration``."""
    return json_response(200, _Enabled(state.settings["temporary-users"]))


def update_temporary_configuration(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/temporary/v1/configuration``."""
    body = decode(_ENABLED, call)
    if isinstance(body, Response):
        return body
    state.settings["temporary-users"] = body.enabled
    return json_response(200, body)


def create_activation_link(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/links/generate-activation-token``."""
    return _link(state, call, "activation", "activate")


def create_password_link(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/links/generate-password-reset-token``."""
    return _link(state, call, "password", "reset-password")


def _link(state: State, call: Call, purpose: str, page: str) -> Response:
    user = _find(state, call)
    if isinstance(user, Response):
        return user
    token = token_urlsafe(24)
    state.links[token] = (purpose, user.id)
    link = f"https://emulator.invalid/account/{page}?userId={user.id}&token={token}"
    return json_response(201, _Link(link, token, user.id))


def move_everybody(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/tenants/migrate``."""
    body = decode(_MOVE, call)
    if isinstance(body, Response):
        return body
    source, target = body.src_tenant_id, body.target_tenant_id
    if source == target:
        return error_response(400, "srcTenantId and targetTenantId are the same")
    for tenant_id in (source, target):
        if tenant_id not in state.tenants:
            return not_found("Tenant", tenant_id)
    for user in state.members_of(source):
        state.move(user, source, target)
    return empty_response(200)


def _find(state: State, call: Call) -> User | Response:
    (user_id,) = call.values
    user = state.find(user_id)
    return not_found("User", user_id) if user is None else user


ROUTES: Final = (
    route("PUT", _USERS + "/tenants/migrate", move_everybody),
    route("PUT", _USERS + "/{userId}", update),
    route("PUT", _USERS + "/{userId}/email", update_email),
    route("PUT", _USERS + "/{userId}/invisible", set_invisible),
    route("POST", _USERS + "/{userId}/verify", verify),
    route("POST", _USERS + "/{userId}/links/generate-activation-token", create_activation_link),
    route("POST", _USERS + "/{userId}/links/generate-password-reset-token", create_password_link),
    route("POST", _TENANTS_USERS + "/{userId}/disable", disable),
    route("POST", _TENANTS_USERS + "/{userId}/enable", enable),
    route("PUT", "/identity/resources/sub-tenants/users/v1/{userId}/access", set_sub_tenant_access),
    route("GET", _TEMPORARY + "/configuration", get_temporary_configuration),
    route("PUT", _TEMPORARY + "/configuration", update_temporary_configuration),
    route("PUT", _TEMPORARY + "/{userId}", set_expiration),
    route("DELETE", _TEMPORARY + "/{userId}", make_permanent),
)
