"""A fixed number of workers on a shared source: memory does not grow with the input."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Final, Generic, TypeVar

import anyio

from ..errors import InvalidRequestError
from .caller_errors import is_cancelled, of_caller

T = TypeVar("T")

_WHO: Final = "the function or the source of the items"
_YIELD_EVERY: Final = 128
"""Items after which a worker yields to the event loop, in case handling them never waits."""


class SharedSource(Generic[T]):
    """A source that several workers read, each item going to one of them."""

    def __init__(self, source: Iterable[T] | AsyncIterable[T]) -> None:
        self._sync: Iterator[T] | None = None
        self._async: AsyncIterator[T] | None = None
        if isinstance(source, AsyncIterable):
            self._async = aiter(source)
        else:
            self._sync = iter(source)
        # Two tasks must not be in ``anext`` of one iterator at a time.
        self._turn: Final = asyncio.Lock()
        self.stopped = False

    async def for_each(self, handle: Callable[[T], Awaitable[object]]) -> None:
        """Handle items one after the other, until there are no more or ``stopped`` is set."""
        handled = 0
        if self._sync is not None:
            # Workers of one loop never call a plain iterator at the same time.
            for item in self._sync:
                await handle(item)
                handled += 1
                if self.stopped:
                    return
                if handled % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
        elif self._async is not None:
            while not self.stopped:
                async with self._turn:
                    try:
                        item = await anext(self._async)
                    except StopAsyncIteration:
                        return
                await handle(item)

    async def close(self) -> None:
        """Close the source if it is a generator."""
        aclose: Callable[[], Awaitable[object]] | None = getattr(self._async, "aclose", None)
        close: Callable[[], object] | None = getattr(self._sync, "close", None)
        if aclose is not None:
            await aclose()
        elif close is not None:
            close()


def check_workers(workers: int) -> None:
    """Raise InvalidRequestError unless the number is a positive integer."""
    if type(workers) is not int or workers < 1:
        raise InvalidRequestError(f"workers must be a positive integer, got {workers!r}")


async def run_workers(
    source: SharedSource[T], handle: Callable[[T], Awaitable[object]], workers: int
) -> None:
    """Handle every item of ``source``, ``workers`` at a time.

    An exception of ``handle`` cancels the other workers and is raised as it is.
    """
    failed: list[Exception] = []
    async with anyio.create_task_group() as group:

        async def work() -> None:
            try:
                await source.for_each(handle)
            except Exception as error:  # noqa: BLE001  # raised below, outside of a group
                failed.append(error)
                group.cancel_scope.cancel()
            except asyncio.CancelledError as error:
                if is_cancelled():
                    raise
                failed.append(of_caller(error, _WHO))
                group.cancel_scope.cancel()

        for _ in range(workers):
            group.start_soon(work)
    if failed:
        raise failed[0]
