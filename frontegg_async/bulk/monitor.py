"""Progress, results and statistics of a run, from the events of its engine."""

from __future__ import annotations

import asyncio
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
from .jobs.job import Job
from .ledger.records import Entry, LedgerRow, State
from .ledger.wait_note import NoteWriter, WaitNote
from .outcome import OUTCOME_OF, Outcome, RowResult
from .report.forecast import Forecast
from .report.report import Progress
from .report.statistics import Limit, LimitWait, Statistics, StatisticsRecorder, kind_of

ON_PROGRESS: Final = "on_progress"
_LOOK_EVERY_S: Final = 0.25
"""Seconds between two reads of the state of the pacing."""

_UNUSED: Final = (0, 0.0, 0.0)
_DONE: Final = frozenset({State.DONE, State.ALREADY})


def _raise(error: Exception) -> None:
    raise error


class RunWatch:
    """Counts outcomes, records their course over time, and feeds progress and results."""

    def __init__(
        self,
        job: Job[Any],
        progress: Progress,
        on_progress: Callable[[Progress], object] | None,
        clock: Clock,
        failed: Callable[[Exception], None] = _raise,
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
        # The state before the run, from other calls of the session: per group, calls taken, seconds
        # with the gate closed, and seconds waited.
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
        """Start the clock of the run.

        Args:
            pacing: decides when the calls of the run are sent.
            traffic: counts their requests.
            share: the part of a limit that the run may use.
            note_wait: records a limit that is used up and until when, or None for no limit.
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
        """Stop reading the pacing, and remove the recorded wait."""
        self._waited_s, self._paced_s = self.waited_s(), self._longest(met=False)
        self._waiting = ()
        self._pacing = None
        await self._note.close()

    def statistics(self) -> Statistics:
        """Return the statistics of the run; not after ``close``."""
        self._look(self._clock.monotonic() - self._started)
        limits: list[Limit] = []
        waits: list[LimitWait] = []
        for name, state, _ in self._groups():
            taken, shut, _ = self._before.get(name, _UNUSED)
            # The session may have met other limits before, in groups that this run sent nothing in.
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
        """Return whether a limit was met; a run may also wait for a rate of its own."""
        _, shut, _ = self._before.get(name, _UNUSED)
        return state.limited or state.closed_for > 0.0 or state.closed_seconds > shut

    def attempted(self, outcome: Response | Failure, seconds: float) -> None:
        """Count an attempt."""
        at = self._clock.monotonic() - self._started
        throttled = isinstance(outcome, Response) and outcome.throttled
        self._recorder.attempt(at, seconds, throttled=throttled)
        if self._forecast is None:
            taken = {name: taken for name, (taken, _, _) in self._before.items()}
            self._forecast = Forecast(at - seconds, self._progress.rows, taken, share=self._share)
        if (throttled or self._held_up) and not self._look_due:
            # Soon, and not now: a throttled call is not back in line yet.
            self._look_due = True
            asyncio.get_running_loop().call_soon(self._look_now)

    def repeated(self, rows: int) -> None:
        """Take duplicates out of the total: they are counted at the end."""
        if self._progress.total is not None:
            self._progress.total -= rows

    def invalid(self, line: int, reason: str) -> Awaitable[None] | None:
        """Count a malformed row; returns as ``ended`` does."""
        return self._tell_result(RowResult[Any](outcome=Outcome.INVALID, reason=reason, line=line))

    def ended(self, row: LedgerRow[Any], entry: Entry) -> Awaitable[None] | None:
        """Count the outcome of a row; returns an awaitable where a consumer is to be waited for."""
        outcome = OUTCOME_OF[entry.state]
        if self.results is None and entry.state in _DONE:
            return self._count(outcome)  # nearly every row: no consumer wants its result
        return self._tell_result(
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

    def _tell_result(self, result: RowResult[Any]) -> Awaitable[None] | None:
        if result.reason:
            self._recorder.failure(kind_of(result), result)
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
        return None if self._on_progress is None else self._tell_progress(self._on_progress)

    def _tell_progress(self, on_progress: Callable[[Progress], object]) -> Awaitable[None] | None:
        """Call the caller's own function; the row waits for the result of a coroutine function."""
        try:
            told = on_progress(self._progress)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            # The run raises it when the rows in flight have ended.
            self._refuse(error)
            return None
        return self._in_turn(told) if isawaitable(told) else None

    async def _in_turn(self, told: Awaitable[object]) -> None:
        try:
            # One at a time: the function need not be safe to run concurrently.
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
                told.close()  # not started before the run was cancelled

    def _refuse(self, error: BaseException) -> None:
        self._on_progress = None
        self._failed(of_caller(error, ON_PROGRESS))

    def _look_now(self) -> None:
        self._look_due = False
        if self._pacing is not None:
            self._look(self._clock.monotonic() - self._started)

    def _look(self, at: float) -> None:
        """Read the state of the pacing."""
        self._look_at = at + _LOOK_EVERY_S
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

    # Called by the progress, perhaps in the thread that draws it: groups must not be iterated over
    # here, because the event loop may add one meanwhile.

    def wait(self) -> Wait | None:
        """Return the longest current wait, or None."""
        pacing = self._pacing
        try:
            waits = () if pacing is None else pacing.waits()
        except RuntimeError:
            return None  # a call just joined the line: the next read has it
        return waits[0] if waits else None

    def left_s(self) -> float | None:
        """Return an estimate of the seconds that the run still needs, or None."""
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
        """Read the state of a gate that a successful response has closed: the limit's last one."""
        if threading.get_ident() == self._thread:
            self._look_now()
        elif self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended just now
                self._loop.call_soon_threadsafe(self._look_now)

    def waited_s(self) -> float:
        """Return the seconds that calls waited for a limit, in the group that waited most."""
        return self._longest(met=True)

    def _longest(self, *, met: bool) -> float:
        """Return the longest time in line, of groups whose limit was met or of the others."""
        if self._pacing is None:
            return self._waited_s if met else self._paced_s
        waited = (group.waited - before for group, before, was in self._waiting if was is met)
        return max(waited, default=0.0)


async def _one_after_the_other(first: Awaitable[None], second: Awaitable[None]) -> None:
    await first
    await second
