"""What the routes about one user do: plain functions from the state and a call to an answer.

=================================================================  =====
paths, required fields, success statuses, shapes of the answers    spec
403 "Tenant ID is not specified" without the tenant header         seen
DELETE with the tenant header is one tenant, without it all        spec
lock, unlock and DELETE answer an empty body                       spec
a body that is not JSON is 400 ER-00006                            seen
a body without ``Content-Type: application/json`` is no body       guess
unknown users are 404, an id or email already taken is 409         guess
inviting somebody who exists adds them to the tenant               guess
without an address there has to be a username                      spec
unknown role ids are 404                                           guess
a password in a body is taken and forgotten                        guess
=================================================================  =====
"""

import re
from typing import Annotated, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response, error_response
from ..state.environment import State, User
from ._responses import empty_response, json_response, not_found, tenant_missing
from ._route import route
from ._schemas import CreatedUser, UserResponse

__all__ = [
    "ROUTES",
    "add_to_tenant",
    "create",
    "get_anywhere",
    "get_by_email",
    "get_in_tenant",
    "invite",
    "lock",
    "remove",
    "set_active_tenant",
    "set_superuser",
    "unlock",
]


class _TenantBody(msgspec.Struct, rename="camel"):
    tenant_id: str
    validate_tenant_exist: bool | None = None
    skip_invite_email: bool | None = None


class _SuperuserBody(msgspec.Struct, rename="camel"):
    super_user: bool


class _InviteBody(msgspec.Struct, rename="camel"):
    email: str | None = None
    username: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    name: str | None = None
    metadata: str | None = None
    phone_number: str | None = None
    profile_picture_url: Annotated[str, msgspec.Meta(max_length=4095)] | None = None
    provider: str = "local"
    role_ids: list[str] | None = None
    skip_invite_email: bool | None = None
    expiration_in_seconds: Annotated[float, msgspec.Meta(ge=300)] | None = None


class _CreateBody(_InviteBody, kw_only=True):
    tenant_id: str
    vendor_metadata: str | None = None
    external_id: str | None = None
    mfa_bypass: bool | None = None


_USERNAME: Final = re.compile(r"[a-zA-Z0-9._-]+")

_TENANT_BODY: Final = msgspec.json.Decoder(_TenantBody)
_SUPERUSER_BODY: Final = msgspec.json.Decoder(_SuperuserBody)
_INVITE_BODY: Final = msgspec.json.Decoder(_InviteBody)
_CREATE_BODY: Final = msgspec.json.Decoder(_CreateBody)


def _missing(user_id: str) -> Response:
    return not_found("User", user_id)


def _shown(status: int, user: User, state: State) -> Response:
    return json_response(status, UserResponse.full(user, state))


def add_to_tenant(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    if isinstance(body, Response):
        return body
    if not body.tenant_id:
        return error_response(400, "tenantId should not be empty")
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    refusal = state.add(
        user,
        body.tenant_id,
        skip_invite=body.skip_invite_email is True,
        validate=body.validate_tenant_exist is True,
    )
    return refusal or _shown(201, user, state)


def set_active_tenant(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    if isinstance(body, Response):
        return body
    if not body.tenant_id:
        return error_response(400, "tenantId should not be empty")
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    refusal = state.activate(user, body.tenant_id, validate=body.validate_tenant_exist is True)
    return refusal or _shown(200, user, state)


def set_superuser(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/superuser``."""
    body = decode(_SUPERUSER_BODY, call)
    if isinstance(body, Response):
        return body
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    user.super_user = body.super_user
    return _shown(200, user, state)


def lock(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/lock``."""
    return _set_locked(state, call, locked=True)


def unlock(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/unlock``."""
    return _set_locked(state, call, locked=False)


def _set_locked(state: State, call: Call, *, locked: bool) -> Response:
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    user.locked = locked
    return empty_response(200)


def get_anywhere(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/vendor-only/users/v1/{userId}``."""
    (user_id,) = call.values
    user = state.find(user_id)
    return _missing(user_id) if user is None else _shown(200, user, state)


def get_in_tenant(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v1/{userId}``."""
    if (tenant_id := call.tenant) is None:
        return tenant_missing()
    (user_id,) = call.values
    user = state.find(user_id)
    if user is None or tenant_id not in user.tenants:
        return _missing(user_id)
    return json_response(200, UserResponse.full(user, state, tenant_id))


def get_by_email(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v1/email``."""
    emails = call.parameters().get("email", [])
    if len(emails) != 1 or not emails[0]:
        return error_response(400, "email must be an email")
    user = state.find_by_email(emails[0])
    return _missing(emails[0]) if user is None else json_response(200, UserResponse.listed(user))


def remove(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/v1/{userId}``: one tenant, or everywhere."""
    (user_id,) = call.values
    user = state.users.get(user_id)
    tenant_id = call.tenant
    if user is None or (tenant_id is not None and tenant_id not in user.tenants):
        return _missing(user_id)
    if tenant_id is None:
        state.delete(user)
    else:
        state.leave(user, tenant_id)
    return empty_response(200)


def invite(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1`` and ``v2``."""
    if (tenant_id := call.tenant) is None:
        return tenant_missing()
    body = decode(_INVITE_BODY, call)
    if isinstance(body, Response):
        return body
    if (refusal := _refused(state, body, tenant_id)) is not None:
        return refusal
    user = _known(state, body)
    if user is None:
        if (refusal := state.ensure_tenant(tenant_id, validate=False)) is not None:
            return refusal
        user = _new_user(state, body)
    skip = body.skip_invite_email is True
    refusal = state.add(
        user, tenant_id, skip_invite=skip, validate=False, role_ids=body.role_ids or ()
    )
    return refusal or json_response(201, CreatedUser.of(user, tenant_id, state))


def create(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/vendor-only/users/v1``."""
    body = decode(_CREATE_BODY, call)
    if isinstance(body, Response):
        return body
    if (refusal := _refused(state, body, body.tenant_id)) is not None:
        return refusal
    if _known(state, body) is not None:
        return error_response(409, "User already exists")
    if (refusal := state.ensure_tenant(body.tenant_id, validate=False)) is not None:
        return refusal
    user = _new_user(state, body)
    user.vendor_metadata = body.vendor_metadata
    user.external_id = body.external_id
    user.mfa_bypass = body.mfa_bypass is True
    state.join(user, body.tenant_id, "NotActivated", body.role_ids or ())
    return _shown(201, user, state)


def _refused(state: State, body: _InviteBody, tenant_id: str) -> Response | None:
    if not body.email and not body.username:
        return error_response(400, "either email or username must be given")
    if body.email and "@" not in body.email:
        return error_response(400, "email must be an email")
    if body.username and _USERNAME.fullmatch(body.username) is None:
        return error_response(
            400, "username must consist of letters, digits, dots, dashes, underscores"
        )
    unknown = state.access.unknown_role(body.role_ids or (), tenant_id)
    return None if unknown is None else not_found("Role", unknown)


def _known(state: State, body: _InviteBody) -> User | None:
    """Find the user whom a body means, by either name."""
    user = state.find_by_email(body.email) if body.email else None
    if user is None and body.username:
        user = state.find_by_username(body.username)
    return user


def _new_user(state: State, body: _InviteBody) -> User:
    user = state.create_user(None, email=body.email or "", name=body.name or body.username)
    user.verified = False
    user.metadata = body.metadata
    user.phone_number = body.phone_number
    user.picture = body.profile_picture_url
    user.provider = body.provider
    if body.username:
        state.name_user(user, body.username)
    if body.expiration_in_seconds is not None:
        user.expires_at = state.now(body.expiration_in_seconds)
    return user


ROUTES: Final = (route("POST", "/identity/resources/users/v2", invite),)
