"""A limit group on a clock that a test moves, and the calls in its line."""

from __future__ import annotations

import asyncio
import heapq
import math

from frontegg_async.pacing import FixedRate, GroupPacer, LimitGroup, Pacing, RunAllowance

FOREVER = 1e9
NAME = "GET /users"
WAY = 0.02
"""Seconds to a server, and back from it."""


class ManualClock:
    """A clock that a test moves; it wakes sleepers on the way."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def monotonic(self) -> float:
        """Return the seconds that have been let pass."""
        return self.now

    def time(self) -> float:
        """Return the same, as a time of day."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Wait until the clock has been moved far enough."""
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, future))
        await future

    @property
    def sleeping(self) -> int:
        """Number of sleepers."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and wake each sleeper at its own time."""
        end = self.now + seconds
        await turn()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.now = max(self.now, at)
                future.set_result(None)
                await turn()
        self.now = end


async def turn() -> None:
    """Let all tasks run as far as they can without time passing."""
    for _ in range(6):
        await asyncio.sleep(0)


class Window:
    """A server with a limit in windows, each opened by a call."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._left = 0
        self._end = -math.inf

    def takes(self, now: float) -> bool:
        """Return whether a call is taken."""
        if now >= self._end:
            self._end = now + self._seconds
            self._left = self._calls
        self._left -= 1
        return self._left >= 0


class Scene:
    """A limit group, a run of one bulk call a second, and a record of the calls that went."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pacing = Pacing(self.clock)
        self.group: LimitGroup = self.pacing.group(NAME)
        self.run = RunAllowance(rate=FixedRate(1, 1.0))
        self.server: Window | None = None
        """Answers calls; None leaves that to the test."""
        self.gone: list[str] = []
        self.turned_away: dict[str, float] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._sent: dict[str, float] = {}

    @property
    def in_flight(self) -> int:
        """Number of calls admitted and not ended."""
        pacer = self.group._pacer  # pyright: ignore[reportPrivateUsage]
        assert isinstance(pacer, GroupPacer)
        return pacer._in_flight  # pyright: ignore[reportPrivateUsage]

    def close_gate(self, wait: float | None = None) -> None:
        """Send a call that is refused."""
        assert self.group.try_admit()
        self.group.throttled(self.clock.now, wait)

    def taken(self, name: str) -> None:
        """Answer a call that went with a success."""
        self.group.succeeded(self._sent[name])

    def refused(self, name: str, wait: float | None = None) -> None:
        """Answer a call that went with a refusal."""
        self.group.throttled(self._sent[name], wait)

    def failed(self, name: str) -> None:
        """Let a call that went end without an answer."""
        self.group.failed(self._sent[name])

    def exhausted(self, name: str, wait: float) -> None:
        """Answer a call that went with a success that says that the limit is used up."""
        self.group.succeeded(self._sent[name], wait)

    def send(
        self,
        name: str,
        *,
        run: RunAllowance | None = None,
        began: float | None = None,
        deadline: float = FOREVER,
        max_wait: float = FOREVER,
    ) -> None:
        """Start a task that waits in line until it may go, and is taken if there is a server."""
        began = self.clock.now if began is None else began
        self.tasks[name] = asyncio.create_task(self._call(name, run, began, deadline, max_wait))

    async def _call(
        self, name: str, run: RunAllowance | None, began: float, deadline: float, max_wait: float
    ) -> None:
        while True:
            shortfall = await self.group.wait(
                began=began, deadline=deadline, max_wait=max_wait, run=run
            )
            if shortfall:
                self.turned_away[name] = shortfall
                return
            self._sent[name] = sent_at = self.clock.now
            if self.server is None:
                break
            await self.clock.sleep(WAY)
            taken = self.server.takes(self.clock.now)
            await self.clock.sleep(WAY)
            if taken:
                self.group.succeeded(sent_at)
                break
            self.group.throttled(sent_at)
        self.gone.append(name)

    def count(self, kind: str) -> int:
        """Return the number of calls that went whose names begin with ``kind``."""
        return sum(name.startswith(kind) for name in self.gone)

    async def close(self) -> None:
        """Send all calls away, and cancel those in flight."""
        await self.pacing.close()
        await turn()
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
