"""Pages of anything: limit, offset, order, and the links between them.

==================================================================  =====
``_offset`` counts pages; ``_links.next`` is a bare query string    seen
``_links.next`` on the last page is empty (or null)                 guess
50 come unless asked otherwise; more than the most, or nonsense,    guess
is 400, also an order that is none of the documented ones
what has no value in the sorted field comes first                   guess
==================================================================  =====
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from ..http.response import Response, error_response
from ..policy import Policy
from ._responses import json_response

__all__ = ["Window", "ordered", "window"]

_DEFAULT_LIMIT: Final = 50
_T = TypeVar("_T")


class _Links(msgspec.Struct):
    next: str | None
    prev: str | None
    first: str
    last: str


class _Totals(msgspec.Struct, rename="camel"):
    total_items: int
    total_pages: int


class _Page(msgspec.Struct):
    """``FronteggPaginationWrapper``."""

    items: Sequence[object]
    links: _Links = msgspec.field(name="_links")
    totals: _Totals = msgspec.field(name="_metadata")


class Window(msgspec.Struct):
    """Which page a request wants, and how it asked."""

    limit: int
    offset: int
    parameters: dict[str, list[str]]

    def of(self, items: Sequence[_T], policy: Policy, view: Callable[[_T], object]) -> Response:
        """Show this page of ``items``."""
        pages = -(-len(items) // self.limit)
        offset = self.offset
        none = policy.next_at_end
        links = _Links(
            self._link(offset + 1) if offset + 1 < pages else none,
            self._link(offset - 1) if offset else none,
            self._link(0),
            self._link(max(0, pages - 1)),
        )
        page = items[offset * self.limit : (offset + 1) * self.limit]
        return json_response(
            200, _Page([view(item) for item in page], links, _Totals(len(items), pages))
        )

    def _link(self, page: int) -> str:
        kept = {name: values for name, values in self.parameters.items() if name != "_offset"}
        return urlencode({**kept, "_limit": [self.limit], "_offset": [page]}, doseq=True)


def window(parameters: dict[str, list[str]], most: int | None) -> Window | Response:
    """Read the page that is wanted, or return the 400 that it deserves."""
    try:
        limit = int(parameters.get("_limit", [str(_DEFAULT_LIMIT)])[-1])
        offset = int(parameters.get("_offset", ["0"])[-1])
    except ValueError:
        return error_response(400, "_limit and _offset must be numbers")
    if limit < 1 or (most is not None and limit > most):
        return error_response(
            400, f"_limit must be between 1 and {most}" if most else "_limit is below 1"
        )
    if offset < 0:
        return error_response(400, "_offset must not be less than 0")
    return Window(limit, offset, parameters)


def ordered(
    items: list[_T], parameters: dict[str, list[str]], keys: Mapping[str, Callable[[_T], Any]]
) -> list[_T] | Response:
    """Sort as ``_sortBy`` and ``_order`` say; without the former, leave the order alone."""
    (order,) = parameters.get("_order", ["ASC"])[-1:]
    if order not in {"ASC", "DESC"}:
        return error_response(400, "_order must be ASC or DESC")
    if "_sortBy" not in parameters:
        return items
    key = keys.get(parameters["_sortBy"][-1])
    if key is None:
        return error_response(400, f"_sortBy must be one of {', '.join(keys)}")

    def place(item: _T) -> tuple[bool, Any]:
        value = key(item)
        return value is not None, value if value is not None else ""

    return sorted(items, key=place, reverse=order == "DESC")
