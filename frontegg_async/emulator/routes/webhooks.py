"""The routes of webhooks.

==================================================================  ======
path, required fields, 201 and 200, an environment token              seen
a list shows neither URL, events nor secret                           seen
creating shows the URL and the events, and not the secret             guess
the service ``/webhook``: fields, secret included; changes by PATCH   client
both services show the same webhooks; inactive ones get nothing       guess
an unknown id is 404, a URL that is none 400                          guess
deleting has an empty response                                        guess
==================================================================  ======
"""

from typing import Any, Final
from uuid import uuid4

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.access import VENDOR
from ..state.environment import State
from ..state.hooks import Hook
from ._bodies import empty_response, given_fields, json_response, set_fields
from ._lookups import find
from ._route import Takes, route

__all__ = ["ROUTES"]

_PATH: Final = "/event/resources/configurations/v1"
_PORTAL: Final = "/webhook"


class _NewHook(msgspec.Struct, rename="camel"):
    url: str
    events: list[str]
    display_name: str
    key: str
    secret: str = ""
    description: str | None = None


class _NewPortalHook(msgspec.Struct, rename="camel"):
    display_name: str
    url: str
    event_keys: list[str]
    secret: str = ""
    description: str | None = None
    is_active: bool = True


class _PortalChanges(msgspec.Struct, rename="camel"):
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET
    event_keys: list[str] | msgspec.UnsetType = msgspec.UNSET
    secret: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET


_NEW_PORTAL_HOOK: Final = msgspec.json.Decoder(_NewPortalHook)
_PORTAL_CHANGES: Final = msgspec.json.Decoder(_PortalChanges)
_NEW_HOOK: Final = msgspec.json.Decoder(_NewHook)


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /event/resources/configurations/v1``."""
    return json_response(200, [_view(hook) for hook in state.hooks.registered.values()])


def create(state: State, call: Call) -> Response:
    """Serve ``POST /event/resources/configurations/v1``."""
    body = decode(_NEW_HOOK, call)
    hook = _register(
        state,
        body.url,
        body.events,
        secret=body.secret,
        name=body.display_name,
        key=body.key,
        description=body.description,
    )
    return json_response(201, {**_view(hook), "url": hook.url, "events": body.events})


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /event/resources/configurations/v1/{id}`` and ``DELETE /webhook/{id}``."""
    hook = find("Webhook", state.hooks.registered, call.values[0])
    del state.hooks.registered[hook.id]
    return empty_response(200)


def _register(
    state: State,
    url: str,
    events: list[str],
    *,
    secret: str,
    name: str,
    key: str,
    description: str | None,
    active: bool = True,
) -> Hook:
    _check_url(url)
    hook = Hook(
        id=str(uuid4()),
        url=url,
        secret=secret,
        events=frozenset(events),
        signature="jwt",
        form="eventKey",
        lifetime=None,
        name=name,
        key=key,
        description=description,
        created_at=state.now(),
        active=active,
    )
    state.hooks.registered[hook.id] = hook
    return hook


def _check_url(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise RejectedError(400, "url must be a URL address")


def get_all_of_portal(state: State, call: Call) -> Response:
    """Serve ``GET /webhook``."""
    return json_response(200, [_portal_view(hook) for hook in state.hooks.registered.values()])


def create_in_portal(state: State, call: Call) -> Response:
    """Serve ``POST /webhook/custom``."""
    body = decode(_NEW_PORTAL_HOOK, call)
    hook = _register(
        state,
        body.url,
        body.event_keys,
        secret=body.secret,
        name=body.display_name,
        key=body.display_name,
        description=body.description,
        active=body.is_active,
    )
    return json_response(201, _portal_view(hook))


def update_in_portal(state: State, call: Call) -> Response:
    """Serve ``PATCH /webhook/{id}``."""
    hook = find("Webhook", state.hooks.registered, call.values[0])
    body = decode(_PORTAL_CHANGES, call)
    if isinstance(body.url, str):
        _check_url(body.url)
    changed = given_fields(body)
    set_fields(hook, {_FIELDS.get(name, name): value for name, value in changed.items()})
    hook.events = None if hook.events is None else frozenset(hook.events)
    return json_response(200, _portal_view(hook))


_FIELDS: Final = {"display_name": "name", "event_keys": "events", "is_active": "active"}


def _portal_view(hook: Hook) -> dict[str, Any]:
    return {
        "_id": hook.id,
        "displayName": hook.name,
        "description": hook.description or "",
        "url": hook.url,
        "secret": hook.secret,
        "eventKeys": sorted(hook.events or ()),
        "isActive": hook.active,
        "type": "custom",
        "vendorId": VENDOR,
        "createdAt": hook.created_at,
    }


def _view(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "key": hook.key,
        "displayName": hook.name,
        "description": hook.description,
        "vendorId": VENDOR,
        "categoryId": None,
        "createdAt": hook.created_at,
        "updatedAt": hook.created_at,
    }


ROUTES: Final = (
    route("GET", _PATH, get_all, takes=Takes.ENVIRONMENT),
    route("POST", _PATH, create, takes=Takes.ENVIRONMENT),
    route("DELETE", _PATH + "/{id}", delete, takes=Takes.ENVIRONMENT),
    route("GET", _PORTAL, get_all_of_portal, takes=Takes.ENVIRONMENT),
    route("POST", _PORTAL + "/custom", create_in_portal, takes=Takes.ENVIRONMENT),
    route("PATCH", _PORTAL + "/{id}", update_in_portal, takes=Takes.ENVIRONMENT),
    route("DELETE", _PORTAL + "/{id}", delete, takes=Takes.ENVIRONMENT),
)
