"""The figures of a run and of all runs on its ledger: the one place that they come from.

The report, its page, ``--json``, the summary on the terminal, the progress display and ``bulk
status`` show these and count nothing by themselves. A figure is either of one run or of all runs on
the ledger:

    of all runs    outcomes of rows (``counts``), because a row ends only once
    of this run    rows that had not ended when it began, and its time, its requests, its timeline

Duplicates count like the row that they repeat. Nothing is sent for them, so a rate leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from ..ledger.ledger import Ledger
from ..ledger.records import RunTotals, State
from ..outcome import OUTCOME_OF, Labels, Outcome

_NOT_ENDED: Final = (State.PENDING, State.IN_FLIGHT)
_SHORTEST: Final = 0.001
"""Seconds of a run from which on there is a rate."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a ledger by state at one moment.

    Args:
        ended: rows by outcome, zeros included; ``skipped`` is not among them.
        under_way: rows in flight: sent without a response so far, or about to be sent. Once no
            run is going on they are in doubt.
        pending: rows that nothing was noted of.
        duplicates: rows that repeat another one, of any outcome.
        alone: ``ended`` without duplicates.
    """

    ended: dict[Outcome, int]
    alone: dict[Outcome, int]
    under_way: int
    pending: int
    duplicates: int

    @property
    def rows(self) -> int:
        """All rows of the ledger."""
        return sum(self.ended.values()) + self.under_way + self.pending

    @property
    def counts(self) -> dict[Outcome, int]:
        """Return the outcomes of all rows now that no run is going on."""
        return {
            **self.ended,
            Outcome.UNKNOWN: self.ended[Outcome.UNKNOWN] + self.under_way,
            Outcome.SKIPPED: self.pending,
        }


def standing_of(ledger: Ledger) -> Standing:
    """Return the rows of a ledger by state."""
    counts = ledger.counts()
    alone = ledger.counts(twins=False)
    return Standing(
        ended=_outcomes(counts),
        alone=_outcomes(alone),
        under_way=counts.get(State.IN_FLIGHT, 0),
        pending=counts.get(State.PENDING, 0),
        # Never negative, although a run may enter rows between the two looks.
        duplicates=max(sum(counts.values()) - sum(alone.values()), 0),
    )


def _outcomes(counts: Mapping[State, int]) -> dict[Outcome, int]:
    return {OUTCOME_OF[state]: counts.get(state, 0) for state in State if state not in _NOT_ENDED}


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run, or of all runs on a ledger that have ended.

    Args:
        runs: number of runs.
        counts: rows by outcome, zeros included. Of one run: the rows that had not ended when it
            began, those that it did not reach as ``skipped``.
        requests: HTTP requests that were sent, retries and look-ups included.
        throttled: responses that asked to come back later.
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
        """All rows that are counted."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """Rows that have ended."""
        return self.rows - self.counts.get(Outcome.SKIPPED, 0)

    def as_json(self, labels: Labels) -> dict[str, object]:
        """Return the figures as ``--json`` has them, with the outcomes as a job calls them."""
        return {
            "runs": self.runs,
            "rows": self.rows,
            **labels.named(self.counts),
            "requests": self.requests,
            "throttled": self.throttled,
            "elapsed_s": round(self.elapsed_s, 3),
        }


def figures_of_run(
    before: Standing, after: Standing, *, requests: int, throttled: int, elapsed_s: float
) -> Figures:
    """Return the figures of one run.

    Args:
        before: the rows by state when it began.
        after: the rows by state now.
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
        now: the rows by state.
        earlier: the totals of runs in the ledger.
        run: the figures of one more, which the ledger does not have yet.
    """
    return Figures(
        runs=earlier.runs + (0 if run is None else run.runs),
        counts=now.counts,
        requests=earlier.requests + (0 if run is None else run.requests),
        throttled=earlier.throttled + (0 if run is None else run.throttled),
        elapsed_s=earlier.elapsed_s + (0.0 if run is None else run.elapsed_s),
    )


def rate_of(count: int, elapsed_s: float) -> float | None:
    """Return the rate a second, or None for a run of no time, which has none."""
    return count / elapsed_s if elapsed_s >= _SHORTEST else None
