"""Matching of raw paths with routes.

aiohttp's router is left out: it decodes and normalises the path first, and walking a few dicts is
quicker. A path is split at its slashes first and each placeholder decoded once after
that, as servers in Node do (guess): ``a%2Fb`` is one id with a slash in it, ``%252f`` is an id that
holds ``%2f``. Dot segments, encoded or not, are resolved before matching, as gateways do (guess),
so an id of ``..`` never reaches the route that it was meant for. A slash at the end makes another
path.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from ._route import Route

__all__ = ["Tree", "segments_of"]


def segments_of(path: str) -> list[str]:
    """Split a raw path without its query, and resolve its dot segments."""
    segments = path.split("/")
    # The check is cheap and nearly always false; resolving is not.
    return _resolve_dots(segments) if "/." in path or "%2" in path else segments


class _Node:
    """One segment of a path: literal ones first, then the placeholder."""

    __slots__ = ("literal", "placeholder", "routes")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.placeholder: _Node | None = None
        self.routes: dict[str, Route] = {}


class Tree:
    """Routes, by the segments of their templates."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        for each in routes:
            node = self._root
            for segment in each.template.split("/")[1:]:
                if segment.startswith("{"):
                    node.placeholder = node.placeholder or _Node()
                    node = node.placeholder
                else:
                    node = node.literal.setdefault(segment, _Node())
            if each.method in node.routes:
                raise ValueError(f"{each.key} is {node.routes[each.method].key} already")
            node.routes[each.method] = each

    def find(self, method: str, segments: list[str]) -> tuple[Route, tuple[str, ...]] | None:
        """Find the route of a path, and the decoded placeholders."""
        return _walk(self._root, method, segments, 1, ())

    def same(self, key: str) -> Route | None:
        """Return the route with the key ``"METHOD /template"``, under any names of placeholders."""
        method, _, template = key.partition(" ")
        node: _Node | None = self._root
        for segment in template.split("/")[1:]:
            if node is None:
                return None
            node = node.placeholder if segment.startswith("{") else node.literal.get(segment)
        return None if node is None else node.routes.get(method)


def _walk(
    node: _Node, method: str, segments: list[str], index: int, values: tuple[str, ...]
) -> tuple[Route, tuple[str, ...]] | None:
    """Match from ``index`` on: the literal step first, and back to the placeholder if it fails.

    ``GET …/users/v1/email`` is a route of its own, while ``POST …/users/v1/email/tenant`` is about
    a user whose id is ``email``.
    """
    if index == len(segments):
        found = node.routes.get(method)
        return None if found is None else (found, values)
    segment = segments[index]
    literal = node.literal.get(segment)
    if literal is not None:
        way = _walk(literal, method, segments, index + 1, values)
        if way is not None:
            return way
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
