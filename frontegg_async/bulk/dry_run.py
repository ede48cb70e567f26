"""Dry runs: the plan of a run, made without writing anything."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, Final, Generic, ParamSpec, TypeVar

import anyio
import msgspec

from ..session import Session
from .chunk_reader import Chunk, ChunkReader
from .input.feeds import Feed, SlicedFeed
from .input.rows import RowT
from .input.sources import Source, feed_of
from .jobs.job import Job
from .ledger.file import temporary_folder
from .ledger.ledger import Ledger
from .ledger.records import Header, State
from .outcome import MAX_KEPT_FAILURES, Outcome, RowResult
from .planner import Planner
from .settings import RunOptions
from .user_lookup import UserLookup

P = ParamSpec("P")
R = TypeVar("R")


class Plan(msgspec.Struct, Generic[RowT], frozen=True, kw_only=True):
    """The plan of a run.

    Args:
        job: name of the job, such as ``assign``.
        rows: rows of the source.
        to_send: rows that are not satisfied yet, so far as that can be read.
        already: rows that are satisfied already.
        invalid: rows that are malformed.
        duplicates: rows that repeat another one, counted under their first one as well.
        failed: rows whose user cannot be found by the e-mail address.
        requests: HTTP requests that the dry run took.
        elapsed_s: seconds that it took.
        reason: a sentence about the users that were checked.
        failures: the first thousand rows that are invalid, or whose user cannot be found, in the
            order of the source.
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
    failures: tuple[RowResult[RowT], ...] = ()


class DryRun(Generic[RowT]):
    """Reads a source and the users in it, and writes nothing."""

    def __init__(
        self, session: Session, job: Job[RowT], source: Source[RowT], options: RunOptions
    ) -> None:
        self._session: Final = options.on(session)
        self._job: Final = job
        self._source: Final = source
        self._options: Final = options

    async def plan(self) -> Plan[RowT]:
        """Return the plan of the run.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            AuthenticationError: the credentials are rejected.
        """
        feed = feed_of(self._source, self._job.columns.kind, literal_ids=self._options.literal_ids)
        directory = temporary_folder()
        try:
            # For the duplicates, which may be too many for memory.
            with_ledger = Ledger.begin(directory / "ledger", _HEADER, self._job.form)
            try:
                if isinstance(feed, SlicedFeed):
                    await feed.fingerprint()
                return await self._plan(feed, with_ledger)
            finally:
                with_ledger.close()
        finally:
            shutil.rmtree(directory, ignore_errors=True)
            with anyio.CancelScope(shield=True):
                await feed.close()

    async def _plan(self, feed: Feed, ledger: Ledger) -> Plan[RowT]:
        clock = self._session.clock
        started = clock.monotonic()
        view = self._session.for_bulk(rate=self._options.rate, max_share=self._options.max_share)
        await view.token_info()
        entered = 0
        while not feed.ended:
            rows = await feed.take()
            await anyio.to_thread.run_sync(ledger.add, rows)
            entered += len(rows)
        await anyio.to_thread.run_sync(ledger.finish_loading)
        planner = Planner(view, self._job, "always")
        lookup = UserLookup(view, ledger, _in_thread, self._options.workers)
        chunks = ChunkReader(ledger, _in_thread, lookup)
        after, already, failed, to_send = -1, 0, 0, 0
        failures: list[RowResult[RowT]] = []
        while (chunk := await chunks.take(after)) is not None:
            after = chunk.last
            held = await planner.holding(chunk.rows)
            already += len(held)
            failed += len(chunk.errors)
            failures += self._not_found(chunk)[: MAX_KEPT_FAILURES - len(failures)]
            to_send += len(chunk.rows) - len(held) - len(chunk.errors)
        counts = ledger.counts()
        invalid = counts.get(State.INVALID, 0)
        if invalid:
            failures += await anyio.to_thread.run_sync(_invalid, ledger)
            failures.sort(key=lambda row: row.line)
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
            failures=tuple(failures[:MAX_KEPT_FAILURES]),
        )

    def _not_found(self, chunk: Chunk) -> list[RowResult[RowT]]:
        """Return the rows of a chunk whose user is not known, with the reason."""
        return [
            RowResult(
                outcome=Outcome.FAILED,
                reason=str(error),
                line=row.line,
                row=row.row,
                status=error.status,
                error_code=error.error_code,
                trace_id=error.trace_id,
            )
            for row in chunk.rows
            if (error := chunk.errors.get(row.line)) is not None
        ]


def _invalid(ledger: Ledger) -> list[RowResult[Any]]:
    """Return the first invalid rows of a ledger."""
    return [
        RowResult[Any](outcome=Outcome.INVALID, reason=row.reason or "", line=row.line)
        for row in islice(ledger.export([State.INVALID]), MAX_KEPT_FAILURES)
    ]


async def _in_thread(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    return await anyio.to_thread.run_sync(partial(function, *args, **kwargs))


_HEADER: Final = Header(job="", source="", fingerprint="", environment="", settings="")
