"""Web pages that call: the headers by which a browser lets a page of another origin do so.

====================================================================  =====
cookies go along, so the origin is named, and no ``*``                ours
origins that the environment lists may call; without a list, all may  ours
a preflight is answered for every path, and neither counted,          ours
recorded nor struck by faults
====================================================================  =====
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .http.response import Response
from .routes.vendors import allowed_origins
from .state.store import Store

__all__ = ["cross_origin", "preflight"]

_METHOD: Final = "Access-Control-Request-Method"
_HEADERS: Final = "Access-Control-Request-Headers"
_NONE: Final[Mapping[str, str]] = {}


def cross_origin(store: Store, headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers that let the page that made a request read the response."""
    origin = headers.get("Origin")
    # One that is no ASCII is none of a browser's, and no header could name it.
    if origin is None or not origin.isascii():
        return _NONE
    allowed = allowed_origins(store)
    if allowed and origin not in allowed:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "frontegg-trace-id",
        "Vary": "Origin",
    }


def preflight(method: str, headers: Mapping[str, str]) -> Response | None:
    """Return the response to a browser that asks before it sends, or None to anything else."""
    if method != "OPTIONS" or _METHOD not in headers or "Origin" not in headers:
        return None
    asked = headers.get(_HEADERS, "")
    answer = {
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": asked if asked.isascii() else "",
        "Access-Control-Max-Age": "600",
    }
    return Response(204, content_type=None, headers=answer)
