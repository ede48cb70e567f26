"""A call cancelled at any of its awaits leaves nothing behind, and the next call works."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from frontegg_async import FronteggSession, User
from frontegg_async.emulator import AnswerStatus, CutAfterCommit, Emulator, Stall

from ..support.clocks import FakeClock, spin
from ..support.routes import ADD, AUTH, GET
from ..support.sessions import session_on, transport_in
from ..support.transports import in_use

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]

MOST_AWAITS: Final = 200


class CancelAt:
    """Awaits a coroutine, and cancels the task that does so at the n-th suspension."""

    def __init__(self, coroutine: Coroutine[Any, Any, User], at: int) -> None:
        self.coroutine = coroutine
        self.at = at
        self.suspended = 0

    def __await__(self) -> Generator[Any, Any, User]:
        """Yield the coroutine's own futures, as ``await`` itself does."""
        error: BaseException | None = None
        while True:
            try:
                if error is None:
                    awaited = self.coroutine.send(None)
                else:
                    awaited = self.coroutine.throw(error)
            except StopIteration as stop:
                user: User = stop.value
                return user
            self.suspended += 1
            if self.suspended == self.at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            try:
                yield awaited
            except BaseException as raised:  # noqa: BLE001  # thrown into the coroutine above
                error = raised
            else:
                error = None


Around = Callable[[Emulator, FronteggSession], Awaitable[Callable[[], Awaitable[object]]]]
"""Prepares one call, and returns a function that is run as soon as the call waits."""


async def nothing() -> None:
    """Do nothing while the call waits."""


async def cold(emulator: Emulator, session: FronteggSession) -> Callable[[], Awaitable[object]]:
    """Nothing has been called before."""
    return nothing


async def warm(emulator: Emulator, session: FronteggSession) -> Callable[[], Awaitable[object]]:
    """Token and connection are there."""
    await session.users.get("user-1")
    return nothing


async def permit(emulator: Emulator, session: FronteggSession) -> Callable[[], Awaitable[object]]:
    """The one permit is taken by a call that ends while this one waits."""
    await session.users.get("user-1")
    stall = emulator.inject(Stall(), on=GET)
    holder = asyncio.create_task(session.users.get("user-1"))
    await stall.wait()

    async def end() -> None:
        stall.clear()
        await holder

    return end


async def backoff(emulator: Emulator, session: FronteggSession) -> Callable[[], Awaitable[object]]:
    """The first attempt fails, so the call waits and is sent again."""
    await session.users.get("user-1")
    emulator.inject(AnswerStatus(503), on=ADD)
    emulator.inject(AnswerStatus(500), on=GET)
    return nothing


async def read_back(
    emulator: Emulator, session: FronteggSession
) -> Callable[[], Awaitable[object]]:
    """The response gets lost, so the call reads back."""
    await session.users.get("user-1")
    emulator.inject(CutAfterCommit(), on=ADD)
    return nothing


async def revoked(emulator: Emulator, session: FronteggSession) -> Callable[[], Awaitable[object]]:
    """The token is refused, so the call waits for another and is sent again."""
    await session.users.get("user-1")
    emulator.revoke_tokens()
    return nothing


@asynccontextmanager
async def checked(emulator: Emulator) -> AsyncGenerator[FronteggSession]:
    """Give a session with one permit; check at the end that it, and the connection, are free."""
    async with session_on(emulator, max_connections=1, clock=FakeClock()) as session:
        assert session._sender is not None
        core = session._sender.core
        yield session
        await spin()
        assert core.connections.free == 1, "a permit was lost, or given back twice"
        assert not in_use(transport_in(session)), "a connection was lost"
        assert (await session.users.get("user-2")).id == "user-2"
        assert core.connections.free == 1
        assert emulator.open_connections <= 2
    assert not [task for task in asyncio.all_tasks() if "frontegg" in task.get_name()]


@pytest.mark.parametrize(
    "around", [cold, warm, permit, backoff, read_back, revoked], ids=lambda stage: stage.__name__
)
async def test_cancelled_at_every_await(emulator: Emulator, around: Around) -> None:
    """Wherever a call is cancelled, no permit, connection or task is lost, and the next works."""
    at = 0
    for at in range(1, MOST_AWAITS):
        async with checked(emulator) as session:
            meanwhile = await around(emulator, session)
            call = CancelAt(
                session.users.add_to_tenant("user-0", f"new-{at}", skip_invite_email=True), at
            )
            task = asyncio.ensure_future(_run(call))
            await spin(3)
            await meanwhile()
            await asyncio.wait((task,))
            emulator.clear_faults()
            assert task.cancelled() == (call.suspended >= at)
        if not task.cancelled():
            break
    assert 1 < at < MOST_AWAITS - 1
    assert (await _run(call_of(emulator))).id == "user-0"


async def _run(call: CancelAt | Coroutine[Any, Any, User]) -> User:
    return await call


async def call_of(emulator: Emulator) -> User:
    async with session_on(emulator) as session:
        return await session.users.get("user-0")


@pytest.mark.parametrize("on", [AUTH, GET])
async def test_many_cancelled_at_once(emulator: Emulator, on: str) -> None:
    """A hundred calls cancelled together give all permits and connections back."""
    async with session_on(emulator, max_connections=10) as session:
        assert session._sender is not None
        stall = emulator.inject(Stall(), on=on, times=None)
        calls = [asyncio.create_task(session.users.get("user-0")) for _ in range(100)]
        await stall.wait()
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        stall.clear()
        await asyncio.gather(*(session.users.get("user-0") for _ in range(30)))
        assert session._sender.core.connections.free == 10
        assert emulator.open_connections <= 20
