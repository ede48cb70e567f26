"""Rate limits, and what a 429 says about them."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest

from frontegg_async.emulator import Announce, RateLimit

from .api import ADD, AUTH, VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio


class Time:
    """A clock that stands still unless told otherwise."""

    now = 500.25

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


async def _read(api: Api) -> int:
    return (await api.send("GET", f"{VENDOR_ONLY}/u")).status


async def test_a_fixed_window_lets_its_quota_through_and_opens_again(connect: Connect) -> None:
    """The quota passes, the next is 429 and does nothing, and a window later all is well."""
    clock = Time()
    async with connect(rate_limits=[RateLimit(2, 60)], clock=clock) as api:
        api.emulator.add_user("u")
        statuses = [(await api.add("u", tenant)).status for tenant in ("a", "b", "c")]
        assert statuses == [201, 201, 429]
        assert api.emulator.memberships() == {("u", "a"), ("u", "b")}
        clock.now += 60
        assert (await api.add("u", "c")).status == 201


async def test_a_sliding_window_frees_one_place_at_a_time(connect: Connect) -> None:
    """In a sliding window a place is free again once its own request is a window old."""
    clock = Time()
    limits = [RateLimit(2, 60, kind="sliding")]
    async with connect(rate_limits=limits, clock=clock) as api:
        api.emulator.add_user("u")
        assert await _read(api) == 200
        clock.now += 30
        assert [await _read(api), await _read(api)] == [200, 429]
        clock.now += 30
        assert [await _read(api), await _read(api)] == [200, 429]


async def test_each_route_has_a_bucket_of_its_own(connect: Connect) -> None:
    """A limit for all routes counts each of them apart, whatever the ids in the path."""
    async with connect(rate_limits=[RateLimit(1, 60)], clock=Time()) as api:
        api.emulator.add_user("u")
        api.emulator.add_user("v")
        assert (await api.add("u", "t")).status == 201
        assert (await api.add("v", "t")).status == 429
        assert await _read(api) == 200


async def test_a_limit_can_be_for_one_route(connect: Connect) -> None:
    """A limit on one route leaves the others alone; all limits of a route apply."""
    limits = [RateLimit(1, 60, on=ADD), RateLimit(3, 60)]
    async with connect(rate_limits=limits, clock=Time()) as api:
        api.emulator.add_user("u")
        assert [(await api.add("u", "t")).status for _ in range(2)] == [201, 429]
        assert [await _read(api) for _ in range(4)] == [200, 200, 200, 429]


async def test_authentication_is_limited_too(connect: Connect) -> None:
    """The token route answers 429 like any other."""
    limits = [RateLimit(1, 60, on=AUTH)]
    async with connect(rate_limits=limits, clock=Time()) as api:
        assert (await api.authenticate()).status == 429


# test_limit_kinds.py has a table of all forms. These six are read here, as a client would.
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
async def test_a_refusal_announces_what_it_is_told_to(connect: Connect, announce: Announce) -> None:
    """Each way of announcing sets exactly its headers, right to the second."""
    clock, wall = Time(), 1_700_000_000.5
    limits = [RateLimit(0, 60, on=ADD, announce=announce)]
    async with connect(rate_limits=limits, clock=clock, wall_clock=lambda: wall) as api:
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


def test_a_limit_reads_from_text() -> None:
    """The command line's spelling makes the same limit."""
    assert RateLimit.parse("1000/60") == RateLimit(1000, 60.0)


@pytest.mark.parametrize("text", ["", "1000", "/60", "x/60", "10/0", "-1/60", "10/nan", "10/inf"])
def test_nonsense_is_no_limit(text: str) -> None:
    """Anything but a count and a positive number of seconds is refused."""
    with pytest.raises(ValueError, match="rate limit"):
        RateLimit.parse(text)
