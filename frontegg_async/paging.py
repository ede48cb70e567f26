"""Paged lists, as async iterators that fetch a page when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qs

from .errors import InvalidRequestError, ResponseDecodeError
from .models.paging import Page
from .operation import Caller, Operation, Query, QueryValue

T = TypeVar("T")

MAX_INDEX: Final = 2**31 - 1
"""Largest index of a page: beyond it servers overflow."""


class Paginator(Generic[T]):
    """Iterate it for the items, or ``pages()`` for the pages. Nothing is sent before that.

    ``await`` its ``first()``, ``page(index)`` or ``collect()`` where an iteration is too much.

    Frontegg's ``_offset`` is the index of a page, not of an item, ``_links.next`` is a bare query
    string, and the page behind the last one is empty (docs/frontegg.md: spec, seen). A list ends

    - at an empty page;
    - where ``next`` is missing although an earlier page had it;
    - where ``next`` is missing and the stated total is reached: a total below the number of items
      that came, such as -1 or 0, does not count.

    A page without ``items`` is an error and not an end, and so is a page with a record whose id is
    missing or odd: left out, it would be lost in silence. Other odd values cost their own field
    (``frontegg_async._core.lenient``).

    Args:
        caller: sends the operation.
        operation: returns one page.
        query: the filters.
        path: values of the operation's path parameters.
        limit: items a page; None for an operation that takes no limit, whose links are followed.
        max_limit: most items in a page of the API, None if it is not documented.
        tenant_id: value of the tenant header, instead of the view's.

    Raises:
        InvalidRequestError: the limit is beyond the API's.
    """

    def __init__(
        self,
        caller: Caller,
        operation: Operation[Page[T]],
        query: Mapping[str, QueryValue],
        *path: str,
        limit: int | None,
        max_limit: int | None,
        tenant_id: str | None = None,
    ) -> None:
        if limit is not None and (
            type(limit) is not int or limit < 1 or (max_limit is not None and limit > max_limit)
        ):
            wanted = (
                "a positive integer" if max_limit is None else f"an integer from 1 to {max_limit}"
            )
            raise InvalidRequestError(
                f"limit must be {wanted}, got {limit!r}",
                operation=operation.name,
            )
        operation.path(path)  # rejected here and not at the first page
        self._caller: Final = caller
        self._operation: Final = operation
        self._query: Final[Query] = query
        self._limit: Final = limit
        self._path: Final = path
        self._tenant_id: Final = tenant_id

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self._pages(0):
            for item in page.items:
                yield item

    async def first(self) -> T | None:
        """Return the first item, or None if the list is empty.

        Sends one request, for a page of one item; where the API takes no limit, for its first page.
        Only if that item is null, it goes on as an iteration does.

        Raises:
            ResponseDecodeError: the page is empty although it states a total of more.
        """
        query = self._query_of(0)
        page = await self._fetch(query if self._limit is None else {**query, "_limit": 1})
        self._check_end(0, page, None)
        if page.items or not page.nulls:
            return next(iter(page.items), None)
        async for item in self:  # behind entries that are null
            return item
        return None

    async def page(self, index: int) -> Page[T]:
        """Return one page, the first of which has the index 0. It is empty behind the last one.

        Sends one request.

        Raises:
            InvalidRequestError: the index is no integer from 0 to 2,147,483,647, or it is
                above 0 where the API takes no index and its pages can only be followed.
        """
        return await self._fetch(self._query_of(self._checked(index)))

    async def collect(self, *, max_items: int | None = None) -> list[T]:
        """Return all items in a list, or the first ``max_items`` of them.

        Sends one request after another, one for each page; none for pages behind ``max_items``.
        All of it is in memory at the same time: iterate where that is too much.

        Raises:
            InvalidRequestError: ``max_items`` is no positive integer.
            ResponseDecodeError: as for ``pages``. Items that were read before are lost.
        """
        if max_items is not None and (type(max_items) is not int or max_items < 1):
            raise self._invalid(f"max_items must be a positive integer, got {max_items!r}")
        found: list[T] = []
        async for page in self._pages(0):
            found += page.items
            if max_items is not None and len(found) >= max_items:
                return found[:max_items]
        return found

    def pages(self, *, start: int = 0) -> AsyncIterator[Page[T]]:
        """Iterate over the pages, each with its ``metadata`` of totals where the API gives one.

        Args:
            start: index of the first page, to carry on where an earlier iteration stopped. The
                pages before it are not fetched, and taken to be as long as ``limit``.

        Raises:
            InvalidRequestError: ``start`` cannot be an index, as for ``page``.
            ResponseDecodeError: the server answers with the same page again and again, or its
                pages end before the total that it states.
        """
        return self._pages(self._checked(start))

    async def _pages(self, start: int) -> AsyncIterator[Page[T]]:
        previous: tuple[T, ...] | None = None
        index = start
        count = 0
        # An upper bound: a server may give fewer items a page than it was asked for.
        before = start * (self._limit or 0)
        total: float | None = None
        linked = False
        query: Query | None = self._query_of(index)
        while query is not None:
            page = await self._fetch(query)
            if not page.items and not page.nulls:
                self._check_end(before + count, page, total)
                return
            if page.items and page.items == previous:
                raise self._undecodable(f"page {index} holds the same items as the page before it")
            yield page
            previous = page.items
            count += len(page.items) + page.nulls
            index += 1
            total = _total_of(page)
            follows = page.links is not None and bool(page.links.next)
            # The number of items before ``start`` is not known.
            unclear = total is None or bool(start) or count > total
            if not follows and (linked if unclear else count == total):
                break
            linked = linked or follows
            query = self._next_query(index, page)
        self._check_end(before + count, None, total)

    async def _fetch(self, query: Query) -> Page[T]:
        return await self._caller.call(
            self._operation, *self._path, query=query, tenant_id=self._tenant_id
        )

    def _check_end(self, count: int, page: Page[T] | None, total: float | None) -> None:
        """Raise if a list ends before its total: as last stated, or else by its empty page."""
        if total is None and page is not None and not page.items and not page.nulls:
            total = _total_of(page)
        if total is not None and count < total:
            raise self._undecodable(f"the pages end after {count} of {total} items")

    def _checked(self, index: int) -> int:
        """Return an index, or raise if there can be no such page."""
        if type(index) is not int or not 0 <= index <= MAX_INDEX:
            raise self._invalid(
                f"the index of a page must be an integer from 0 to {MAX_INDEX:,}, got {index!r}"
            )
        if index and self._limit is None:
            raise self._invalid(
                "this list has no numbered pages: iterate pages() from the first one on"
            )
        return index

    def _query_of(self, index: int) -> Query:
        """Return the query for a page; for the first one where the API takes no limit."""
        if self._limit is not None:
            return {**self._query, "_limit": self._limit, "_offset": index}
        return self._query

    def _next_query(self, index: int, before: Page[T]) -> Query | None:
        """Return the query for a page, or None if it needs a link and the page before has none."""
        if self._limit is not None:
            return self._query_of(index)
        if before.links is None or not before.links.next:
            return None
        return {**self._query, **parse_qs(before.links.next.removeprefix("?"))}

    def _invalid(self, text: str) -> InvalidRequestError:
        return InvalidRequestError(text, operation=self._operation.name)

    def _undecodable(self, text: str) -> ResponseDecodeError:
        return ResponseDecodeError(text, operation=self._operation.name)


def _total_of(page: Page[T]) -> float | None:
    return None if page.metadata is None else page.metadata.total_items
