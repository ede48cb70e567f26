"""A bulk run from its source to its report."""

from __future__ import annotations

import asyncio
import math
import os
import shutil
from collections.abc import AsyncIterator, Generator
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Generic

import anyio

from ..errors import FronteggError, LedgerDamagedError, LedgerDiskFullError, LedgerMismatchError
from ..session import Session
from .application import continued
from .caller_errors import stopped_by
from .engine import Engine
from .error_report import with_report
from .identity import environment_of, header_of
from .input.arrow import TableRows
from .input.feeds import Feed, SlicedFeed
from .input.rows import RowT
from .input.sources import Source, feed_of
from .jobs import job_of
from .jobs.job import Job
from .ledger.file import check_environment, temporary_folder
from .ledger.ledger import Ledger
from .ledger.opening import opened_in_thread
from .ledger.records import State
from .ledger.wait_note import forget_wait, write_wait
from .ledger.writer import LedgerWriter, Replica
from .loader import Loader
from .monitor import ON_PROGRESS, RunWatch
from .outcome import MAX_KEPT_FAILURES, RowResult
from .report.export import check_writable, write_failures
from .report.figures import Figures, Standing, figures_of_all, figures_of_run, standing_of
from .report.report import Progress, Report
from .report.statistics import Statistics
from .results import result_of
from .settings import RunOptions

_TURNS: Final = 3
"""Turns of the event loop after which a run knows that the loop over its results was left."""
_NOT_DONE: Final = (
    State.PENDING,
    State.IN_FLIGHT,
    State.FAILED,
    State.UNKNOWN,
    State.INVALID,
)


class BulkRun(Generic[RowT]):
    """A run that can be watched and stopped: await it, or iterate over its rows.

    Iterating yields a ``RowResult`` for every row, in the order in which they end; the run waits
    while they are not taken. Duplicates of a row are not yielded again.

    Attributes:
        progress: the counts so far, always the same object.
    """

    def __init__(
        self,
        session: Session,
        job: Job[RowT],
        source: Source[RowT] | TableRows | None,
        options: RunOptions,
        replica: Replica | None = None,
    ) -> None:
        """Prepare a run as ``Bulk.start`` does; without a source, over the rows of the ledger."""
        self._replica: Final = replica
        self._session: Final = options.on(session)
        self._job: Final = job
        self._source: Final = source
        self._options: Final = options
        self.progress: Final = Progress(job.labels)
        self._watch: Final = RunWatch(
            job, self.progress, options.on_progress, session.clock, self._fail
        )
        self._engine: Engine | None = None
        self._loader: Loader | None = None
        self._stopping = False
        self._report: Report[RowT] | None = None
        self._begun = False
        self._left_ledger: Path | None = None
        self._over: Final = asyncio.Event()
        self._failure: Exception | None = None
        # Exception of the caller's own code, which is raised again when the report is there.
        self._raised: Exception | None = None
        self._stopped: FronteggError | None = None

    def stop(self) -> None:
        """Take no more rows, let rows in flight end within some seconds, and report."""
        self._stopping = True
        if self._engine is not None:
            self._engine.stop()
        if self._loader is not None:
            self._loader.stop()

    @property
    def report(self) -> Report[RowT]:
        """The report; also of a run that an exception of the caller's own code has ended.

        Raises:
            RuntimeError: it has not ended yet, or was cancelled.
        """
        if self._report is None:
            left = "" if self._left_ledger is None else f": its ledger is {self._left_ledger}"
            over = f"the run was cancelled and has no report{left}"
            raise RuntimeError(over if self._over.is_set() else "the run has not ended yet")
        return self._report

    @property
    def left_ledger(self) -> Path | None:
        """Path of the temporary ledger of a run that was cancelled or failed after rows were sent.

        With ``ledger=`` this path, the same call on the same rows continues the run.
        """
        return self._left_ledger

    def __await__(self) -> Generator[Any, None, Report[RowT]]:
        """Run to the end and return the report, as ``wait()`` does."""
        return self.wait().__await__()

    async def wait(self) -> Report[RowT]:
        """Run to the end and return the report; of a run that has begun, wait for the report.

        An exception of the source or of ``on_progress`` is raised when the rows in flight have
        ended; then ``report`` is there, and ``report_of`` finds it by the exception.

        Raises:
            InvalidRequestError: the source cannot be read as rows at all.
            ConfigurationError: the failures cannot be written.
            AuthenticationError: the credentials are rejected; no row was touched.
            LedgerError: the ledger cannot be used, or not any more. No outcome is lost: the next
                run on it finds them out.
            RuntimeError: its results are being iterated over, or it was cancelled.
        """
        if self._begun:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if self._watch.results is not None and not self._over.is_set():
                # The loop that takes the results would wait here for itself.
                raise RuntimeError("a run can be run once: its results are being iterated over")
            await self._over.wait()
            if self._failure is not None:
                raise self._failure
            return self.report
        self._begun = True
        try:
            self._report = await self._run()
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._over.set()
        if self._raised is not None:
            self._failure = with_report(self._raised, self._report)
            raise self._failure
        return self._report

    async def __aiter__(self) -> AsyncIterator[RowResult[RowT]]:
        if self._begun:
            raise RuntimeError("the rows of a run are iterated over once, from its beginning")
        results: asyncio.Queue[RowResult[RowT] | None] = asyncio.Queue(self._options.workers)
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
        except GeneratorExit:
            # The loop over the results was left, perhaps by an exception: rows in flight still get
            # to their end, and then the report is there.
            self._watch.results = None
            self.stop()
            while await results.get() is not None:
                pass
            raise
        except asyncio.CancelledError as error:
            task.cancel()
            await asyncio.wait((task,))
            self._note_ledger(error)
            raise
        finally:
            task.cancel()
            await asyncio.wait((task,))

    def _note_ledger(self, error: BaseException) -> None:
        if self._left_ledger is not None:
            error.add_note(f"The ledger of the bulk run was kept: {self._left_ledger}")

    def _fail(self, error: Exception) -> None:
        """Stop taking rows, because ``on_progress`` raised."""
        self._raise_later(error, ON_PROGRESS)
        if self._engine is not None:
            self._engine.stop()

    def _raise_later(self, error: Exception, who: str) -> None:
        if self._raised is None:
            self._raised = error
            self._stopped = stopped_by(error, who)

    async def _run(self) -> Report[RowT]:
        source, options, job = self._source, self._options, self._job
        feed: Feed | None = None
        if source is not None:
            feed = feed_of(source, job.columns.kind, literal_ids=options.literal_ids)
        directory: Path | None = None
        keep = False
        try:
            path = options.ledger_path(source)
            if options.failures is not None:
                check_writable(options.failures, source, path)
            view = self._session.for_bulk(rate=options.rate, max_share=options.max_share)
            if path is None:
                directory = temporary_folder()
            # Also without a ledger: a file that changes while it is read must not go unnoticed.
            fingerprint = await feed.fingerprint() if isinstance(feed, SlicedFeed) else ""
            ledger = await opened_in_thread(
                partial(self._open, path or Path(f"{directory}/ledger"), fingerprint)
            )
            recorder = LedgerWriter(ledger, self._replica)
            try:
                # Before the first row, so that rejected credentials are an error and no report.
                await view.token_info()
                report = await self._work(view, feed, ledger, recorder, path)
                # A temporary one is kept as well, if the caller's own code has ended the run.
                keep = report.ledger_path is not None
                return report
            finally:
                try:
                    with anyio.CancelScope(shield=True):
                        await self._watch.close()
                        await recorder.close()
                finally:
                    ledger.close()
        except BaseException as error:
            # Cancelled, most likely: the record of the rows that were sent must outlive that.
            begun = self._loader is not None and self._loader.handed_out
            if directory is not None and options.ledger is not False and begun:
                keep, self._left_ledger = True, directory / "ledger"
                self._note_ledger(error)
            raise
        finally:
            if directory is not None and not keep:
                shutil.rmtree(directory, ignore_errors=True)
            if feed is not None:
                with anyio.CancelScope(shield=True):
                    await feed.close()

    def _open(self, path: Path, fingerprint: str) -> Ledger:
        if self._source is None:
            return Ledger.reopened(path, self._job.form)
        source = self._source
        name = os.fspath(source) if isinstance(source, str | os.PathLike) else ""
        header = header_of(self._session, self._job, self._options, name, fingerprint)
        return Ledger.begin(path, header, self._job.form)

    async def _work(
        self,
        view: Session,
        feed: Feed | None,
        ledger: Ledger,
        recorder: LedgerWriter,
        path: Path | None,
    ) -> Report[RowT]:
        clock = self._session.clock
        started = clock.monotonic()
        self._watch.begin(
            view.pacing,
            view.traffic,
            share=self._options.max_share,
            note_wait=lambda noted: recorder.run(write_wait, ledger, noted),
        )
        loaded = await recorder.run(_loaded, ledger)
        if feed is None:
            if not loaded:
                raise LedgerDamagedError(
                    f"{path} does not hold every row of its input: run the same command again"
                )
            await recorder.run(ledger.reopen, (State.FAILED, State.UNKNOWN))
        before = await recorder.run(standing_of, ledger)
        self._look_back(before, whole=loaded)
        view.pacing.begin_with(await recorder.run(ledger.remembered))
        await recorder.run(forget_wait, ledger)
        if loaded and isinstance(feed, SlicedFeed) and feed.own:
            # By its fingerprint, it has no new rows. Rows of a program have none: they are compared
            # with those of the ledger.
            feed = None
        loader = Loader(
            feed,
            ledger,
            recorder,
            invalid=self._watch.invalid,
            whole=lambda: self._whole(view, ledger, recorder),
            failed=self._source_failed,
        )
        engine = Engine(view, self._job, ledger, recorder, self._options, self._watch, loader)
        self._engine, self._loader = engine, loader
        await self._send(view, ledger, recorder, engine, loader)
        if self._raised is not None:
            path = ledger.path
        # At one moment: requests from here on belong to no run, and their time neither.
        elapsed, statistics = clock.monotonic() - started, self._watch.statistics()
        after = await recorder.run(standing_of, ledger)
        this_run = figures_of_run(
            before,
            after,
            requests=view.traffic.requests,
            throttled=view.traffic.throttled,
            elapsed_s=elapsed,
        )
        totals = await recorder.run(ledger.totals)
        # The outcomes are recorded; a disk without room for the totals must not cost the report.
        with suppress(LedgerDiskFullError):
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

    async def _send(
        self,
        view: Session,
        ledger: Ledger,
        recorder: LedgerWriter,
        engine: Engine,
        loader: Loader,
    ) -> None:
        """Enter rows and send entered ones, until both have ended."""
        if self._stopping:
            engine.stop()
        try:
            if view.allowance is not None:
                view.allowance.remaining = math.inf
            self.progress.note = "reading the rows"
            loader.start(stopped=self._stopping)
            await loader.begun()
            if not engine.stopping:
                await recorder.run(ledger.make_room)
                await engine.run()
            await loader.ended()
        finally:
            with anyio.CancelScope(shield=True):
                await loader.close()
        self.progress.note = ""
        error = loader.error
        if error is not None and not loader.error_is_callers:
            if not loader.entered:
                raise error  # nothing was sent
            if isinstance(error, FronteggError) and engine.stopped is None:
                engine.stopped = error
            if isinstance(error, LedgerMismatchError) and self._raised is None:
                # Raised as if the first row differed; the report has the rows sent before.
                self._raised = error
        engine.stopped = engine.stopped or self._stopped

    async def _whole(self, view: Session, ledger: Ledger, recorder: LedgerWriter) -> None:
        """Count the rows, now that every one is entered."""
        self.progress.note = ""
        self._count_rows(await recorder.run(standing_of, ledger))
        if view.allowance is not None:
            view.allowance.remaining = max((self.progress.total or 0) - self.progress.rows, 0)

    def _source_failed(self, error: Exception) -> None:
        """Stop, or let rows in the ledger end, because no more rows come."""
        if self._loader is not None and self._loader.error_is_callers:
            # The engine still sends the rows that came before, and then ends.
            self._raise_later(error, "the source of the rows")
        elif self._engine is not None:
            self._engine.stop()

    def _look_back(self, standing: Standing, *, whole: bool) -> None:
        """Count the outcomes of earlier runs on the ledger."""
        self.progress.counts.update(standing.alone)
        self.progress.earlier = self.progress.ended
        if whole:
            self._count_rows(standing)

    def _count_rows(self, standing: Standing) -> None:
        """Count the rows that are in the ledger, and the duplicates among them apart."""
        self.progress.duplicates = standing.duplicates
        self.progress.total = standing.rows - standing.duplicates

    async def _reported(
        self,
        ledger: Ledger,
        recorder: LedgerWriter,
        path: Path | None,
        engine: Engine,
        standing: Standing,
        this_run: Figures,
        all_runs: Figures,
        statistics: Statistics,
    ) -> Report[RowT]:
        job, options = self._job, self._options
        # Duplicates are counted at the end, when the rows that they repeat are known.
        self.progress.counts.update(all_runs.counts)
        self.progress.earlier = this_run.earlier
        self.progress.total = standing.rows
        self.progress.duplicates = standing.duplicates
        stopped = engine.stopped
        failures_path = None if options.failures is None else Path(options.failures)
        if failures_path is not None:
            # Rows that a later run on the same ledger continues with are no failures.
            goes_on = self._stopping and path is not None
            states = [state for state in _NOT_DONE if not (goes_on and state is State.PENDING)]
            problem = await recorder.run(
                lambda: write_failures(failures_path, job, ledger.export(states))
            )
            stopped = stopped or problem
        kept = await recorder.run(lambda: list(islice(ledger.export(_NOT_DONE), MAX_KEPT_FAILURES)))
        return Report(
            job=job.name,
            title=job.title,
            labels=job.labels,
            this_run=this_run,
            all_runs=all_runs,
            duplicates=standing.duplicates,
            plan=engine.planner.reason,
            ledger_path=path,
            failures_path=failures_path,
            failures=tuple(result_of(job, row, stopped) for row in kept),
            stopped=stopped,
            interrupted=self._stopping,
            statistics=statistics,
        )


def retried(
    session: Session,
    path: str | os.PathLike[str],
    options: RunOptions,
    job: Job[RowT] | None = None,
) -> BulkRun[RowT]:
    """Return a run over the rows of a ledger that failed or are in doubt.

    Args:
        session: the session that sends.
        path: the ledger.
        options: options of the run.
        job: the job that the ledger was begun for, if a program declares it.

    Raises:
        LedgerError: there is no such ledger, it belongs to another environment, or it is damaged.
        ConfigurationError: the failures cannot be written, or would replace the source.
    """
    with closing(Ledger.read(Path(path))) as ledger:
        header = ledger.header()
    check_environment(Path(path), header, environment_of(session), session.environment_id or "")
    if options.failures is not None and header.source:
        check_writable(options.failures, header.source)
    options = continued(options, header.settings, path)
    return BulkRun(session, job_of(header.job, header.settings, job), None, options)


def _loaded(ledger: Ledger) -> bool:
    return ledger.loaded
