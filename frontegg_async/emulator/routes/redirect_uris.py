"""The configuration of hosted login: whether it is on, and the pages to come back to.

====================================================================  =====
paths, fields; GET, POST, DELETE, ``activate``, ``deactivate``        client
a page is registered once more without an effect                      guess
hosted login takes the pages that are registered here beside those    ours
of the policy; without any it takes any page on this machine
turning hosted login off is kept only                                 ours
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ..state.store import Store
from ._bodies import empty_response, json_response, required
from ._lookups import find
from ._route import Handler, Takes, route

__all__ = ["ROUTES", "registered_pages"]

_PATH: Final = "/oauth/resources/configurations/v1"
_URIS: Final = _PATH + "/redirect-uri"
_KIND: Final = "redirect-uris"


class _Page(msgspec.Struct, rename="camel"):
    redirect_uri: str


_PAGE: Final = msgspec.json.Decoder(_Page)


def registered_pages(store: Store) -> Collection[str] | None:
    """Return the registered redirect URIs of hosted login, or None if there are none at all."""
    added = [each["redirectUri"] for each in store.settings.objects(_KIND).values()]
    fixed = store.policy.hosted_login.redirect_uris
    return added or None if fixed is None else [*fixed, *added]


def _get(state: State, call: Call) -> Response:
    return json_response(200, call.store.settings.get(_PATH) or {"isActive": True})


def _switching(*, active: bool) -> Handler:
    """Make the handler that turns hosted login on or off."""

    def switch(state: State, call: Call) -> Response:
        call.store.settings.put(_PATH, {"isActive": active})
        return empty_response(200)

    return switch


def _get_pages(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_KIND).values()
    return json_response(200, {"redirectUris": list(known)})


def _add_page(state: State, call: Call) -> Response:
    uri = required("redirectUri", decode(_PAGE, call).redirect_uri)
    known = call.store.settings.objects(_KIND)
    if not any(each["redirectUri"] == uri for each in known.values()):
        page = {"id": str(uuid4()), "redirectUri": uri}
        known[page["id"]] = page
    return empty_response(201)


def _delete_page(state: State, call: Call) -> Response:
    known = call.store.settings.objects(_KIND)
    del known[find("Redirect URI", known, call.values[0])["id"]]
    return empty_response(200)


ROUTES: Final = (
    route("GET", _PATH, _get, takes=Takes.ENVIRONMENT),
    route("POST", _PATH + "/activate", _switching(active=True), takes=Takes.ENVIRONMENT),
    route("POST", _PATH + "/deactivate", _switching(active=False), takes=Takes.ENVIRONMENT),
    route("GET", _URIS, _get_pages, takes=Takes.ENVIRONMENT),
    route("POST", _URIS, _add_page, takes=Takes.ENVIRONMENT),
    route("DELETE", _URIS + "/{id}", _delete_page, takes=Takes.ENVIRONMENT),
)
