"""The routes of tenants below tenants.

====================================================================  =====
paths, required fields, shapes of bodies                              spec
403 "Tenant ID is not specified" without the tenant header            seen
``hierarchy/v1`` and ``…/parents`` are arrays with ``tenantId``       client
the name is read as ``tenantName`` by one client, as ``name`` by      client
another: both are there; ``…/tree`` nests ``children``
``level`` counts the steps between, and is in the arrays only         guess
sub-tenants of sub-tenants are in all of them                         spec
an unknown tenant is 404                                              spec
equal tenants, a child that has a parent already: 400                 spec
a child that stands above the parent: 400                             guess
making a sub-tenant shows it, with 201; putting one below another     guess
is 201 with nothing
deleting a sub-tenant that is below nothing is 404                    guess
the parents of a tenant by its id, ``hierarchy/v2`` and its metadata, client
and PATCH of a sub-tenant
a page of ``hierarchy/v2`` has the tenants right below one, or those  guess
below ``_subTenantId``
====================================================================  =====
"""

from typing import Final, Literal

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ._bodies import empty_response, given_fields, json_response, list_parameter, parameter
from ._lookups import find_tenant, not_found, tenant_in_path, tenant_of_call
from ._pages import page_response
from ._route import Takes, route
from .tenants import Fields, TenantResponse, make, tenant_keys, update

__all__ = ["ROUTES"]

_SUB_TENANTS: Final = "/tenants/resources/sub-tenants/v1"
_HIERARCHY: Final = "/tenants/resources/hierarchy/v1"
_SEARCH: Final = "/tenants/resources/hierarchy/v2"


class _NewSubTenant(Fields, kw_only=True):
    tenant_id: str


class _Management(msgspec.Struct, rename="camel"):
    is_reseller: bool


class _Settings(msgspec.Struct, rename="camel"):
    sub_account_access_type: Literal["defaultOff", "defaultOn", "alwaysOn"]


class _Relation(msgspec.Struct, rename="camel"):
    parent_tenant_id: str
    child_tenant_id: str


class _Entry(msgspec.Struct, rename="camel", kw_only=True):
    tenant_id: str
    tenant_name: str
    name: str
    status: object
    created_at: str
    level: int | msgspec.UnsetType = msgspec.UNSET
    """Steps between the tenants."""
    children: "list[_Entry] | msgspec.UnsetType" = msgspec.UNSET

    @classmethod
    def of(
        cls,
        tenant_id: str,
        state: State,
        level: int | msgspec.UnsetType = msgspec.UNSET,
        children: "list[_Entry] | msgspec.UnsetType" = msgspec.UNSET,
    ) -> "_Entry":
        account = state.accounts.look(tenant_id)
        return cls(
            tenant_id=tenant_id,
            tenant_name=state.tenants[tenant_id],
            name=state.tenants[tenant_id],
            status=account.fields.get("status"),
            created_at=account.created_at,
            level=level,
            children=children,
        )


_NEW_SUB_TENANT: Final = msgspec.json.Decoder(_NewSubTenant)
_MANAGEMENT: Final = msgspec.json.Decoder(_Management)
_SETTINGS: Final = msgspec.json.Decoder(_Settings)
_RELATION: Final = msgspec.json.Decoder(_Relation)


def create(state: State, call: Call) -> Response:
    """Serve ``POST /tenants/resources/sub-tenants/v1``."""
    body = decode(_NEW_SUB_TENANT, call)
    fields = given_fields(body)
    for name, on_the_wire in (("name", "name"), ("parent_tenant_id", "parentTenantId")):
        if fields.get(name) is None:
            raise RejectedError(400, f"{on_the_wire} should not be empty")
    return make(state, fields.pop("tenant_id"), fields)


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /tenants/resources/sub-tenants/v1/{tenantId}``."""
    (tenant_id,) = call.values
    if tenant_id not in state.accounts.parents:
        raise not_found("Tenant", tenant_id)
    state.delete_tenant(tenant_id)
    call.store.forget_tenant(tenant_id)
    return empty_response(200)


def set_management(state: State, call: Call) -> Response:
    """Serve ``PUT /tenants/resources/sub-tenants/v1/{tenantId}/management``."""
    tenant_id = tenant_in_path(state, call)
    body = decode(_MANAGEMENT, call)
    state.accounts.change(tenant_id).fields["is_reseller"] = body.is_reseller
    return json_response(200, TenantResponse.of(tenant_id, state))


def set_hierarchy_settings(state: State, call: Call) -> Response:
    """Serve ``PUT /tenants/resources/sub-tenants/v1/{tenantId}/hierarchy-settings``."""
    tenant_id = tenant_in_path(state, call)
    body = decode(_SETTINGS, call)
    fields = state.accounts.change(tenant_id).fields
    fields["sub_account_access_type"] = body.sub_account_access_type
    return json_response(200, TenantResponse.of(tenant_id, state))


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v1``."""
    tenant_id = tenant_of_call(state, call)
    levels = {tenant_id: 0}
    for each in state.accounts.below(tenant_id):
        levels[each] = levels[state.accounts.parents[each]] + 1
    del levels[tenant_id]
    return json_response(200, [_Entry.of(each, state, level) for each, level in levels.items()])


def get_parents(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v1/parents``; the nearest comes first."""
    tenant_id = tenant_of_call(state, call)
    above = enumerate(state.accounts.above(tenant_id), 1)
    return json_response(200, [_Entry.of(each, state, level) for level, each in above])


def get_parents_by_id(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v1/parents/{tenantId}``."""
    tenant_id = tenant_in_path(state, call)
    above = enumerate(state.accounts.above(tenant_id), 1)
    return json_response(200, [_Entry.of(each, state, level) for level, each in above])


def search(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v2``."""
    parameters = call.parameters()
    top = parameter(parameters, "_subTenantId") or tenant_of_call(state, call)
    part = parameter(parameters, "_filter").lower()
    found = [
        each
        for each in state.accounts.children.get(find_tenant(state, top), ())
        if part in state.tenants[each].lower() or part in each.lower()
    ]
    return page_response(
        parameters, state.policy, found, lambda each: _found(state, each), keys=tenant_keys(state)
    )


def _found(state: State, tenant_id: str) -> dict[str, object]:
    account = state.accounts.look(tenant_id)
    return {
        "tenantId": tenant_id,
        "name": state.tenants[tenant_id],
        "createdAt": account.created_at,
        "metadata": {"isParent": tenant_id in state.accounts.children},
        "isReseller": account.fields.get("is_reseller", False),
        "subAccountAccessType": account.fields.get("sub_account_access_type"),
    }


def get_metadata(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v2/metadata``."""
    tenant_of_call(state, call)
    shown = [
        {
            "tenantId": each,
            "totalSubTenants": sum(1 for _ in state.accounts.below(each)),
            "isParent": each in state.accounts.children,
        }
        for each in list_parameter(call.parameters(), "_tenantIds")
        if each in state.tenants
    ]
    return json_response(200, shown)


def get_tree(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/hierarchy/v1/tree``."""
    tenant_id = tenant_of_call(state, call)
    children: dict[str, list[_Entry]] = {tenant_id: []}
    for each in state.accounts.below(tenant_id):
        children[each] = []
        entry = _Entry.of(each, state, children=children[each])
        children[state.accounts.parents[each]].append(entry)
    return json_response(200, _Entry.of(tenant_id, state, children=children[tenant_id]))


def attach(state: State, call: Call) -> Response:
    """Serve ``POST /tenants/resources/hierarchy/v1``."""
    body = decode(_RELATION, call)
    parent, child = body.parent_tenant_id, body.child_tenant_id
    for tenant_id in (parent, child):
        find_tenant(state, tenant_id)
    if parent == child:
        raise RejectedError(400, "A tenant cannot be below itself")
    if child in state.accounts.parents:
        raise RejectedError(400, "The child already has a parent")
    if child in state.accounts.above(parent):
        raise RejectedError(400, "The child is above the parent")
    state.accounts.attach(child, parent)
    return empty_response(201)


def detach(state: State, call: Call) -> Response:
    """Serve ``DELETE /tenants/resources/hierarchy/v1``, which has a body."""
    body = decode(_RELATION, call)
    if state.accounts.parents.get(body.child_tenant_id) != body.parent_tenant_id:
        raise RejectedError(404, "The tenants are not parent and child")
    state.accounts.detach(body.child_tenant_id)
    return empty_response(200)


ROUTES: Final = (
    route("POST", _SUB_TENANTS, create),
    route("DELETE", _SUB_TENANTS + "/{tenantId}", delete),
    route("PUT", _SUB_TENANTS + "/{tenantId}/management", set_management),
    route("PUT", _SUB_TENANTS + "/{tenantId}/hierarchy-settings", set_hierarchy_settings),
    route("GET", _HIERARCHY, get_all),
    route("GET", _HIERARCHY + "/parents", get_parents),
    route("GET", _HIERARCHY + "/tree", get_tree),
    route("POST", _HIERARCHY, attach),
    route("DELETE", _HIERARCHY, detach),
    route("GET", _HIERARCHY + "/parents/{tenantId}", get_parents_by_id, takes=Takes.EITHER),
    route("GET", _SEARCH, search, takes=Takes.EITHER),
    route("GET", _SEARCH + "/metadata", get_metadata, takes=Takes.EITHER),
    route("PATCH", _SUB_TENANTS + "/{tenantId}", update, takes=Takes.EITHER),
)
