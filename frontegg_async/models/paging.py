"""The shape of one page of a list."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from ._base import Number, ResponseModel

T = TypeVar("T")


class PageLinks(ResponseModel, frozen=True, kw_only=True):
    """Bare query strings, not URLs; empty or null at an end of the list."""

    next: str | None = None
    prev: str | None = None
    first: str | None = None
    last: str | None = None


class PageMetadata(ResponseModel, frozen=True, kw_only=True):
    """Totals of a list."""

    total_items: Number | None = None
    total_pages: Number | None = None


class Page(ResponseModel, Generic[T], frozen=True, kw_only=True):
    """One page; empty behind the last one.

    ``items`` has to be there: an object without them is no page, and no end of a list.
    """

    items: tuple[T, ...]
    links: PageLinks | None = msgspec.field(name="_links", default=None)
    metadata: PageMetadata | None = msgspec.field(name="_metadata", default=None)

    @property
    def nulls(self) -> int:
        """Number of further entries that were null, and are not in ``items``."""
        return 0


class PageWithNulls(Page[T], Generic[T], frozen=True, kw_only=True):
    """A page that was read without its entries that are null: they count against the total."""

    left_out: int = 0

    @property
    def nulls(self) -> int:
        """Number of further entries that were null, and are not in ``items``."""
        return self.left_out
