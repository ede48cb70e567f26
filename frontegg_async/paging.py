"""Lists that come in pages, as async iterators that fetch a page when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qs

from .errors import InvalidRequestError, UndecodableAnswerError
from .models.paging import Page
from .operation import Caller, Operation, Query, QueryValue

T = TypeVar("T")


class Paginator(Generic[T]):
    """Iterate it for the items, or ``pages()`` for the pages. Nothing is sent before that.

    Frontegg's ``_offset`` is the index of a page, not of an item, ``_links.next`` is a bare query
    string, and the page behind the last one is empty (docs/frontegg.md: spec, seen). A list ends

    - at an empty page;
    - where ``next`` is missing although an earlier page had it;
    - where ``next`` is missing and the stated total is reached.

    Args:
        caller: sends the operation.
        operation: returns one page.
        query: the filters.
        path: values of the operation's path parameters.
        limit: items a page; None for an operation that takes no limit, whose links are followed.
        max_limit: the most that the API gives in a page, None if it does not say.
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
            most = "" if max_limit is None else f" to {max_limit}"
            raise InvalidRequestError(
                f"limit must be from 1{most} items a page, got {limit!r}",
                operation=operation.name,
            )
        operation.path(path)  # refused here and not at the first page
        self._caller: Final = caller
        self._operation: Final = operation
        self._query: Final[Query] = query
        self._limit: Final = limit
        self._path: Final = path
        self._tenant_id: Final = tenant_id

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items or ():
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over the pages, each with its ``metadata`` of totals where the API gives one.

        Raises:
            UndecodableAnswerError: the server answers with the same page again and again, or its
                pages end before the total that it states.
        """
        previous: tuple[T, ...] | None = None
        index = count = 0
        total: float | None = None
        linked = False
        query: Query | None = self._query_of(index, None)
        while query is not None:
            page = await self._caller.call(
                self._operation, *self._path, query=query, tenant_id=self._tenant_id
            )
            if not page.items:
                break
            if page.items == previous:
                raise self._broken(f"page {index} holds the same items as the page before it")
            yield page
            previous = page.items
            count += len(page.items)
            index += 1
            total = None if page.metadata is None else page.metadata.total_items
            follows = page.links is not None and bool(page.links.next)
            if not follows and (linked if total is None else count >= total):
                return
            linked = linked or follows
            query = self._query_of(index, page)
        if total is not None and count < total:
            raise self._broken(f"the pages end after {count} of {total} items")

    def _query_of(self, index: int, before: Page[T] | None) -> Query | None:
        """Return the query for a page, or None if only a link can tell it and there is none."""
        if self._limit is not None:
            return {**self._query, "_limit": self._limit, "_offset": index}
        if before is None:
            return self._query
        if before.links is None or not before.links.next:
            return None
        return {**self._query, **parse_qs(before.links.next.removeprefix("?"))}

    def _broken(self, text: str) -> UndecodableAnswerError:
        return UndecodableAnswerError(text, operation=self._operation.name)
