"""Kinds of limits, windows that others have used up, and what answers say about both."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from frontegg_async.emulator import Announce, Emulator, RateLimit

from .api import ADD, VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio

READ = "GET /identity/resources/vendor-only/users/v1/{userId}"
MINUTE = 28_333_334 * 60.0  # since the epoch, a whole multiple of 60


class Time:
    """Two clocks that stand still unless told otherwise, both at the same distance."""

    def __init__(self, *, wall: float = MINUTE) -> None:
        self.passed = 0.0
        self._wall = wall

    def clock(self) -> float:
        """Tell the seconds since nothing in particular."""
        return 500.25 + self.passed

    def wall_clock(self) -> float:
        """Tell the seconds since the epoch."""
        return self._wall + self.passed

    @property
    def options(self) -> dict[str, Any]:
        """Return what makes an emulator live by this time."""
        return {"clock": self.clock, "wall_clock": self.wall_clock}


async def taken(api: Api, tries: int = 10) -> int:
    """Send reads until one is refused, and return how many were not."""
    for number in range(tries):
        if (await api.send("GET", f"{VENDOR_ONLY}/u")).status == 429:
            return number
    return tries


# Kinds


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


async def test_aligned_windows_reset_whether_anybody_calls_or_not(connect: Connect) -> None:
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
    """What a bucket of no calls holds at the start is all that it ever gives."""
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
    """What a short limit refuses counts in a long one that counts refused requests."""
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


# What others have used up


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
    """What others used of an aligned window is gone with that window, by the wall clock."""
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


async def test_the_announced_reset_is_that_of_the_used_window(connect: Connect) -> None:
    """A refusal in a used window says when that window ends, and waiting as long is enough."""
    time = Time()
    limits = [RateLimit(1_000, 60, on=READ, used=1_000, elapsed=30, announce=Announce.RETRY_AFTER)]
    async with connect(rate_limits=limits, **time.options) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
        assert (result.status, result.headers["Retry-After"]) == (429, "30")
        time.passed = 30
        assert await taken(api) == 10


# Where a limit is


@pytest.mark.parametrize(("shared", "added"), [(False, 2), (True, 1)])
@pytest.mark.parametrize("on", [None, frozenset({READ, ADD})])
async def test_a_limit_can_be_shared(
    connect: Connect, on: frozenset[str] | None, shared: bool, added: int
) -> None:
    """One counter serves all routes of a limit that is shared, and each has its own if not."""
    limits = [RateLimit(3, 60, on=on, shared=shared)]
    async with connect(rate_limits=limits, authenticate=False, **Time().options) as api:
        # A limit refuses before the token is looked at, so none is needed to count.
        assert await taken(api, tries=2) == 2
        statuses = [(await api.add("u", "t")).status for _ in range(2)]
        assert [status != 429 for status in statuses].count(True) == added


async def test_a_limit_on_several_routes_leaves_the_others_alone(connect: Connect) -> None:
    """A limit on a set of routes is on those, whatever the placeholders are called."""
    limits = [RateLimit(1, 60, on=frozenset({ADD.replace("{userId}", "{id}"), READ}))]
    async with connect(rate_limits=limits, **Time().options) as api:
        assert await taken(api) == 1
        assert (await api.add("u", "t")).status == 404
        assert (await api.add("u", "t")).status == 429
        for _ in range(3):
            assert (await api.send("GET", "/identity/resources/users/v3")).status == 200


async def test_two_shared_limits_of_the_same_size_count_apart(connect: Connect) -> None:
    """A shared limit that is listed twice is two counters, and a request counts once in each."""
    limits = [RateLimit(4, 60, on=READ, shared=True)] * 2
    async with connect(rate_limits=limits, **Time().options) as api:
        assert await taken(api) == 4


def test_an_unknown_route_in_a_set_is_refused() -> None:
    """A limit on a route that does not exist is an error, also in a set."""
    with pytest.raises(ValueError, match="no such route"):
        Emulator(rate_limits=[RateLimit(1, 60, on=frozenset({READ, "GET /nowhere"}))])


# What answers say

RESET = MINUTE + 60
GARBAGE = "0000-13-32T25:61:61Z"
DAY = '"day";r=999999;t=86400'
SAID: dict[Announce, tuple[Mapping[str, str], Mapping[str, str]]] = {
    Announce.RESET: (
        {},
        {
            "X-Rate-Limit-Reset": datetime.fromtimestamp(RESET, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        },
    ),
    Announce.RESET_EPOCH: ({}, {"X-Rate-Limit-Reset": f"{RESET:.0f}"}),
    Announce.RESET_SECONDS: ({}, {"X-Rate-Limit-Reset": "60"}),
    Announce.X_RATE_LIMIT: (
        {"X-Rate-Limit-Limit": "3", "X-Rate-Limit-Remaining": "2", "X-Rate-Limit-Reset": "60"},
        {"X-Rate-Limit-Limit": "3", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "60"},
    ),
    Announce.X_RATELIMIT: (
        {
            "X-RateLimit-Limit": "3",
            "X-RateLimit-Remaining": "2",
            "X-RateLimit-Reset": f"{RESET:.0f}",
        },
        {
            "X-RateLimit-Limit": "3",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{RESET:.0f}",
        },
    ),
    Announce.RATELIMIT_DRAFT: (
        {"RateLimit-Limit": "3", "RateLimit-Remaining": "2", "RateLimit-Reset": "60"},
        {"RateLimit-Limit": "3", "RateLimit-Remaining": "0", "RateLimit-Reset": "60"},
    ),
    Announce.RATELIMIT: (
        {},
        {"RateLimit": '"default";r=0;t=60', "RateLimit-Policy": '"default";q=3;w=60'},
    ),
    Announce.POLICIES: (
        {
            "RateLimit": f'{DAY}, "default";r=2;t=60',
            "RateLimit-Policy": '"day";q=1000000;w=86400, "default";q=3;w=60',
        },
        {
            "RateLimit": f'{DAY}, "default";r=0;t=60',
            "RateLimit-Policy": '"day";q=1000000;w=86400, "default";q=3;w=60',
        },
    ),
    Announce.NOTHING: ({}, {}),
    Announce.RETRY_AFTER: ({}, {"Retry-After": "60"}),
    Announce.RETRY_AFTER_DATE: ({}, {"Retry-After": formatdate(RESET, usegmt=True)}),
    Announce.GARBAGE: (
        {},
        {
            "X-Rate-Limit-Reset": GARBAGE,
            "Retry-After": "-99999999999999999999; banana",
            "RateLimit": '";r=NaN;t=1e999',
            "RateLimit-Policy": ",,,=",
        },
    ),
}
"""What the first of three answers says, and what the refusal of a fourth request does."""


def said(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers that speak of limits, as they are spelled on the wire."""
    words = ("rate-limit", "ratelimit", "retry-after")
    return {name: headers[name] for name in headers if any(word in name.lower() for word in words)}


@pytest.mark.parametrize("kind", ["fixed", "aligned", "sliding"])
@pytest.mark.parametrize("announce", list(Announce))
async def test_answers_say_what_they_are_told_to(
    connect: Connect, announce: Announce, kind: Any
) -> None:
    """Each form has exactly its headers, on all answers or on refusals alone."""
    on_success, on_refusal = SAID[announce]
    limits = [RateLimit(3, 60, on=READ, announce=announce, kind=kind)]
    async with connect(rate_limits=limits, **Time().options) as api:
        api.emulator.add_user("u")
        results = [await api.send("GET", f"{VENDOR_ONLY}/u") for _ in range(4)]
        elsewhere = await api.send("GET", "/identity/resources/users/v3")
    assert [each.status for each in results] == [200, 200, 200, 429]
    assert said(results[0].headers) == on_success
    assert said(results[3].headers) == on_refusal
    assert said(elsewhere.headers) == {}


async def test_the_last_answer_of_a_window_says_that_nothing_is_left(connect: Connect) -> None:
    """The remaining count goes down to 0 while calls are still let through, errors included."""
    time = Time()
    limits = [RateLimit(3, 60, on=READ, announce=Announce.X_RATELIMIT)]
    async with connect(rate_limits=limits, **time.options) as api:
        for remaining in ("2", "1", "0"):
            time.passed += 5
            result = await api.send("GET", f"{VENDOR_ONLY}/nobody")
            assert result.status == 404
            assert result.headers["X-RateLimit-Remaining"] == remaining
            assert result.headers["X-RateLimit-Reset"] == f"{MINUTE + 65:.0f}"


async def test_a_bucket_says_when_its_next_token_comes(connect: Connect) -> None:
    """The reset of a bucket is its next whole token, and its limit is what it holds."""
    time = Time()
    limits = [RateLimit(6, 60, on=READ, kind="bucket", burst=1, announce=Announce.RATELIMIT_DRAFT)]
    async with connect(rate_limits=limits, **time.options) as api:
        api.emulator.add_user("u")
        for passed, status, reset in ((0, 200, "10"), (4, 429, "6"), (10, 200, "10")):
            time.passed = passed
            result = await api.send("GET", f"{VENDOR_ONLY}/u")
            assert result.status == status
            assert said(result.headers) == {
                "RateLimit-Limit": "1",
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": reset,
            }


@pytest.mark.parametrize("order", [1, -1])
async def test_of_two_limits_the_tighter_is_announced(connect: Connect, order: int) -> None:
    """Where two limits write the same headers, those of the one that leaves less are there."""
    announce = Announce.RATELIMIT_DRAFT
    limits = [RateLimit(10, 60, announce=announce), RateLimit(2, 1, announce=announce)][::order]
    async with connect(rate_limits=limits, **Time().options) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
    assert result.headers["RateLimit-Limit"] == "2"
    assert result.headers["RateLimit-Remaining"] == "1"


async def test_stateless_answers_keep_their_own_headers(connect: Connect) -> None:
    """What a limit says comes on top of the headers that an answer has already."""
    limits = [RateLimit(9, 60, announce=Announce.X_RATE_LIMIT)]
    async with connect(rate_limits=limits, **Time().options) as api:
        result = await api.send(
            "GET", "/identity/resources/configurations/v1", frontegg_tenant_id="t"
        )
    assert result.headers["frontegg-emulator"] == "stateless"
    assert result.headers["X-Rate-Limit-Remaining"] == "8"


# The host's clock


async def test_a_host_can_keep_its_date_to_itself(connect: Connect) -> None:
    """Without the header nothing in an answer tells the time of the host."""
    async with connect(date_header=False, extra_headers={"Via": "x"}) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
    assert "Date" not in result.headers
    assert result.headers["Via"] == "x"
    assert result.headers["frontegg-trace-id"]


async def test_a_host_can_be_wrong_about_the_time(connect: Connect) -> None:
    """A wall clock that is off shifts the date and the announced reset alike."""
    time = Time()
    limits = [RateLimit(0, 60, on=READ, announce=Announce.RESET_EPOCH)]
    async with connect(
        rate_limits=limits, clock=time.clock, wall_clock=lambda: time.wall_clock() - 600
    ) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
    assert result.headers["Date"] == formatdate(MINUTE - 600, usegmt=True)
    assert result.headers["X-Rate-Limit-Reset"] == f"{MINUTE - 540:.0f}"


# What is refused

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"limit": -1}, "limit must not be negative"),
    ({"window": 0}, "window must be a positive number"),
    ({"window": float("nan")}, "window must be a positive number"),
    ({"kind": "leaky"}, "kind must be one of fixed, aligned, sliding, bucket"),
    ({"burst": 5}, "burst is for buckets, not for fixed windows"),
    ({"kind": "bucket", "burst": 0}, "burst must be positive"),
    ({"kind": "bucket", "counts_refused": True}, "counts_refused is for windows"),
    ({"used": -1}, "used must be from 0 to 10: -1"),
    ({"used": 11}, "used must be from 0 to 10: 11"),
    ({"kind": "bucket", "burst": 3, "used": 4}, "used must be from 0 to 3: 4"),
    ({"elapsed": -1}, "elapsed must be from 0 to below 60: -1"),
    ({"elapsed": 60}, "elapsed must be from 0 to below 60: 60"),
    ({"elapsed": float("nan")}, "elapsed must be from 0 to below 60: nan"),
    ({"kind": "aligned", "elapsed": 5}, "elapsed is not for aligned windows"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_impossible_limits_are_refused(options: dict[str, Any], message: str) -> None:
    """A limit that makes no sense is refused where it is made, by a sentence that says why."""
    arguments: dict[str, Any] = {"limit": 10, "window": 60}
    arguments |= options
    with pytest.raises(ValueError, match=message):
        RateLimit(**arguments)
