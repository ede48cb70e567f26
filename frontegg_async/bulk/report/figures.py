"""The figures of a run and of all runs on its ledger: the one place that they come from.

The report, its page, ``--json``, the summary on the terminal, the progress display and ``bulk
status`` show these and count nothing by themselves. A figure is either of one run or of all runs on
the ledger:

    of all runs    what became of each row (``counts``), because a row ends only once
    of this run    rows that had not ended when it began, and its time, its requests, its timeline

Duplicates count like the row that they repeat. Nothing is sent for them, so a rate leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ..jobs import Job
from ..ledger.ledger import Ledger
from ..ledger.records import RunTotals, State
from ..outcome import Outcome
from .export import outcome_name

_NOT_ENDED: Final = (State.PENDING, State.IN_FLIGHT)
_SHORTEST: Final = 0.001
"""Seconds of a run from which on there is a rate."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of a ledger stand where at one moment.

    Args:
        ended: rows by outcome, zeros included; ``skipped`` is not among them.
        under_way: rows that are noted as under way: sent without an answer so far, or about to be
            sent. Once no run is going on they are in doubt.
        pending: rows that nothing was noted of.
        duplicates: rows that repeat another one, whatever they count as.
        alone: ``ended`` without duplicates.
    """

    ended: dict[Outcome, int]
    alone: dict[Outcome, int]
    under_way: int
    pending: int
    duplicates: int

    @property
    def rows(self) -> int:
        """How many rows are in the ledger."""
        return sum(self.ended.values()) + self.under_way + self.pending

    @property
    def counts(self) -> dict[Outcome, int]:
        """Return the outcomes of all rows now that no run is going on."""
        return {
            **self.ended,
            Outcome.UNKNOWN: self.ended[Outcome.UNKNOWN] + self.under_way,
            Outcome.SKIPPED: self.pending,
        }


def standing_of(job: Job, ledger: Ledger) -> Standing:
    """Return where the rows of a ledger stand."""
    counts = ledger.counts()
    alone = ledger.counts(twins=False)
    return Standing(
        ended=_outcomes(job, counts),
        alone=_outcomes(job, alone),
        under_way=counts.get(State.IN_FLIGHT, 0),
        pending=counts.get(State.PENDING, 0),
        # Never negative, although a run may enter rows between the two looks.
        duplicates=max(sum(counts.values()) - sum(alone.values()), 0),
    )


def _outcomes(job: Job, counts: Mapping[State, int]) -> dict[Outcome, int]:
    return {
        Outcome(outcome_name(job, state)): counts.get(state, 0)
        for state in State
        if state not in _NOT_ENDED
    }


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run, or of all runs on a ledger that have ended.

    Args:
        runs: how many runs these are of.
        counts: rows by outcome, zeros included. Of one run: the rows that had not ended when it
            began, those that it did not reach as ``skipped``.
        requests: HTTP requests that were sent, retries and look-ups included.
        throttled: answers that asked to come back later.
        elapsed_s: seconds that it took.
        earlier: of one run: rows that earlier runs on the ledger had ended when it began.
    """

    runs: int
    counts: dict[Outcome, int]
    requests: int
    throttled: int
    elapsed_s: float
    earlier: int = 0

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many of the rows have ended."""
        return self.rows - self.counts.get(Outcome.SKIPPED, 0)

    def as_json(self) -> dict[str, object]:
        """Return the figures as ``--json`` and ``bulk status --json`` have them."""
        return {
            "runs": self.runs,
            "rows": self.rows,
            **{outcome.value: count for outcome, count in self.counts.items()},
            "requests": self.requests,
            "throttled": self.throttled,
            "elapsed_s": round(self.elapsed_s, 3),
        }


def figures_of_run(
    before: Standing, after: Standing, *, requests: int, throttled: int, elapsed_s: float
) -> Figures:
    """Return the figures of one run.

    Args:
        before: where the rows stood when it began.
        after: where they stand now.
        requests: as ``Figures`` has it.
        throttled: likewise.
        elapsed_s: likewise.
    """
    counts = {
        outcome: count - before.ended.get(outcome, 0) for outcome, count in after.counts.items()
    }
    return Figures(
        runs=1,
        counts=counts,
        requests=requests,
        throttled=throttled,
        elapsed_s=elapsed_s,
        earlier=sum(before.ended.values()),
    )


def figures_of_all(now: Standing, earlier: RunTotals, run: Figures | None = None) -> Figures:
    """Return the figures of all runs on a ledger that have ended.

    Args:
        now: where the rows stand.
        earlier: what is on file of the runs.
        run: the figures of one more, which are not on file.
    """
    return Figures(
        runs=earlier.runs + (0 if run is None else run.runs),
        counts=now.counts,
        requests=earlier.requests + (0 if run is None else run.requests),
        throttled=earlier.throttled + (0 if run is None else run.throttled),
        elapsed_s=earlier.elapsed_s + (0.0 if run is None else run.elapsed_s),
    )


def rate_of(count: int, elapsed_s: float) -> float | None:
    """Return how many a second, or None for a run of no time, which has no rate."""
    return count / elapsed_s if elapsed_s >= _SHORTEST else None
