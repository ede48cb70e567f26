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
=================================================================  =====
"""

from typing import Final

import msgspec

from .call import Call, decode
from .state import State, User
from .views import Created, UserView
from .wire import Answer, failure

__all__ = [
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

_encode = msgspec.json.Encoder().encode


class _TenantBody(msgspec.Struct, rename="camel"):
    tenant_id: str
    validate_tenant_exist: bool | None = None
    skip_invite_email: bool | None = None


class _SuperuserBody(msgspec.Struct, rename="camel"):
    super_user: bool


class _InviteBody(msgspec.Struct, rename="camel"):
    email: str
    name: str | None = None
    metadata: str | None = None
    phone_number: str | None = None
    role_ids: list[str] | None = None
    skip_invite_email: bool | None = None


class _CreateBody(_InviteBody, kw_only=True):
    tenant_id: str
    vendor_metadata: str | None = None
    external_id: str | None = None
    mfa_bypass: bool | None = None


_TENANT_BODY: Final = msgspec.json.Decoder(_TenantBody)
_SUPERUSER_BODY: Final = msgspec.json.Decoder(_SuperuserBody)
_INVITE_BODY: Final = msgspec.json.Decoder(_InviteBody)
_CREATE_BODY: Final = msgspec.json.Decoder(_CreateBody)


def _missing(user_id: str) -> Answer:
    return failure(404, f"User {user_id} not found")


def _no_tenant() -> Answer:
    return failure(403, "Tenant ID is not specified")


def _shown(status: int, user: User) -> Answer:
    return Answer(status, _encode(UserView.full(user)))


def add_to_tenant(state: State, call: Call) -> Answer:
    """Serve ``POST /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    if isinstance(body, Answer):
        return body
    if not body.tenant_id:
        return failure(400, "tenantId should not be empty")
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    refusal = state.add(
        user,
        body.tenant_id,
        skip_invite=body.skip_invite_email is True,
        validate=body.validate_tenant_exist is True,
    )
    return refusal or _shown(201, user)


def set_active_tenant(state: State, call: Call) -> Answer:
    """Serve ``PUT /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    if isinstance(body, Answer):
        return body
    if not body.tenant_id:
        return failure(400, "tenantId should not be empty")
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    refusal = state.activate(user, body.tenant_id, validate=body.validate_tenant_exist is True)
    return refusal or _shown(200, user)


def set_superuser(state: State, call: Call) -> Answer:
    """Serve ``PUT /identity/resources/users/v1/{userId}/superuser``."""
    body = decode(_SUPERUSER_BODY, call)
    if isinstance(body, Answer):
        return body
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    user.super_user = body.super_user
    return _shown(200, user)


def lock(state: State, call: Call) -> Answer:
    """Serve ``POST /identity/resources/users/v1/{userId}/lock``."""
    return _set_locked(state, call, locked=True)


def unlock(state: State, call: Call) -> Answer:
    """Serve ``POST /identity/resources/users/v1/{userId}/unlock``."""
    return _set_locked(state, call, locked=False)


def _set_locked(state: State, call: Call, *, locked: bool) -> Answer:
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return _missing(user_id)
    user.locked = locked
    return Answer(200, content_type=None)


def get_anywhere(state: State, call: Call) -> Answer:
    """Serve ``GET /identity/resources/vendor-only/users/v1/{userId}``."""
    (user_id,) = call.values
    user = state.find(user_id)
    return _missing(user_id) if user is None else _shown(200, user)


def get_in_tenant(state: State, call: Call) -> Answer:
    """Serve ``GET /identity/resources/users/v1/{userId}``."""
    if (tenant_id := call.tenant) is None:
        return _no_tenant()
    (user_id,) = call.values
    user = state.find(user_id)
    if user is None or tenant_id not in user.tenants:
        return _missing(user_id)
    return _shown(200, user)


def get_by_email(state: State, call: Call) -> Answer:
    """Serve ``GET /identity/resources/users/v1/email``."""
    emails = call.parameters().get("email", [])
    if len(emails) != 1 or not emails[0]:
        return failure(400, "email must be an email")
    user = state.find_by_email(emails[0])
    return _missing(emails[0]) if user is None else Answer(200, _encode(UserView.listed(user)))


def remove(state: State, call: Call) -> Answer:
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
    return Answer(200, content_type=None)


def invite(state: State, call: Call) -> Answer:
    """Serve ``POST /identity/resources/users/v1``."""
    if (tenant_id := call.tenant) is None:
        return _no_tenant()
    body = decode(_INVITE_BODY, call)
    if isinstance(body, Answer):
        return body
    user = state.find_by_email(body.email)
    if user is None:
        if (refusal := state.ensure_tenant(tenant_id, validate=False)) is not None:
            return refusal
        user = _new_user(state, body)
    skip = body.skip_invite_email is True
    refusal = state.add(user, tenant_id, skip_invite=skip, validate=False)
    return refusal or Answer(201, _encode(Created.of(user)))


def create(state: State, call: Call) -> Answer:
    """Serve ``POST /identity/resources/vendor-only/users/v1``."""
    body = decode(_CREATE_BODY, call)
    if isinstance(body, Answer):
        return body
    if state.find_by_email(body.email) is not None:
        return failure(409, "User already exists")
    if (refusal := state.ensure_tenant(body.tenant_id, validate=False)) is not None:
        return refusal
    user = _new_user(state, body)
    user.vendor_metadata = body.vendor_metadata
    user.external_id = body.external_id
    user.mfa_bypass = body.mfa_bypass is True
    state.join(user, body.tenant_id, "NotActivated")
    return _shown(201, user)


def _new_user(state: State, body: _InviteBody) -> User:
    roles = (role_id.removeprefix("role-") for role_id in body.role_ids or ())
    user = state.create_user(None, email=body.email, name=body.name, roles=roles)
    user.verified = False
    user.metadata = body.metadata
    user.phone_number = body.phone_number
    return user
