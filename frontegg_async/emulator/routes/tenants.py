"""The routes of tenants, which Frontegg also calls accounts.

====================================================================  =====
paths, required fields, shapes of bodies                              spec
``v1/{tenantId}`` returns an array, empty for an unknown tenant;      seen
``v2/{tenantId}`` an object; ``GET v1`` lists all, flat
an unknown tenant in ``v2`` is 404                                    guess
the list shows no parent; ``_offset`` counts pages                    seen
at most 200 a page, 50 unless asked; ``_filter`` is a part of the     spec
name or of the id
``metadata`` is JSON in a string; its routes add to it and take       seen
from it a key at a time; a new tenant's may be a number               client
text that is no JSON is a string as a document; a key that is set     guess
in a document which is no object replaces it
``v1`` takes ``_limit``, ``_offset`` and ``_filter``                  seen
creating is 201, everything else 200 with the tenant                  guess
deleting is 200 with nothing, and deletes the users without another   spec
tenant; sub-tenants move up
an id in use: "Tenant already exists"                                 client
with 409; one that was deleted is free again                          guess
a body that changes nothing is 400; unknown fields are ignored        spec
a tenant without a name has its id for one                            guess
the alias is a field like the others                                  guess
``parentTenantId`` in an update moves a tenant, and null takes it     guess
out of the tree
====================================================================  =====
"""

from collections.abc import Callable
from typing import Any, Final, cast
from uuid import uuid4

import msgspec

from ..http.request import Call, JsonErrors, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR
from ..state.environment import State
from ._bodies import (
    empty_response,
    given_fields,
    json_response,
    list_parameter,
    parameter,
    required,
)
from ._lookups import find_tenant, not_found, tenant_in_path, tenant_of_call
from ._pages import limit_and_offset, page_response
from ._route import route

__all__ = ["ROUTES", "Fields", "TenantResponse", "make", "tenant_keys", "update"]

_V1: Final = "/tenants/resources/tenants/v1"
_V2: Final = "/tenants/resources/tenants/v2"
_MAX_PAGE: Final = 200


class Fields(msgspec.Struct, rename="camel"):
    """The fields with which a tenant is created or changed."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET
    website: str | msgspec.UnsetType | None = msgspec.UNSET
    application_url: str | msgspec.UnsetType | None = msgspec.UNSET
    logo: str | msgspec.UnsetType | None = msgspec.UNSET
    logo_url: str | msgspec.UnsetType | None = msgspec.UNSET
    address: str | msgspec.UnsetType | None = msgspec.UNSET
    timezone: str | msgspec.UnsetType | None = msgspec.UNSET
    currency: str | msgspec.UnsetType | None = msgspec.UNSET
    creator_name: str | msgspec.UnsetType | None = msgspec.UNSET
    creator_email: str | msgspec.UnsetType | None = msgspec.UNSET
    is_reseller: bool | msgspec.UnsetType = msgspec.UNSET
    alias: str | msgspec.UnsetType | None = msgspec.UNSET
    parent_tenant_id: str | msgspec.UnsetType | None = msgspec.UNSET
    metadata: str | int | float | dict[str, object] | msgspec.UnsetType = msgspec.UNSET


class _NewTenant(Fields):
    tenant_id: str | None = None


class _Metadata(msgspec.Struct):
    metadata: str | dict[str, object]


class TenantResponse(msgspec.Struct, rename="camel", kw_only=True):
    """A tenant as the wire shows it."""

    id: str
    vendor_id: str = VENDOR
    tenant_id: str
    name: str
    status: str | None = None
    website: str | None = None
    application_url: str | None = None
    logo: str | None = None
    logo_url: str | None = None
    address: str | None = None
    timezone: str | None = None
    currency: str | None = None
    creator_name: str | None = None
    creator_email: str | None = None
    is_reseller: bool = False
    alias: str | None = None
    login_url: str | None = None
    sub_account_access_type: str | None = None
    metadata: str
    created_at: str
    updated_at: str
    deleted_at: None = None

    @classmethod
    def of(cls, tenant_id: str, state: State) -> "TenantResponse":
        """Show a tenant that exists."""
        account = state.accounts.look(tenant_id)
        fields: dict[str, Any] = account.fields
        return cls(
            id=f"account-{tenant_id}",
            tenant_id=tenant_id,
            name=state.tenants[tenant_id],
            metadata=msgspec.json.encode(account.metadata).decode(),
            created_at=account.created_at,
            updated_at=account.updated_at,
            **fields,
        )


_NEW_TENANT: Final = msgspec.json.Decoder(_NewTenant)
_FIELDS: Final = msgspec.json.Decoder(Fields)
_METADATA: Final = msgspec.json.Decoder(_Metadata)
_ANY: Final = msgspec.json.Decoder()


def create(state: State, call: Call) -> Response:
    """Serve ``POST /tenants/resources/tenants/v1``."""
    fields = given_fields(decode(_NEW_TENANT, call))
    tenant_id = fields.pop("tenant_id")
    return make(state, str(uuid4()) if tenant_id is None else tenant_id, fields)


def make(state: State, tenant_id: str, fields: dict[str, Any]) -> Response:
    """Create a tenant, below another if the fields say so."""
    required("tenantId", tenant_id)
    if tenant_id in state.tenants:
        raise RejectedError(409, "Tenant already exists")
    _change(state, tenant_id, fields, {})
    state.tenants.setdefault(tenant_id, tenant_id)
    state.hooks.note("frontegg.tenant.created", None, tenant_id)
    return json_response(201, TenantResponse.of(tenant_id, state))


def _change(state: State, tenant_id: str, fields: dict[str, Any], metadata: object) -> None:
    """Set fields of a tenant; metadata among them replaces ``metadata``."""
    given = fields.pop("metadata", msgspec.UNSET)
    if given is not msgspec.UNSET:
        metadata = _decoded(given)
    _place(state, tenant_id, fields)
    if "name" in fields:
        state.tenants[tenant_id] = fields.pop("name")
    account = state.accounts.change(tenant_id)
    account.fields = {**account.fields, **fields}
    account.metadata = metadata


def _place(state: State, tenant_id: str, fields: dict[str, Any]) -> None:
    """Move a tenant below the parent among the fields, or out of the tree for null."""
    if "parent_tenant_id" not in fields:
        return
    parent = fields.pop("parent_tenant_id")
    if parent is not None:
        find_tenant(state, parent)
        if tenant_id in {parent, *state.accounts.above(parent)}:
            raise RejectedError(400, "A tenant cannot be below itself")
    if tenant_id in state.accounts.parents:
        state.accounts.detach(tenant_id)
    if parent is not None:
        state.accounts.attach(tenant_id, parent)


def _decoded(metadata: str | float | dict[str, object]) -> object:
    """Return the document that metadata is, as an object or as JSON in a string."""
    if not isinstance(metadata, str):
        return metadata
    try:
        return _ANY.decode(metadata)
    except JsonErrors:
        return metadata


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/tenants/v1``."""
    parameters = call.parameters()
    found = _matching(state, parameters)
    if "_limit" in parameters or "_offset" in parameters:
        limit, offset = limit_and_offset(parameters, None)
        found = found[offset * limit : (offset + 1) * limit]
    return json_response(200, [TenantResponse.of(tenant_id, state) for tenant_id in found])


def _matching(state: State, parameters: dict[str, list[str]]) -> list[str]:
    """Return the tenants with ``_filter`` in their names or ids."""
    part = parameter(parameters, "_filter").lower()
    return [
        tenant_id
        for tenant_id, name in state.tenants.items()
        if not part or part in name.lower() or part in tenant_id.lower()
    ]


def list_tenants(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/tenants/v2``."""
    parameters = call.parameters()
    wanted = frozenset(list_parameter(parameters, "_tenantIds", "_tenantIds[]"))
    tenant_ids = [
        tenant_id for tenant_id in _matching(state, parameters) if not wanted or tenant_id in wanted
    ]
    return page_response(
        parameters,
        state.policy,
        tenant_ids,
        lambda tenant_id: TenantResponse.of(tenant_id, state),
        keys=tenant_keys(state),
        maximum=_MAX_PAGE,
    )


def tenant_keys(state: State) -> dict[str, Callable[[str], Any]]:
    """Return the fields that tenants sort by."""
    return {
        "createdAt": lambda tenant_id: state.accounts.look(tenant_id).created_at,
        "name": lambda tenant_id: state.tenants[tenant_id],
        "tenantId": lambda tenant_id: tenant_id,
    }


def get_v1(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/tenants/v1/{tenantId}``."""
    (tenant_id,) = call.values
    known = tenant_id in state.tenants
    return json_response(200, [TenantResponse.of(tenant_id, state)] if known else [])


def get(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/tenants/v2/{tenantId}``."""
    tenant_id = tenant_in_path(state, call)
    return json_response(200, TenantResponse.of(tenant_id, state))


def get_by_alias(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/tenants/v2/alias/{alias}``."""
    (alias,) = call.values
    for tenant_id in state.tenants:
        if state.accounts.look(tenant_id).fields.get("alias") == alias:
            return json_response(200, TenantResponse.of(tenant_id, state))
    raise not_found("Tenant", alias)


def update(state: State, call: Call) -> Response:
    """Serve ``PUT /tenants/resources/tenants/v1/{tenantId}`` and ``v2``, and sub-tenants' PATCH."""
    tenant_id = tenant_in_path(state, call)
    fields = given_fields(decode(_FIELDS, call))
    if not fields:
        raise RejectedError(400, "At least one field must be given")
    metadata = state.accounts.look(tenant_id).metadata
    _change(state, tenant_id, fields, metadata)
    state.hooks.note("frontegg.tenant.updated", None, tenant_id)
    return json_response(200, TenantResponse.of(tenant_id, state))


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /tenants/resources/tenants/v1/{tenantId}``."""
    return _delete(state, call, tenant_in_path(state, call))


def delete_current(state: State, call: Call) -> Response:
    """Serve ``DELETE /tenants/resources/tenants/v1``, about the tenant of the token."""
    return _delete(state, call, tenant_of_call(state, call))


def _delete(state: State, call: Call, tenant_id: str) -> Response:
    state.delete_tenant(tenant_id)
    call.store.forget_tenant(tenant_id)
    return empty_response(200)


def set_metadata(state: State, call: Call) -> Response:
    """Serve ``POST /tenants/resources/tenants/v1/{tenantId}/metadata``."""
    tenant_id = tenant_in_path(state, call)
    body = decode(_METADATA, call)
    metadata = _decoded(body.metadata)
    if not isinstance(metadata, dict):
        raise RejectedError(400, "metadata must be an object or JSON of one")
    account = state.accounts.change(tenant_id)
    account.metadata = {**_object(account.metadata), **cast("dict[str, object]", metadata)}
    state.hooks.note("frontegg.tenant.updated", None, tenant_id)
    return json_response(201, TenantResponse.of(tenant_id, state))


def _object(document: object) -> dict[str, object]:
    """Return a document that is an object; of any other, nothing is kept."""
    return cast("dict[str, object]", document) if isinstance(document, dict) else {}


def delete_metadata(state: State, call: Call) -> Response:
    """Serve ``DELETE /tenants/resources/tenants/v1/{tenantId}/metadata/{key}``."""
    tenant_id = tenant_in_path(state, call)
    _, key = call.values
    _object(state.accounts.change(tenant_id).metadata).pop(key, None)
    state.hooks.note("frontegg.tenant.updated", None, tenant_id)
    return json_response(200, TenantResponse.of(tenant_id, state))


ROUTES: Final = (
    route("GET", _V1, get_all),
    route("POST", _V1, create),
    route("DELETE", _V1, delete_current),
    route("GET", _V1 + "/{tenantId}", get_v1),
    route("PUT", _V1 + "/{tenantId}", update),
    route("DELETE", _V1 + "/{tenantId}", delete),
    route("POST", _V1 + "/{tenantId}/metadata", set_metadata),
    route("DELETE", _V1 + "/{tenantId}/metadata/{key}", delete_metadata),
    route("GET", _V2, list_tenants),
    route("GET", _V2 + "/alias/{alias}", get_by_alias),
    route("GET", _V2 + "/{tenantId}", get),
    route("PUT", _V2 + "/{tenantId}", update),
)
