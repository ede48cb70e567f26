"""The routes of webhooks.

==================================================================  ======
path, required fields, 201 and 200, an environment token              seen
a list shows neither URL, events nor secret                           seen
creating shows the URL and the events, and not the secret             guess
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
from ._bodies import empty_response, json_response
from ._lookups import find
from ._route import Takes, route

__all__ = ["ROUTES"]

_PATH: Final = "/event/resources/configurations/v1"


class _NewHook(msgspec.Struct, rename="camel"):
    url: str
    events: list[str]
    display_name: str
    key: str
    secret: str = ""
    description: str | None = None


_NEW_HOOK: Final = msgspec.json.Decoder(_NewHook)


def get_all(state: State, call: Call) -> Response:
    """Serve ``GET /event/resources/configurations/v1``."""
    return json_response(200, [_view(hook) for hook in state.hooks.registered.values()])


def create(state: State, call: Call) -> Response:
    """Serve ``POST /event/resources/configurations/v1``."""
    body = decode(_NEW_HOOK, call)
    if not body.url.startswith(("http://", "https://")):
        raise RejectedError(400, "url must be a URL address")
    hook = Hook(
        id=str(uuid4()),
        url=body.url,
        secret=body.secret,
        events=frozenset(body.events),
        signature="jwt",
        form="eventKey",
        lifetime=None,
        name=body.display_name,
        key=body.key,
        description=body.description,
        created_at=state.now(),
    )
    state.hooks.registered[hook.id] = hook
    return json_response(201, {**_view(hook), "url": hook.url, "events": body.events})


def delete(state: State, call: Call) -> Response:
    """Serve ``DELETE /event/resources/configurations/v1/{id}``."""
    hook = find("Webhook", state.hooks.registered, call.values[0])
    del state.hooks.registered[hook.id]
    return empty_response(200)


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
)
