"""The routes of temporary users.

====================================================================  =====
paths, required fields, success statuses, shapes of responses         spec
the new end counts from now; the emulator ends no user by itself      guess
making a permanent user permanent is no error                         guess
====================================================================  =====
"""

from typing import Annotated, Final

import msgspec

from ..http.request import Call, decode
from ..http.response import Response
from ..state.environment import State
from ._bodies import empty_response, json_response
from ._lookups import user_in_path
from ._route import route

__all__ = ["ROUTES"]

_PATH: Final = "/identity/resources/users/temporary/v1"


_Seconds = msgspec.Meta(ge=300, le=10_000_000_000)


class _Expiration(msgspec.Struct, rename="camel"):
    expiration_in_seconds: Annotated[int, _Seconds] | Annotated[float, _Seconds]


class _Enabled(msgspec.Struct):
    enabled: bool


_EXPIRATION: Final = msgspec.json.Decoder(_Expiration)
_ENABLED: Final = msgspec.json.Decoder(_Enabled)


def set_expiration(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/temporary/v1/{userId}``."""
    user = user_in_path(state, call)
    body = decode(_EXPIRATION, call)
    user.expires_at = state.now(body.expiration_in_seconds)
    return json_response(201, body)


def make_permanent(state: State, call: Call) -> Response:
    """Serve ``DELETE /identity/resources/users/temporary/v1/{userId}``."""
    user = user_in_path(state, call)
    user.expires_at = None
    return empty_response(200)


def get_configuration(state: State, call: Call) -> Response:
    """Serve ``GET /identity/resources/users/temporary/v1/configuration``."""
    return json_response(200, _Enabled(state.settings["temporary-users"]))


def update_configuration(state: State, call: Call) -> Response:
    """Serve ``PUT /identity/resources/users/temporary/v1/configuration``."""
    body = decode(_ENABLED, call)
    state.settings["temporary-users"] = body.enabled
    return json_response(200, body)


ROUTES: Final = (
    route("GET", _PATH + "/configuration", get_configuration),
    route("PUT", _PATH + "/configuration", update_configuration),
    route("PUT", _PATH + "/{userId}", set_expiration),
    route("DELETE", _PATH + "/{userId}", make_permanent),
)
