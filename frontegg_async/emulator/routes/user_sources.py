"""Sources of users outside of the environment, which the SDK calls user pools.

====================================================================  =====
paths, fields, success statuses, the kinds of sources                 spec
the fields of a configuration are checked to be an object only        ours
a change keeps the fields of the configuration that it leaves out     guess
a source has no users: nobody has come from it                        ours
unknown ids are 404, and so is one of another kind                    guess
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
from ._lookups import find, not_found
from ._pages import page_response
from ._route import Handler, route
from ._settings import wire_fields

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/user-sources/v1"
_KIND: Final = "user-sources"
_SOURCES: Final = {
    "/external/auth0": "auth0",
    "/external/cognito": "cognito",
    "/external/firebase": "firebase",
    "/external/custom-code": "custom-code",
    "/federation": "federation",
}
_NOT_WHEN_MADE: Final = ("configuration",)

_Number = int | float


class _New(msgspec.Struct, rename="camel"):
    name: str
    configuration: dict[str, Any]
    index: _Number = 0
    app_ids: list[str] = []
    description: str = ""


class _Changes(msgspec.Struct, rename="camel"):
    name: str | msgspec.UnsetType = msgspec.UNSET
    configuration: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    index: _Number | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET


class _Assignment(msgspec.Struct, rename="camel"):
    app_ids: list[str]
    user_source_id: str


_NEW: Final = msgspec.json.Decoder(_New)
_CHANGES: Final = msgspec.json.Decoder(_Changes)
_ASSIGNMENT: Final = msgspec.json.Decoder(_Assignment)


def _known(call: Call) -> dict[str, Document]:
    return call.store.settings.objects(_KIND)


def _in_path(call: Call) -> Document:
    return find("User source", _known(call), call.values[0])


def _get_all(state: State, call: Call) -> Response:
    return json_response(200, [{**each, "usersCount": 0} for each in _known(call).values()])


def _get(state: State, call: Call) -> Response:
    return json_response(200, _in_path(call))


def _delete(state: State, call: Call) -> Response:
    del _known(call)[_in_path(call)["id"]]
    return empty_response(200)


def _creating(kind: str) -> Handler:
    """Make the handler that creates a source of a kind."""

    def create(state: State, call: Call) -> Response:
        source = {"id": str(uuid4()), "type": kind, **wire_fields(decode(_NEW, call))}
        _known(call)[source["id"]] = source
        shown = {name: value for name, value in source.items() if name not in _NOT_WHEN_MADE}
        return json_response(201, shown)

    return create


def _updating(kind: str) -> Handler:
    """Make the handler that changes a source of a kind."""

    def update(state: State, call: Call) -> Response:
        source = _in_path(call)
        if source["type"] != kind:
            raise not_found("User source", source["id"])
        fields = wire_fields(decode(_CHANGES, call))
        configuration = {**source["configuration"], **fields.pop("configuration", {})}
        source |= {**fields, "configuration": configuration}
        return empty_response(200)

    return update


def _assigning(*, add: bool) -> Handler:
    """Make the handler that assigns applications to a source, or takes them."""

    def assign(state: State, call: Call) -> Response:
        body = decode(_ASSIGNMENT, call)
        source = find("User source", _known(call), body.user_source_id)
        kept = [each for each in source["appIds"] if each not in body.app_ids]
        source["appIds"] = [*kept, *dict.fromkeys(body.app_ids)] if add else kept
        return empty_response(201)

    return assign


def _get_users(state: State, call: Call) -> Response:
    _in_path(call)
    nobody: list[Document] = []
    return page_response(call.parameters(), state.policy, nobody, lambda each: each, keys={})


ROUTES: Final = (
    route("GET", _PATH, _get_all),
    route("GET", _PATH + "/{id}", _get),
    route("DELETE", _PATH + "/{id}", _delete),
    route("GET", _PATH + "/{id}/users", _get_users),
    route("POST", _PATH + "/assign", _assigning(add=True)),
    route("POST", _PATH + "/unassign", _assigning(add=False)),
    *(
        each
        for path, kind in _SOURCES.items()
        for each in (
            route("POST", _PATH + path, _creating(kind)),
            route("PUT", f"{_PATH}{path}/{{id}}", _updating(kind)),
        )
    ),
)
