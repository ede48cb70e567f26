"""The course of a bulk run from session to exit code: progress, signals, report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
import msgspec

from .. import command_lines, exit_codes, files, output, phrases
from ..connection import Connection
from . import pages, summary
from .options import RunChoices
from .progress import RunProgress, count_rows
from .signals import StoppableRun

if TYPE_CHECKING:
    from ...bulk import BulkRun, Job, Plan, Report
    from ...emulator import Emulator
    from ...frontegg import FronteggSession

Target: TypeAlias = "AbstractAsyncContextManager[FronteggSession]"


def run_file(
    connection: Connection,
    choices: RunChoices,
    job: Job[Any],
    file: Path,
    *,
    confirm: Callable[[FronteggSession], None] | None = None,
) -> int:
    """Run a job over the rows of a file, and return the exit code.

    Args:
        connection: options of the connection.
        choices: options of the run.
        job: the job.
        file: the source of the rows.
        confirm: asks the user for confirmation; raises if it is denied.
    """
    from ...bulk.input.file import is_stream

    _check_files(choices, choices.ledger_of(file), file)
    target: Target
    if choices.emulated:
        if is_stream(file):
            raise click.UsageError(
                f"--emulator reads FILE twice, and {file} can be read only once: save it first."
            )
        if connection.given():
            raise click.UsageError(
                f"--emulator needs no connection: leave out {', '.join(connection.given())}."
            )
        target = _emulated(_emulator(choices, job, file), connection, choices.workers)
    else:
        session = connection.session(
            max_connections=choices.workers, without="; to try it without, use --emulator"
        )
        if confirm is not None and not choices.dry_run:
            confirm(session)
        target = session
    if choices.dry_run:
        return _dry_run(target, choices, job, file)

    def begin(frontegg: FronteggSession, progress: RunProgress) -> BulkRun:
        settings = choices.settings()
        settings["on_progress"] = progress
        settings["application_id"] = connection.application
        return frontegg.bulk.start(job, file, **settings)

    return _Runner(
        choices, source=str(file), total=count_rows(file), lasts=not choices.emulated
    ).run(target, begin)


def run_again(
    session: FronteggSession,
    choices: RunChoices,
    ledger: Path,
    *,
    source: str,
    total: int,
    application: str | None,
) -> int:
    """Run the failed rows of a ledger and those in doubt again, and return the exit code."""
    _check_files(choices, ledger, Path(source))

    def begin(frontegg: FronteggSession, progress: RunProgress) -> BulkRun:
        settings = choices.settings()
        settings["on_progress"] = progress
        settings["application_id"] = application
        return frontegg.bulk.retry(ledger, **settings)

    return _Runner(choices, source=source, total=total, lasts=True).run(session, begin)


class _Ended(msgspec.Struct, frozen=True):
    """The end of a run; ``report`` is None if it was stopped at once."""

    report: Report | None
    page_problem: str | None = None
    left_ledger: Path | None = None


class _Runner:
    """One run, with its progress, messages and report.

    Args:
        choices: options of the run.
        source: name of the source.
        total: number of rows, if it is known.
        lasts: True if the ledger, if there is one, can be used again.
    """

    def __init__(self, choices: RunChoices, *, source: str, total: int | None, lasts: bool) -> None:
        self._choices = choices
        self._source = source
        self._lasts = lasts
        self._same = command_lines.same()
        self._progress = RunProgress(total)

    def run(self, target: Target, begin: Callable[[FronteggSession, RunProgress], BulkRun]) -> int:
        """Run it and return the exit code."""
        with self._progress:
            ended = asyncio.run(self._run(target, begin))
        report = ended.report
        if report is None:
            raise KeyboardInterrupt(self._stopped_at_once(ended.left_ledger))
        if self._choices.as_json:
            output.json(summary.as_json(report))
        else:
            summary.show(report)
        for sentence in summary.advice(report, lasts=self._lasts, same=self._same):
            output.note(sentence)
        if ended.page_problem is not None:
            output.error(ended.page_problem)
        elif self._choices.report is not None:
            output.note(f"Report page: {self._choices.report}")
        code = exit_codes.of_report(report)
        return exit_codes.ERROR if ended.page_problem and code == exit_codes.DONE else code

    async def _run(
        self, target: Target, begin: Callable[[FronteggSession, RunProgress], BulkRun]
    ) -> _Ended:
        async with target as frontegg:
            run = begin(frontegg, self._progress)
            self._progress.watch(run.progress)
            started = datetime.now(UTC)
            log = asyncio.create_task(self._progress.log())
            try:
                with StoppableRun(run, self._progress.say) as stoppable:
                    report = await stoppable.ended()
                    if report is None:
                        return _Ended(None, left_ledger=run.left_ledger)
                    # Before the handlers are removed: a late signal must not prevent the page.
                    problem = self._write_page(report, frontegg.base_url, started)
            finally:
                log.cancel()
            return _Ended(report, problem)

    def _stopped_at_once(self, left_ledger: Path | None) -> str:
        if left_ledger is not None and self._lasts:
            return (
                f"Stopped at once. The outcomes of rows are in {left_ledger}: with the same rows "
                f"and --ledger {left_ledger} the same command continues."
            )
        if not self._lasts or self._choices.no_ledger:
            return "Stopped at once."
        return (
            "Stopped at once. The ledger has the rows in flight, and the next run looks them up. "
            f"To continue: {self._same}"
        )

    def _write_page(self, report: Report, host: str, started: datetime) -> str | None:
        """Write the page, if one is asked for; return the problem if it cannot be written."""
        path = self._choices.report
        if path is None:
            return None
        from ...bulk.report.page import PageSummary

        page = PageSummary.of(
            report,
            source=self._source,
            host=host,
            started_at=started,
            stopped=_why_it_stopped(report),
            how_to_go_on=summary.going_on(report, lasts=self._lasts, same=self._same),
        )
        return pages.write(path, page, report.statistics)


def _why_it_stopped(report: Report) -> str | None:
    if report.stopped is not None:
        return str(report.stopped)
    return "It was interrupted." if report.interrupted else None


def _check_files(choices: RunChoices, ledger: Path | None, *sources: Path) -> None:
    """Reject output files that could not be written at the end, or would replace another."""
    if choices.dry_run:
        return
    if choices.failures is not None:
        from ...bulk.report.export import check_writable

        files.check_other("--failures", choices.failures, ledger)
        check_writable(choices.failures, *sources)
    if choices.report is not None:
        pages.check(choices.report, choices.failures, ledger, *sources)


def _dry_run(target: Target, choices: RunChoices, job: Job[Any], file: Path) -> int:
    async def ask() -> Plan:
        async with target as frontegg:
            return await frontegg.bulk.dry_run(
                job,
                file,
                workers=choices.workers,
                rate=choices.rate,
                max_share=choices.max_share,
                literal_ids=choices.literal_ids,
            )

    plan = asyncio.run(ask())
    if choices.as_json:
        output.json(summary.plan_as_json(plan))
    else:
        summary.show_plan(plan)
    return exit_codes.DONE


def _emulator(choices: RunChoices, job: Job[Any], file: Path) -> Emulator:
    """Return an emulator with the file's users.

    Called outside the event loop, where creating millions of users would delay Ctrl-C.
    """
    from ...emulator import Emulator
    from ..emulator_users import seed

    emulator = Emulator(
        rate_limits=() if choices.rate_limit is None else (choices.rate_limit,),
        latency=choices.latency or 0.0,
        # A record of requests would grow with the file.
        keep_record=False,
    )
    tenants = bool(getattr(job, "validate_tenants", False))
    users = seed(
        emulator,
        file,
        tenants=tenants,
        kind=job.row_type,
        make_members=job.ends_memberships,
        literal_ids=choices.literal_ids,
    )
    output.note(
        f"Emulator: in this process, with the {phrases.counted(users, 'user')} of {file}. "
        "Nothing real is touched."
    )
    return emulator


@asynccontextmanager
async def _emulated(
    emulator: Emulator, connection: Connection, workers: int
) -> AsyncGenerator[FronteggSession]:
    from ...frontegg import FronteggSession

    async with (
        emulator,
        FronteggSession(
            client_id=emulator.client_id,
            api_key=emulator.api_key,
            base_url=emulator.url,
            options=connection.options(),
            max_connections=workers,
        ) as frontegg,
    ):
        yield frontegg
