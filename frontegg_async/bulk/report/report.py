"""The progress of a run, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, Protocol

from ...errors import FronteggError
from ...pacing import Wait
from ..input.rows import RowT
from ..jobs.job import Job
from ..outcome import Labels, Outcome, RowResult
from .figures import Figures, rate_of
from .merging import MergedOutcomes, merge
from .statistics import Statistics


class _Counts:
    """The counts of outcomes, each under its name."""

    counts: dict[Outcome, int]

    labels: Labels

    def _of(self, outcome: Outcome) -> int:
        return self.counts.get(outcome, 0)

    @property
    def labelled(self) -> dict[str, int]:
        """The counts by the names that the job has for them, such as ``already_member``."""
        return self.labels.named(self.counts)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """Rows that have ended: all but those that were not reached."""
        return self.rows - self.skipped

    @property
    def applied(self) -> int:
        """Rows that were done."""
        return self._of(Outcome.APPLIED)

    @property
    def unchanged(self) -> int:
        """Rows whose users were already as the row says."""
        return self._of(Outcome.UNCHANGED)

    @property
    def failed(self) -> int:
        """Rows that were rejected or could not be sent."""
        return self._of(Outcome.FAILED)

    @property
    def unknown(self) -> int:
        """Rows whose outcome is in doubt."""
        return self._of(Outcome.UNKNOWN)

    @property
    def invalid(self) -> int:
        """Rows that are malformed."""
        return self._of(Outcome.INVALID)

    @property
    def skipped(self) -> int:
        """Rows that were not reached."""
        return self._of(Outcome.SKIPPED)


class LiveProgress(Protocol):
    """The part of a progress that changes while no row ends. It may be asked in any thread."""

    def wait(self) -> Wait | None:
        """Return the longest wait that there is now."""
        ...

    def left_s(self) -> float | None:
        """Return the seconds that the run still needs."""
        ...

    def waited_s(self) -> float:
        """Return the seconds during which calls of this run waited because of a limit."""
        ...


class Progress(_Counts):
    """The progress of a run: one object that changes while it goes on.

    Rows are those of all runs on the ledger. While the run goes on, duplicates are left out of
    ``counts`` and ``total``: how they end is known at the end, when they are counted like the row
    that they repeat, and rows that were not reached as skipped.

    Attributes:
        counts: rows by outcome so far, of all runs.
        labels: the job's names for outcomes.
        earlier: rows among them that earlier runs on the ledger have ended.
        total: rows of the source, or None while that is not known.
        duplicates: rows of the source that repeat another one.
        limit: the limit on the job's own writes as learned so far, in calls a second, or None.
        throttled: responses to this run that asked to come back later.
        note: the present step of the run, such as reading memberships.
    """

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.counts = dict.fromkeys(Outcome, 0)
        self.earlier = 0
        self.total: int | None = None
        self.duplicates = 0
        self.limit: float | None = None
        self.throttled = 0
        self.note = ""
        self._live: LiveProgress | None = None

    def follow(self, live: LiveProgress) -> None:
        """Take from ``live`` the values that change while no row ends; called as the run begins."""
        self._live = live

    @property
    def wait(self) -> Wait | None:
        """The limit that is used up and that calls wait for now; of several, the longest wait.

        Its text names the operation and the time:
        ``limit of users.add_to_tenant used up, next calls in 41 s``.
        """
        return None if self._live is None else self._live.wait()

    @property
    def left_s(self) -> float | None:
        """Seconds that the run still needs, or None while nothing tells.

        The rows that are left go at the rate that the limit allows, or at the one that the run
        itself has reached if that is lower. While the limit is used up, the wait for it counts in.
        """
        return None if self._live is None else self._live.left_s()

    @property
    def waited_s(self) -> float:
        """Seconds during which calls of this run had to wait because of a limit."""
        return 0.0 if self._live is None else self._live.waited_s()


class Report(_Counts, Generic[RowT]):
    """The result of a run. ``rows`` is the sum of ``counts``.

    Attributes:
        job: name of the job, such as ``assign``.
        title: the job in a few words, or an empty string.
        labels: the job's names for outcomes.
        this_run: the figures of this run alone.
        all_runs: those of all runs on the ledger that have ended, this one included.
        counts: rows by outcome, of all runs: zeros included, duplicates counted like the row they
            repeat.
        duplicates: rows that repeat another one.
        requests: HTTP requests that this run sent, retries and look-ups included.
        throttled: responses to this run that asked to come back later: 429s, and 503s with a
            stated wait.
        elapsed_s: seconds that this run took.
        plan: the reading before the writing, and the reason for it, in a sentence.
        ledger_path: the ledger, or None if it was a temporary one.
        failures_path: the file with every row that was not done, or None.
        failures: the first thousand rows that were not done.
        stopped: the error that stopped the run before the end of its source, or None.
        interrupted: True if it was asked to stop.
        statistics: this run over time.
    """

    def __init__(
        self,
        *,
        job: str,
        title: str,
        labels: Labels,
        this_run: Figures,
        all_runs: Figures,
        duplicates: int,
        plan: str,
        ledger_path: Path | None,
        failures_path: Path | None,
        failures: tuple[RowResult[RowT], ...],
        stopped: FronteggError | None,
        interrupted: bool,
        statistics: Statistics,
    ) -> None:
        self.job = job
        self.title = title
        self.labels = labels
        self.this_run = this_run
        self.all_runs = all_runs
        self.counts = all_runs.counts
        self.duplicates = duplicates
        self.requests = this_run.requests
        self.throttled = this_run.throttled
        self.elapsed_s = this_run.elapsed_s
        self.plan = plan
        self.ledger_path = ledger_path
        self.failures_path = failures_path
        self.failures = failures
        self.stopped = stopped
        self.interrupted = interrupted
        self.statistics = statistics

    @classmethod
    def of(cls, outcomes: object, *, job: Job[Any] | None = None) -> Report[Any]:
        """Return the report of partitions, from their tables of outcomes.

        A row that several attempts have reported counts once, as the attempt has it that ended
        last, whatever its number.

        Args:
            outcomes: a table, a reader or a dataset of pyarrow, the path of a Parquet file or of a
                folder of them, an iterable of any of these, or outcomes that are merged already.
            job: the job, if a program declares it.

        Raises:
            InvalidRequestError: they cannot be read, or are of several jobs.
        """
        merged = outcomes if isinstance(outcomes, MergedOutcomes) else merge(outcomes, job)
        many = merged.partitions != 1
        return cls(
            job=merged.job,
            title=merged.title,
            labels=merged.labels,
            this_run=merged.figures,
            all_runs=merged.figures,
            duplicates=merged.duplicates,
            plan=f"users were checked in each of {merged.partitions:,} partitions by itself"
            if many
            else "users were checked in one partition",
            ledger_path=None,
            failures_path=None,
            failures=merged.failures,
            stopped=None,
            interrupted=False,
            statistics=merged.statistics,
        )

    @property
    def done(self) -> bool:
        """True if every row holds now."""
        return self.rows == self.applied + self.unchanged

    @property
    def earlier(self) -> int:
        """Rows that earlier runs on the ledger have ended."""
        return self.this_run.earlier

    @property
    def rows_per_second(self) -> float | None:
        """Rows that this run ended, a second, without duplicates; None if it took no time."""
        return rate_of(self.statistics.rows, self.elapsed_s)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.labelled.items() if count)
        return f"<Report of {self.job}: {counts or 'no rows'}>"
