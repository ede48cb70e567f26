"""Settings that are written and read again: the routes of one are made from a few words.

==================================================================  =====
paths, fields, values of enums, success statuses                      spec
some settings are 404 until they are made, by POST or PUT; after      client
that a POST is 409, and PATCH or PUT changes them
the other settings have values before they are set                    client
a change keeps the fields that it does not name                       guess
with the header, or a user's token, a setting is the tenant's         spec
==================================================================  =====
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..state.environment import State
from ..state.settings import Document, stable_id
from ._bodies import empty_response, json_response
from ._route import Handler, Route, Takes, route

__all__ = ["Setting", "new_object", "wire_fields"]


def wire_fields(body: msgspec.Struct) -> Document:
    """Return the fields that a body has set, by their names on the wire."""
    fields: Document = msgspec.to_builtins(body)
    return fields


def new_object(state: State, object_id: str, fields: Document) -> Document:
    """Return an object with its id and the times of its making."""
    now = state.now()
    return {"id": object_id, **fields, "createdAt": now, "updatedAt": now}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, which is found by its path."""

    path: str
    body: type[msgspec.Struct]
    """The body of a change."""
    methods: Mapping[str, int]
    """Methods of a change, with the status of success."""
    defaults: Document | None = None
    """Its values before it is set; None if it is not there before."""
    fill: Document | None = None
    """Fields that it gets when it is made, unless the body has them."""
    by_tenant: bool = False
    """True if a tenant can have its own."""
    stamped: bool = False
    """Show an id, and the times of making and change."""
    once: bool = False
    """True if it is made once, and changed after that."""
    silent: bool = False
    """Respond to a change with nothing."""
    vendor: bool = False
    """Show the environment's own at ``/vendor`` too, for users whose tenant has another."""

    def routes(self) -> tuple[Route, ...]:
        """Make the routes."""
        found = [route("GET", self.path, self._reading(by_tenant=self.by_tenant))]
        if self.vendor:
            of_environment = self._reading(by_tenant=False)
            found.append(route("GET", self.path + "/vendor", of_environment, takes=Takes.EITHER))
        for method, status in self.methods.items():
            found.append(route(method, self.path, self._writing(method, status)))
        return tuple(found)

    def now(self, call: Call, tenant_id: str | None) -> Document | None:
        """Return the setting as it holds for a tenant, or for the environment."""
        found = call.store.settings.get(self.path, tenant_id)
        if found is not None or self.defaults is None:
            return found
        return dict(self.defaults)

    def _reading(self, *, by_tenant: bool) -> Handler:
        def read(state: State, call: Call) -> Response:
            found = self.now(call, call.tenant if by_tenant else None)
            if found is None:
                raise RejectedError(404, "Configuration not found")
            return json_response(200, found)

        return read

    def _writing(self, method: str, status: int) -> Handler:
        decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(self.body)

        def write(state: State, call: Call) -> Response:
            fields = wire_fields(decode(decoder, call))
            tenant_id = call.tenant if self.by_tenant else None
            own = call.store.settings.own(self.path, tenant_id)
            if self.once and method == "POST" and own is not None:
                raise RejectedError(409, "Configuration already exists")
            if self.once and method == "PATCH" and own is None:
                raise RejectedError(404, "Configuration not found")
            document = {**(self.now(call, tenant_id) or self.fill or {}), **fields}
            if "tenantId" in document:
                document["tenantId"] = tenant_id or ""
            if self.stamped:
                document |= self._stamp(state, own, tenant_id)
            call.store.settings.put(self.path, document, tenant_id)
            return empty_response(status) if self.silent else json_response(status, document)

        return write

    def _stamp(self, state: State, own: Document | None, tenant_id: str | None) -> Document:
        now = state.now()
        made = now if own is None else own["createdAt"]
        return {"id": stable_id(f"{self.path} {tenant_id}"), "createdAt": made, "updatedAt": now}
