"""The life of a session: opened once, in one place, and nothing is left when it ends."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from frontegg_async import (
    ClosedError,
    ConfigurationError,
    FronteggSession,
    MemoryTokenStore,
    Options,
    User,
)
from frontegg_async.emulator import AnswerStatus, Emulator, Stall

from ..support.clocks import FakeClock, spin
from ..support.routes import ADD, AUTH, GET
from ..support.sessions import API_KEY, manager_of, session_on, transport_in

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]


def left_over() -> list[str]:
    """Name the tasks of ours that still run."""
    return [task.get_name() for task in asyncio.all_tasks() if "frontegg" in task.get_name()]


async def one_session(emulator: Emulator, calls: int = 3) -> None:
    async with session_on(emulator) as session:
        await asyncio.gather(*(session.users.get("user-0") for _ in range(calls)))


# Several sessions


@pytest.mark.parametrize("shared_store", [False, True], ids=["own store", "one store"])
@pytest.mark.parametrize("shared_http", [False, True], ids=["own http", "one http"])
async def test_two_credentials_never_mix(shared_store: bool, shared_http: bool) -> None:
    """Two sessions never use each other's token, also with one token store and one pool."""
    keys = {"client-a": "key-a", "client-b": "key-b"}
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(credentials=keys))
        users = {name: emulator.add_user(f"user-of-{name}") for name in keys}
        http = await stack.enter_async_context(aiohttp.ClientSession()) if shared_http else None
        store = MemoryTokenStore() if shared_store else None
        sessions = {
            name: await stack.enter_async_context(
                session_on(emulator, client_id=name, api_key=key, http=http, token_store=store)
            )
            for name, key in keys.items()
        }

        async def storm() -> None:
            await asyncio.gather(
                *(session.users.get(users[name]) for name, session in sessions.items()),
                *(session.users.get(users[name]) for name, session in sessions.items()),
            )

        await storm()
        emulator.revoke_tokens()
        await storm()
    gets = [request for request in emulator.requests if request.method == "GET"]
    accepted = [request for request in gets if request.status == 200]
    assert len(accepted) == 8
    assert all(request.raw_path.endswith(f"of-{request.client_id}") for request in accepted)
    by_token: dict[str, set[str]] = {}
    for request in gets:
        by_token.setdefault(request.headers["Authorization"], set()).add(request.raw_path)
    assert all(len(paths) == 1 for paths in by_token.values())
    assert emulator.count(AUTH) == 4


async def test_http_session_handed_in_stays_open(emulator: Emulator) -> None:
    """An aiohttp session that was handed in is still open after the session that used it."""
    async with aiohttp.ClientSession() as http:
        async with session_on(emulator, http=http) as session:
            await session.users.get("user-0")
        assert not http.closed
        async with http.get(emulator.url) as response:
            assert response.status == 404


async def test_http_session_handed_in_and_closed(emulator: Emulator) -> None:
    """An aiohttp session that its owner has closed makes calls end in ClosedError."""
    async with aiohttp.ClientSession() as http, session_on(emulator, http=http) as session:
        await session.users.get("user-0")
        await http.close()
        with pytest.raises(ClosedError):
            await session.users.get("user-0")


async def test_views_share_pool_and_token(emulator: Emulator, frontegg: FronteggSession) -> None:
    """All views use the session's one token, permits and connections."""
    views = [
        frontegg.for_tenant("home"),
        frontegg.with_options(timeout=9.0),
        frontegg.for_bulk(),
        frontegg.for_tenant("home").with_options(max_attempts=1).for_bulk(),
    ]
    for view in views:
        assert manager_of(view) is manager_of(frontegg)
        await view.users.get("user-0")
    assert emulator.count(AUTH) == 1
    assert len({request.connection for request in emulator.requests}) == 1
    sent = [request for request in emulator.requests if request.method == "GET"]
    assert len({request.headers["Authorization"] for request in sent}) == 1


# In the wrong place


def sync_emulator_run(main: Callable[[Emulator], Any]) -> None:
    """Run ``main`` in a loop of its own, with an emulator there."""

    async def run() -> None:
        async with Emulator(api_key=API_KEY) as emulator:
            emulator.add_user("user-0")
            await main(emulator)

    asyncio.run(run())


def test_asyncio_run_twice() -> None:
    """A second ``asyncio.run`` in the process works like the first."""
    for _ in range(2):
        sync_emulator_run(one_session)


async def test_unopened(emulator: Emulator) -> None:
    """A session that was not entered says so, for calls and for views."""
    session = session_on(emulator)
    uses: list[Callable[[], object]] = [
        lambda: session.for_tenant("home"),
        lambda: session.as_user("token"),
        lambda: session.with_options(timeout=1.0),
        session.for_bulk,
    ]
    for use in uses:
        with pytest.raises(ClosedError, match="not open yet"):
            use()
    for call in (session.users.get("user-0"), session.token_info()):
        with pytest.raises(ClosedError, match="not open yet"):
            await call
    assert emulator.count() == 0


async def test_closed(emulator: Emulator) -> None:
    """After its end a session and its views say that they are closed, and send nothing."""
    async with session_on(emulator) as session:
        await session.users.get("user-0")
        views = [session, session.for_tenant("home"), session.as_user("t"), session.for_bulk()]
    sent = emulator.count()
    for view in views:
        with pytest.raises(ClosedError, match="is closed"):
            await view.users.remove_from_tenant("user-0", "home")
    with pytest.raises(ClosedError, match="is closed"):
        await session.token_info()
    assert emulator.count() == sent
    assert "not open" in repr(session)


async def test_opened_twice_or_as_a_view(emulator: Emulator) -> None:
    """A session is entered once, and a view not at all."""
    async with session_on(emulator) as session:
        with pytest.raises(ClosedError, match="opened once"):
            await session.__aenter__()
        with pytest.raises(ClosedError, match="view"):
            await session.for_tenant("home").__aenter__()
        assert (await session.users.get("user-0")).id == "user-0"
    with pytest.raises(ClosedError, match="opened once"):
        await session.__aenter__()


async def test_other_loop(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A call from another event loop is told so, and the session still works in its own."""

    def elsewhere() -> str:
        with pytest.raises(ClosedError) as caught:
            asyncio.run(frontegg.users.get("user-0"))
        return str(caught.value)

    assert "another event loop" in await asyncio.to_thread(elsewhere)
    assert emulator.count() == 0
    assert (await frontegg.users.get("user-0")).id == "user-0"


async def test_opened_and_closed_by_hand(emulator: Emulator) -> None:
    """``open`` and ``aclose`` are ``async with`` in two halves; closing twice does nothing more."""
    session = session_on(emulator)
    await session.aclose()  # not open yet
    assert await session.open() is session
    assert (await session.users.get("user-0")).id == "user-0"
    with pytest.raises(ClosedError, match="opened once"):
        await session.open()
    with pytest.raises(ClosedError, match="close the session itself"):
        await session.for_tenant("home").aclose()
    assert (await session.users.get("user-0")).id == "user-0"
    await session.aclose()
    await session.aclose()
    with pytest.raises(ClosedError, match="is closed"):
        await session.users.get("user-0")
    with pytest.raises(ClosedError, match="opened once"):
        await session.open()
    async with session_on(emulator) as other:
        await other.aclose()
    assert not left_over()
    await spin()
    assert not emulator.open_connections


def test_closed_on_another_loop() -> None:
    """Calling and closing where the session was not opened is ClosedError, and it stays usable."""
    kept: list[FronteggSession] = []

    async def leave_open(emulator: Emulator) -> None:
        session = await session_on(emulator).open()
        await session.users.get("user-0")
        kept.append(session)

        def elsewhere() -> None:
            for use in (session.aclose(), session.users.get("user-0"), session.token_info()):
                with pytest.raises(ClosedError, match="another event loop: make"):
                    asyncio.run(use)

        await asyncio.to_thread(elsewhere)
        await session.users.get("user-0")
        await transport_in(session).close()  # a warning at the end of the loop

    sync_emulator_run(leave_open)
    (session,) = kept
    for use in (session.aclose(), session.users.get("user-0")):
        with pytest.raises(ClosedError, match="another event loop, which has ended"):
            asyncio.run(use)
    for coroutine in (session.users.get("user-0"), session.aclose()):
        with pytest.raises(ClosedError, match="another event loop"):
            coroutine.send(None)  # no loop at all


def test_opened_without_a_loop() -> None:
    """Opening a session where asyncio does not run is ConfigurationError, and later it works."""

    async def check(emulator: Emulator) -> None:
        session = session_on(emulator)

        def no_loop() -> None:
            with pytest.raises(ConfigurationError, match="on asyncio"):
                session.open().send(None)

        await asyncio.to_thread(no_loop)
        async with session:
            await session.users.get("user-0")

    sync_emulator_run(check)


async def test_http_session_of_another_loop(emulator: Emulator) -> None:
    """An aiohttp session of another event loop, or a closed one, is rejected at the opening."""

    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    http = await asyncio.to_thread(asyncio.run, make())
    with pytest.raises(ConfigurationError, match="of another event loop"):
        await session_on(emulator, http=http).open()
    await http.close()
    with pytest.raises(ClosedError, match="http= is closed"):
        await session_on(emulator, http=http).open()


FORK = """
import asyncio, os, sys
from frontegg_async import ClosedError, FronteggSession
from frontegg_async.emulator import Emulator

async def main():
    async with Emulator() as emulator:
        emulator.add_user("user-0")
        async with FronteggSession(
            client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
        ) as session:
            await session.users.get("user-0")
            before = emulator.count()
            child = os.fork()
            if child == 0:
                try:
                    session.users.get("user-0").send(None)
                except ClosedError as error:
                    os.write(1, str(error).encode())
                    os._exit(7)
                os._exit(8)
            _, status = os.waitpid(child, 0)
            await session.users.get("user-0")
            assert emulator.count() == before + 1
            sys.exit(os.waitstatus_to_exitcode(status))

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_forked_child() -> None:
    """In a forked child the session says so, and in the parent it goes on."""
    run = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, timeout=30, check=False, text=True
    )
    assert run.returncode == 7, run.stderr
    assert "before a fork" in run.stdout


# Closed while something is going on


@pytest.mark.parametrize("on", [AUTH, GET], ids=["during the token fetch", "during calls"])
async def test_closed_under_way(emulator: Emulator, on: str) -> None:
    """Closing ends calls in flight with ClosedError, and leaves neither task nor connection."""
    stall = emulator.inject(Stall(), on=on, times=None)
    async with session_on(emulator) as session:
        calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(20)]
        await stall.wait()
        await spin()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ended] == [ClosedError] * 20
    assert not left_over()
    await spin()
    assert emulator.open_connections <= 20
    emulator.clear_faults()


async def test_closed_while_waiting_for_a_permit(emulator: Emulator) -> None:
    """A call that waits for its turn when the session is closed ends in ClosedError."""
    stall = emulator.inject(Stall(), on=GET, times=None)
    async with session_on(emulator, max_connections=1) as session:
        calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(5)]
        await stall.wait()
        await spin()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ended] == [ClosedError] * 5
    assert stall.struck == 1


async def test_closed_during_a_wait(emulator: Emulator) -> None:
    """A call that waits before its next attempt when the session is closed ends in ClosedError."""
    clock = FakeClock()
    clock.hold()
    emulator.inject(AnswerStatus(500), on=GET)
    async with session_on(emulator, clock=clock) as session:
        call = asyncio.create_task(session.users.get("user-0"))
        await clock.asleep()
    clock.release()
    with pytest.raises(ClosedError):
        await call
    assert emulator.count(GET) == 1


async def test_closed_during_a_read_back(emulator: Emulator) -> None:
    """A write that is being read back when the session is closed ends in a typed error."""
    emulator.inject(AnswerStatus(502), on=ADD)
    stall = emulator.inject(Stall(), on=GET)
    async with session_on(emulator) as session:
        call = asyncio.create_task(session.users.add_to_tenant("user-0", "new"))
        await stall.wait()
    with pytest.raises(ClosedError):
        await call
    assert emulator.count(ADD) == 1


async def test_error_inside_is_not_replaced(emulator: Emulator) -> None:
    """An error raised inside ``async with`` leaves it unchanged, never as a group."""

    async def fail() -> None:
        async with session_on(emulator) as session:
            await session.users.get("user-0")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not left_over()


async def test_cancelled_inside_closes_all_the_same(emulator: Emulator) -> None:
    """Cancelling the task that holds the session closes the session as well."""
    stall = emulator.inject(Stall(), on=GET)
    opened: list[FronteggSession] = []

    async def holder() -> User:
        async with session_on(emulator, options=Options(timeout=60.0)) as session:
            opened.append(session)
            return await session.users.get("user-0")

    task = asyncio.create_task(holder())
    await stall.wait()
    task.cancel()
    await asyncio.wait((task,))
    assert task.cancelled()
    assert "not open" in repr(opened[0])
    assert not left_over()
