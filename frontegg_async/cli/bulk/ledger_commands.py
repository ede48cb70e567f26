"""``bulk status``, ``bulk export`` and ``bulk retry``: commands over a ledger."""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

import click
import msgspec

from ...errors import LedgerDamagedError
from .. import command_lines, exit_codes, files, output, phrases
from ..connection import Connection, connected
from ..logs import verbose_option
from .options import RunChoices, run_options

if TYPE_CHECKING:
    from ...bulk import Job
    from ...bulk.ledger.ledger import Ledger
    from ...bulk.ledger.records import Header, State
    from ...bulk.report.export import Format
    from ...pacing import Wait

_LEDGER: Final = click.argument("ledger", type=click.Path(path_type=Path))


class _OpenedLedger(msgspec.Struct, frozen=True):
    """A ledger open for reading."""

    ledger: Ledger
    header: Header
    job: Job[Any]

    def outcomes(self) -> dict[str, list[State]]:
        """Return the states behind each outcome, by its name in the report."""
        from ...bulk.ledger.records import State
        from ...bulk.report.export import outcome_name

        names: dict[str, list[State]] = {}
        for state in (State.DONE, State.ALREADY, State.FAILED, State.UNKNOWN, State.INVALID):
            names[outcome_name(self.job, state)] = [state]
        for state in (State.IN_FLIGHT, State.PENDING):
            names.setdefault(outcome_name(self.job, state), []).append(state)
        return names


@contextmanager
def _opened(path: Path) -> Generator[_OpenedLedger]:
    from ...bulk.jobs import job_of
    from ...bulk.ledger.ledger import Ledger

    with contextlib.closing(Ledger.read(path)) as ledger:
        header = ledger.header()
        try:
            job = job_of(header.job, header.settings)
        except msgspec.DecodeError as error:
            raise LedgerDamagedError(f"{path} has invalid settings: {error}") from None
        yield _OpenedLedger(ledger, header, job)


@click.command("status", epilog=exit_codes.TABLE)
@_LEDGER
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@verbose_option
def status(*, ledger: Path, as_json: bool) -> None:
    """Show the outcomes of a run's rows, also while it goes on.

    All figures are those of all runs on the ledger. Rows under way were sent and have no response
    so far; without invites, rows that are sent next count as well. If no run is going on, the next
    one looks them up. Requests and seconds are those of the runs that have ended. While a run waits
    for a limit, the limit is named, with the time until the next calls.
    """
    from ...bulk.ledger.lock import is_run_on
    from ...bulk.report.figures import figures_of_all, standing_of

    with _opened(ledger) as opened:
        standing = standing_of(opened.ledger)
        runs = figures_of_all(standing, opened.ledger.totals())
        loaded = opened.ledger.loaded
        wait = _wait_of(opened.ledger)
    running = is_run_on(ledger.resolve(), ledger)
    header = opened.header
    labels = opened.job.labels
    outcomes = labels.named(standing.ended)
    left = {"under_way": standing.under_way, "pending": standing.pending}
    rows = standing.rows
    if as_json:
        output.json(
            {
                "ledger": str(ledger),
                "job": header.job,
                "source": header.source,
                "environment": header.where,
                "settings": msgspec.Raw(header.settings.encode()),
                "complete": loaded and not any(left.values()),
                "rows": rows,
                "outcomes": outcomes,
                # Deprecated name of "under_way": not all of these rows have been sent.
                "in_flight": standing.under_way,
                "pending": standing.pending,
                "runs": runs.runs,
                "requests": runs.requests,
                "throttled": runs.throttled,
                "elapsed_s": round(runs.elapsed_s, 3),
                "wait": None
                if wait is None
                else {"operation": wait.operation, "seconds": round(wait.seconds, 3)},
                "under_way": standing.under_way,
                "duplicates": standing.duplicates,
            }
        )
        return
    for label, text in (
        ("job", header.job),
        ("source", header.source or "rows from a program"),
        ("environment", header.where),
        (
            "rows",
            f"{rows:,}" if loaded else f"{rows:,} so far: not all of them are in the ledger yet",
        ),
        ("duplicates", f"{standing.duplicates:,} of them, counted like the rows they repeat"),
    ):
        if label == "duplicates" and not standing.duplicates:
            continue
        output.data(f"{label:<12} {text}")
    if wait is not None:
        output.data(f"{'waiting':<12} {wait}")
    # Without invites, rows are recorded as in flight by the group, before the first is sent.
    noted = "sent, or sent next" if opened.job.repeatable else "sent, no response so far"
    shown = {labels[outcome].words: count for outcome, count in standing.ended.items()}
    for label, count in (*shown.items(), *left.items()):
        if count:
            more = f": {noted}" if label == "under_way" else ""
            output.data(f"{count:>12,}  {label.replace('_', ' ')}{more}")
    output.data(
        f"{phrases.counted(runs.runs, 'run')} ended so far: {phrases.traffic(runs)}, "
        f"{phrases.elapsed(runs.elapsed_s)}"
    )
    if running:
        output.data("A run on this ledger is going on.")
    elif outcomes["failed"] or outcomes["unknown"]:
        again = command_lines.line("bulk", "retry", ledger)
        output.data(f"{phrases.RETRY}: {again}")


def _wait_of(ledger: Ledger) -> Wait | None:
    """Return the wait that a run has recorded, unless it is over."""
    from ...bulk.ledger.wait_note import read_wait
    from ...pacing import Wait

    noted = read_wait(ledger)
    seconds = 0.0 if noted is None else noted.until - time.time()
    return Wait(noted.operation, seconds, waiting=0) if noted and seconds > 0 else None


@click.command("export", epilog=exit_codes.TABLE)
@_LEDGER
@click.option(
    "--outcome",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only rows with this outcome, such as failed, unknown, invalid, skipped or added. "
    "Repeatable. Without it: every row.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["csv", "jsonl"]),
    help="One line a row, its own fields first. Default: by the extension of the output file; csv "
    "on stdout.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Output file; default: stdout.",
)
@verbose_option
def export(
    *,
    ledger: Path,
    names: tuple[str, ...],
    file_format: Format | None,
    target: Path | None,
) -> None:
    """Write the rows of a run with their outcomes, in a form that another run can read."""
    from ...bulk.report.export import write_rows

    if target is not None:
        files.check_replaceable("-o", target, ledger)
    form = _format_of(target, file_format)
    with _opened(ledger) as opened:
        known = opened.outcomes()
        unknown = [name for name in names if name not in known]
        if unknown:
            raise click.UsageError(
                f"no row of {opened.header.job} ends in {', '.join(map(repr, unknown))}: "
                f"the outcomes are {', '.join(known)}."
            )
        states: list[State] = [state for name in dict.fromkeys(names) for state in known[name]]
        rows = opened.ledger.export(states if names else None)
        if target is None:
            with _stdout() as file:
                write_rows(opened.job, rows, file, form)
            return
        with files.replacing(target) as file:
            count = write_rows(opened.job, rows, file, form)
    output.note(f"{phrases.rows(count)} in {target}")


def _format_of(target: Path | None, wanted: Format | None) -> Format:
    """Return the output format; a file name with another extension is rejected."""
    from ...bulk.report.export import format_of

    named = None if target is None else format_of(target)
    if target is None:
        return wanted or "csv"
    if wanted is None and named is None:
        raise click.UsageError(
            f"-o: {target} must end in .csv, .jsonl or .ndjson, or --format must say what to write."
        )
    if wanted is not None and named is not None and wanted != named:
        raise click.UsageError(f"-o: {target} is no file for --format {wanted}.")
    return wanted or named or "csv"


@click.command("retry", epilog=exit_codes.TABLE)
@_LEDGER
@run_options(of_file=False)
@connected
def retry(connection: Connection, *, ledger: Path, choices: RunChoices) -> int:
    """Run the failed rows of a ledger again, and those in doubt.

    Job and settings are those of the ledger, and the credentials must belong to its environment.
    Rows that an interrupted run did not reach are sent as well. A row in doubt is sent again if
    that is harmless. If it might send a second invite, the row is looked up instead, and sent again
    only with --resend.
    """
    from ...bulk.identity import environment_of
    from ...bulk.ledger.file import check_environment
    from .runner import run_again

    session = connection.session(max_connections=choices.workers)
    with _opened(ledger) as opened:
        header = opened.header
        rows = sum(opened.ledger.counts().values())
    check_environment(ledger, header, environment_of(session), session.environment_id or "")
    return run_again(
        session,
        choices,
        ledger,
        source=header.source or str(ledger),
        total=rows,
        application=connection.application,
    )


@contextmanager
def _stdout() -> Generator[TextIO]:
    """Open stdout for rows: in UTF-8 whatever the locale, on a terminal without controls."""
    if output.on_terminal():
        yield cast("TextIO", _TerminalWriter())
        return
    sys.stdout.flush()
    file = io.TextIOWrapper(
        sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline=""
    )
    try:
        yield file
        file.flush()
    finally:
        file.detach()


class _TerminalWriter:
    """A writer of lines to a terminal, with control characters escaped."""

    def write(self, text: str) -> int:
        output.data(text.removesuffix("\n"))
        return len(text)
