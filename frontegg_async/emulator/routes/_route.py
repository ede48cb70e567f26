"""One route of the emulated service, as a value."""

from collections.abc import Callable
from enum import Enum

import msgspec

from ..http.request import Call
from ..http.response import Response
from ..state.environment import State

__all__ = ["Handler", "Route", "Takes", "route"]

Handler = Callable[[State, Call], Response]


class Takes(Enum):
    """The tokens that a route accepts."""

    NOTHING = "nothing"
    """For callers without a token; one that is sent is not checked."""
    ENVIRONMENT = "environment"
    USER = "user"
    EITHER = "either"


class Route(msgspec.Struct, frozen=True):
    """One operation of the emulated service."""

    method: str
    template: str
    handle: Handler | None
    environment_only: bool = False
    """Rejects requests with a ``frontegg-tenant-id`` (seen)."""
    key: str = ""
    """``"METHOD /template"``, by which limits, faults and counts name it."""
    takes: Takes | None = None
    """The tokens that it accepts; None leaves user tokens to the SDK's table of operations."""


def route(
    method: str,
    template: str,
    handle: Handler | None,
    *,
    environment_only: bool = False,
    takes: Takes | None = None,
) -> Route:
    """Make a route, with the fields of :class:`Route`."""
    if environment_only:
        takes = Takes.ENVIRONMENT
    return Route(method, template, handle, environment_only, f"{method} {template}", takes)
