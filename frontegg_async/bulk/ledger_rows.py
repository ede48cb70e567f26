"""Rows with their ends, as they are read from the file of a ledger."""

from __future__ import annotations

from typing import Final

from .entries import ExportedRow, State
from .ledger_checks import mark_of, row_seal, seal_of
from .ledger_values import ROOM, trace_of

EXPORT: Final = (
    "SELECT rows.line, rows.user_id, rows.email, rows.tenant_id, rows.flag, rows.seal, "
    f"rows.mark = {mark_of('rows')} AND one.mark = {mark_of('one')}, "
    "one.state, one.status, one.attempts, one.trace_id, "
    "reasons.line, reasons.reason, reasons.error_code, reasons.seal FROM rows "
    "JOIN rows AS one ON one.line = ifnull(rows.twin, rows.line) "
    "LEFT JOIN reasons ON reasons.line = one.line "
    "WHERE one.state IN ({}) ORDER BY rows.line"
)
"""The statement whose rows ``exported_row`` takes; the numbers of states go into it."""


def exported_row(
    line: int,
    user_id: str | None,
    email: str | None,
    tenant_id: str | None,
    flag: int,
    seal: int,
    marked: int,
    state: int,
    status: int,
    attempts: int,
    trace_id: bytes,
    reason_line: int | None,
    reason: str | None,
    error_code: str | None,
    reason_seal: int | None,
) -> ExportedRow | None:
    """Return a row as the file has it, or None if it is not as it was written.

    Numbers that stand for nothing come as nothing.
    """
    if not marked or seal != row_seal(line, user_id, email, tenant_id, bool(flag)):
        return None
    if reason_line is not None and reason_seal != seal_of(reason_line, reason, error_code):
        return None
    try:
        trace = trace_of(trace_id)
    except (TypeError, ValueError):
        return None
    ended = state not in (State.PENDING, State.IN_FLIGHT, State.INVALID)
    return ExportedRow(
        line=line,
        user_id=user_id,
        email=email,
        tenant_id=tenant_id,
        flag=bool(flag),
        state=State(state),
        status=status if ended and status not in {0, ROOM} else None,
        attempts=attempts if ended and attempts != ROOM else 0,
        trace_id=trace,
        reason=reason,
        error_code=error_code,
    )
