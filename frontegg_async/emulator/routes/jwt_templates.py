"""Templates of tokens, and the rules that choose one. ``_claims.py`` applies them.

====================================================================  =====
paths, fields, enums, success statuses                                spec
a template needs the claims of OpenID Connect, and must not have      client
``type`` or ``tenantId``
a key is taken once: 409; an unknown id is 404                        guess
there is one targeting: 404 until it is made, a second POST is 409,   client
its PUT makes or replaces it, and responds with nothing
an unknown template in a rule is no error: then the default holds     guess
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response, list_parameter
from ._claims import TARGETING, TEMPLATES
from ._lookups import find
from ._pages import page_response
from ._route import route
from ._settings import new_object, wire_fields

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/jwt-templates/v1"
_NEEDED: Final = ("iss", "sub", "aud", "exp", "iat")
_RESERVED: Final = ("type", "tenantId")
_KEYS: Final[dict[str, Callable[[Document], Any]]] = {
    "key": lambda each: each["key"],
    "name": lambda each: each["name"],
    "createdAt": lambda each: each["createdAt"],
    "updatedAt": lambda each: each["updatedAt"],
}

_Expiration = Annotated[int, msgspec.Meta(ge=1, le=315_360_000)]
_Algorithm = Literal["RS256", "HS256"]


class _Schema(msgspec.Struct):
    claims: dict[str, Any]


class _New(msgspec.Struct, rename="camel"):
    key: str
    name: str
    expiration: _Expiration
    algorithm: _Algorithm
    template_schema: _Schema
    description: str | None = None


class _Changes(msgspec.Struct, rename="camel"):
    key: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    expiration: _Expiration | msgspec.UnsetType = msgspec.UNSET
    algorithm: _Algorithm | msgspec.UnsetType = msgspec.UNSET
    template_schema: _Schema | msgspec.UnsetType = msgspec.UNSET


class _Condition(msgspec.Struct):
    attribute: Literal["userId", "applicationId", "tenantId", "roleIds", "tokenType", "userEmail"]
    op: Literal["in_list", "contains", "ends_with"]
    value: dict[str, list[str]]
    negate: bool


class _Rule(msgspec.Struct, rename="camel"):
    conditions: list[_Condition]
    treatment: str
    condition_logic: Literal["and"] = "and"


class _Targeting(msgspec.Struct):
    rules: list[_Rule] | msgspec.UnsetType = msgspec.UNSET


_NEW: Final = msgspec.json.Decoder(_New)
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_TARGETING: Final = msgspec.json.Decoder(_Targeting)


def _check(call: Call, fields: Document, but: str | None = None) -> None:
    known = call.store.settings.objects(TEMPLATES).values()
    if any(each["key"] == fields.get("key") and each["id"] != but for each in known):
        raise RejectedError(409, "A template with this key already exists")
    if "templateSchema" in fields:
        claims = fields["templateSchema"]["claims"]
        missing = [name for name in _NEEDED if name not in claims]
        if missing:
            raise RejectedError(400, f"Required claims are missing: {', '.join(missing)}")
        if any(name in claims for name in _RESERVED):
            raise RejectedError(400, "Claims reserved for internal use are not allowed")


def _create(state: State, call: Call) -> Response:
    fields = wire_fields(decode(_NEW, call))
    _check(call, fields)
    template = new_object(state, str(uuid4()), {"vendorId": VENDOR, **fields})
    call.store.settings.objects(TEMPLATES)[template["id"]] = template
    return json_response(201, template)


def _list(state: State, call: Call) -> Response:
    parameters = call.parameters()
    ids, keys = list_parameter(parameters, "ids"), list_parameter(parameters, "keys")
    found = [
        each
        for each in call.store.settings.objects(TEMPLATES).values()
        if (not ids or each["id"] in ids) and (not keys or each["key"] in keys)
    ]
    return page_response(parameters, state.policy, found, lambda each: each, keys=_KEYS)


def _get(state: State, call: Call) -> Response:
    return json_response(200, _find(call))


def _update(state: State, call: Call) -> Response:
    template = _find(call)
    fields = wire_fields(decode(_CHANGES, call))
    _check(call, fields, template["id"])
    template |= {**fields, "updatedAt": state.now()}
    return json_response(200, template)


def _delete(state: State, call: Call) -> Response:
    del call.store.settings.objects(TEMPLATES)[_find(call)["id"]]
    return empty_response(204)


def _find(call: Call) -> Document:
    return find("Template", call.store.settings.objects(TEMPLATES), call.values[0])


def _get_targeting(state: State, call: Call) -> Response:
    found = call.store.settings.get(TARGETING)
    if found is None:
        raise RejectedError(404, "Targeting not found")
    return json_response(200, found)


def _create_targeting(state: State, call: Call) -> Response:
    targeting = wire_fields(decode(_TARGETING, call))
    if call.store.settings.get(TARGETING) is not None:
        raise RejectedError(409, "Targeting already exists")
    made = new_object(state, str(uuid4()), {"targeting": targeting})
    return json_response(201, call.store.settings.put(TARGETING, made))


def _replace_targeting(state: State, call: Call) -> Response:
    targeting = wire_fields(decode(_TARGETING, call))
    found = call.store.settings.get(TARGETING)
    if found is None:
        found = call.store.settings.put(TARGETING, new_object(state, str(uuid4()), {}))
    found |= {"targeting": targeting, "updatedAt": state.now()}
    return empty_response(200)


def _update_targeting(state: State, call: Call) -> Response:
    targeting = wire_fields(decode(_TARGETING, call))
    found = _targeting_in_path(call)
    found |= {"targeting": {**found["targeting"], **targeting}, "updatedAt": state.now()}
    return empty_response(200)


def _delete_targeting(state: State, call: Call) -> Response:
    _targeting_in_path(call)
    call.store.settings.drop(TARGETING)
    return empty_response(200)


def _targeting_in_path(call: Call) -> Document:
    found = call.store.settings.get(TARGETING)
    return find("Targeting", {} if found is None else {found["id"]: found}, call.values[0])


ROUTES: Final = (
    route("POST", _PATH, _create),
    route("GET", _PATH, _list),
    route("GET", _PATH + "/{id}", _get),
    route("PUT", _PATH + "/{id}", _update),
    route("DELETE", _PATH + "/{id}", _delete),
    route("GET", TARGETING, _get_targeting),
    route("POST", TARGETING, _create_targeting),
    route("PUT", TARGETING, _replace_targeting),
    route("PATCH", TARGETING + "/{id}", _update_targeting),
    route("DELETE", TARGETING + "/{id}", _delete_targeting),
)
