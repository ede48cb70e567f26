"""The routes of users: reading, making, changing and deleting one, and moving all of a tenant.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
403 "Tenant ID is not specified" without the tenant header            seen
DELETE with the tenant header is one tenant, without it all           spec
lock, unlock and DELETE have an empty response                        spec
a body that is not JSON is 400 ER-00006                               seen
a body without ``Content-Type: application/json`` is no body          guess
unknown users are 404, an id or email already taken is 409            guess
inviting a user who exists adds the user to the tenant                guess
without an address there has to be a username                         spec
``v2`` shows the roles and permissions of a new user as objects       seen
unknown role ids are 404                                              guess
a password in a body is the user's password                           guess
only the fields that are sent change; ``profilePictureUrl`` may be    spec
null, the others may not
an address that another user has is 409                               guess
enabling and disabling are 200, need the tenant header (403), and     guess
a member (404)
moving all users keeps statuses and roles; a user in both tenants     guess
stays in the target as before; both tenants have to exist
an environment with applications wants one on ``POST v1`` and ``v2``:  seen
403 ER-00008 without it, 404 ER-01008 for an unknown one
and on ``vendor-only``, a bulk invite, and an add with an invite      guess
====================================================================  =====
"""

import re
from secrets import token_urlsafe
from typing import Annotated, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State, User
from ._bodies import check_email, empty_response, given_fields, json_response, required, set_fields
from ._lookups import (
    check_application,
    check_roles,
    find_member,
    find_tenant,
    not_found,
    user_by_email,
    user_in_path,
)
from ._route import Handler, Takes, route
from ._schemas import CreatedUser, UserResponse
from .passwords import keeping_password

__all__ = ["ROUTES", "create", "invite"]

_USERS: Final = "/identity/resources/users/v1"
_TENANTS_USERS: Final = "/identity/resources/tenants/users/v1"
_VENDOR_ONLY: Final = "/identity/resources/vendor-only/users/v1"


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
    expiration_in_seconds: Annotated[float, msgspec.Meta(ge=300, le=1e10)] | None = None


class _CreateBody(_InviteBody, kw_only=True):
    tenant_id: str
    vendor_metadata: str | None = None
    external_id: str | None = None
    mfa_bypass: bool | None = None


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


class _Move(msgspec.Struct, rename="camel"):
    src_tenant_id: str
    target_tenant_id: str


class _Link(msgspec.Struct, rename="camel"):
    link: str
    token: str
    user_id: str


_USERNAME: Final = re.compile(r"[a-zA-Z0-9._-]+")

_TENANT_BODY: Final = msgspec.json.Decoder(_TenantBody)
_SUPERUSER_BODY: Final = msgspec.json.Decoder(_SuperuserBody)
_INVITE_BODY: Final = msgspec.json.Decoder(_InviteBody)
_CREATE_BODY: Final = msgspec.json.Decoder(_CreateBody)
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_EMAIL: Final = msgspec.json.Decoder(_Email)
_INVISIBLE: Final = msgspec.json.Decoder(_Invisible)
_ACCESS: Final = msgspec.json.Decoder(_Access)
_MOVE: Final = msgspec.json.Decoder(_Move)


def _user(status: int, user: User, state: State) -> Response:
    return json_response(status, UserResponse.full(user, state))


def add_to_tenant(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    tenant_id = required("tenantId", body.tenant_id)
    if body.skip_invite_email is not True:
        check_application(state, call)
    user = user_in_path(state, call)
    state.add(
        user,
        tenant_id,
        skip_invite=body.skip_invite_email is True,
        validate=body.validate_tenant_exist is True,
    )
    return _user(201, user, state)


def set_active_tenant(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/tenant``."""
    body = decode(_TENANT_BODY, call)
    tenant_id = required("tenantId", body.tenant_id)
    user = user_in_path(state, call)
    state.activate(user, tenant_id, validate=body.validate_tenant_exist is True)
    return _user(200, user, state)


def set_superuser(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/superuser``."""
    body = decode(_SUPERUSER_BODY, call)
    user = user_in_path(state, call)
    user.super_user = body.super_user
    return _user(200, user, state)


def lock(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/lock``."""
    return _set_locked(state, call, locked=True)


def unlock(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/unlock``."""
    return _set_locked(state, call, locked=False)


def _set_locked(state: State, call: Call, *, locked: bool) -> Response:
    user = user_in_path(state, call)
    user.locked = locked
    return empty_response(200)


def get_anywhere(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/vendor-only/users/v1/{userId}``."""
    return _user(200, user_in_path(state, call), state)


def get_in_tenant(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v1/{userId}``."""
    tenant_id = call.required_tenant()
    user = find_member(state, call.values[0], tenant_id)
    return json_response(200, UserResponse.full(user, state, tenant_id))


def get_by_email(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/v1/email``."""
    emails = call.parameters().get("email", [])
    if len(emails) != 1 or not emails[0]:
        raise RejectedError(400, "email must be an email")
    view = UserResponse.full(user_by_email(state, emails[0]), state)
    view.roles = view.permissions = view.groups = msgspec.UNSET
    return json_response(200, view)


def remove(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/v1/{userId}``: one tenant, or everywhere."""
    (user_id,) = call.values
    user = state.users.get(user_id)
    tenant_id = call.tenant
    if user is None or (tenant_id is not None and tenant_id not in user.tenants):
        raise not_found("User", user_id)
    if tenant_id is None:
        state.delete(user)
    else:
        state.leave(user, tenant_id)
    return empty_response(200)


@keeping_password
def invite(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1``, with the ids of roles in the response."""
    return _invite(state, call, objects=False)


@keeping_password
def invite_v2(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v2``, with the roles in the response."""
    return _invite(state, call, objects=True)


def _invite(state: State, call: Call, *, objects: bool) -> Response:
    tenant_id = call.required_tenant()
    body = decode(_INVITE_BODY, call)
    _check_new_user(state, body, tenant_id)
    user = _known(state, body)
    if user is None:
        state.ensure_tenant(tenant_id, validate=False)
        user = _new_user(state, body)
    skip = body.skip_invite_email is True
    state.add(user, tenant_id, skip_invite=skip, validate=False, role_ids=body.role_ids or ())
    return json_response(201, CreatedUser.of(user, tenant_id, state, objects=objects))


@keeping_password
def create(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/vendor-only/users/v1``."""
    body = decode(_CREATE_BODY, call)
    _check_new_user(state, body, body.tenant_id)
    if _known(state, body) is not None:
        raise RejectedError(409, "User already exists")
    state.ensure_tenant(body.tenant_id, validate=False)
    user = _new_user(state, body)
    user.vendor_metadata = body.vendor_metadata
    user.external_id = body.external_id
    user.mfa_bypass = body.mfa_bypass is True
    state.join(user, body.tenant_id, "NotActivated", body.role_ids or ())
    return _user(201, user, state)


def _check_new_user(state: State, body: _InviteBody, tenant_id: str) -> None:
    if not body.email and not body.username:
        raise RejectedError(400, "either email or username must be given")
    if body.email:
        check_email(body.email)
    if body.username and _USERNAME.fullmatch(body.username) is None:
        raise RejectedError(
            400, "username must consist of letters, digits, dots, dashes, underscores"
        )
    check_roles(state, body.role_ids or (), tenant_id)


def _known(state: State, body: _InviteBody) -> User | None:
    """Return the user with the address or username of a body."""
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


def update(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}``."""
    user = user_in_path(state, call)
    body = decode(_CHANGES, call)
    set_fields(user, given_fields(body))
    state.hooks.note("frontegg.user.updated", user, call.tenant)
    return _user(200, user, state)


def update_email(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/email``."""
    user = user_in_path(state, call)
    body = decode(_EMAIL, call)
    check_email(body.email)
    owner = state.find_by_email(body.email)
    if owner is not None and owner is not user:
        raise RejectedError(409, "The address is already in use")
    for address in [each for each in state.addresses.values() if each.user_id == user.id]:
        if address.email.lower() == body.email.lower():
            state.drop_address(address)
    state.set_email(user, body.email)
    state.hooks.note("frontegg.user.updated", user, call.tenant)
    return _user(200, user, state)


def set_invisible(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/{userId}/invisible``."""
    user = user_in_path(state, call)
    body = decode(_INVISIBLE, call)
    user.invisible = body.invisible
    return _user(200, user, state)


def verify(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/verify``."""
    user = user_in_path(state, call)
    user.verified = True
    return empty_response(200)


def disable(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/tenants/users/v1/{userId}/disable``."""
    return _set_disabled(state, call, disabled=True)


def enable(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/tenants/users/v1/{userId}/enable``."""
    return _set_disabled(state, call, disabled=False)


def _set_disabled(state: State, call: Call, *, disabled: bool) -> Response:
    tenant_id = call.required_tenant()
    user = find_member(state, call.values[0], tenant_id)
    others = (user.disabled or set[str]()) - {tenant_id}
    user.disabled = (others | {tenant_id} if disabled else others) or None
    return empty_response(200)


def set_sub_tenant_access(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/sub-tenants/users/v1/{userId}/access``."""
    user = user_in_path(state, call)
    body = decode(_ACCESS, call)
    user.sub_account_access = body.allow_access
    return empty_response(200)


def create_activation_link(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/links/generate-activation-token``."""
    return _link(state, call, "activation", "activate")


def create_password_link(state: State, call: Call) -> Response:
    """Serve ``POST /identity/resources/users/v1/{userId}/links/generate-password-reset-token``."""
    return _link(state, call, "password", "reset-password")


def _link(state: State, call: Call, purpose: str, page: str) -> Response:
    user = user_in_path(state, call)
    token = token_urlsafe(24)
    state.links[token] = (purpose, user.id)
    link = f"https://emulator.invalid/account/{page}?userId={user.id}&token={token}"
    return json_response(201, _Link(link, token, user.id))


def move_all(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/v1/tenants/migrate``."""
    body = decode(_MOVE, call)
    source, target = body.src_tenant_id, body.target_tenant_id
    if source == target:
        raise RejectedError(400, "srcTenantId and targetTenantId are the same")
    for tenant_id in (source, target):
        find_tenant(state, tenant_id)
    for user in state.members_of(source):
        state.move(user, source, target)
    return empty_response(200)


def _to_application(handle: Handler) -> Handler:
    """Require the application that an invite is for, before it is handled."""

    def handled(state: State, call: Call) -> Response:
        check_application(state, call)
        return handle(state, call)

    return handled


ROUTES: Final = (
    route("POST", _USERS, _to_application(invite)),
    route("POST", "/identity/resources/users/v2", _to_application(invite_v2)),
    route("POST", _VENDOR_ONLY, _to_application(create), environment_only=True),
    route("GET", _VENDOR_ONLY + "/{userId}", get_anywhere, environment_only=True),
    route("GET", _USERS + "/{userId}", get_in_tenant, takes=Takes.EITHER),
    route("GET", _USERS + "/email", get_by_email),
    route("PUT", _USERS + "/{userId}", update),
    route("DELETE", _USERS + "/{userId}", remove),
    route("POST", _USERS + "/{userId}/tenant", add_to_tenant, environment_only=True),
    route("PUT", _USERS + "/{userId}/tenant", set_active_tenant, environment_only=True),
    route("PUT", _USERS + "/{userId}/superuser", set_superuser, environment_only=True),
    route("PUT", _USERS + "/{userId}/email", update_email),
    route("PUT", _USERS + "/{userId}/invisible", set_invisible),
    route("POST", _USERS + "/{userId}/lock", lock),
    route("POST", _USERS + "/{userId}/unlock", unlock),
    route("POST", _USERS + "/{userId}/verify", verify),
    route("POST", _USERS + "/{userId}/links/generate-activation-token", create_activation_link),
    route("POST", _USERS + "/{userId}/links/generate-password-reset-token", create_password_link),
    route("POST", _TENANTS_USERS + "/{userId}/disable", disable),
    route("POST", _TENANTS_USERS + "/{userId}/enable", enable),
    route("PUT", "/identity/resources/sub-tenants/users/v1/{userId}/access", set_sub_tenant_access),
    route("PUT", _USERS + "/tenants/migrate", move_all),
)
