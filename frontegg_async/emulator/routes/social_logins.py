"""Social logins with the providers that Frontegg knows.

==================================================================  ======
paths, bodies and shapes; a change and its activation are two         client
requests with the environment's token; the list needs no token
a provider that was never set up is 404                               client
one that is set up is not active yet; a change leaves that as it is   guess
the list has the active ones, without their secrets                   guess
an unknown type is 400; success is 201                                guess
==================================================================  ======
"""

from typing import Any, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ._bodies import empty_response, json_response
from ._lookups import find
from ._route import Takes, route

__all__ = ["ROUTES"]

_TYPES: Final = frozenset(
    {"apple", "facebook", "github", "google", "linkedin", "microsoft", "slack"}
)


class _Body(msgspec.Struct, rename="camel"):
    type: str
    redirect_url: str
    client_id: str | None = None
    secret: str | None = None
    customised: bool = False
    additional_scopes: list[str] | None = None


_BODY: Final = msgspec.json.Decoder(_Body)


def _all(state: State, call: Call) -> Response:
    active = [each for each in call.store.social_logins.values() if each["active"]]
    public = [{name: each[name] for name in each if name != "secret"} for each in active]
    return json_response(200, public)


def _get(state: State, call: Call) -> Response:
    return json_response(200, find("Social login", call.store.social_logins, call.values[0]))


def _set(state: State, call: Call) -> Response:
    body = decode(_BODY, call)
    if body.type not in _TYPES:
        raise RejectedError(400, f"type must be one of {', '.join(sorted(_TYPES))}")
    before = call.store.social_logins.get(body.type, {})
    shown: dict[str, Any] = msgspec.to_builtins(body)
    call.store.social_logins[body.type] = {**shown, "active": before.get("active", False)}
    return empty_response(201)


def _activate(state: State, call: Call) -> Response:
    return _switch(call, active=True)


def _deactivate(state: State, call: Call) -> Response:
    return _switch(call, active=False)


def _switch(call: Call, *, active: bool) -> Response:
    find("Social login", call.store.social_logins, call.values[0])["active"] = active
    return empty_response(201)


_SSO: Final = "/identity/resources/sso/v2"

ROUTES: Final = (
    route("GET", _SSO, _all, takes=Takes.NOTHING),
    route("POST", _SSO, _set, takes=Takes.ENVIRONMENT),
    route("GET", _SSO + "/{type}", _get, takes=Takes.ENVIRONMENT),
    route("POST", _SSO + "/{type}/activate", _activate, takes=Takes.ENVIRONMENT),
    route("POST", _SSO + "/{type}/deactivate", _deactivate, takes=Takes.ENVIRONMENT),
)
