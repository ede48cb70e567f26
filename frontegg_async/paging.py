"""Lists that come in pages, as async iterators that fetch a page when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final, Generic, TypeVar

from .errors import InvalidRequestError, UndecodableAnswerError
from .models.paging import Page
from .operation import Caller, Operation, Query, QueryValue

T = TypeVar("T")


class Paginator(Generic[T]):
    """Iterate it for the items, or ``pages()`` for the pages. Nothing is sent before that.

    Frontegg's ``_offset`` is the index of a page, not of an item, and the page behind the last
    one is empty (docs/frontegg.md: spec, seen).
    """

    def __init__(
        self,
        caller: Caller,
        operation: Operation[Page[T]],
        query: Mapping[str, QueryValue],
        *,
        limit: int,
        max_limit: int,
    ) -> None:
        if type(limit) is not int or not 1 <= limit <= max_limit:
            raise InvalidRequestError(
                f"limit must be from 1 to {max_limit} items a page, got {limit!r}",
                operation=operation.name,
            )
        self._caller: Final = caller
        self._operation: Final = operation
        self._query: Final[Query] = {**query, "_limit": limit}

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items or ():
                yield item

    async def pages(self) -> AsyncIterator[Page[T]]:
        """Iterate over the pages, each with its ``metadata`` of totals.

        Raises:
            UndecodableAnswerError: the server answers with the same page again and again.
        """
        previous: tuple[T, ...] | None = None
        index = 0
        while True:
            page = await self._caller.call(self._operation, query={**self._query, "_offset": index})
            if not page.items:
                return
            if page.items == previous:
                raise UndecodableAnswerError(
                    f"page {index} holds the same items as the page before it",
                    operation=self._operation.name,
                )
            yield page
            if page.links is not None and not page.links.next:
                return
            previous = page.items
            index += 1
