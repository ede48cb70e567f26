"""The environment itself: its name, its hosts and the origins that may call from browsers.

The service ``/vendors`` is not published; clients use these routes of it.

====================================================================  =====
GET and PUT, and the fields                                           client
a PUT keeps the fields that it does not name                          guess
``public`` without a token, ``base-url`` with the environment's       client
the host of the environment is that of the emulator                   ours
custom domains are verified at once                                   ours
the listed origins may call from browsers; without a list, all may    ours
====================================================================  =====
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ..state.settings import Document, stable_id
from ..state.store import Store
from ._bodies import empty_response, json_response, required
from ._lookups import find
from ._route import Takes, route
from ._settings import wire_fields

__all__ = ["ROUTES", "allowed_origins"]

_PATH: Final = "/vendors"
_DOMAINS: Final = "/vendors/custom-domains/v2"
_KIND: Final = "custom-domains"


class _Changes(msgspec.Struct, rename="camel"):
    name: str | msgspec.UnsetType = msgspec.UNSET
    country: str | msgspec.UnsetType = msgspec.UNSET
    backend_stack: str | msgspec.UnsetType = msgspec.UNSET
    frontend_stack: str | msgspec.UnsetType = msgspec.UNSET
    open_saas: bool | msgspec.UnsetType = msgspec.field(
        default=msgspec.UNSET, name="openSaaSInstalled"
    )
    host: str | msgspec.UnsetType = msgspec.UNSET
    allowed_origins: list[str] | msgspec.UnsetType = msgspec.UNSET


class _Domain(msgspec.Struct, rename="camel"):
    custom_domain: str


_CHANGES: Final = msgspec.json.Decoder(_Changes)
_DOMAIN: Final = msgspec.json.Decoder(_Domain)


def allowed_origins(store: Store) -> list[str]:
    """Return the origins whose pages may call, or none if all may."""
    found: list[str] = (store.settings.get(_PATH) or {}).get("allowedOrigins", [])
    return found


def _environment(call: Call) -> Document:
    return {
        "id": stable_id(_PATH),
        "name": "Emulator",
        "country": "US",
        "backendStack": "Python",
        "frontendStack": "React",
        "openSaaSInstalled": False,
        "host": urlsplit(call.store.issuer()).netloc,
        "allowedOrigins": [],
        "region": "EU",
        **(call.store.settings.get(_PATH) or {}),
    }


def _get(state: State, call: Call) -> Response:
    return json_response(200, _environment(call))


def _update(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_CHANGES, call))
    before = call.store.settings.get(_PATH) or {}
    call.store.settings.put(_PATH, {**before, **fields})
    return json_response(200, _environment(call))


def _get_public(state: State, call: Call) -> Response:
    name = _environment(call)["name"]
    return json_response(200, {"name": name, "logo": "", "icon": "", "whiteLabelMode": False})


def _get_base_url(state: State, call: Call) -> Response:
    return json_response(200, {"baseURL": call.store.issuer()})


def _get_domains(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_KIND).values()
    return json_response(200, {"customDomains": list(known)})


def _create_domain(state: State, call: Call) -> Response:
    name = required("customDomain", decode(_DOMAIN, call).custom_domain)
    record = {"type": "CNAME", "name": name, "value": urlsplit(call.store.issuer()).netloc}
    domain: dict[str, Any] = {
        "id": str(uuid4()),
        "domain": name,
        "status": "Active",
        "records": [record],
    }
    call.store.settings.objects(_KIND)[domain["id"]] = domain
    return json_response(201, domain)


def _delete_domain(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_KIND)
    del known[find("Domain", known, call.values[0])["id"]]
    return empty_response(200)


ROUTES: Final = (
    route("GET", _PATH, _get, takes=Takes.ENVIRONMENT),
    route("PUT", _PATH, _update, takes=Takes.ENVIRONMENT),
    route("GET", _PATH + "/public", _get_public, takes=Takes.NOTHING),
    route("GET", _PATH + "/base-url", _get_base_url, takes=Takes.ENVIRONMENT),
    route("GET", _DOMAINS, _get_domains, takes=Takes.ENVIRONMENT),
    route("POST", _DOMAINS + "/verify", _create_domain, takes=Takes.ENVIRONMENT),
    route("DELETE", _DOMAINS + "/{id}", _delete_domain, takes=Takes.ENVIRONMENT),
)
