"""Pages of items: limit, offset, order, and the links between pages.

==================================================================  =====
``_offset`` counts pages; ``_links.next`` is a bare query string    seen
``_links.next`` on the last page is empty (or null)                 guess
50 items by default; a limit above the maximum, or nonsense,        guess
is 400, also an order that is none of the documented ones; a page
behind the last one is empty
items without a value in the sorted field come first                guess
==================================================================  =====
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from ..http.response import RejectedError, Response
from ..policy import Policy
from ._bodies import integer, json_response, parameter

__all__ = ["limit_and_offset", "page_response"]

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


def page_response(
    parameters: dict[str, list[str]],
    policy: Policy,
    items: Sequence[_T],
    view: Callable[[_T], object],
    *,
    keys: Mapping[str, Callable[[_T], Any]],
    maximum: int | None = None,
) -> Response:
    """Return the page that a request asks for.

    Args:
        parameters: The query: ``_limit``, ``_offset``, ``_sortBy`` and ``_order`` are read.
        policy: Decides the link after the last page.
        items: All items, in the order without ``_sortBy``.
        view: Makes the JSON of an item.
        keys: The fields to sort by.
        maximum: Items on the longest page, or None.

    """
    limit, offset = limit_and_offset(parameters, maximum)
    items = _ordered(items, parameters, keys)
    pages = -(-len(items) // limit)
    kept = {name: values for name, values in parameters.items() if name != "_offset"}

    def link(page: int) -> str:
        return urlencode({**kept, "_limit": [limit], "_offset": [page]}, doseq=True)

    links = _Links(
        link(offset + 1) if offset + 1 < pages else policy.next_at_end,
        link(offset - 1) if offset else policy.next_at_end,
        link(0),
        link(max(0, pages - 1)),
    )
    page = items[offset * limit : (offset + 1) * limit]
    totals = _Totals(len(items), pages)
    return json_response(200, _Page([view(item) for item in page], links, totals))


def limit_and_offset(parameters: dict[str, list[str]], maximum: int | None) -> tuple[int, int]:
    """Return ``_limit`` and ``_offset``; reject those that cannot be."""
    limit = integer(parameter(parameters, "_limit", str(_DEFAULT_LIMIT)))
    offset = integer(parameter(parameters, "_offset", "0"))
    if limit is None or offset is None:
        raise RejectedError(400, "_limit and _offset must be numbers")
    if limit < 1 or (maximum is not None and limit > maximum):
        limits = f"_limit must be between 1 and {maximum}" if maximum else "_limit is below 1"
        raise RejectedError(400, limits)
    if offset < 0:
        raise RejectedError(400, "_offset must not be less than 0")
    return limit, offset


def _ordered(
    items: Sequence[_T], parameters: dict[str, list[str]], keys: Mapping[str, Callable[[_T], Any]]
) -> Sequence[_T]:
    """Return the items as ``_sortBy`` and ``_order`` sort them."""
    order = parameter(parameters, "_order", "ASC")
    if order not in {"ASC", "DESC"}:
        raise RejectedError(400, "_order must be ASC or DESC")
    if "_sortBy" not in parameters:
        return items
    key = keys.get(parameter(parameters, "_sortBy"))
    if key is None:
        raise RejectedError(400, f"_sortBy must be one of {', '.join(keys)}")

    def place(item: _T) -> tuple[bool, Any]:
        value = key(item)
        return value is not None, value if value is not None else ""

    return sorted(items, key=place, reverse=order == "DESC")
