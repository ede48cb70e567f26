"""Settings that are written and read again: the routes of one are made from a few words.

==================================================================  =====
paths, fields, values of enums, success statuses                      spec
a POST of some settings that are set already is 409, and their        client
change takes PATCH or PUT; before that they are 404
the other settings have values before they are set                    client
a change keeps the fields that it does not name                       guess
with the header, or a user's token, a setting is the tenant's         spec
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.settings import Document, stable_id
from ._bodies import empty_response, json_response
from ._route import Handler, Route, Takes, route

__all__ = ["new_object", "setting", "wire_fields"]

View = Callable[[Call, Document], object]
"""Makes the response of a setting."""


def wire_fields(body: msgspec.Struct) -> Document:
    """Return the fields that a body has set, by their names on the wire."""
    fields: Document = msgspec.to_builtins(body)
    return fields


def new_object(state: State, object_id: str, fields: Document) -> Document:
    """Return an object with its id and the times of its making."""
    now = state.now()
    return {"id": object_id, **fields, "createdAt": now, "updatedAt": now}


def setting(
    path: str,
    model: type[msgspec.Struct],
    *,
    methods: Mapping[str, int],
    defaults: Document | None = None,
    by_tenant: bool = False,
    stamped: bool = False,
    once: bool = False,
    silent: bool = False,
    takes: Takes | None = None,
    also: str = "",
    view: View | None = None,
) -> tuple[Route, ...]:
    """Make the routes of a setting.

    Args:
        path: The path, which is its name as well.
        model: The body of a change.
        methods: Methods of a change, with the status of success.
        defaults: Its values before it is set; None if it is not there before.
        by_tenant: True if a tenant can have its own.
        stamped: Show an id and the times of making and change.
        once: True if it can be made once only, by POST, and only changed after that.
        silent: Respond to a change with nothing.
        takes: The tokens that the routes accept.
        also: The end of a path at which the environment's own is read as well.
        view: Makes the response; by default the setting as it is.

    """
    decoder = msgspec.json.Decoder(model)

    def show(call: Call, document: Document) -> object:
        return document if view is None else view(call, document)

    def current(call: Call, tenant_id: str | None) -> Document | None:
        found = call.store.settings.get(path, tenant_id)
        if found is not None or defaults is None:
            return found
        if not stamped:
            return dict(defaults)
        began = "2024-01-01T00:00:00.000Z"
        return {"id": stable_id(path), **defaults, "createdAt": began, "updatedAt": began}

    def reading(*, of_tenant: bool) -> Handler:
        def read(state: State, call: Call) -> Response:
            found = current(call, call.tenant if of_tenant else None)
            if found is None:
                raise RejectedError(404, "Configuration not found")
            return json_response(200, show(call, found))

        return read

    def writing(method: str, status: int) -> Handler:
        def write(state: State, call: Call) -> Response:
            fields = wire_fields(decode(decoder, call))
            tenant_id = call.tenant if by_tenant else None
            own = call.store.settings.own(path, tenant_id)
            if once and method == "POST" and own is not None:
                raise RejectedError(409, "Configuration already exists")
            if once and method != "POST" and own is None:
                raise RejectedError(404, "Configuration not found")
            document = {**(current(call, tenant_id) or {}), **fields}
            if stamped:
                made = own or {"id": f"{stable_id(path)}", "createdAt": state.now()}
                if own is None and tenant_id is not None:
                    made["id"] = stable_id(f"{path} {tenant_id}")
                document |= {
                    "id": made["id"],
                    "createdAt": made["createdAt"],
                    "updatedAt": state.now(),
                }
            call.store.settings.put(path, document, tenant_id)
            return empty_response(status) if silent else json_response(status, show(call, document))

        return write

    routes = [route("GET", path, reading(of_tenant=by_tenant), takes=takes)]
    if also:
        # A setting of the environment, for a user's token whose tenant has its own.
        routes.append(route("GET", path + also, reading(of_tenant=False), takes=Takes.EITHER))
    routes += [
        route(method, path, writing(method, status), takes=takes)
        for method, status in methods.items()
    ]
    return tuple(routes)
