"""Results of rows, made of the rows of a ledger."""

from __future__ import annotations

from ..errors import FronteggError
from .input.rows import RowT
from .jobs.job import Job
from .ledger.records import ExportedRow, State
from .outcome import OUTCOME_OF, RowResult


def result_of(job: Job[RowT], row: ExportedRow, stopped: FronteggError | None) -> RowResult[RowT]:
    """Return the result of a row that is not done.

    Args:
        job: the job of the run.
        row: the row as the ledger has it when the run has ended.
        stopped: the error that stopped the run, or None.
    """
    reason = row.reason
    if reason is None and row.state is State.PENDING:
        reason = "the run stopped before it" if stopped is None else f"the run stopped: {stopped}"
    invalid = row.state is State.INVALID
    said = None if invalid else job.columns.decode(row.user_id, row.email, row.own)
    return RowResult(
        outcome=OUTCOME_OF[row.state],
        reason=reason or "it was under way when the run ended",
        line=row.line,
        row=said,
        status=row.status,
        error_code=row.error_code,
        trace_id=row.trace_id,
    )
