"""What a run would do, found out without writing anything."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import anyio
import msgspec

from ..errors import AuthenticationError, ClosedError, FronteggError
from ..session import Session
from .entries import Header, LedgerRow, State
from .fields import Row
from .jobs import Job
from .ledger import Ledger
from .ledger_file import temporary_folder
from .planner import Planner
from .reading import read_user_by_email
from .run import close_rows, enter_rows
from .settings import RunOptions
from .sources import Source, rows_of
from .workers import SharedSource, run_workers

_CHUNK_ROWS: Final = 1_000


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run would do.

    Args:
        job: what would be done to the rows, such as ``assign``.
        rows: rows of the source.
        to_send: rows that do not hold yet, so far as that can be read.
        already: rows that hold already.
        invalid: rows that are malformed.
        duplicates: rows that repeat another one, counted under their first one as well.
        failed: rows whose user cannot be found by the e-mail address.
        requests: HTTP requests that finding this out took.
        elapsed_s: seconds that it took.
        reason: what was read, in a sentence.
    """

    job: str
    rows: int
    to_send: int
    already: int
    invalid: int
    duplicates: int
    failed: int
    requests: int
    elapsed_s: float
    reason: str


class DryRun:
    """Reads a source and the users in it, and writes nothing."""

    def __init__(
        self, session: Session, job: Job, source: Source[Any], options: RunOptions
    ) -> None:
        self._session: Final = session
        self._job: Final = job
        self._source: Final = source
        self._options: Final = options
        self._already = 0
        self._to_send = 0
        self._failed = 0

    async def plan(self) -> Plan:
        """Return what the run would do.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            AuthenticationError: the credentials are refused.
        """
        rows = rows_of(self._source, self._job.row_type, literal_ids=self._options.literal_ids)
        directory = temporary_folder()
        try:
            # For the duplicates, which may be too many for memory.
            with_ledger = Ledger.begin(directory / "ledger", _HEADER)
            try:
                return await self._plan(rows, with_ledger)
            finally:
                with_ledger.close()
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            await close_rows(rows)

    async def _plan(self, rows: Iterator[Row] | AsyncIterator[Row], ledger: Ledger) -> Plan:
        clock = self._session.clock
        started = clock.monotonic()
        view = self._session.for_bulk(rate=self._options.rate, max_share=self._options.max_share)
        await view.token_info()
        entered = 0
        async for new in enter_rows(self._job, rows):
            await anyio.to_thread.run_sync(ledger.add, new)
            entered += len(new)
        await anyio.to_thread.run_sync(ledger.find_twins)
        planner = Planner(view, self._job, "always")
        after, looked_at = -1, 0
        while chunk := await anyio.to_thread.run_sync(ledger.pending, after, _CHUNK_ROWS):
            after = chunk[-1].line
            looked_at += len(chunk)
            held = await planner.holding(chunk)
            self._already += len(held)
            await self._look_up(view, [row for row in chunk if row.line not in held])
        counts = ledger.counts()
        invalid = counts.get(State.INVALID, 0)
        return Plan(
            job=self._job.name,
            rows=entered,
            to_send=self._to_send,
            already=self._already,
            invalid=invalid,
            duplicates=entered - invalid - looked_at,
            failed=self._failed,
            requests=view.traffic.requests,
            elapsed_s=clock.monotonic() - started,
            reason=planner.reason,
        )

    async def _look_up(self, view: Session, rows: list[LedgerRow]) -> None:
        """Find the users that rows name by e-mail address."""

        async def look(row: LedgerRow) -> None:
            if row.user_id:
                self._to_send += 1
                return
            try:
                user = await read_user_by_email(view, row.email or "")
            except (AuthenticationError, ClosedError):
                raise
            except FronteggError:
                self._failed += 1
                return
            if self._job.holds(row, user):
                self._already += 1
            else:
                self._to_send += 1

        await run_workers(SharedSource(rows), look, self._options.workers)


_HEADER: Final = Header(job="", source="", fingerprint="", environment="", settings="")
