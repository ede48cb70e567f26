"""Windows and buckets of rate limits, also those that other callers have used up."""

from __future__ import annotations

from typing import Any

import pytest

from frontegg_async.emulator import Emulator, RateLimit

from .api import Api
from .clocks import MINUTE, Time
from .conftest import Connect
from .limited import READ, read, taken

pytestmark = pytest.mark.anyio


async def test_a_fixed_window_lets_its_quota_through_and_opens_again(connect: Connect) -> None:
    """The quota passes, the next is 429 and does nothing, and a window later all is well."""
    time = Time()
    async with connect(rate_limits=[RateLimit(2, 60)], clock=time.clock) as api:
        api.emulator.add_user("u")
        statuses = [(await api.add("u", tenant)).status for tenant in ("a", "b", "c")]
        assert statuses == [201, 201, 429]
        assert api.emulator.memberships() == {("u", "a"), ("u", "b")}
        time.passed += 60
        assert (await api.add("u", "c")).status == 201


async def test_a_sliding_window_frees_one_place_at_a_time(connect: Connect) -> None:
    """In a sliding window a place is free again once its own request is a window old."""
    time = Time()
    limits = [RateLimit(2, 60, kind="sliding")]
    async with connect(rate_limits=limits, clock=time.clock) as api:
        api.emulator.add_user("u")
        assert await read(api) == 200
        time.passed += 30
        assert [await read(api), await read(api)] == [200, 429]
        time.passed += 30
        assert [await read(api), await read(api)] == [200, 429]


async def test_aligned_windows_reset_by_the_wall_clock(connect: Connect) -> None:
    """A quota is back at the next whole minute, and not a minute after the first request."""
    time = Time(wall=MINUTE + 50)
    limits = [RateLimit(3, 60, on=READ, kind="aligned")]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == 3
        time.passed = 9.5
        assert await taken(api) == 0
        time.passed = 10
        assert await taken(api) == 3


async def test_aligned_windows_reset_without_calls(connect: Connect) -> None:
    """The first request of a window does not move its end, however late it comes."""
    time = Time()
    limits = [RateLimit(3, 60, on=READ, kind="aligned")]
    async with connect(rate_limits=limits, **time.options) as api:
        time.passed = 179
        assert await taken(api) == 3
        time.passed = 180
        assert await taken(api) == 3


async def test_a_bucket_fills_evenly(connect: Connect) -> None:
    """A bucket lets its content through at once, and after that one call for each share of time."""
    time = Time()
    limits = [RateLimit(6, 60, on=READ, kind="bucket", burst=4)]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == 4
        time.passed = 9.9
        assert await taken(api) == 0
        time.passed = 10
        assert await taken(api) == 1
        time.passed = 30
        assert await taken(api) == 2


async def test_a_bucket_overflows(connect: Connect) -> None:
    """After a long pause a bucket holds its size and no more; without one said, its limit."""
    for burst, held in ((2, 2), (9, 9), (None, 6)):
        time = Time()
        limits = [RateLimit(6, 60, on=READ, kind="bucket", burst=burst)]
        async with connect(rate_limits=limits, **time.options) as api:
            assert await taken(api) == held
            time.passed = 3_600
            assert await taken(api) == held


async def test_a_bucket_without_a_limit_never_fills(connect: Connect) -> None:
    """A bucket that never fills gives its first tokens and no more."""
    time = Time()
    limits = [RateLimit(0, 60, on=READ, kind="bucket", burst=2)]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == 2
        time.passed = 3_600
        assert await taken(api) == 0


@pytest.mark.parametrize(("counts_refused", "later"), [(False, 2), (True, 0)])
async def test_hammering_keeps_a_sliding_window_shut(
    connect: Connect, counts_refused: bool, later: int
) -> None:
    """Refused requests hold the places of a sliding window only if they count."""
    time = Time()
    limits = [RateLimit(2, 60, on=READ, kind="sliding", counts_refused=counts_refused)]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == 2
        time.passed = 40
        assert [await taken(api), await taken(api)] == [0, 0]
        time.passed = 60
        assert await taken(api) == later
        time.passed = 121
        assert await taken(api) == 2


@pytest.mark.parametrize("kind", ["fixed", "aligned", "sliding"])
@pytest.mark.parametrize(("counts_refused", "left"), [(False, 4), (True, 1)])
async def test_refused_requests_use_up_another_limit(
    connect: Connect, kind: Any, counts_refused: bool, left: int
) -> None:
    """Requests that a short limit refuses count in a long one that counts refused requests."""
    time = Time()
    limits = [
        RateLimit(1, 1, on=READ),
        RateLimit(5, 60, on=READ, kind=kind, counts_refused=counts_refused),
    ]
    async with connect(rate_limits=limits, **time.options) as api:
        assert [await taken(api, tries=1) for _ in range(4)] == [1, 0, 0, 0]
        passed = 0
        # So slow that the short limit has no more to say.
        for time.passed in range(1, 11):
            passed += await taken(api, tries=1)
        assert passed == left


@pytest.mark.parametrize(
    ("kind", "used", "at_once", "when", "then"),
    [
        ("fixed", 4, 0, 30, 4),
        ("fixed", 3, 1, 30, 4),
        ("sliding", 4, 0, 30, 4),
        ("sliding", 3, 1, 30, 3),
        # Two of four tokens have come back in the half minute before the start.
        ("bucket", 4, 2, 15, 1),
    ],
)
async def test_a_run_can_begin_in_a_window_that_others_used(
    connect: Connect, kind: Any, used: int, at_once: int, when: float, then: int
) -> None:
    """Calls that others made half a window before the start count, and stop counting in time."""
    time = Time()
    limits = [RateLimit(4, 60, on=READ, kind=kind, used=used, elapsed=30)]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == at_once
        time.passed = when - 0.25
        assert await taken(api) == 0
        time.passed = when
        assert await taken(api) == then


async def test_others_have_used_the_current_aligned_window(connect: Connect) -> None:
    """Calls of others in an aligned window stop counting when it ends by the wall clock."""
    time = Time(wall=MINUTE + 45)
    limits = [RateLimit(4, 60, on=READ, kind="aligned", used=3)]
    async with connect(rate_limits=limits, **time.options) as api:
        assert await taken(api) == 1
        time.passed = 15
        assert await taken(api) == 4


@pytest.mark.parametrize("kind", ["fixed", "aligned", "sliding", "bucket"])
async def test_used_is_counted_from_the_start_on(connect: Connect, kind: Any) -> None:
    """The window of others is that of the start, though a first request comes much later."""
    time = Time()
    limits = [RateLimit(4, 60, on=READ, kind=kind, used=4)]
    async with connect(rate_limits=limits, **time.options) as api:
        time.passed = 61
        assert await taken(api) == 4


async def test_the_start_is_when_the_server_starts(connect: Connect) -> None:
    """Time that passes between making an emulator and starting it does not count."""
    time = Time()
    limits = [RateLimit(4, 60, on=READ, used=4)]
    emulator = Emulator(rate_limits=limits, **time.options)
    time.passed = 59
    async with emulator, connect(authenticate=False) as other:
        api = Api(emulator, other.http)
        await api.authenticate()
        time.passed = 118
        assert await taken(api) == 0
        time.passed = 119
        assert await taken(api) == 4
