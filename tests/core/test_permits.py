"""Permits: never more than connections, none lost, first come, first served."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async._core.semaphore import ConnectionSemaphore

pytestmark = pytest.mark.anyio


async def spin() -> None:
    """Let everything that can go on go on."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_first_come_first_served() -> None:
    """The task that waits longest gets the next permit, and no other task takes it before."""
    permits = ConnectionSemaphore(1)
    assert permits.take()
    served: list[int] = []

    async def wait(number: int) -> None:
        await permits.wait()
        served.append(number)

    tasks = [asyncio.create_task(wait(number)) for number in range(3)]
    await spin()
    for expected in ([0], [0, 1], [0, 1, 2]):
        permits.give_back()
        assert not permits.take()
        await spin()
        assert served == expected
    permits.give_back()
    assert permits.free == 1
    await asyncio.gather(*tasks)


async def test_cancelled_in_the_moment_of_getting_it() -> None:
    """A permit that is given to a task while it is cancelled goes to the next in line."""
    permits = ConnectionSemaphore(1)
    permits.take()
    first, second = (asyncio.create_task(permits.wait()) for _ in range(2))
    await spin()
    permits.give_back()
    first.cancel()
    await spin()
    assert first.cancelled()
    assert second.done()
    assert permits.free == 0
    permits.give_back()
    assert permits.free == 1


class Party:
    """Tasks that take permits, give them back, and are cancelled."""

    def __init__(self, number: int) -> None:
        self.permits = ConnectionSemaphore(number)
        self.inside: list[asyncio.Task[None]] = []
        self.waiting: list[asyncio.Task[None]] = []

    async def enter(self) -> None:
        """Take a place, or wait for one."""
        if not self.permits.take():
            await self.permits.wait()

    def do(self, step: str, chosen: int) -> None:
        """Let a task take a permit, give one back, or be cancelled."""
        if step == "come":
            self.waiting.append(asyncio.create_task(self.enter()))
        elif step == "go" and self.inside:
            self.inside.pop(chosen % len(self.inside))
            self.permits.give_back()
        elif step == "cancel" and self.waiting:
            self.waiting[chosen % len(self.waiting)].cancel()

    async def settle(self) -> None:
        """Let all tasks run until they wait."""
        await spin()
        done = [task for task in self.waiting if task.done()]
        self.inside += [task for task in done if not task.cancelled()]
        self.waiting = [task for task in self.waiting if task not in done]


@settings(max_examples=200)
@given(
    number=st.integers(1, 4),
    steps=st.lists(st.tuples(st.sampled_from(["come", "go", "cancel"]), st.integers(0, 9))),
)
def test_any_coming_and_going(number: int, steps: list[tuple[str, int]]) -> None:
    """After any order of events no permit is lost, and none is there twice."""

    async def play() -> None:
        party = Party(number)
        for step, chosen in steps:
            party.do(step, chosen)
            if chosen % 2:  # several events may happen before any task runs
                await party.settle()
        await party.settle()
        assert len(party.inside) + party.permits.free == number
        assert not party.waiting or not party.permits.free
        while party.inside:
            party.do("go", 0)
            await party.settle()
        assert party.permits.free == number
        assert not party.waiting

    asyncio.run(play())
