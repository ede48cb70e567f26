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
    """Which tokens a route lets in."""

    NOTHING = "nothing"
    """It is there for those who have no token yet, and does not look at one."""
    ENVIRONMENT = "environment"
    USER = "user"
    EITHER = "either"


class Route(msgspec.Struct, frozen=True):
    """One operation of the emulated service."""

    method: str
    template: str
    handle: Handler | None
    environment_only: bool = False
    """Refuses requests with a ``frontegg-tenant-id`` (seen)."""
    key: str = ""
    """``"METHOD /template"``, by which limits, faults and counts name it."""
    takes: Takes | None = None
    """Which tokens; None leaves it to the table of operations whether a user's will do."""


def route(
    method: str,
    template: str,
    handle: Handler | None,
    *,
    environment_only: bool = False,
    takes: Takes | None = None,
) -> Route:
    """Make a route; see ``Route`` for what is what."""
    if environment_only:
        takes = Takes.ENVIRONMENT
    return Route(method, template, handle, environment_only, f"{method} {template}", takes)
