"""What a run tells of itself while it goes on."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from inspect import isawaitable
from typing import Any, Final

from .._core.call import Traffic
from .._core.clock import Clock
from .._core.response import Failure, Response
from ..pacing import LimitGroup, PaceState, Pacing, Wait
from .caller_errors import is_cancelled, of_caller
from .input.rows import UserRow, columns_of
from .jobs.job import Job
from .ledger.records import Entry, LedgerRow, State
from .ledger.wait_note import NoteWriter, WaitNote
from .outcome import OUTCOME_OF, Outcome, RowResult
from .report.forecast import Forecast
from .report.report import Progress
from .report.statistics import Limit, LimitWait, Statistics, StatisticsRecorder

ON_PROGRESS: Final = "on_progress"
_LOOK_EVERY: Final = 0.25
"""Seconds between two looks at what the pacing has learned."""
_OWN: Final = re.compile(r" \([^()]*\)")
"""What a reason says of one row alone stands in brackets: status, trace id, attempts."""

_UNUSED: Final = (0, 0.0, 0.0)
_WELL: Final = frozenset({State.DONE, State.ALREADY})


def _nobody(error: Exception) -> None:
    raise error


class RunWatch:
    """Counts what ends, remembers how it went over time, and tells those who asked."""

    def __init__(
        self,
        job: Job[Any],
        progress: Progress,
        on_progress: Callable[[Progress], object] | None,
        clock: Clock,
        failed: Callable[[Exception], None] = _nobody,
    ) -> None:
        self._failed: Final = failed
        self._telling: Final = asyncio.Lock()
        self._job: Final = job
        self._progress: Final = progress
        self._on_progress = on_progress
        self._clock: Final = clock
        self._recorder: Final = StatisticsRecorder()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._pacing: Pacing | None = None
        self._traffic = Traffic()
        self._share = 1.0
        self._started = 0.0
        self._look_at = 0.0
        self._look_due = False
        # What the session's other calls have done before: per group, calls taken, seconds with the
        # gate closed, and seconds waited.
        self._before: dict[str, tuple[int, float, float]] = {}
        # Per group: the seconds waited before, and whether a limit was met in this run.
        self._waiting: tuple[tuple[LimitGroup, float, bool], ...] = ()
        self._waited_s = self._paced_s = 0.0
        self._forecast: Forecast | None = None
        self._held_up = False
        self._note = WaitNote(clock)
        self.results: asyncio.Queue[RowResult[Any] | None] | None = None

    def begin(
        self,
        pacing: Pacing,
        traffic: Traffic,
        *,
        share: float = 1.0,
        note_wait: NoteWriter | None = None,
    ) -> None:
        """Take the time from here.

        Args:
            pacing: how fast the calls of the run are sent.
            traffic: what they are counted in.
            share: the part of a limit that the run may use.
            note_wait: puts on file which limit is used up until when, or that none is.
        """
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._pacing = pacing
        self._traffic = traffic
        self._share = share
        self._note.writer = note_wait
        self._started = self._clock.monotonic()
        self._before = {
            name: (state.taken, state.closed_seconds, group.waited)
            for name, state, group in self._groups()
        }
        self._progress.follow(self)

    async def close(self) -> None:
        """Look at the pacing no more, and take from file what was said of a wait."""
        self._waited_s, self._paced_s = self.waited_s(), self._longest(met=False)
        self._waiting = ()
        self._pacing = None
        await self._note.close()

    def statistics(self) -> Statistics:
        """Return how the run went; not after ``close``."""
        self._look(self._clock.monotonic() - self._started)
        limits: list[Limit] = []
        waits: list[LimitWait] = []
        for name, state, _ in self._groups():
            taken, shut, _ = self._before.get(name, _UNUSED)
            # The session may have met others before, in groups that this run sent nothing in.
            if state.limited and (state.taken > taken or state.closed_seconds > shut):
                limits.append(Limit(group=name, per_second=state.rate))
        for group, before, met in self._waiting:
            if met and group.waited > before:
                waits.append(LimitWait(operation=group.operation, seconds=group.waited - before))
        waits.sort(key=lambda wait: -wait.seconds)
        return self._recorder.result(
            limits=limits,
            waited_s=self.waited_s(),
            waits=waits,
            paced_s=self._longest(met=False),
        )

    def _met(self, name: str, state: PaceState) -> bool:
        """Whether a limit was met; a run may also wait for a rate of its own."""
        _, shut, _ = self._before.get(name, _UNUSED)
        return state.limited or state.closed_for > 0.0 or state.closed_seconds > shut

    def attempted(self, outcome: Response | Failure, seconds: float) -> None:
        """Hear what an attempt ended in."""
        at = self._clock.monotonic() - self._started
        throttled = isinstance(outcome, Response) and outcome.throttled
        self._recorder.attempt(at, seconds, throttled=throttled)
        if self._forecast is None:
            taken = {name: taken for name, (taken, _, _) in self._before.items()}
            self._forecast = Forecast(at - seconds, self._progress.rows, taken, share=self._share)
        if (throttled or self._held_up) and not self._look_due:
            # Soon, and not now: a call that was refused is not back in line yet.
            self._look_due = True
            asyncio.get_running_loop().call_soon(self._look_now)

    def repeated(self, rows: int) -> None:
        """Hear of rows that repeat others: they are counted at the end."""
        if self._progress.total is not None:
            self._progress.total -= rows

    def invalid(self, line: int, reason: str) -> Awaitable[None] | None:
        """Hear of a row that is malformed, likewise."""
        return self._told(RowResult[Any](outcome=Outcome.INVALID, reason=reason, line=line))

    def ended(self, row: LedgerRow[Any], entry: Entry) -> Awaitable[None] | None:
        """Hear what a row ended in; what is returned waits until somebody has taken its result."""
        outcome = OUTCOME_OF[entry.state]
        if self.results is None and entry.state in _WELL:
            return self._count(outcome)  # on the way of nearly every row: nobody wants to see it
        return self._told(
            RowResult(
                outcome=outcome,
                reason=entry.reason or "",
                line=row.line,
                row=row.row,
                status=entry.status or None,
                error_code=entry.error_code,
                trace_id=entry.trace_id,
            )
        )

    def _told(self, result: RowResult[Any]) -> Awaitable[None] | None:
        if result.reason:
            self._recorder.failure(_kind(result), result)
        told = self._count(result.outcome)
        if self.results is None:
            return told
        put = self.results.put(result)
        return put if told is None else _one_after_the_other(put, told)

    def _count(self, outcome: Outcome) -> Awaitable[None] | None:
        at = self._clock.monotonic() - self._started
        self._recorder.row(at)
        self._progress.counts[outcome] += 1
        if at >= self._look_at:
            self._look(at)
        return None if self._on_progress is None else self._tell(self._on_progress)

    def _tell(self, on_progress: Callable[[Progress], object]) -> Awaitable[None] | None:
        """Call the caller's own function; if it is a coroutine's, the row waits for it."""
        try:
            told = on_progress(self._progress)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            # The run raises it when what was sent has ended.
            self._refuse(error)
            return None
        return self._in_turn(told) if isawaitable(told) else None

    async def _in_turn(self, told: Awaitable[object]) -> None:
        try:
            # One at a time: what it writes to need not bear several.
            async with self._telling:
                await told
        except Exception as error:  # noqa: BLE001  # as above
            self._refuse(error)
        except asyncio.CancelledError as error:
            if is_cancelled():
                raise
            self._refuse(error)
        finally:
            if isinstance(told, Coroutine):
                told.close()  # one that had no turn before the run was cancelled

    def _refuse(self, error: BaseException) -> None:
        self._on_progress = None
        self._failed(of_caller(error, ON_PROGRESS))

    def _look_now(self) -> None:
        self._look_due = False
        if self._pacing is not None:
            self._look(self._clock.monotonic() - self._started)

    def _look(self, at: float) -> None:
        """Look at what the pacing has learned."""
        self._look_at = at + _LOOK_EVERY
        groups = list(self._groups())
        states = {name: state for name, state, _ in groups}
        state = states.get(self._job.operation.limit_group)
        progress = self._progress
        progress.limit = state.rate if state is not None and state.limited else None
        progress.throttled = self._traffic.throttled
        self._waiting = tuple(
            (group, self._before.get(name, _UNUSED)[2], self._met(name, state))
            for name, state, group in groups
        )
        self._recorder.limit(at, progress.limit)
        wait = self.wait()
        self._held_up = wait is not None
        if self._forecast is not None:
            self._forecast.hear(at, progress.rows, states)
            self._held_up |= self._forecast.closed
        self._note.hear(wait)

    def _groups(self) -> Iterator[tuple[str, PaceState, LimitGroup]]:
        if self._pacing is not None:
            for name, state in self._pacing.states().items():
                yield name, state, self._pacing.group(name)

    # What the progress asks, perhaps in the thread that draws it: no group may be counted here,
    # because the event loop may add one meanwhile.

    def wait(self) -> Wait | None:
        """Return the longest wait that there is now."""
        pacing = self._pacing
        try:
            waits = () if pacing is None else pacing.waits()
        except RuntimeError:
            return None  # just now a call came into line: it is there at the next look
        return waits[0] if waits else None

    def left_s(self) -> float | None:
        """Return the seconds that the run still needs, or None if nothing tells."""
        forecast, progress = self._forecast, self._progress
        if self._pacing is None:
            return 0.0  # the run is over
        if forecast is None:
            return None
        if not forecast.closed and self.wait() is not None:
            self._look_at_gate()
        at = self._clock.monotonic() - self._started
        return forecast.left(at, progress.rows, progress.total)

    def _look_at_gate(self) -> None:
        """Look at a gate that was closed without a refusal, by an answer that was the last one."""
        if threading.get_ident() == self._thread:
            self._look_now()
        elif self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._look_now)

    def waited_s(self) -> float:
        """Return the seconds during which calls waited because of a limit, where it was most."""
        return self._longest(met=True)

    def _longest(self, *, met: bool) -> float:
        """Return the longest time in line, of the groups whose limit was met or of the others."""
        if self._pacing is None:
            return self._waited_s if met else self._paced_s
        waited = (group.waited - before for group, before, was in self._waiting if was is met)
        return max(waited, default=0.0)


async def _one_after_the_other(first: Awaitable[None], second: Awaitable[None]) -> None:
    await first
    await second


def _kind(result: RowResult[Any]) -> str:
    """Return a reason without what is particular to its row."""
    kind = result.reason
    row: UserRow | None = result.row
    if row is not None:
        for name in reversed(columns_of(type(row)).strings):
            if value := getattr(row, name):
                kind = kind.replace(value, "…")
    return _OWN.sub("", kind)
