"""Headers of responses: limits, resets, and the date of the host."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import pytest

from frontegg_async.emulator import Announce, RateLimit

from .api import ADD, VENDOR_ONLY
from .clocks import MINUTE, Time
from .conftest import Connect
from .limited import READ, taken

pytestmark = pytest.mark.anyio

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

"""Headers of the first of three responses, and of the 429 to a fourth request."""


def said(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers that speak of limits, as they are spelled on the wire."""
    words = ("rate-limit", "ratelimit", "retry-after")
    return {name: headers[name] for name in headers if any(word in name.lower() for word in words)}


@pytest.mark.parametrize("kind", ["fixed", "aligned", "sliding"])
@pytest.mark.parametrize("announce", list(Announce))
async def test_each_form_has_its_headers(connect: Connect, announce: Announce, kind: Any) -> None:
    """Each form has exactly its headers, on all responses or on 429s alone."""
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


@pytest.mark.parametrize(
    "announce",
    [
        Announce.RESET,
        Announce.RETRY_AFTER,
        Announce.RETRY_AFTER_DATE,
        Announce.RATELIMIT,
        Announce.NOTHING,
        Announce.GARBAGE,
    ],
)
async def test_a_client_can_read_the_headers_of_a_429(connect: Connect, announce: Announce) -> None:
    """Each way of announcing sets exactly its headers, right to the second."""
    wall = 1_700_000_000.5
    limits = [RateLimit(0, 60, on=ADD, announce=announce)]
    async with connect(rate_limits=limits, clock=Time().clock, wall_clock=lambda: wall) as api:
        result = await api.add("u", "t")
    assert result.status == 429
    assert result.json["errors"]
    names = ("X-Rate-Limit-Reset", "Retry-After", "RateLimit", "RateLimit-Policy")
    said = {name: result.headers[name] for name in names if name in result.headers}
    match announce:
        case Announce.RESET:
            reset = datetime.fromisoformat(said.pop("X-Rate-Limit-Reset"))
            assert reset.timestamp() == wall + 60
            assert said == {}
        case Announce.RETRY_AFTER:
            assert said == {"Retry-After": "60"}
        case Announce.RETRY_AFTER_DATE:
            assert parsedate_to_datetime(said.pop("Retry-After")).timestamp() == wall + 60.5
            assert said == {}
        case Announce.RATELIMIT:
            assert said == {
                "RateLimit": '"default";r=0;t=60',
                "RateLimit-Policy": '"default";q=0;w=60',
            }
        case Announce.NOTHING:
            assert said == {}
        case _:
            assert set(said) == set(names)


async def test_the_announced_reset_is_that_of_the_used_window(connect: Connect) -> None:
    """A 429 in a used window states its end, and waiting that long is enough."""
    time = Time()
    limits = [RateLimit(1_000, 60, on=READ, used=1_000, elapsed=30, announce=Announce.RETRY_AFTER)]
    async with connect(rate_limits=limits, **time.options) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
        assert (result.status, result.headers["Retry-After"]) == (429, "30")
        time.passed = 30
        assert await taken(api) == 10


async def test_the_last_response_of_a_window_says_that_nothing_is_left(connect: Connect) -> None:
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
    """The reset of a bucket is its next whole token, and its limit is its size."""
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
    """Of two limits with the same headers, the one that leaves less is announced."""
    announce = Announce.RATELIMIT_DRAFT
    limits = [RateLimit(10, 60, announce=announce), RateLimit(2, 1, announce=announce)][::order]
    async with connect(rate_limits=limits, **Time().options) as api:
        result = await api.send("GET", f"{VENDOR_ONLY}/u")
    assert result.headers["RateLimit-Limit"] == "2"
    assert result.headers["RateLimit-Remaining"] == "1"


async def test_stateless_responses_keep_their_own_headers(connect: Connect) -> None:
    """The headers of a limit are added to those that a response has already."""
    limits = [RateLimit(9, 60, announce=Announce.X_RATE_LIMIT)]
    async with connect(rate_limits=limits, **Time().options) as api:
        result = await api.send(
            "GET", "/identity/resources/approval-flows/v1", frontegg_tenant_id="t"
        )
    assert result.headers["frontegg-emulator"] == "stateless"
    assert result.headers["X-Rate-Limit-Remaining"] == "8"


async def test_a_host_can_keep_its_date_to_itself(connect: Connect) -> None:
    """With date_header=False responses have no Date."""
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
