"""A bulk run from its source to its report."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import anyio

from ..errors import FronteggError, LedgerDamagedError, LedgerFullError
from ..session import Session
from .engine import Engine
from .entries import ExportedRow, Header, LedgerRow, NewRow, State
from .failures import check_writable, outcome_name, write_failures
from .fields import Malformed, Row
from .figures import Figures, Standing, figures_of_all, figures_of_run, standing_of
from .jobs import Job, job_of
from .ledger import Ledger
from .ledger_file import check_environment, temporary_folder
from .opening import opened_in_thread
from .recorder import LedgerRecorder
from .report import Progress, Report
from .result import COMMON, MAX_KEPT_FAILURES, Outcome, RowResult
from .rows import UserRow
from .settings import RunOptions
from .sources import Source, rows_of
from .statistics import Statistics
from .wait_note import forget_wait, write_wait
from .watch import RunWatch

LOAD_ROWS: Final = 2_000
"""Rows that are entered into the ledger at a time."""
STREAM_ROWS: Final = 10_000
"""Rows of a program that are entered before the first of them is sent. A file is entered whole."""
_NOT_DONE: Final = (
    State.PENDING,
    State.IN_FLIGHT,
    State.FAILED,
    State.UNKNOWN,
    State.INVALID,
)


class BulkRun:
    """A run that can be watched and stopped: await it, or iterate over its rows.

    Iterating gives a ``RowResult`` for every row, in the order in which they end, and holds the
    run back if they are not taken. Duplicates of a row are not given again.

    Attributes:
        progress: the counts so far, always the same object.
    """

    def __init__(
        self, session: Session, job: Job, source: Source[Any] | None, options: RunOptions
    ) -> None:
        """Take what ``Bulk.start`` takes; without a source, go on with the rows of the ledger."""
        self._session: Final = session
        self._job: Final = job
        self._source: Final = source
        self._options: Final = options
        self.progress: Final = Progress((job.done, job.already, *COMMON))
        self._watch: Final = RunWatch(job, self.progress, options.on_progress, session.clock)
        self._engine: Engine | None = None
        self._loading: anyio.CancelScope | None = None
        self._stopping = False
        self._report: Report | None = None
        self._begun = False

    def stop(self) -> None:
        """Take no more rows, let those under way end within some seconds, and report."""
        self._stopping = True
        if self._engine is not None:
            self._engine.stop()
        if self._loading is not None:
            self._loading.cancel()

    @property
    def report(self) -> Report:
        """What the run did.

        Raises:
            RuntimeError: it has not ended yet.
        """
        if self._report is None:
            raise RuntimeError("the run has not ended yet")
        return self._report

    def __await__(self) -> Generator[Any, None, Report]:
        """Run to the end and return the report, as ``wait()`` does."""
        return self.wait().__await__()

    async def wait(self) -> Report:
        """Run to the end and return the report; of a run that has ended, return it again.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            ConfigurationError: the failures cannot be written.
            AuthenticationError: the credentials are refused; no row was touched.
            LedgerError: the ledger cannot be used, or not any more. What the server did is not
                lost: the next run on it finds out.
            RuntimeError: it is going on already, or ended in an error.
        """
        if self._report is not None:
            return self._report
        if self._begun:
            raise RuntimeError("a run is run once")
        self._begun = True
        self._report = await self._run()
        return self._report

    async def __aiter__(self) -> AsyncIterator[RowResult]:
        if self._begun:
            raise RuntimeError("a run is run once")
        results: asyncio.Queue[RowResult | None] = asyncio.Queue(self._options.workers)
        self._watch.results = results

        async def run() -> Exception | None:
            try:
                await self.wait()
            except Exception as error:  # noqa: BLE001  # raised below, in the caller's task
                failed: Exception | None = error
            else:
                failed = None
            await results.put(None)
            return failed

        # A plain task, because a task group must not stay open across a yield.
        task = asyncio.create_task(run(), name="frontegg_async bulk run")
        try:
            while (result := await results.get()) is not None:
                yield result
            failed = await task
            if failed is not None:
                raise failed
        finally:
            task.cancel()
            await asyncio.wait((task,))

    async def _run(self) -> Report:
        source, options, job = self._source, self._options, self._job
        rows = (
            None
            if source is None
            else rows_of(source, job.row_type, literal_ids=options.literal_ids)
        )
        path = options.ledger_path(source)
        if options.failures is not None:
            check_writable(options.failures, source, path)
        view = self._session.for_bulk(rate=options.rate, max_share=options.max_share)
        directory = None if path is not None else temporary_folder()
        try:
            ledger = await opened_in_thread(
                partial(self._open, path or Path(f"{directory}/ledger"), path is not None)
            )
            recorder = LedgerRecorder(ledger)
            try:
                # Before the first row, so that refused credentials are an error and no report.
                await view.token_info()
                return await self._work(view, rows, ledger, recorder, path)
            finally:
                try:
                    with anyio.CancelScope(shield=True):
                        await self._watch.close()
                        await recorder.close()
                finally:
                    ledger.close()
        finally:
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)
            await close_rows(rows)

    def _open(self, path: Path, lasting: bool) -> Ledger:
        if self._source is None:
            return Ledger.reopened(path)
        is_file = isinstance(self._source, str | os.PathLike)
        name = os.fspath(self._source) if isinstance(self._source, str | os.PathLike) else ""
        return Ledger.begin(
            path,
            Header(
                job=self._job.name,
                source=name,
                fingerprint=_fingerprint(Path(name)) if is_file and lasting else "",
                environment=environment_of(self._session),
                environment_id=self._session.environment_id or "",
                settings=self._options.ledger_settings(self._job.settings()),
            ),
        )

    async def _work(
        self,
        view: Session,
        rows: Iterator[Row] | AsyncIterator[Row] | None,
        ledger: Ledger,
        recorder: LedgerRecorder,
        path: Path | None,
    ) -> Report:
        clock = self._session.clock
        started = clock.monotonic()
        engine = Engine(view, self._job, ledger, recorder, self._options, self._watch, clock.sleep)
        self._engine = engine
        self._watch.begin(
            view.pacing,
            view.traffic,
            share=self._options.max_share,
            note_wait=lambda noted: recorder.run(write_wait, ledger, noted),
        )
        if self._stopping:
            engine.stop()
        is_file = isinstance(self._source, str | os.PathLike)
        loaded = await recorder.run(_loaded, ledger)
        if rows is None:
            if not loaded:
                raise LedgerDamagedError(
                    f"{path} does not hold every row of its input: run the same command again"
                )
            await recorder.run(ledger.reopen, (State.FAILED, State.UNKNOWN))
        elif is_file and not loaded:
            await recorder.run(ledger.forget_rows)
        before = await recorder.run(standing_of, self._job, ledger)
        self._look_back(before, whole=await recorder.run(_loaded, ledger))
        view.pacing.begin_with(await recorder.run(ledger.remembered))
        await recorder.run(forget_wait, ledger)
        # Rows of a program are held against those of the ledger, because nothing else tells that
        # they are the same; a file has a fingerprint.
        more = rows is not None and not (is_file and loaded)
        while True:
            if more and rows is not None:
                more = await self._load(rows, ledger, recorder, None if is_file else STREAM_ROWS)
            if not engine.stopping:
                await recorder.run(ledger.make_room)
                if view.allowance is not None:
                    left = (self.progress.total or 0) - self.progress.rows
                    view.allowance.remaining = math.inf if more else max(left, 0)
                await engine.run()
            if not more or self._stopping:
                break
        # At one moment: what comes now belongs to no run, and takes no time of one.
        elapsed, statistics = clock.monotonic() - started, self._watch.statistics()
        after = await recorder.run(standing_of, self._job, ledger)
        this_run = figures_of_run(
            before,
            after,
            requests=view.traffic.requests,
            throttled=view.traffic.throttled,
            elapsed_s=elapsed,
        )
        totals = await recorder.run(ledger.totals)
        # The outcomes are on file; that the totals find no more room must not cost the report.
        with suppress(LedgerFullError):
            await recorder.run(
                ledger.add_run,
                requests=this_run.requests,
                throttled=this_run.throttled,
                elapsed_s=this_run.elapsed_s,
            )
            await recorder.run(ledger.remember, view.pacing.learned())
        all_runs = figures_of_all(after, totals, this_run)
        return await self._reported(
            ledger, recorder, path, engine, after, this_run, all_runs, statistics
        )

    def _look_back(self, standing: Standing, *, whole: bool) -> None:
        """Count what earlier runs on the ledger have done."""
        self.progress.counts.update(standing.alone)
        self.progress.earlier = self.progress.ended
        if whole:
            self._count_rows(standing)

    def _count_rows(self, standing: Standing) -> None:
        """Count the rows that are in the ledger, and the duplicates among them apart."""
        self.progress.duplicates = standing.duplicates
        self.progress.total = standing.rows - standing.duplicates

    async def _load(
        self,
        rows: Iterator[Row] | AsyncIterator[Row],
        ledger: Ledger,
        recorder: LedgerRecorder,
        limit: int | None,
    ) -> bool:
        """Enter rows into the ledger, up to ``limit``; return whether there are more."""
        entered = 0
        self.progress.note = "reading the rows"
        with anyio.CancelScope() as self._loading:
            async with aclosing(enter_rows(self._job, rows)) as batches:
                async for batch in batches:
                    new = await recorder.run(ledger.add_new, batch)
                    for row in new:
                        if row.problem is not None:
                            held_back = self._watch.invalid(row.line, row.problem)
                            if held_back is not None:
                                await held_back
                    entered += len(batch)
                    if limit is not None and entered >= limit:
                        await recorder.run(ledger.find_twins)
                        break
                else:
                    await recorder.run(ledger.finish_loading)
                    limit = None
        self._loading = None
        self.progress.note = ""
        self._count_rows(await recorder.run(standing_of, self._job, ledger))
        return limit is not None and not self._stopping

    async def _reported(
        self,
        ledger: Ledger,
        recorder: LedgerRecorder,
        path: Path | None,
        engine: Engine,
        standing: Standing,
        this_run: Figures,
        all_runs: Figures,
        statistics: Statistics,
    ) -> Report:
        job, options = self._job, self._options
        # Duplicates are counted at the end, when it is known what they repeat.
        self.progress.counts.update(all_runs.counts)
        self.progress.earlier = all_runs.ended - this_run.ended
        self.progress.total = standing.rows
        self.progress.duplicates = standing.duplicates
        stopped = engine.stopped
        failures_path = None if options.failures is None else Path(options.failures)
        if failures_path is not None:
            # What a later run on the same ledger goes on with is no failure.
            goes_on = self._stopping and path is not None
            states = [state for state in _NOT_DONE if not (goes_on and state is State.PENDING)]
            problem = await recorder.run(
                lambda: write_failures(failures_path, job, ledger.export(states))
            )
            stopped = stopped or problem
        kept = await recorder.run(lambda: list(islice(ledger.export(_NOT_DONE), MAX_KEPT_FAILURES)))
        return Report(
            job=job.name,
            this_run=this_run,
            all_runs=all_runs,
            duplicates=standing.duplicates,
            plan=engine.planner.reason,
            ledger_path=path,
            failures_path=failures_path,
            failures=tuple(_result(job, row, stopped) for row in kept),
            stopped=stopped,
            interrupted=self._stopping,
            statistics=statistics,
        )


def environment_of(session: Session) -> str:
    """Name the client and the host of a session, for a ledger to belong to."""
    return f"{session.client_id} on {session.base_url}"


def retried(session: Session, path: str | os.PathLike[str], options: RunOptions) -> BulkRun:
    """Return a run over those rows of a ledger that have not ended well.

    Raises:
        LedgerError: there is no such ledger, it belongs to another environment, or it is damaged.
        ConfigurationError: the failures cannot be written, or would replace the source.
    """
    with closing(Ledger.read(Path(path))) as ledger:
        header = ledger.header()
    check_environment(Path(path), header, environment_of(session), session.environment_id or "")
    if options.failures is not None and header.source:
        check_writable(options.failures, header.source)
    return BulkRun(session, job_of(header.job, header.settings), None, options)


def _loaded(ledger: Ledger) -> bool:
    return ledger.loaded


def _new_row(job: Job, line: int, row: UserRow | Malformed) -> NewRow:
    if isinstance(row, Malformed):
        return NewRow(line, problem=row.reason, original=row.original)
    flag_name = job.row_type.flag_name
    return NewRow(
        line,
        row.user_id or None,
        row.email or None,
        getattr(row, "tenant_id", None),
        flag := flag_name is not None and bool(getattr(row, flag_name)),
        None,
        job.ordered(flag),
    )


def _result(job: Job, row: ExportedRow, stopped: FronteggError | None) -> RowResult:
    reason = row.reason
    if reason is None and row.state is State.PENDING:
        reason = "the run stopped before it" if stopped is None else f"the run stopped: {stopped}"
    assignment = None
    if row.state is not State.INVALID:
        assignment = job.row(
            LedgerRow(row.line, row.user_id, row.email, row.tenant_id, row.flag, in_doubt=False)
        )
    return RowResult(
        outcome=Outcome(outcome_name(job, row.state)),
        reason=reason or "it was under way when the run ended",
        line=row.line,
        assignment=assignment,
        status=row.status,
        error_code=row.error_code,
        trace_id=row.trace_id,
    )


async def enter_rows(
    job: Job, rows: Iterator[Row] | AsyncIterator[Row]
) -> AsyncGenerator[list[NewRow]]:
    """Yield the rows of a source as those of a ledger, some thousands at a time."""
    batch: list[NewRow] = []
    if isinstance(rows, AsyncIterable):
        async for line, row in rows:
            batch.append(_new_row(job, line, row))
            if len(batch) >= LOAD_ROWS:
                yield batch
                batch = []
        yield batch
        return
    while batch := [_new_row(job, line, row) for line, row in islice(rows, LOAD_ROWS)]:
        yield batch
        await asyncio.sleep(0)  # reading a file holds up the loop: let others run in between


async def close_rows(rows: object) -> None:
    """Let a source that is a generator end its own work."""
    aclose = getattr(rows, "aclose", None)
    if aclose is not None:
        await aclose()
        return
    close = getattr(rows, "close", None)
    if close is not None:
        close()


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
