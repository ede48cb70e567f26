"""Clocks that tests move, and waits that take no time."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final

import anyio.lowlevel


class FakeClock:
    """A clock that a test moves. Sleeping moves it too, at once, and is recorded."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.epoch: Final = 1_800_000_000.0
        self.slept: Final[list[float]] = []
        self._gate: asyncio.Event | None = None
        self._asleep = asyncio.Event()

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment."""
        return self.now

    def time(self) -> float:
        """Return seconds since the epoch."""
        return self.epoch + self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    async def sleep(self, seconds: float, /) -> None:
        """Return when the time has passed: at once, unless sleepers are held."""
        self.slept.append(seconds)
        self._asleep.set()
        if self._gate is None:
            await asyncio.sleep(0)
        else:
            await self._gate.wait()
        self.now += seconds

    def hold(self) -> None:
        """Hold all sleepers from now on, until ``release``."""
        self._gate = asyncio.Event()

    async def asleep(self) -> None:
        """Return once a task sleeps."""
        await self._asleep.wait()

    def release(self) -> None:
        """Wake all sleepers, and hold no more."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.set()


async def spin(turns: int = 20) -> None:
    """Let every other task run until it waits for the network or for time."""
    for _ in range(turns):
        await asyncio.sleep(0)


class LoopTime:
    """The time of an event loop, which stands still until a test moves it.

    So a deadline passes when a test wants it to, on a busy machine as well, and no wait for time
    ends by itself.
    """

    def __init__(self, now: float) -> None:
        self.now = now

    async def run_out(self, call: asyncio.Task[Any], seconds: float) -> None:
        """Let the seconds of a call pass that began now; check that it ends then and not before."""
        await self.advance(seconds - 0.5)
        assert not call.done()
        await self.advance(1.0)
        assert call.done()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and let the tasks that waited for it go on."""
        await spin()
        self.now += seconds
        await spin()


class LeapingClock:
    """A clock that jumps to the end of each wait."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def time(self) -> float:
        """Return the time, which counts from the epoch."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Let others run first, and leap to the end of the wait."""
        until = self.now + seconds
        for _ in range(5):
            # The socket and the thread of the ledger are among the others.
            await asyncio.to_thread(int)
            for _ in range(4):
                await asyncio.sleep(0)
        self.now = max(self.now, until)


async def turn(times: int = 200) -> None:
    """Let all tasks run that can."""
    for _ in range(times):
        await anyio.lowlevel.checkpoint()


class FairClock:
    """A clock that moves to the end of one wait after the other, in their order.

    Under a ``LeapingClock`` the longest of many waits ends them all, so that an outage costs fewer
    attempts than in real time.
    """

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()
        self._passing: asyncio.Task[None] | None = None

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def time(self) -> float:
        """Return the time, which counts from the epoch."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Return when all waits that end sooner have ended."""
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (self.now + seconds, next(self._number), future))
        if self._passing is None:
            self._passing = asyncio.create_task(self._pass())
        await future

    async def _pass(self) -> None:
        while self._waiting:
            for _ in range(20):
                await asyncio.sleep(0)
            at, _, future = heappop(self._waiting)
            if not future.done():
                self.now = max(self.now, at)
                future.set_result(None)
        self._passing = None
