"""The pacing of a session, for the tasks of one event loop: a limit group for each limit."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from .._core.clock import Clock
from .allowance import RunAllowance
from .line import MIN_SHORTFALL_S, Line, Waiter
from .pace_state import PaceState
from .pacer import GroupPacer
from .pacer_interface import Pacer
from .rate import FixedRate

NEW_STATED_WAIT_S: Final = 0.5
"""Seconds by which a stated time must move for the line to be reviewed again."""


class Wait(msgspec.Struct, frozen=True):
    """A limit that is used up.

    Args:
        operation: name of an operation under the limit.
        seconds: seconds until calls are expected to be taken again.
        waiting: calls in line.
    """

    operation: str
    seconds: float
    waiting: int

    def __str__(self) -> str:
        return f"limit of {self.operation} used up, next calls in {max(round(self.seconds), 1)} s"


class Learned(msgspec.Struct, frozen=True):
    """A limit that was met, as one run leaves it to the next.

    Args:
        group: its limit group.
        operation: name of an operation in the group.
        calls: calls that the server took in a window.
        seconds: length of the window.
    """

    group: str
    operation: str
    calls: float
    seconds: float


class LimitGroup:
    """The calls of one limit group. One timer serves the whole line.

    While no call waits and there is room, a call costs one question and no timer, lock or await.
    """

    __slots__ = (
        "_clock",
        "_closed",
        "_last_stated_until",
        "_line",
        "_pacer",
        "_timer",
        "_waited_seconds",
        "_waiting_since",
        "_wake_at",
        "name",
        "operation",
    )

    def __init__(self, name: str, operation: str, clock: Clock, pacer: Pacer) -> None:
        self.name: Final = name
        self.operation: Final = operation
        self._clock: Final = clock
        self._pacer: Final = pacer
        self._line: Final = Line(pacer)
        self._timer: asyncio.Task[None] | None = None
        self._wake_at = math.inf
        self._waited_seconds = 0.0
        self._waiting_since = math.inf
        self._last_stated_until = -math.inf
        self._closed = False

    def try_admit(self, run: RunAllowance | None = None) -> bool:
        """Return whether a call may be sent now, which then counts as sent."""
        allowance = None if run is None else run.of(self.name)
        return self._line.try_admit(self._clock.monotonic(), allowance)

    async def wait(
        self, *, began: float, deadline: float, max_wait: float, run: RunAllowance | None = None
    ) -> float:
        """Wait in line until a call may be sent, which then counts as sent.

        Args:
            began: time at which the call began; the earlier call goes first.
            deadline: monotonic time at which the wait ends.
            max_wait: the longest wait, in seconds, that the server may state.
            run: bulk run of the call; None for an interactive call.

        Returns:
            0.0 when the call may go. Otherwise the seconds that it would still have to wait: at
            once if it cannot be served in time, else at the deadline.
        """
        if self.try_admit(run):
            return 0.0
        now = self._clock.monotonic()
        line = self._line
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def resolve(shortfall: float) -> None:
            if not future.done():
                future.set_result(shortfall)

        allowance = None if run is None else run.of(self.name)
        waiter = Waiter(began, deadline, max_wait, allowance, resolve, future.cancelled)
        shortfall = line.shortfall(waiter, now)
        if shortfall or self._closed:
            return shortfall or max(self._pacer.seconds_to_wait(now), MIN_SHORTFALL_S)
        line.join(waiter, now)
        self._serve_line()
        try:
            return await future
        except BaseException:
            # Also of a coroutine that is closed by hand.
            if not waiter.done:
                line.leave(waiter)
                self._serve_line()  # the next one may be the new head
            elif future.done() and not future.cancelled() and future.result() == 0.0:
                # Admitted, and cancelled before it was sent: the slot goes to the next call.
                self.give_back(run, waiter.admitted_at)
            raise

    def give_back(self, run: RunAllowance | None = None, admitted_at: float | None = None) -> None:
        """Take back an admission whose call is not sent."""
        now = self._clock.monotonic()
        if run is None:
            self._pacer.give_back(now, admitted_at)
        else:
            allowance = run.of(self.name)
            self._pacer.give_back(now, admitted_at, allowance.bounds)
            allowance.give_back(admitted_at)
        self._serve_line()

    def succeeded(self, sent_at: float, exhausted: float | None = None) -> None:
        """Report a response that is no refusal: any but 429 and 5xx.

        Args:
            sent_at: time at which its call was sent.
            exhausted: seconds until the limit is fresh again, if the response says that it is used
                up.
        """
        now = self._clock.monotonic()
        opened = self._pacer.succeeded(sent_at, now)
        line = self._line
        if exhausted:
            closed = self._pacer.closed
            self._pacer.exhausted(sent_at, now, exhausted)
            self._review_line(now, closed=closed)
        elif (opened or line.crowded) and line.waiting:
            self._serve_line()

    def throttled(self, sent_at: float, wait: float | None = None) -> bool:
        """Report a 429, or a 503 that states a wait; ``wait`` is the stated time in seconds.

        Returns:
            True if calls that were sent later have been taken.
        """
        now = self._clock.monotonic()
        looked = self._pacer.closed and sent_at > now - self._pacer.closed_since(now)
        closed = self._pacer.closed and not looked
        singled_out = self._pacer.throttled(sent_at, now, wait)
        self._review_line(now, closed=closed)
        return singled_out

    def failed(self, sent_at: float) -> None:
        """Report a call that ended without a response, or in a 5xx."""
        self._pacer.failed(sent_at, self._clock.monotonic())
        if self._line.waiting:
            self._serve_line()

    def _review_line(self, now: float, *, closed: bool) -> None:
        """Serve the line, and review it first if the stated wait is a new one.

        Args:
            now: the time.
            closed: True after the refusal of a call that was in flight when the gate was closed:
                there may be many of them, and the first one has stated the same wait.
        """
        if not self._line.waiting:
            return
        stated_until = self._pacer.stated_until
        if not closed or abs(stated_until - self._last_stated_until) > NEW_STATED_WAIT_S:
            self._last_stated_until = stated_until
            self._line.review(now)
        self._serve_line()

    @property
    def closed(self) -> bool:
        """True if the server has refused calls and not taken one since."""
        return self._pacer.closed

    @property
    def answer_time(self) -> float:
        """Seconds in which nearly every answer comes; 0.0 as long as there was none."""
        return self._pacer.answer_time

    def state(self) -> PaceState:
        """Return the knowledge of the limit."""
        return self._pacer.state(self._clock.monotonic())

    def learned(self) -> tuple[float, float] | None:
        """Return the calls taken in so many seconds, or None if no limit was met."""
        return self._pacer.learned()

    def begin_with(self, calls: float, seconds: float) -> None:
        """Begin with a limit that was learned before, unless an answer was seen already."""
        self._pacer.begin_with(calls, seconds)

    @property
    def waited(self) -> float:
        """Seconds during which at least one call stood in line."""
        return self._waited_seconds + max(self._clock.monotonic() - self._waiting_since, 0.0)

    def wait_of(self) -> Wait | None:
        """Return the wait of the calls in line, or None if the server takes calls."""
        seconds = self._pacer.closed_for(self._clock.monotonic())
        waiting = self._line.waiting
        return Wait(self.operation, seconds, waiting) if seconds and waiting else None

    async def close(self) -> None:
        """Send all waiting calls away, and end the timer."""
        self._closed = True
        self._line.clear(self._clock.monotonic())
        timer = self._stop_timer()
        if timer is not None:
            await asyncio.wait([timer])

    def _serve_line(self) -> None:
        """Serve the line, and set the timer for the next time."""
        now = self._clock.monotonic()
        at = self._line.serve(now)
        if self._line.waiting:
            self._waiting_since = min(self._waiting_since, now)
        elif self._waiting_since < math.inf:
            self._waited_seconds += now - self._waiting_since
            self._waiting_since = math.inf
        if at == math.inf:
            self._stop_timer()
        elif self._timer is None or abs(at - self._wake_at) > 1e-6:
            self._stop_timer()
            self._wake_at = at
            self._timer = asyncio.create_task(
                self._wake_after(at - now), name=f"frontegg_async pacing {self.operation}"
            )

    async def _wake_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._timer = None
        self._serve_line()

    def _stop_timer(self) -> asyncio.Task[None] | None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer


class Pacing:
    """The pacing of one session: a group for each limit that the server may have.

    Args:
        clock: source of the time.
        expected: returns the likely limit of a limit group, of which nothing was seen yet; None
            expects no limit.
    """

    def __init__(self, clock: Clock, *, expected: Callable[[str], FixedRate] | None = None) -> None:
        self._clock: Final = clock
        self._expected: Final = expected
        self._groups: Final[dict[str, LimitGroup]] = {}

    def group(self, name: str, operation: str = "") -> LimitGroup:
        """Return the group of that name (``Operation.limit_group``).

        Args:
            name: name of the group.
            operation: name of an operation in it, for display.
        """
        group = self._groups.get(name)
        if group is None:
            expected = None if self._expected is None else self._expected(name)
            group = self._groups[name] = self._make_group(name, operation or name, expected)
        return group

    def _make_group(self, name: str, operation: str, expected: FixedRate | None) -> LimitGroup:
        return LimitGroup(name, operation, self._clock, GroupPacer(expected=expected))

    def states(self) -> dict[str, PaceState]:
        """Return the knowledge of every limit, by limit group."""
        return {name: group.state() for name, group in list(self._groups.items())}

    def waits(self) -> tuple[Wait, ...]:
        """Return the limits that are used up while calls wait for them, the longest wait first."""
        # Copied first: a display may read it in a thread of its own.
        groups = list(self._groups.values())
        found = [wait for group in groups if (wait := group.wait_of()) is not None]
        return tuple(sorted(found, key=lambda wait: -wait.seconds))

    def learned(self) -> tuple[Learned, ...]:
        """Return the limits that were met, for a later session to begin with."""
        found = [(name, group, group.learned()) for name, group in self._groups.items()]
        return tuple(
            Learned(name, group.operation, *learned) for name, group, learned in found if learned
        )

    def begin_with(self, limits: Iterable[Learned]) -> None:
        """Begin with the limits that an earlier session met, in groups without an answer yet."""
        for limit in limits:
            if limit.calls > 0.0 and 0.0 < limit.seconds < math.inf:
                group = self.group(limit.group, limit.operation)
                group.begin_with(limit.calls, limit.seconds)

    @property
    def waited(self) -> float:
        """Most seconds of any group during which at least one call stood in line."""
        return max((group.waited for group in self._groups.values()), default=0.0)

    async def close(self) -> None:
        """Send all waiting calls away, and end the timers."""
        for group in list(self._groups.values()):
            await group.close()
