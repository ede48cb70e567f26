"""Starting, stopping, and the state afterwards."""

import asyncio

import aiohttp
import anyio
import pytest

from frontegg_async import emulator as package
from frontegg_async.emulator import Emulator, Stall

from .api import ADD, Api, until
from .conftest import Connect

pytestmark = pytest.mark.anyio


async def test_it_listens_on_a_free_port_while_it_runs() -> None:
    """There is a URL inside the block and none outside."""
    emulator = Emulator()
    async with emulator, aiohttp.ClientSession() as http:
        assert emulator.url.startswith("http://127.0.0.1:")
        async with http.get(emulator.url) as response:
            assert response.status == 404
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.url


async def test_it_keeps_its_state_over_a_restart() -> None:
    """Memberships from before a stop are there after the next start."""
    emulator = Emulator()
    async with emulator:
        emulator.add_user("u", tenant_ids=["t"])
    async with emulator:
        assert emulator.memberships() == {("u", "t")}


async def test_starting_twice_is_refused() -> None:
    """A second start while running raises, and stopping twice does not."""
    async with Emulator() as emulator:
        with pytest.raises(RuntimeError, match="already"):
            await emulator.start()
        await emulator.stop()
        await emulator.stop()


async def test_a_taken_port_is_an_os_error_and_leaves_it_stopped() -> None:
    """A failed start leaves an emulator that can be started once the port is free."""
    first = Emulator()
    await first.start()
    second = Emulator(port=int(first.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await first.stop()
    async with second:
        assert second.url


async def test_two_emulators_share_nothing() -> None:
    """A token of one is invalid at the other."""
    async with Emulator() as one, Emulator() as two, aiohttp.ClientSession() as http:
        api = Api(one, http)
        await api.authenticate()
        api.emulator = two
        assert (await api.add("u", "t")).status == 401
        assert (one.count(), two.count()) == (1, 1)


async def test_connections_are_counted(connect: Connect) -> None:
    """open_connections follows the clients' connections."""
    async with connect() as api:
        assert api.emulator.open_connections == 1
        await api.http.close()
        await until(lambda: api.emulator.open_connections == 0)


async def test_stopping_ends_what_is_stalled(connect: Connect) -> None:
    """Stop closes the connections of stalled requests and leaves no task behind."""
    before = asyncio.all_tasks()
    async with connect() as api:
        api.emulator.add_user("u")
        injection = api.emulator.inject(Stall(), on=ADD, times=None)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                with pytest.raises(aiohttp.ServerDisconnectedError):
                    await api.add("u", "t")

            for _ in range(20):
                tasks.start_soon(call)
            await injection.wait(20)
            await api.emulator.stop()
            assert api.emulator.open_connections == 0
        assert api.emulator.memberships() == set()
    assert asyncio.all_tasks() == before


async def test_latency_lies_between_commit_and_response(connect: Connect) -> None:
    """A client that gives up during the latency has been served all the same."""
    async with connect() as api:
        api.emulator.add_user("u")
        api.emulator.latency = 3600.0
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(api.add, "u", "t")
            await until(lambda: api.emulator.memberships() == {("u", "t")})
            tasks.cancel_scope.cancel()
        await until(lambda: api.emulator.open_connections == 0)


def test_the_public_names_are_sorted_and_there() -> None:
    """__all__ is sorted and every name in it exists."""
    assert sorted(package.__all__) == package.__all__
    assert all(hasattr(package, name) for name in package.__all__)
