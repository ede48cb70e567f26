"""A run's memory does not grow with its rows."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from typing import ClassVar

import pytest

from frontegg_async import Assignment, FronteggSession
from frontegg_async._core.response import Response
from frontegg_async.bulk import Assign, RowSender

from ..support.bulk import outcomes, to


class Instant(Assign, frozen=True, kw_only=True):
    """A job that is done without a call."""

    name: ClassVar[str] = "instant"

    async def send(self, send: RowSender, row: Assignment, user_id: str) -> Response:
        """Return at once."""
        return Response(201, {}, b"")


@pytest.mark.anyio
async def test_memory_of_a_run(frontegg: FronteggSession) -> None:
    """Ten times the rows, with some memory for the counts, take no more of it."""

    async def peak(count: int) -> int:
        def rows() -> Iterator[Assignment]:
            for number in range(count):
                yield to(f"user-{number:08}", f"tenant-{number % 50}")

        gc.collect()
        tracemalloc.start()
        try:
            report = await frontegg.bulk.start(Instant(), rows(), plan="never", workers=8).wait()
            assert outcomes(report) == {"added": count}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(3_000)
    small, large = await peak(3_000), await peak(30_000)
    assert large < 1.5 * small + 200_000
