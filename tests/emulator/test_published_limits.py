"""The limits that Frontegg publishes fit the SDK, and the emulator keeps them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontegg_async.emulator import Announce, Plan, RateLimit, published_limits
from frontegg_async.endpoints import operations
from frontegg_async.pacing.published import GENERAL, NAMED, PublishedLimit, published_limit

from .api import ADD, AUTH, VENDOR_ONLY
from .conftest import Connect

USERS = "GET /identity/resources/users/v3"
RESET = "POST /identity/resources/users/v1/passwords/reset"


@pytest.mark.parametrize("route", NAMED)
def test_every_named_route_is_an_operation(route: str) -> None:
    """Each figure is for a route that the SDK has."""
    assert route in {each.limit_group for each in operations()}


@pytest.mark.parametrize("route", [*NAMED, ADD])
def test_every_plan_has_a_figure(route: str) -> None:
    """Each route has a positive figure on each plan, and a larger plan never has the lower."""
    figures = [published_limit(route, plan) for plan in Plan]
    assert all(each.calls > 0 and each.seconds > 0 for each in figures)
    assert sorted(figures, key=lambda each: each.calls) == figures


@pytest.mark.parametrize(
    ("route", "figures"),
    [
        (ADD, (100, 1_000, 1_000)),
        (USERS, (60, 100, 200)),
        (RESET, (5, 5, 10)),
        ("GET /tenants/resources/tenants/v1", (30, 30, 30)),
        ("POST /identity/resources/users/v2", (30, 30, 30)),
    ],
)
def test_figures_are_those_of_the_tables(route: str, figures: tuple[int, ...]) -> None:
    """Figures by plan are those of the documentation, a minute."""
    assert [published_limit(route, plan) for plan in Plan] == [
        PublishedLimit(calls, 60.0) for calls in figures
    ]


def test_some_figures_are_a_second() -> None:
    """The token routes have figures a second, and Scale is the plan if none is named."""
    assert published_limit(AUTH) == PublishedLimit(30, 1.0)
    assert published_limit(USERS) == published_limit(USERS, Plan.SCALE)


@pytest.mark.parametrize("plan", Plan)
def test_every_operation_has_its_published_limit(plan: Plan) -> None:
    """Exactly one limit of the preset is on each operation, and it is the published one."""
    limits = published_limits(plan)
    for operation in operations():
        route = operation.limit_group
        (limit,) = (each for each in limits if each.applies(route))
        assert PublishedLimit(limit.limit, limit.window) == published_limit(route, plan)
        assert limit.shared is (route not in NAMED)


def test_announcements_can_be_chosen() -> None:
    """Every limit of the preset announces in the given form, and a reset by default."""
    assert {each.announce for each in published_limits()} == {Announce.RESET}
    assert {each.announce for each in published_limits(announce=Announce.NOTHING)} == {
        Announce.NOTHING
    }


@pytest.mark.anyio
async def test_a_named_route_has_a_limit_of_its_own(connect: Connect) -> None:
    """Users can be listed as often as the plan says, and other routes go on after that."""
    async with connect(rate_limits=published_limits(Plan.LAUNCH), clock=lambda: 0.0) as api:
        statuses = [
            (await api.send("GET", "/identity/resources/users/v3")).status for _ in range(61)
        ]
        assert statuses == [200] * 60 + [429]
        assert (await api.send("GET", f"{VENDOR_ONLY}/nobody")).status == 404


@pytest.mark.anyio
async def test_routes_without_a_name_share_the_general_limit(connect: Connect) -> None:
    """The general limit counts the routes of a service together, and another service apart."""
    limits = [
        replace(each, used=each.limit - 2) if each.shared else each
        for each in published_limits(Plan.SCALE)
    ]
    assert {each.limit for each in limits if each.shared} == {GENERAL[Plan.SCALE].calls}
    async with connect(rate_limits=limits, clock=lambda: 0.0) as api:
        assert (await api.send("GET", f"{VENDOR_ONLY}/nobody")).status == 404
        assert (await api.add("nobody", "t")).status == 404
        assert (await api.send("GET", f"{VENDOR_ONLY}/nobody")).status == 429
        assert (await api.add("nobody", "t")).status == 429
        assert (await api.send("GET", "/identity/resources/users/v3")).status == 200
        assert (await api.send("GET", "/tenants/resources/tenants/v2")).status == 200


@pytest.mark.anyio
async def test_other_limits_apply_besides(connect: Connect) -> None:
    """Of the preset and a further limit on a route, the tighter one refuses."""
    limits = [RateLimit(2, 60, on=USERS), RateLimit(90, 60, on=RESET), *published_limits()]
    async with connect(rate_limits=limits, clock=lambda: 0.0) as api:
        users = [(await api.send("GET", "/identity/resources/users/v3")).status for _ in range(3)]
        assert users == [200, 200, 429]
        path = RESET.partition(" ")[2]
        resets = [(await api.send("POST", path, {"email": "u@x.io"})).status for _ in range(6)]
        assert [status == 429 for status in resets] == [False] * 5 + [True]


FORWARDED = "/identity/resources/auth/v1/user"


@pytest.mark.anyio
async def test_limits_count_for_each_address_or_for_all(connect: Connect) -> None:
    """An address that an application vouches for has limits of its own, but for shared ones."""
    async with connect(rate_limits=published_limits(Plan.LAUNCH), clock=lambda: 0.0) as api:
        default = (await api.send("GET", "/applications/resources/applications/v1/default")).json
        path = f"/applications/resources/applications/v1/credentials/{default['id']}"
        secret = (await api.send("GET", path)).json["sharedSecret"]

        async def reset(address: str, verifier: str) -> int:
            headers = {
                "x_frontegg_forwarded_for": address,
                "x_frontegg_headers_verifier": verifier,
                "frontegg_application_id": default["id"],
            }
            body = {"email": "u@x.io", "password": "no"}
            return (await api.send("POST", FORWARDED, body, **headers)).status

        for address in ("192.0.2.1", "192.0.2.2"):
            assert [await reset(address, secret) for _ in range(101)] == [401] * 100 + [429]
        assert [await reset("192.0.2.3", "wrong") for _ in range(100)] == [401] * 100
        assert await reset("192.0.2.4", "wrong") == 429

    shared = [limit.on for limit in published_limits(Plan.LAUNCH) if not limit.per_address]
    assert USERS in shared
    assert RESET in shared
    assert RESET not in [each.on for each in published_limits(Plan.SCALE) if not each.per_address]


@pytest.mark.anyio
async def test_a_shared_limit_counts_all_addresses(connect: Connect) -> None:
    """A limit of the environment counts the calls of all addresses together."""
    limits = [RateLimit(3, 60, on=USERS), RateLimit(2, 60, on=ADD, per_address=True)]
    async with connect(rate_limits=limits, clock=lambda: 0.0) as api:
        default = (await api.send("GET", "/applications/resources/applications/v1/default")).json
        path = f"/applications/resources/applications/v1/credentials/{default['id']}"
        vouched = {
            "x_frontegg_headers_verifier": (await api.send("GET", path)).json["sharedSecret"],
            "frontegg_application_id": default["id"],
        }
        listed = [
            (await api.send("GET", "/identity/resources/users/v3", **vouched, **forwarded)).status
            for forwarded in ({}, {"x_frontegg_forwarded_for": "192.0.2.1"}) * 2
        ]
        assert listed == [200, 200, 200, 429]
