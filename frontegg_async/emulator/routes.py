"""The route table, and how a raw path finds its way through it.

aiohttp's router is left out: it decodes and normalises before anybody can look, and walking a few
dicts is quicker. A path is split at its slashes first and each placeholder decoded once after
that, as servers in Node do (guess): ``a%2Fb`` is one id with a slash in it, ``%252f`` is an id that
holds ``%2f``. Dot segments, encoded or not, are resolved before matching, as gateways do (guess),
so an id of ``..`` never reaches the route that it was meant for. A slash at the end makes another
path, except for ``/auth/vendor/`` (seen).
"""

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote

import msgspec

from . import handlers, listing
from .call import Call
from .state import State
from .wire import Answer

__all__ = ["AUTHENTICATE", "ROUTES", "Route", "find", "known"]


class Route(msgspec.Struct, frozen=True):
    """One operation of the emulated service."""

    method: str
    template: str
    handle: Callable[[State, Call], Answer] | None
    environment_only: bool = False
    """Refuses requests with a ``frontegg-tenant-id`` (seen)."""
    key: str = ""
    """``"METHOD /template"``, by which limits, faults and counts name it."""


def _route(
    method: str,
    template: str,
    handle: Callable[[State, Call], Answer] | None,
    *,
    environment_only: bool = False,
) -> Route:
    return Route(method, template, handle, environment_only, f"{method} {template}")


_USERS: Final = "/identity/resources/users/v1"
_VENDOR_ONLY: Final = "/identity/resources/vendor-only/users/v1"

AUTHENTICATE: Final = _route("POST", "/auth/vendor", None)

ROUTES: Final = (
    AUTHENTICATE,
    _route("POST", _USERS + "/{userId}/tenant", handlers.add_to_tenant, environment_only=True),
    _route("PUT", _USERS + "/{userId}/tenant", handlers.set_active_tenant, environment_only=True),
    _route("PUT", _USERS + "/{userId}/superuser", handlers.set_superuser, environment_only=True),
    _route("POST", _USERS + "/{userId}/lock", handlers.lock),
    _route("POST", _USERS + "/{userId}/unlock", handlers.unlock),
    _route("GET", _USERS + "/email", handlers.get_by_email),
    _route("GET", _USERS + "/{userId}", handlers.get_in_tenant),
    _route("DELETE", _USERS + "/{userId}", handlers.remove),
    _route("POST", _USERS, handlers.invite),
    _route("GET", "/identity/resources/users/v3", listing.list_users),
    _route("GET", "/identity/resources/tenants/users/v1/statuses", listing.statuses),
    _route("GET", _VENDOR_ONLY + "/{userId}", handlers.get_anywhere, environment_only=True),
    _route("POST", _VENDOR_ONLY, handlers.create, environment_only=True),
)

_KEYS: Final = frozenset(route.key for route in ROUTES)


class _Node:
    """One step of a path: the literal ones first, then the placeholder."""

    __slots__ = ("literal", "placeholder", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.placeholder: _Node | None = None
        self.routes: dict[str, Route] = {}


def _grow(routes: Iterable[Route]) -> _Node:
    root = _Node()
    for route in routes:
        node = root
        for segment in route.template.split("/")[1:]:
            if segment.startswith("{"):
                node.placeholder = node.placeholder or _Node()
                node = node.placeholder
            else:
                node = node.literal.setdefault(segment, _Node())
        node.routes[route.method] = route
    return root


_ROOT: Final = _grow(ROUTES)


def known(key: str) -> str:
    """Return a ``"METHOD /template"`` that has a route, or raise :exc:`ValueError`."""
    if key not in _KEYS:
        raise ValueError(f"no such route: {key!r}; there are {', '.join(sorted(_KEYS))}")
    return key


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the route of a raw path without its query, and the decoded placeholders."""
    if path == "/auth/vendor/":
        path = AUTHENTICATE.template
    segments = path.split("/")
    # The check is cheap and nearly always false; resolving is not.
    if "/." in path or "%2" in path:
        segments = _resolve_dots(segments)
    return _walk(_ROOT, method, segments, 1, ())


def _walk(
    node: _Node, method: str, segments: list[str], index: int, values: tuple[str, ...]
) -> tuple[Route, tuple[str, ...]] | None:
    """Match from ``index`` on: the literal step first, and back to the placeholder if it fails.

    ``GET …/users/v1/email`` is a route of its own, while ``POST …/users/v1/email/tenant`` is about
    a user whose id is ``email``.
    """
    if index == len(segments):
        route = node.routes.get(method)
        return None if route is None else (route, values)
    segment = segments[index]
    literal = node.literal.get(segment)
    if literal is not None:
        found = _walk(literal, method, segments, index + 1, values)
        if found is not None:
            return found
    if node.placeholder is None or not segment:
        return None
    try:
        value = unquote(segment, errors="strict") if "%" in segment else segment
    except UnicodeDecodeError:
        return None
    return _walk(node.placeholder, method, segments, index + 1, (*values, value))


def _resolve_dots(segments: list[str]) -> list[str]:
    resolved: list[str] = []
    for segment in segments:
        match segment.lower().replace("%2e", "."):
            case ".":
                continue
            case "..":
                del resolved[max(1, len(resolved) - 1) :]
            case _:
                resolved.append(segment)
    return resolved
