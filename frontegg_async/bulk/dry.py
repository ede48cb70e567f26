"""What a run would do, found out without writing anything."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

import anyio
import msgspec

from ..session import Session
from .addresses import Addresses
from .entries import Header, State
from .fields import Row
from .intake import Intake
from .jobs import Job
from .ledger import Ledger
from .ledger_file import temporary_folder
from .planner import Planner
from .run import close_rows, enter_rows
from .settings import RunOptions
from .sources import Source, rows_of

P = ParamSpec("P")
R = TypeVar("R")


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
        addresses = Addresses(view, ledger, _in_thread, self._options.workers)
        intake = Intake(ledger, _in_thread, addresses)
        after, already, failed, to_send = -1, 0, 0, 0
        while (chunk := await intake.take(after)) is not None:
            after = chunk.last
            held = await planner.holding(chunk.rows)
            already += len(held)
            failed += len(chunk.errors)
            to_send += len(chunk.rows) - len(held) - len(chunk.errors)
        counts = ledger.counts()
        invalid = counts.get(State.INVALID, 0)
        return Plan(
            job=self._job.name,
            rows=entered,
            to_send=to_send,
            already=already,
            invalid=invalid,
            duplicates=entered - invalid - already - failed - to_send,
            failed=failed,
            requests=view.traffic.requests,
            elapsed_s=clock.monotonic() - started,
            reason=planner.reason,
        )


async def _in_thread(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))


_HEADER: Final = Header(job="", source="", fingerprint="", environment="", settings="")
