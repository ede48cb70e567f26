"""The line of a limit group: the calls that have to wait, in order, without a clock or a loop."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Final

from .allowance import Allowance
from .bounds import Bounds
from .pacer_interface import Pacer

REOPENING_CALLS: Final = 32
"""Interactive calls from the line that may be in flight when the gate has just opened; every call
taken allows one more. All of them at once would be refused together at the next limit."""

BULK_PATIENCE_S: Final = 15.0
"""Seconds for which bulk calls look behind a stated wait that is too long for them before they
believe it: a server that has recovered is noticed within that time."""
MIN_SHORTFALL_S: Final = 1e-3
"""Least seconds that a call sent away is told to lack, because 0.0 means that it may go."""


class Waiter:
    """One call in line.

    Args:
        order: time at which the call began; the earlier call goes first.
        deadline: time by which its answer must be there.
        max_wait: the longest stated wait, in seconds, that it accepts.
        allowance: allowance of its run; None for an interactive call.
        resolve: called once, with 0.0 when the call may go, or with the seconds that it lacks.
        is_cancelled: returns whether the call was cancelled, and has not left the line yet.
    """

    __slots__ = (
        "admitted_at",
        "allowance",
        "deadline",
        "done",
        "is_cancelled",
        "max_wait",
        "order",
        "resolve",
    )

    def __init__(
        self,
        order: float,
        deadline: float,
        max_wait: float,
        allowance: Allowance | None,
        resolve: Callable[[float], None],
        is_cancelled: Callable[[], bool] = bool,
    ) -> None:
        self.order: Final = order
        self.deadline: Final = deadline
        self.max_wait: Final = max_wait
        self.allowance: Final = allowance
        self.resolve: Final = resolve
        self.is_cancelled: Final = is_cancelled
        self.admitted_at = 0.0
        self.done = False

    def finish(self, result: float) -> None:
        """End the wait with 0.0 or a shortfall."""
        self.done = True
        self.resolve(result)


class _Queue:
    """The waiters of one kind, ordered by the time at which their calls began."""

    __slots__ = ("_heap", "_number", "size")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Waiter]] = []
        self._number = 0
        self.size = 0

    def push(self, waiter: Waiter) -> None:
        self._number += 1
        self.size += 1
        heapq.heappush(self._heap, (waiter.order, self._number, waiter))

    def head(self) -> Waiter | None:
        heap = self._heap
        while heap:
            waiter = heap[0][2]
            if not waiter.done:
                if not waiter.is_cancelled():
                    return waiter
                waiter.done = True
                self.size -= 1
            heapq.heappop(heap)
        return None

    def count_before(self, order: float) -> int:
        """Return the number of waiters before a call that began at ``order``."""
        return sum(1 for began, _, waiter in self._heap if began <= order and not waiter.done)

    def waiters(self) -> list[Waiter]:
        """Return all waiters in order, and forget those that have left."""
        self._heap = sorted(entry for entry in self._heap if not entry[2].done)
        return [waiter for _, _, waiter in self._heap]


class Line:
    """Interactive calls go first, and wait for the gate alone; bulk calls wait for slots as well.

    Bulk calls of several runs take turns. Only heads of queues ask for slots: slots handed out in
    advance would still be used by the whole line after a limit was found.

    Attributes:
        crowded: True while interactive calls wait for answers to the calls before them.
    """

    __slots__ = (
        "_bulk",
        "_deadlines",
        "_first_in_turn",
        "_interactive",
        "_number",
        "_pacer",
        "crowded",
    )

    def __init__(self, pacer: Pacer) -> None:
        self._pacer: Final = pacer
        self._interactive: Final = _Queue()
        self._bulk: Final[dict[Allowance, _Queue]] = {}
        self._deadlines: list[tuple[float, int, Waiter]] = []
        self._number = 0
        self._first_in_turn = 0
        self.crowded = False

    @property
    def waiting(self) -> int:
        """Number of calls in line."""
        return self._interactive.size + self.waiting_bulk

    @property
    def waiting_interactive(self) -> int:
        """Number of interactive calls in line."""
        return self._interactive.size

    @property
    def waiting_bulk(self) -> int:
        """Number of bulk calls in line."""
        return sum(queue.size for queue in list(self._bulk.values()))

    @property
    def waiting_by_bounds(self) -> dict[Bounds, int]:
        """Number of bulk calls in line, by the bounds of their runs."""
        found: dict[Bounds, int] = {}
        for allowance, queue in list(self._bulk.items()):
            if queue.size:
                found[allowance.bounds] = found.get(allowance.bounds, 0) + queue.size
        return found

    @property
    def allowances(self) -> list[Allowance]:
        """Allowances of the runs that have bulk calls in line."""
        return list(self._bulk)

    def try_admit(self, now: float, allowance: Allowance | None) -> bool:
        """Return whether a call that does not stand in line may go, which then counts as sent."""
        if self._interactive.size:
            return False
        if allowance is None:
            if self._pacer.admit(now) > 0.0:
                return False
            self._pacer.note_interactive_idle()
            return True
        queue = self._bulk.get(allowance)
        if queue is not None and queue.size:
            return False
        return self._admit(now, allowance) == 0.0

    def shortfall(self, waiter: Waiter, now: float) -> float:
        """Return the seconds that a call lacks if it cannot be served in time, else 0.0."""
        queue: _Queue | None = self._interactive
        if waiter.allowance is not None:
            queue = self._bulk.get(waiter.allowance)
        ahead = queue.count_before(waiter.order) if queue is not None and queue.size else 0
        return self._shortfall(waiter, now, ahead)

    def join(self, waiter: Waiter, now: float) -> None:
        """Let a call stand in line; ``serve`` is due."""
        allowance = waiter.allowance
        if allowance is None:
            queue = self._interactive
        else:
            queue = self._bulk.setdefault(allowance, _Queue())
        queue.push(waiter)
        self._number += 1
        heapq.heappush(self._deadlines, (waiter.deadline, self._number, waiter))
        if len(self._deadlines) > 2 * self.waiting + 64:
            # A line that never ends must not remember every call that ever stood in it.
            self._deadlines = [entry for entry in self._deadlines if not entry[2].done]
            heapq.heapify(self._deadlines)

    def leave(self, waiter: Waiter) -> None:
        """Take a call out of the line that does not wait any longer."""
        if not waiter.done:
            waiter.done = True
            self._count_out(waiter)

    def serve(self, now: float) -> float:
        """Admit calls that may go, send hopeless ones away; return the time of the next serving."""
        self._expire(now)
        at = self._serve_interactive(now)
        if at is None:
            at = self._serve_bulk(now)
        if self._deadlines and self._deadlines[0][0] < at and self.waiting:
            at = self._deadlines[0][0]
        return at

    def review(self, now: float) -> None:
        """Send away the calls whose deadline a stated wait passes; ``serve`` is due."""
        for ahead, waiter in enumerate(self._interactive.waiters()):
            shortfall = self._shortfall(waiter, now, ahead)
            if shortfall:
                self._finish(waiter, shortfall)
        for queue in self._bulk.values():
            for ahead, waiter in enumerate(queue.waiters()):
                shortfall = self._shortfall(waiter, now, ahead)
                if shortfall:
                    self._finish(waiter, shortfall)

    def clear(self, now: float) -> None:
        """Send all calls away."""
        wait = self._wait_left(now)
        for queue in (self._interactive, *self._bulk.values()):
            for waiter in queue.waiters():
                self._finish(waiter, wait)
        self._deadlines.clear()

    def _serve_interactive(self, now: float) -> float | None:
        """Return the time at which the head may go, or None if no call is left."""
        pacer = self._pacer
        self.crowded = False
        while (head := self._interactive.head()) is not None:
            if not pacer.closed and pacer.crowded(REOPENING_CALLS):
                self.crowded = True
                return math.inf  # the next answer serves the line again
            if head.deadline - now < pacer.answer_time:
                self._finish(head, self._wait_left(now))  # sent now, it would end in doubt
                continue
            delay = pacer.admit(now)
            if delay > 0.0:
                return now + delay
            head.admitted_at = now
            self._finish(head, 0.0)
        pacer.note_interactive_idle()
        return None

    def _serve_bulk(self, now: float) -> float:
        at = math.inf
        for allowance in self._in_turn():
            queue = self._bulk[allowance]
            while (head := queue.head()) is not None:
                delay = self._admit(now, allowance)
                if delay > 0.0:
                    at = min(at, now + delay)
                    break
                head.admitted_at = now
                self._finish(head, 0.0)
            else:
                del self._bulk[allowance]
        return at

    def _in_turn(self) -> list[Allowance]:
        allowances = list(self._bulk)
        if len(allowances) > 1:
            self._first_in_turn += 1
            first = self._first_in_turn % len(allowances)
            return allowances[first:] + allowances[:first]
        return allowances

    def _admit(self, now: float, allowance: Allowance) -> float:
        delay = allowance.delay(now, self._pacer)
        if delay > 0.0:
            return delay
        # With another run in line both would claim the rest of the window.
        alone = not self._bulk or (len(self._bulk) == 1 and allowance in self._bulk)
        last = alone and allowance.fits(now, self._pacer)
        delay = self._pacer.admit(now, bulk=True, last=last, bounds=allowance.bounds)
        if delay == 0.0:
            allowance.take(now, self._pacer)
        return delay

    def _expire(self, now: float) -> None:
        deadlines = self._deadlines
        while deadlines and (deadlines[0][2].done or deadlines[0][0] <= now):
            waiter = heapq.heappop(deadlines)[2]
            if not waiter.done:
                self._finish(waiter, self._wait_left(now, waiter.allowance))

    def _shortfall(self, waiter: Waiter, now: float, ahead: int) -> float:
        if waiter.deadline <= now:
            return self._wait_left(now, waiter.allowance)
        pacer = self._pacer
        if pacer.look_is_due(now) and ahead == 0:
            return 0.0  # this call looks
        if waiter.allowance is None:
            wait = pacer.served_in(now, ahead)
        else:
            wait = pacer.opens_in(now) if pacer.closed_since(now) > BULK_PATIENCE_S else 0.0
        if wait > waiter.max_wait or now + wait + pacer.answer_time > waiter.deadline:
            return max(wait, pacer.answer_time, MIN_SHORTFALL_S)
        return 0.0

    def _wait_left(self, now: float, allowance: Allowance | None = None) -> float:
        own = 0.0 if allowance is None else allowance.delay(now, self._pacer)
        return max(self._pacer.seconds_to_wait(now), own, MIN_SHORTFALL_S)

    def _finish(self, waiter: Waiter, result: float) -> None:
        self._count_out(waiter)
        waiter.finish(result)

    def _count_out(self, waiter: Waiter) -> None:
        if waiter.allowance is None:
            self._interactive.size -= 1
        else:
            self._bulk[waiter.allowance].size -= 1
