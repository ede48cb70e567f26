"""Providers of social logins that an environment adds, and lists of Frontegg's own.

====================================================================  =====
paths, fields and statuses of custom providers                        spec
``sso/v1`` and ``sso/v2/authenticated`` list what ``sso/v2`` does      client, guess
custom providers are a list in ``providers``, and are made with        client
nothing in return
====================================================================  =====
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ..state.settings import Document
from ._bodies import empty_response, json_response
from ._lookups import find
from ._route import Takes, route
from ._settings import wire_fields

__all__ = ["ROUTES"]

_V1: Final = "/identity/resources/sso/v1"
_V2: Final = "/identity/resources/sso/v2"
_CUSTOM: Final = "/identity/resources/sso/custom/v1"
_CUSTOM_KIND: Final = "custom-login-providers"

_MayText = str | msgspec.UnsetType


class _Custom(msgspec.Struct, rename="camel"):
    type: str
    client_id: str
    secret: str
    redirect_url: str
    authorization_url: str
    token_url: str
    user_info_url: str
    scopes: str
    sso_logo_url: str
    display_name: str
    active: bool
    redirect_url_pattern: str | msgspec.UnsetType = msgspec.UNSET


class _CustomChanges(msgspec.Struct, rename="camel"):
    type: _MayText = msgspec.UNSET
    client_id: _MayText = msgspec.UNSET
    secret: _MayText = msgspec.UNSET
    redirect_url: _MayText = msgspec.UNSET
    authorization_url: _MayText = msgspec.UNSET
    token_url: _MayText = msgspec.UNSET
    user_info_url: _MayText = msgspec.UNSET
    scopes: _MayText = msgspec.UNSET
    sso_logo_url: _MayText = msgspec.UNSET
    display_name: _MayText = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    redirect_url_pattern: _MayText = msgspec.UNSET


_CUSTOM_BODY: Final = msgspec.json.Decoder(_Custom)
_CUSTOM_CHANGES: Final = msgspec.json.Decoder(_CustomChanges)


def _get_active(state: State, call: Call) -> Response:
    active = [each for each in call.store.social_logins.values() if each["active"]]
    return json_response(200, [_without(each, "secret") for each in active])


def _get_custom(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_CUSTOM_KIND).values()
    return json_response(200, {"providers": [_without(each, "secret") for each in known]})


def _create_custom(state: State, call: Call) -> Response:
    provider = {"id": str(uuid4()), **wire_fields(decode(_CUSTOM_BODY, call))}
    call.store.settings.objects(_CUSTOM_KIND)[provider["id"]] = provider
    return empty_response(200)


def _update_custom(state: State, call: Call) -> Response:
    provider = find("Provider", call.store.settings.objects(_CUSTOM_KIND), call.values[0])
    provider |= wire_fields(decode(_CUSTOM_CHANGES, call))
    return empty_response(200)


def _delete_custom(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_CUSTOM_KIND)
    del known[find("Provider", known, call.values[0])["id"]]
    return empty_response(200)


def _without(document: Document, *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


ROUTES: Final = (
    route("GET", _V1, _get_active, takes=Takes.NOTHING),
    route("GET", _V2 + "/authenticated", _get_active, takes=Takes.EITHER),
    route("GET", _CUSTOM, _get_custom, takes=Takes.NOTHING),
    route("POST", _CUSTOM, _create_custom, takes=Takes.ENVIRONMENT),
    route("PATCH", _CUSTOM + "/{id}", _update_custom, takes=Takes.ENVIRONMENT),
    route("DELETE", _CUSTOM + "/{id}", _delete_custom, takes=Takes.ENVIRONMENT),
)
