"""The line in front of a group's pacer, for the tasks of one event loop."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from typing import Final

from .._clock import Clock
from .pacer import CAP, FixedRate, GroupPacer, PaceState


class _Waiter:
    """One call in line. The future ends in 0.0 when it may go, or in the seconds it lacks."""

    __slots__ = ("admitted_at", "bulk", "future", "max_wait")

    def __init__(self, future: asyncio.Future[float], max_wait: float, *, bulk: bool) -> None:
        self.future = future
        self.max_wait = max_wait
        self.bulk = bulk
        self.admitted_at = 0.0


class Group:
    """The calls of one limit group: interactive ones first, each kind in its order.

    Only the head of the line asks for a slot, with one timer for the whole line. While nobody
    waits and there is room, a call costs one question and no timer, lock or await.
    """

    __slots__ = (
        "_bulk",
        "_clock",
        "_closed",
        "_deadlines",
        "_interactive",
        "_name",
        "_number",
        "_pacer",
        "_timer",
        "_waited",
        "_waiting_since",
        "_wake_at",
    )

    def __init__(self, name: str, clock: Clock, pacer: GroupPacer) -> None:
        self._name = name
        self._clock: Final = clock
        self._pacer: Final = pacer
        self._interactive: deque[_Waiter] = deque()
        self._bulk: deque[_Waiter] = deque()
        self._deadlines: list[tuple[float, int, _Waiter]] = []
        self._number = 0
        self._timer: asyncio.Task[None] | None = None
        self._wake_at = 0.0
        self._waited = 0.0
        self._waiting_since = 0.0
        self._closed = False

    def try_admit(self, *, bulk: bool = False) -> bool:
        """Return whether a call may be sent now, which then counts as sent."""
        if self._interactive or (bulk and self._bulk):
            return False
        return self._pacer.admit(self._clock.monotonic(), bulk=bulk) == 0.0

    async def wait(self, *, deadline: float, max_wait: float, bulk: bool = False) -> float:
        """Wait in line until a call may be sent, which then counts as sent.

        Args:
            deadline: on the clock's ``monotonic``; nobody waits beyond it.
            max_wait: the longest wait, in seconds, that the server may state.
            bulk: whether interactive calls go first.

        Returns:
            0.0 when the call may go. Otherwise it may not, and the number is the seconds that it
            would still have to wait: at once if the server has stated a time that is beyond
            ``max_wait`` or the deadline, or else at the deadline.
        """
        if self.try_admit(bulk=bulk):
            return 0.0
        now = self._clock.monotonic()
        lacking = self._lacking(now, deadline, max_wait)
        if lacking or self._closed:
            return lacking or self._still(now)
        waiter = _Waiter(asyncio.get_running_loop().create_future(), max_wait, bulk=bulk)
        self._join(waiter, now, deadline)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.cancelled():
                self._serve()  # the next one may be the new head
            elif waiter.future.result() == 0.0:
                # Admitted, and cancelled before it could go: the slot is the next one's.
                self.give_back(waiter.admitted_at, bulk=bulk)
            raise

    def give_back(self, admitted_at: float | None = None, *, bulk: bool = False) -> None:
        """Take back an admission whose call is not sent after all."""
        now = self._clock.monotonic()
        self._pacer.give_back(now if admitted_at is None else admitted_at, now, bulk=bulk)
        self._serve()

    def succeeded(self, sent_at: float) -> None:
        """Report an answer that is no statement about limits: any but 429 and 5xx."""
        if self._pacer.succeeded(sent_at, self._clock.monotonic()) and self._timer is not None:
            self._serve()

    def throttled(self, sent_at: float, wait: float | None = None) -> None:
        """Report a 429, or a 503 that states a wait; ``wait`` is the stated time in seconds."""
        self._pacer.throttled(sent_at, self._clock.monotonic(), wait)
        if self._timer is not None:
            self._serve()

    def failed(self, sent_at: float) -> None:
        """Report a call that ended without an answer, or in a 5xx."""
        self._pacer.failed(sent_at, self._clock.monotonic())

    def state(self) -> PaceState:
        """Return what is known of the limit."""
        return self._pacer.state(self._clock.monotonic())

    @property
    def waited(self) -> float:
        """Seconds during which at least one call stood in line."""
        if self._interactive or self._bulk:
            return self._waited + self._clock.monotonic() - self._waiting_since
        return self._waited

    def set_share(self, share: float) -> None:
        """Let bulk calls use no more than this part of the learned limit."""
        self._pacer.set_share(share)
        self._serve()

    async def close(self) -> None:
        """Send everybody in line away, and end the timer."""
        self._closed = True
        now = self._clock.monotonic()
        for line in (self._interactive, self._bulk):
            for waiter in line:
                if not waiter.future.done():
                    waiter.future.set_result(self._still(now))
            line.clear()
        self._deadlines.clear()
        timer = self._stop_timer()
        if timer is not None:
            await asyncio.wait([timer])

    def _join(self, waiter: _Waiter, now: float, deadline: float) -> None:
        if not self._interactive and not self._bulk:
            self._waiting_since = now
        (self._bulk if waiter.bulk else self._interactive).append(waiter)
        self._number += 1
        if len(self._deadlines) > 2 * (len(self._interactive) + len(self._bulk)) + 64:
            # A line that never ends must not remember everybody who ever stood in it.
            self._deadlines = [entry for entry in self._deadlines if not entry[2].future.done()]
            heapq.heapify(self._deadlines)
        heapq.heappush(self._deadlines, (deadline, self._number, waiter))
        self._serve()

    def _serve(self) -> None:
        """Let go who may go, send away who cannot, and set the timer for the next."""
        now = self._clock.monotonic()
        self._expire(now)
        delay = 0.0
        while delay == 0.0:
            head = self._head(now)
            if head is None:
                self._stop_timer()
                return
            delay = self._pacer.admit(now, bulk=head.bulk)
            if delay == 0.0:
                head.admitted_at = now
                head.future.set_result(0.0)
        at = now + delay
        if self._deadlines and self._deadlines[0][0] < at:
            at = self._deadlines[0][0]
        if self._timer is None or abs(at - self._wake_at) > 1e-6:
            self._stop_timer()
            self._wake_at = at
            self._timer = asyncio.create_task(
                self._sleep(at - now), name=f"frontegg_async pacing {self._name}"
            )

    def _head(self, now: float) -> _Waiter | None:
        """Return who goes next; those who have gone are dropped on the way."""
        if not self._interactive and not self._bulk:
            return None
        for line in (self._interactive, self._bulk):
            while line:
                if not line[0].future.done():
                    return line[0]
                line.popleft()
        self._deadlines.clear()
        self._waited += now - self._waiting_since
        return None

    def _expire(self, now: float) -> None:
        """Send away whose deadline has come, and whom the server asks for more than they have."""
        deadlines = self._deadlines
        while deadlines and (deadlines[0][2].future.done() or deadlines[0][0] <= now):
            waiter = heapq.heappop(deadlines)[2]
            if not waiter.future.done():
                waiter.future.set_result(self._still(now))
        if self._pacer.stated_wait(now):
            for deadline, _, waiter in deadlines:
                lacking = self._lacking(now, deadline, waiter.max_wait)
                if lacking and not waiter.future.done():
                    waiter.future.set_result(lacking)

    def _lacking(self, now: float, deadline: float, max_wait: float) -> float:
        """Return the stated wait if there is one that a call cannot sit out, else 0.0."""
        if deadline <= now:
            return self._still(now)
        stated = self._pacer.stated_wait(now)
        return stated if stated > max_wait or now + stated > deadline else 0.0

    def _still(self, now: float) -> float:
        return max(self._pacer.wait_at(now), 1e-3)

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        self._serve()

    def _stop_timer(self) -> asyncio.Task[None] | None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer


class Pacing:
    """The pacing of one session: a group for each limit that the server may have.

    Args:
        clock: where the time comes from.
        fixed: the user's own limit for every group; what is learned only counts below it.
        share: the part of a learned limit that bulk calls may use.
        cap: the longest time, in seconds, that a stated wait keeps a group from trying again.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        fixed: FixedRate | None = None,
        share: float = 1.0,
        cap: float = CAP,
    ) -> None:
        self._clock: Final = clock
        self._fixed: Final = fixed
        self._share = share
        self._cap: Final = cap
        self._groups: Final[dict[str, Group]] = {}

    def group(self, name: str) -> Group:
        """Return the group of that name (``Operation.limit_group``)."""
        group = self._groups.get(name)
        if group is None:
            pacer = GroupPacer(fixed=self._fixed, share=self._share, cap=self._cap)
            group = self._groups[name] = Group(name, self._clock, pacer)
        return group

    def set_share(self, share: float) -> None:
        """Let bulk calls use no more than this part of every learned limit."""
        self._share = share
        for group in self._groups.values():
            group.set_share(share)

    def states(self) -> dict[str, PaceState]:
        """Return what is known of every group."""
        return {name: group.state() for name, group in self._groups.items()}

    @property
    def waited(self) -> float:
        """Seconds during which at least one call stood in line, of the group where it was most."""
        return max((group.waited for group in self._groups.values()), default=0.0)

    async def close(self) -> None:
        """Send everybody in line away, and end the timers."""
        for group in list(self._groups.values()):
            await group.close()
