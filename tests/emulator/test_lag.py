"""Work that is done after its response, and reads that do not show it yet."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from frontegg_async.emulator import AnswerStatus, Emulator, LateCommit

from .api import ADD, USERS, VENDOR_ONLY, Api
from .clocks import Time
from .conftest import Connect

pytestmark = pytest.mark.anyio


@pytest.fixture
def time() -> Time:
    """The time of the emulator."""
    return Time()


@pytest.fixture
async def slow(anyio_backend: str, connect: Connect, time: Time) -> AsyncIterator[Api]:
    """A client of a server whose reads lag by ten seconds, with a user to add."""
    async with connect(read_lag=10.0, clock=time.clock) as api:
        api.emulator.add_user("u", email="u@x.io", tenant_ids=["home"])
        yield api


async def test_work_comes_after_its_answer(connect: Connect, time: Time) -> None:
    """LateCommit responds as its other fault does, and the work is done after its seconds."""
    async with connect(clock=time.clock) as api:
        api.emulator.add_user("u")
        api.emulator.inject(LateCommit(5.0, AnswerStatus(504)), on=ADD)
        assert (await api.add("u", "t")).status == 504
        time.passed += 4.9
        assert (await api.send("GET", f"{VENDOR_ONLY}/u")).json["tenants"] == []
        assert api.emulator.memberships() == set()
        time.passed += 0.1
        found = (await api.send("GET", f"{VENDOR_ONLY}/u")).json["tenants"]
        assert [each["tenantId"] for each in found] == ["t"]
        assert [each.tenant_id for each in api.emulator.invites] == ["t"]


async def test_work_comes_at_the_latest_when_faults_are_cleared(api: Api) -> None:
    """A cut request is done late as well, and at once when its fault is cleared."""
    api.emulator.add_user("u")
    api.emulator.inject(LateCommit(5_000.0), on=ADD)
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await api.add("u", "t")
    assert api.emulator.memberships() == set()
    api.emulator.clear_faults()
    assert api.emulator.memberships() == {("u", "t")}


@pytest.mark.parametrize(
    "route",
    [
        f"{VENDOR_ONLY}/u",
        f"{USERS}/email?email=u@x.io",
        "/identity/resources/users/v3?ids=u",
        "/identity/resources/tenants/users/v1/statuses?userIds=u",
    ],
)
async def test_reads_lag(slow: Api, time: Time, route: str) -> None:
    """Every read of a user shows the memberships as they were some seconds ago."""
    before = (await slow.send("GET", route)).body
    assert (await slow.add("u", "t")).json["tenantIds"] == ["home", "t"]
    assert (await slow.send("GET", route)).body == before
    time.passed += 5.0
    assert (await slow.add("u", "t2")).status == 201
    time.passed += 4.9
    assert (await slow.send("GET", route)).body == before
    time.passed += 0.1
    after = (await slow.send("GET", route)).body
    assert (b'"t"' in after, b'"t2"' in after) == (True, False)
    time.passed += 5.0
    assert b'"t2"' in (await slow.send("GET", route)).body


async def test_listings_of_a_tenant_lag(slow: Api, time: Time) -> None:
    """A user who has moved is listed in the old tenant until the lag is over."""

    async def listed(tenant: str) -> list[str]:
        route = f"/identity/resources/users/v3?_tenantIds={tenant}"
        found = await slow.send("GET", route, frontegg_tenant_id=tenant)
        return [each["id"] for each in found.json["items"]]

    await slow.add("u", "t")
    await slow.send("DELETE", f"{USERS}/u", frontegg_tenant_id="home")
    assert (await listed("home"), await listed("t")) == (["u"], [])
    time.passed += 10.0
    assert (await listed("home"), await listed("t")) == ([], ["u"])
    assert slow.emulator.memberships() == {("u", "t")}


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_lag_is_some_time(seconds: float) -> None:
    """A lag below zero is rejected."""
    with pytest.raises(ValueError, match="read_lag"):
        Emulator(read_lag=seconds)
