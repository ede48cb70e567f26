"""Two sessions of one fleet in virtual time, and a store that does not answer when it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from frontegg_async.fleet.fleet_group import FleetGroup
from frontegg_async.fleet.fleet_pacing import FleetPacing
from frontegg_async.fleet.memory_exchanges import MemoryExchanges
from frontegg_async.fleet.news import GateNews, Grant, News
from frontegg_async.pacing import RunAllowance

from ..support.clocks import LoopTime

GROUP: Final = "GET /x"


class LoopClock:
    """The time of the event loop, as a clock."""

    def monotonic(self) -> float:
        """Return the time."""
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        """Return the time."""
        return self.monotonic()

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Store:
    """A store in memory that hangs or fails when it is told to.

    Attributes:
        inner: the store.
        hangs: True while no exchange has an answer.
        fails: True while every exchange raises.
        asked: number of exchanges.
    """

    def __init__(self) -> None:
        self.inner: Final = MemoryExchanges()
        self.hangs = self.fails = False
        self.asked = 0
        self.answer: Final = asyncio.Event()

    async def exchange(self, group: str, member: str, news: News) -> Grant:
        """Exchange news, or do not."""
        self.asked += 1
        if self.fails:
            raise ConnectionError
        if self.hangs:
            await self.answer.wait()
        return await self.inner.exchange(group, member, news)

    def watch(self, group: str, heard: Callable[[GateNews], None]) -> Callable[[], None]:
        """Call ``heard`` with each gate."""
        return self.inner.watch(group, heard)


class Scene:
    """Two sessions of one fleet."""

    def __init__(self, time: LoopTime) -> None:
        self.time: Final = time
        self.store: Final = Store()
        self.pacings: Final = [FleetPacing(LoopClock(), self.store, "key") for _ in range(2)]
        self.run: Final = RunAllowance()

    def group(self, number: int = 0) -> FleetGroup:
        """Return the group of a session."""
        group = self.pacings[number].group(GROUP)
        assert isinstance(group, FleetGroup)
        return group

    def call(
        self,
        number: int = 0,
        *,
        bulk: bool = True,
        run: RunAllowance | None = None,
        seconds: float = 30.0,
    ) -> asyncio.Task[float]:
        """Let a call wait until it may go; a bulk call of a run, or of the usual one."""
        now = self.time.now
        waiting = self.group(number).wait(
            began=now,
            deadline=now + seconds,
            max_wait=60.0,
            run=(run or self.run) if bulk else None,
        )
        return asyncio.create_task(waiting)

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass in small steps, as a loop that has time to run sees it."""
        for _ in range(round(seconds * 20)):
            await self.time.advance(0.05)

    async def refuse(self, wait: float | None = None) -> None:
        """Let the server refuse a call of the first session."""
        group = self.group()
        assert group.try_admit()
        sent_at = self.time.now
        await self.time.advance(0.01)
        group.throttled(sent_at, wait)
        await self.time.advance(0.01)
