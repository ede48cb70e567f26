"""``bulk.map``: any function over any items, with the workers of a run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import cast

import anyio
import anyio.lowlevel
import pytest

from frontegg_async import BulkCallerError, FronteggSession, NotFoundError, ServerError
from frontegg_async.emulator import Emulator

from ..support.clocks import turn

pytestmark = pytest.mark.anyio


async def double(number: int) -> int:
    await anyio.lowlevel.checkpoint()
    if number == 13:
        raise NotFoundError("no luck")
    return number * 2


async def test_map(frontegg: FronteggSession) -> None:
    """Every item comes back once, with its value or its error."""
    found = [mapped async for mapped in frontegg.bulk.map(double, range(40), workers=4)]
    assert sorted(mapped.item for mapped in found) == list(range(40))
    for mapped in found:
        if mapped.item == 13:
            assert mapped.value is None
            assert isinstance(mapped.error, NotFoundError)
        else:
            assert (mapped.value, mapped.error) == (mapped.item * 2, None)


async def test_map_over_operations(emulator: Emulator, frontegg: FronteggSession) -> None:
    """Operations of the session map over an async source like any coroutine."""

    async def ids() -> AsyncIterator[str]:
        for user_id in ("user-0", "nobody", "user-2"):
            yield user_id

    found = {
        mapped.item: type(mapped.error)
        async for mapped in frontegg.bulk.map(frontegg.users.lock, ids(), workers=2)
    }
    assert found == {"user-0": type(None), "nobody": NotFoundError, "user-2": type(None)}
    assert [emulator.user(f"user-{n}").locked for n in range(3)] == [True, False, True]


def map_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if "bulk" in task.get_name()}


async def test_foreign_exceptions_end_a_map(frontegg: FronteggSession) -> None:
    """An exception that is not of this package ends the map, and is raised as it is."""
    error = ValueError("mine")

    async def fail(item: int) -> int:
        if item == 5:
            raise error
        return item

    mapping = frontegg.bulk.map(fail, range(10), workers=3)
    with pytest.raises(ValueError, match="mine") as caught:
        [mapped async for mapped in mapping]
    assert caught.value is error
    assert not map_tasks()


async def test_a_map_over_something_cancelled(frontegg: FronteggSession) -> None:
    """A call that waited for something that was cancelled ends the map, and loses no item."""

    async def wait(item: int) -> int:
        if item == 5:
            task = asyncio.create_task(asyncio.Event().wait())
            asyncio.get_running_loop().call_soon(task.cancel)
            await task
        return item

    with anyio.fail_after(5), pytest.raises(BulkCallerError, match="CancelledError"):
        async for _ in frontegg.bulk.map(wait, range(10), workers=2):
            pass
    assert not map_tasks()


async def test_leaving_a_map_early(frontegg: FronteggSession) -> None:
    """Closed early, a map cancels the calls in flight, ends its source, and leaves no task."""
    under_way = 0
    ended: list[str] = []

    async def forever(item: int) -> int:
        nonlocal under_way
        if item == 0:
            return item
        under_way += 1
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("call")
            raise
        return item

    def items() -> Iterator[int]:
        try:
            yield from range(1_000)
        finally:
            ended.append("source")

    mapping = frontegg.bulk.map(forever, items(), workers=3)
    assert (await anext(mapping)).item == 0
    await turn()
    await cast("AsyncGenerator[object]", mapping).aclose()
    assert under_way == 3
    assert sorted(ended) == ["call", "call", "call", "source"]
    assert not map_tasks()


async def test_a_map_waits_for_its_reader(frontegg: FronteggSession) -> None:
    """Calls are made no further ahead than the results that may wait, and none before reading."""
    called: list[int] = []

    async def note(item: int) -> int:
        called.append(item)
        return item

    mapping = frontegg.bulk.map(note, range(1_000), workers=3)
    await turn()
    assert called == []
    for taken in range(1, 5):
        await anext(mapping)
        await turn()
        assert len(called) <= taken + 3 + 3
    assert len([mapped async for mapped in mapping]) == 996


async def test_an_error_while_reading_a_map(frontegg: FronteggSession) -> None:
    """The caller's own error in the loop is raised as it is, once the map is closed."""

    async def read() -> None:
        async with aclosing(cast("AsyncGenerator[object]", mapping)):
            async for _ in mapping:
                raise ServerError("mine")

    mapping = frontegg.bulk.map(double, range(100), workers=3)
    with pytest.raises(ServerError, match="mine"):
        await read()
    assert not map_tasks()
