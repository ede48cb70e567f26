"""A rate limit is on each route by itself, on named ones, or shared between routes."""

from __future__ import annotations

import pytest

from frontegg_async.emulator import Emulator, RateLimit

from .api import ADD, AUTH
from .clocks import Time
from .conftest import Connect
from .limited import READ, read, taken

pytestmark = pytest.mark.anyio


async def test_each_route_has_a_bucket_of_its_own(connect: Connect) -> None:
    """A limit for all routes counts each of them apart, under any ids in the path."""
    async with connect(rate_limits=[RateLimit(1, 60)], clock=Time().clock) as api:
        api.emulator.add_user("u")
        api.emulator.add_user("v")
        assert (await api.add("u", "t")).status == 201
        assert (await api.add("v", "t")).status == 429
        assert await read(api) == 200


async def test_a_limit_can_be_for_one_route(connect: Connect) -> None:
    """A limit on one route leaves the others alone; all limits of a route apply."""
    limits = [RateLimit(1, 60, on=ADD), RateLimit(3, 60)]
    async with connect(rate_limits=limits, clock=Time().clock) as api:
        api.emulator.add_user("u")
        assert [(await api.add("u", "t")).status for _ in range(2)] == [201, 429]
        assert [await read(api) for _ in range(4)] == [200, 200, 200, 429]


async def test_authentication_is_limited_too(connect: Connect) -> None:
    """The token route has limits like any other."""
    limits = [RateLimit(1, 60, on=AUTH)]
    async with connect(rate_limits=limits, clock=Time().clock) as api:
        assert (await api.authenticate()).status == 429


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
    """A limit on a set of routes is on those, under any names of placeholders."""
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
