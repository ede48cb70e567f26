"""What a run tells of itself while it goes on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from .._clock import Clock
from ..answer import Answer, Failure
from ..call import Traffic
from ..pacing import PaceState, Pacing
from .entries import Entry, LedgerRow, State
from .failures import outcome_name
from .jobs import Job
from .report import Progress
from .result import Outcome, RowResult
from .statistics import Limit, Statistics, StatisticsRecorder

_LOOK_EVERY: Final = 0.25
"""Seconds between two looks at what the pacing has learned."""
_OWN: Final = re.compile(r" \([^()]*\)")
"""What a reason says of one row alone stands in brackets: status, trace id, attempts."""


class RunWatch:
    """Counts what ends, remembers how it went over time, and tells those who asked."""

    def __init__(
        self,
        job: Job,
        progress: Progress,
        on_progress: Callable[[Progress], object] | None,
        clock: Clock,
    ) -> None:
        self._job: Final = job
        # Looked up for nearly every row, where making them of names would cost more than counting.
        self._well: Final = {
            state: Outcome(outcome_name(job, state)) for state in (State.DONE, State.ALREADY)
        }
        self._progress: Final = progress
        self._on_progress: Final = on_progress
        self._clock: Final = clock
        self._recorder: Final = StatisticsRecorder()
        self._pacing: Pacing | None = None
        self._traffic = Traffic()
        self._started = 0.0
        self._look_at = 0.0
        self.results: asyncio.Queue[RowResult | None] | None = None

    def begin(self, pacing: Pacing, traffic: Traffic) -> None:
        """Take the time from here."""
        self._pacing = pacing
        self._traffic = traffic
        self._started = self._clock.monotonic()

    def statistics(self) -> Statistics:
        """Return how the run went."""
        self._look(self._clock.monotonic() - self._started)
        limits = [
            Limit(group=name, per_second=state.rate)
            for name, state in self._states().items()
            if state.limited
        ]
        return self._recorder.result(limits=limits, waited_s=self._progress.waited_s)

    def attempted(self, outcome: Answer | Failure, seconds: float) -> None:
        """Hear what an attempt ended in."""
        at = self._clock.monotonic() - self._started
        throttled = isinstance(outcome, Answer) and outcome.status == 429
        self._recorder.attempt(at, seconds, throttled=throttled)

    def invalid(self, line: int, reason: str) -> Awaitable[None] | None:
        """Hear of a row that is malformed, likewise."""
        return self._told(RowResult(outcome=Outcome.INVALID, reason=reason, line=line))

    def ended(self, row: LedgerRow, entry: Entry) -> Awaitable[None] | None:
        """Hear what a row ended in; what is returned waits until somebody has taken its result."""
        well = self._well.get(entry.state)
        if self.results is None and well is not None:
            self._count(well)  # on the way of nearly every row: nobody wants to see it
            return None
        return self._told(
            RowResult(
                outcome=well or Outcome(outcome_name(self._job, entry.state)),
                reason=entry.reason or "",
                line=row.line,
                assignment=self._job.row(row),
                status=entry.status or None,
                error_code=entry.error_code,
                trace_id=entry.trace_id,
            )
        )

    def _told(self, result: RowResult) -> Awaitable[None] | None:
        if result.reason:
            self._recorder.failure(_kind(result), result)
        self._count(result.outcome)
        return None if self.results is None else self.results.put(result)

    def _count(self, outcome: Outcome) -> None:
        at = self._clock.monotonic() - self._started
        self._recorder.row(at)
        self._progress.counts[outcome] += 1
        if at >= self._look_at:
            self._look(at)
        if self._on_progress is not None:
            self._on_progress(self._progress)

    def _look(self, at: float) -> None:
        """Look at what the pacing has learned."""
        self._look_at = at + _LOOK_EVERY
        state = self._states().get(self._job.operation.limit_group)
        self._progress.limit = state.rate if state is not None and state.limited else None
        self._progress.throttled = self._traffic.throttled
        if self._pacing is not None:
            self._progress.waited_s = self._pacing.waited
        self._recorder.limit(at, self._progress.limit)

    def _states(self) -> dict[str, PaceState]:
        return {} if self._pacing is None else self._pacing.states()


def _kind(result: RowResult) -> str:
    """Return a reason without what is particular to its row."""
    kind = result.reason
    row = result.assignment
    if row is not None:
        for value in (row.user_id, row.email, getattr(row, "tenant_id", None)):
            if value:
                kind = kind.replace(value, "…")
    return _OWN.sub("", kind)
