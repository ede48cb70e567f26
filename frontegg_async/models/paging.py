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
    """How much there is in all."""

    total_items: Number | None = None
    total_pages: Number | None = None


class Page(ResponseModel, Generic[T], frozen=True, kw_only=True):
    """One page; empty behind the last one."""

    items: tuple[T, ...] | None = None
    links: PageLinks | None = msgspec.field(name="_links", default=None)
    metadata: PageMetadata | None = msgspec.field(name="_metadata", default=None)
