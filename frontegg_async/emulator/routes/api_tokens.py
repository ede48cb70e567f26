"""API tokens, which are exchanged for tokens of an hour, and access tokens, which work as they are.

Either kind is of a tenant or of a user in a tenant. Access tokens are signed, kept and shown, but
no route of the emulator takes one in place of a token.

==================================================================  ======
paths, headers, bodies, success statuses, fields of responses         spec
a secret is shown when it is made, and never again                    doc
the secret of an access token is a JWT that names it, without roles,  client
and names an application, without which Frontegg's guard refuses it
the ids of active tokens come by kind, users' and tenants'            client
unknown roles and permissions are 404, and so are tokens of others    guess
a token that never expires says null                                  guess
an application that looks access tokens up names the tenant in the    guess
header, in the query (spec has both) or not at all
deleting an API token ends its sessions at their next                 guess
renewal
a user's access token has the user's rights, a tenant's those of its  guess
roles
==================================================================  ======
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.applications import DEFAULT_APPLICATION
from ..state.environment import State
from ..state.store import AccessToken, ApiToken, Store, timestamp
from ._bodies import empty_response, given_fields, json_response, parameter, set_fields
from ._lookups import check_permissions, check_roles, find_user, not_found
from ._route import Handler, Takes, route

__all__ = ["ROUTES"]


_Minutes = Annotated[float, msgspec.Meta(ge=0, le=1e8)]


class _CreateBody(msgspec.Struct, rename="camel"):
    description: str = ""
    metadata: dict[str, Any] | None = None
    role_ids: list[str] | None = None
    permission_ids: list[str] | None = None
    expires_in_minutes: _Minutes | None = None


class _UpdateBody(msgspec.Struct, rename="camel"):
    description: str | None = None
    metadata: dict[str, Any] | None = None
    role_ids: list[str] | None = None
    permission_ids: list[str] | None = None


_CREATE_BODY: Final = msgspec.json.Decoder(_CreateBody)
_UPDATE_BODY: Final = msgspec.json.Decoder(_UpdateBody)


def _owner(call: Call, *, personal: bool) -> tuple[str, str | None]:
    """Return the tenant, and for a personal token the user."""
    return call.required_tenant(), call.required_user() if personal else None


def _check_rights(state: State, body: _CreateBody | _UpdateBody, tenant_id: str) -> None:
    check_roles(state, body.role_ids or (), tenant_id)
    check_permissions(state, body.permission_ids or ())


def _creating(*, personal: bool, access: bool) -> Handler:
    """Make the handler that creates a token of one of the four kinds."""

    def create(state: State, call: Call) -> Response:
        tenant_id, user_id = _owner(call, personal=personal)
        body = decode(_CREATE_BODY, call)
        if user_id is not None:
            find_user(state, user_id)
        _check_rights(state, body, tenant_id)
        state.ensure_tenant(tenant_id, validate=False)
        if access:
            return _new_access_token(call, body, tenant_id, user_id)
        return _new_api_token(state, call, body, tenant_id, user_id)

    return create


def _new_api_token(
    state: State, call: Call, body: _CreateBody, tenant_id: str, user_id: str | None
) -> Response:
    store = call.store
    token = ApiToken(
        str(uuid4()),
        str(uuid4()),
        tenant_id,
        user_id,
        call.user or "",
        store.wall_clock(),
        _expiry(store, body),
        body.description,
        body.metadata or {},
        body.role_ids or [],
        body.permission_ids or [],
    )
    store.api_tokens[token.client_id] = token
    _note(state, token, "created")
    return json_response(201, {**_api_view(token), "secret": token.secret})


def _new_access_token(
    call: Call, body: _CreateBody, tenant_id: str, user_id: str | None
) -> Response:
    store = call.store
    token_id, expires = str(uuid4()), _expiry(store, body)
    token = AccessToken(
        token_id,
        store.tokens.sign_access_token(
            store.client_id,
            store.issuer(),
            DEFAULT_APPLICATION,
            token_id,
            tenant_id,
            user_id,
            expires,
        ),
        tenant_id,
        user_id,
        call.user or "",
        store.wall_clock(),
        expires,
        body.description,
        body.role_ids or [],
    )
    store.access_tokens[token.id] = token
    return json_response(201, {**_access_view(token), "secret": token.secret})


def _note(state: State, token: ApiToken, action: str) -> None:
    user = None if token.user_id is None else state.users.get(token.user_id)
    kind = "tenantApiToken" if token.user_id is None else "userApiToken"
    state.hooks.note(f"frontegg.{kind}.{action}", user, token.tenant_id, clientId=token.client_id)


def _expiry(store: Store, body: _CreateBody) -> float | None:
    minutes = body.expires_in_minutes
    return None if minutes is None else store.wall_clock() + 60 * minutes


def _listing(*, personal: bool, access: bool) -> Handler:
    """Make the handler that shows the tokens of one of the four kinds."""

    def get_all(state: State, call: Call) -> Response:
        owner = _owner(call, personal=personal)
        if access:
            found = _of(call.store.access_tokens, owner)
            return json_response(200, {"accessTokens": [_access_view(each) for each in found]})
        return json_response(200, [_api_view(each) for each in _of(call.store.api_tokens, owner)])

    return get_all


def _deleting(*, personal: bool, access: bool) -> Handler:
    """Make the handler that deletes a token of one of the four kinds."""

    def delete(state: State, call: Call) -> Response:
        owner = _owner(call, personal=personal)
        (token_id,) = call.values
        tokens = call.store.access_tokens if access else call.store.api_tokens
        token = tokens.get(token_id)
        if token is None or (token.tenant_id, token.user_id) != owner:
            raise not_found("Token", token_id)
        del tokens[token_id]
        if isinstance(token, ApiToken):
            _note(state, token, "deleted")
        call.store.logins.close_all(api_token=token_id)
        return empty_response(200)

    return delete


def _update(state: State, call: Call) -> Response:
    owner = _owner(call, personal=False)
    body = decode(_UPDATE_BODY, call)
    (client_id,) = call.values
    token = call.store.api_tokens.get(client_id)
    if token is None or (token.tenant_id, token.user_id) != owner:
        raise not_found("Token", client_id)
    _check_rights(state, body, owner[0])
    fields = given_fields(body)
    set_fields(token, {name: value for name, value in fields.items() if value is not None})
    return json_response(200, _api_view(token))


def _meant(call: Call, tenant_id: str) -> bool:
    """Return whether a call asks about this tenant; one without a tenant asks about all."""
    asked = call.tenant or parameter(call.parameters(), "frontegg-tenant-id")
    return asked in ("", tenant_id)


def _listing_active(*, personal: bool) -> Handler:
    """Make the handler that lists the ids of users', or of tenants', access tokens."""

    def get_active(state: State, call: Call) -> Response:
        now = call.store.wall_clock()
        active = [
            token.id
            for token in call.store.access_tokens.values()
            if (token.user_id is not None) is personal
            and _meant(call, token.tenant_id)
            and (token.expires is None or token.expires > now)
        ]
        return json_response(200, active)

    return get_active


def _reading(*, personal: bool) -> Handler:
    """Make the handler that shows the rights of a user's, or of a tenant's, access token."""

    def get(state: State, call: Call) -> Response:
        (token_id,) = call.values
        token = call.store.access_tokens.get(token_id)
        if (
            token is None
            or not _meant(call, token.tenant_id)
            or (token.user_id is not None) is not personal
        ):
            raise not_found("Token", token_id)
        role_ids: list[str] | tuple[str, ...] = token.role_ids
        view: dict[str, Any] = {"id": token.id, "tenantId": token.tenant_id}
        if token.user_id is not None:
            view["userId"] = token.user_id
            user = state.find(token.user_id)
            role_ids = () if user is None else user.roles_in(token.tenant_id)
        access = state.access
        view["roles"] = [role.key for role in access.roles_of(role_ids)]
        view["permissions"] = [each.key for each in access.permissions_of(role_ids)]
        view["expires"] = _shown_expiry(token.expires)
        return json_response(200, view)

    return get


def _of(
    tokens: Mapping[str, ApiToken] | Mapping[str, AccessToken], owner: tuple[str, str | None]
) -> list[Any]:
    return [each for each in tokens.values() if (each.tenant_id, each.user_id) == owner]


def _shown_expiry(expires: float | None) -> str | None:
    return None if expires is None else timestamp(expires)


def _api_view(token: ApiToken) -> dict[str, Any]:
    view: dict[str, Any] = {
        "clientId": token.client_id,
        "description": token.description,
        "metadata": token.metadata,
        "createdAt": timestamp(token.created),
        "expires": _shown_expiry(token.expires),
    }
    if token.user_id is None:
        view |= {
            "tenantId": token.tenant_id,
            "createdByUserId": token.created_by,
            "roleIds": token.role_ids,
            "permissionIds": token.permission_ids,
        }
    return view


def _access_view(token: AccessToken) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": token.id,
        "description": token.description,
        "createdAt": timestamp(token.created),
        "expires": _shown_expiry(token.expires),
    }
    if token.user_id is None:
        view |= {"roleIds": token.role_ids, "createdByUserId": token.created_by}
    return view


_TENANTS: Final = "/identity/resources/tenants"
_USERS: Final = "/identity/resources/users"
_VENDOR_ONLY: Final = "/identity/resources/vendor-only"

_create_for_tenant: Final = _creating(personal=False, access=False)
_get_active_of_users: Final = _listing_active(personal=True)
_get_active_of_tenants: Final = _listing_active(personal=False)
_get_access_token_of_user: Final = _reading(personal=True)
_get_access_token_of_tenant: Final = _reading(personal=False)

ROUTES: Final = (
    route("POST", _TENANTS + "/api-tokens/v2", _create_for_tenant, takes=Takes.EITHER),
    route("PATCH", _TENANTS + "/api-tokens/v1/{id}", _update, takes=Takes.EITHER),
    *(
        each
        for base, personal, access in (
            (_TENANTS + "/api-tokens/v1", False, False),
            (_TENANTS + "/access-tokens/v1", False, True),
            (_USERS + "/api-tokens/v1", True, False),
            (_USERS + "/access-tokens/v1", True, True),
        )
        for each in (
            route("GET", base, _listing(personal=personal, access=access), takes=Takes.EITHER),
            route("POST", base, _creating(personal=personal, access=access), takes=Takes.EITHER),
            route(
                "DELETE",
                base + "/{id}",
                _deleting(personal=personal, access=access),
                takes=Takes.EITHER,
            ),
        )
    ),
    route(
        "GET",
        _VENDOR_ONLY + "/users/access-tokens/v1/active",
        _get_active_of_users,
        takes=Takes.ENVIRONMENT,
    ),
    route(
        "GET",
        _VENDOR_ONLY + "/tenants/access-tokens/v1/active",
        _get_active_of_tenants,
        takes=Takes.ENVIRONMENT,
    ),
    route(
        "GET",
        _VENDOR_ONLY + "/users/access-tokens/v1/{id}",
        _get_access_token_of_user,
        takes=Takes.ENVIRONMENT,
    ),
    route(
        "GET",
        _VENDOR_ONLY + "/tenants/access-tokens/v1/{id}",
        _get_access_token_of_tenant,
        takes=Takes.ENVIRONMENT,
    ),
)
