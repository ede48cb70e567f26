"""The routes of a tenant's settings.

====================================================================  =====
403 "Tenant ID is not specified" without the tenant header            guess
an unknown tenant is 404, an update of nothing 400                    spec
the names of the settings, and which of them are public               client
unknown names are kept and shown like the others                      guess
some are the tenant's own fields, and change with it                  guess
the response to an update has all settings                            guess
====================================================================  =====
"""

from typing import Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ._bodies import json_response
from ._lookups import tenant_of_call
from ._route import route

__all__ = ["ROUTES"]

_PATH: Final = "/tenants/resources/account-settings/v1"
_PUBLIC: Final = ("tenantId", "applicationUrl", "loginUrl")
_SHARED: Final = {
    "applicationUrl": "application_url",
    "loginUrl": "login_url",
    "address": "address",
    "timezone": "timezone",
    "currency": "currency",
    "logo": "logo",
}
"""The settings that are fields of the tenant, which has them under these names here."""
_OBJECT: Final = msgspec.json.Decoder(dict[str, object])


def get(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/account-settings/v1``."""
    tenant_id = tenant_of_call(state, call)
    return json_response(200, _settings(state, tenant_id))


def get_public(state: State, call: Call) -> Response:
    """Serve ``GET /tenants/resources/account-settings/v1/public``."""
    tenant_id = tenant_of_call(state, call)
    settings = _settings(state, tenant_id)
    return json_response(200, {name: settings[name] for name in _PUBLIC if name in settings})


def update(state: State, call: Call) -> Response:
    """Serve ``PUT /tenants/resources/account-settings/v1``."""
    tenant_id = tenant_of_call(state, call)
    body = decode(_OBJECT, call)
    if not body:
        raise RejectedError(400, "At least one field must be given")
    name = body.pop("name", None)
    if isinstance(name, str):
        state.tenants[tenant_id] = name
    body.pop("tenantId", None)
    account = state.accounts.change(tenant_id)
    for setting, value in body.items():
        if setting in _SHARED:
            account.fields[_SHARED[setting]] = value
        else:
            account.settings[setting] = value
    return json_response(200, _settings(state, tenant_id))


def _settings(state: State, tenant_id: str) -> dict[str, object]:
    account = state.accounts.look(tenant_id)
    shared = {setting: account.fields.get(field) for setting, field in _SHARED.items()}
    return {**account.settings, **shared, "tenantId": tenant_id, "name": state.tenants[tenant_id]}


ROUTES: Final = (
    route("GET", _PATH, get),
    route("PUT", _PATH, update),
    route("GET", _PATH + "/public", get_public),
)
