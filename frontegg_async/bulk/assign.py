"""One run of assignments: what is sent for a row, and what its answers mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from ..endpoints.users import Users
from ..errors import (
    AuthenticationError,
    ClosedError,
    ConfigurationError,
    ConflictError,
    FronteggError,
    NotFoundError,
    OutcomeUnknownError,
    UndecodableAnswerError,
)
from ..session import Session
from .assignment import Assignment
from .failures import FailuresFile
from .fields import Malformed, Row
from .outcome import MAX_KEPT_FAILURES, Outcome, Progress, Report, RowResult
from .workers import SharedSource, run_workers

_FATAL: Final = (AuthenticationError, ClosedError, ConfigurationError)
"""What the next row would run into as well."""


class AssignRun:
    """Sends the rows of one source, and counts."""

    def __init__(
        self,
        view: Session,
        rows: SharedSource[Row],
        *,
        invite: bool,
        validate_tenants: bool,
        failures: FailuresFile | None,
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self._view: Final = view
        self._users: Final = Users(view)
        self._rows: Final = rows
        self._skip_invite_email: Final = not invite
        self._validate_tenants: Final = validate_tenants
        self._failures: Final = failures
        self._on_progress: Final = on_progress
        self._progress: Final = Progress()
        self._kept: Final[list[RowResult]] = []
        self._stopped: FronteggError | None = None

    async def run(self, workers: int) -> Report:
        """Send every row and return the report."""
        started = time.perf_counter()
        await run_workers(self._rows, self._row, workers)
        if self._stopped is not None:
            self._rows.stopped = False
            await self._rows.for_each(self._skip)
        progress, traffic = self._progress, self._view.traffic
        return Report(
            rows=progress.rows,
            added=progress.added,
            already_member=progress.already_member,
            failed=progress.failed,
            unknown=progress.unknown,
            invalid=progress.invalid,
            skipped=progress.skipped,
            requests=traffic.requests,
            throttled=traffic.throttled,
            elapsed_s=time.perf_counter() - started,
            failures_path=None if self._failures is None else self._failures.path,
            failures=tuple(self._kept),
            stopped=self._stopped,
        )

    async def _row(self, row: Row) -> None:
        line, assignment = row
        if isinstance(assignment, Malformed):
            self._not_done(RowResult(outcome=Outcome.INVALID, reason=assignment.reason, line=line))
            return
        try:
            outcome = await self._assign(assignment)
        except FronteggError as error:
            self._failed(line, assignment, error)
        else:
            self._count(outcome)

    async def _skip(self, row: Row) -> None:
        line, assignment = row
        if isinstance(assignment, Malformed):
            await self._row(row)
            return
        self._not_done(
            RowResult(
                outcome=Outcome.SKIPPED,
                reason=f"the run stopped: {self._stopped}",
                line=line,
                assignment=assignment,
            )
        )

    async def _assign(self, assignment: Assignment) -> Outcome:
        user_id = assignment.user_id or await self._find(assignment.email or "")
        outcome = await self._add(user_id, assignment.tenant_id)
        if assignment.set_active:
            await self._users.set_active_tenant(user_id, assignment.tenant_id)
        return outcome

    async def _find(self, email: str) -> str:
        user = await self._users.get_by_email(email)
        if user.id is None:
            raise NotFoundError("no user has this e-mail address")
        return user.id

    async def _add(self, user_id: str, tenant_id: str) -> Outcome:
        try:
            await self._users.add_to_tenant(
                user_id,
                tenant_id,
                skip_invite_email=self._skip_invite_email,
                validate_tenant_exist=self._validate_tenants,
            )
        except UndecodableAnswerError as error:
            # The status says that it was done; what the user looks like now is not needed here.
            if error.status is None or not 200 <= error.status < 300:
                raise
        except ConflictError as conflict:
            # What a duplicate add answers is not known (facts.md), and a conflict may be about
            # something else: the membership itself decides.
            if await self._is_member(user_id, tenant_id):
                return Outcome.ALREADY_MEMBER
            raise conflict from None
        return Outcome.ADDED

    async def _is_member(self, user_id: str, tenant_id: str) -> bool:
        try:
            user = await self._users.get(user_id)
        except FronteggError:
            return False
        return user.is_member_of(tenant_id)

    def _failed(self, line: int, assignment: Assignment, error: FronteggError) -> None:
        unknown = isinstance(error, OutcomeUnknownError)
        self._not_done(
            RowResult(
                outcome=Outcome.UNKNOWN if unknown else Outcome.FAILED,
                reason=str(error),
                line=line,
                assignment=assignment,
                status=error.status,
                error_code=error.error_code,
                trace_id=error.trace_id,
            )
        )
        if isinstance(error, _FATAL):
            self._stop(error)

    def _not_done(self, result: RowResult) -> None:
        if len(self._kept) < MAX_KEPT_FAILURES:
            self._kept.append(result)
        if self._failures is not None:
            problem = self._failures.write(result)
            if problem is not None:
                self._stop(problem)
        self._count(result.outcome)

    def _stop(self, reason: FronteggError) -> None:
        """Take no more rows; those under way end as they may."""
        if self._stopped is None:
            self._stopped = reason
            self._rows.stopped = True

    def _count(self, outcome: Outcome) -> None:
        self._progress.count(outcome)
        if self._on_progress is not None:
            self._on_progress(self._progress)
