"""Restrictions of e-mail domains and IP addresses. They are kept and shown, and restrict nothing.

====================================================================  =====
paths, fields, enums, success statuses                                spec
a domain is restricted once: 409; an address anew takes the place     guess
of its restriction, and is created with nothing in return
the configuration of either is off until it is set                    guess
the address of the caller is that of the connection, ``127.0.0.1``    ours
and it is in the list of an active configuration that allows          guess
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response, parameter
from ._lookups import not_found
from ._pages import page_response
from ._route import Handler, Takes, route
from ._settings import Setting, new_object, wire_fields

__all__ = ["ROUTES"]

_DOMAINS: Final = "/identity/resources/configurations/restrictions/v1/email-domain"
_ADDRESSES: Final = "/identity/resources/configurations/v1/restrictions/ip"
_MY_ADDRESS: Final = "127.0.0.1"
_KEYS: Final[dict[str, Callable[[Document], Any]]] = {
    "id": lambda each: each["id"],
    "createdAt": lambda each: each.get("createdAt"),
}

_ListType = Literal["ALLOW", "BLOCK"]


class _Domain(msgspec.Struct):
    domain: str
    type: _ListType


class _Domains(msgspec.Struct):
    domains: list[str]
    type: _ListType


class _DomainsConfiguration(msgspec.Struct, rename="camel"):
    active: bool
    block_public_domains: bool | msgspec.UnsetType = msgspec.UNSET
    type: _ListType | msgspec.UnsetType = msgspec.UNSET


class _Address(msgspec.Struct, rename="camel"):
    ip: str
    strategy: _ListType
    description: str = ""
    is_active: bool = True


class _Addresses(msgspec.Struct):
    ips: list[_Address]


class _AddressesConfiguration(msgspec.Struct, rename="camel"):
    strategy: _ListType | msgspec.UnsetType = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET


_DOMAIN: Final = msgspec.json.Decoder(_Domain)
_MANY_DOMAINS: Final = msgspec.json.Decoder(_Domains)
_DOMAINS_CONFIGURATION: Final = msgspec.json.Decoder(_DomainsConfiguration)
_ADDRESS: Final = msgspec.json.Decoder(_Address)
_MANY_ADDRESSES: Final = msgspec.json.Decoder(_Addresses)

_NO_DOMAINS: Final[Document] = {"active": False, "listType": "BLOCK", "blockPublicDomains": False}
_ADDRESSES_CONFIGURATION: Final = Setting(
    path=_ADDRESSES + "/config",
    body=_AddressesConfiguration,
    methods={"POST": 201},
    defaults={"strategy": "ALLOW", "isActive": False},
    by_tenant=True,
    silent=True,
)


def _kept(call: Call, path: str) -> dict[str, Document]:
    """Return the restrictions of the environment, or of the tenant of a call."""
    return call.store.settings.objects(f"{path} {call.tenant or ''}")


def _listing(path: str) -> Handler:
    """Make the handler that lists restrictions."""

    def get_all(state: State, call: Call) -> Response:
        parameters = call.parameters()
        part = parameter(parameters, "_filter").lower()
        kept = [
            each
            for each in _kept(call, path).values()
            if part in (each.get("ip") or each.get("domain") or "").lower()
        ]
        return page_response(parameters, state.policy, kept, lambda each: each, keys=_KEYS)

    return get_all


def _deleting(path: str) -> Handler:
    """Make the handler that deletes a restriction."""

    def delete(state: State, call: Call) -> Response:
        if _kept(call, path).pop(call.values[0], None) is None:
            raise not_found("Restriction", call.values[0])
        return empty_response(200)

    return delete


def _create_domain(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_DOMAIN, call))
    return json_response(201, _add_domain(_kept(call, _DOMAINS), fields))


def _add_domain(kept: dict[str, Document], fields: Document) -> Document:
    if any(each["domain"] == fields["domain"] for each in kept.values()):
        raise RejectedError(409, "The domain is restricted already")
    made = {"id": str(uuid4()), **fields}
    kept[made["id"]] = made
    return made


def _replace_domains(state: State, call: Call) -> Response:
    body = decode(_MANY_DOMAINS, call)
    kept = _kept(call, _DOMAINS)
    for each in [each for each in kept.values() if each["type"] == body.type]:
        del kept[each["id"]]
    made = [
        _add_domain(kept, {"domain": domain, "type": body.type})
        for domain in dict.fromkeys(body.domains)
    ]
    return json_response(201, made)


def _get_domains_configuration(state: State, call: Call) -> Response:
    return json_response(200, call.store.settings.get(_DOMAINS, call.tenant) or _NO_DOMAINS)


def _set_domains_configuration(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_DOMAINS_CONFIGURATION, call))
    before = call.store.settings.get(_DOMAINS, call.tenant) or _NO_DOMAINS
    changed = {**before, "listType": fields.pop("type", before["listType"]), **fields}
    return json_response(201, call.store.settings.put(_DOMAINS, changed, call.tenant))


def _create_address(state: State, call: Call) -> Response:
    _keep_address(state, call, decode(_ADDRESS, call))
    return empty_response(201)


def _create_addresses(state: State, call: Call) -> Response:
    for address in decode(_MANY_ADDRESSES, call).ips:
        _keep_address(state, call, address)
    return empty_response(201)


def _keep_address(state: State, call: Call, address: _Address) -> None:
    kept = _kept(call, _ADDRESSES)
    before = next((each for each in kept.values() if each["ip"] == address.ip), None)
    if before is None:
        made = new_object(state, str(uuid4()), wire_fields(address))
        kept[made["id"]] = made
    else:
        before |= {**wire_fields(address), "updatedAt": state.now()}


def _verify_address(state: State, call: Call) -> Response:
    return json_response(201, {"valid": _is_allowed(call)})


def _is_allowed(call: Call) -> bool:
    configuration = _ADDRESSES_CONFIGURATION.now(call, call.tenant)
    if configuration is None or not configuration["isActive"]:
        return True
    listed = any(each["ip"] == _MY_ADDRESS for each in _kept(call, _ADDRESSES).values())
    return listed is (configuration["strategy"] == "ALLOW")


ROUTES: Final = (
    route("GET", _DOMAINS, _listing(_DOMAINS)),
    route("POST", _DOMAINS, _create_domain),
    route("GET", _DOMAINS + "/config", _get_domains_configuration),
    route("POST", _DOMAINS + "/config", _set_domains_configuration),
    route("POST", _DOMAINS + "/replace-bulk", _replace_domains),
    route("DELETE", _DOMAINS + "/{id}", _deleting(_DOMAINS)),
    *_ADDRESSES_CONFIGURATION.routes(),
    route("GET", _ADDRESSES, _listing(_ADDRESSES)),
    route("POST", _ADDRESSES, _create_address),
    route("POST", _ADDRESSES + "/bulk", _create_addresses, takes=Takes.EITHER),
    route("POST", _ADDRESSES + "/verify", _verify_address),
    route("POST", _ADDRESSES + "/verify/allow", _verify_address),
    route("DELETE", _ADDRESSES + "/{id}", _deleting(_ADDRESSES)),
)
