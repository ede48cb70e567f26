"""``frontegg-async bulk``: a command for each job, and those for ledgers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .. import exit_codes, output, phrases
from ..connection import Connection, connected
from . import ledger_commands, report_command
from .options import RunChoices, run_options

if TYPE_CHECKING:
    from ...bulk import Job
    from ...frontegg import FronteggSession

_FILE: Final = click.argument("file", type=click.Path(path_type=Path))
_MORE: Final = (
    "FILE is a .csv, .jsonl, .ndjson or .parquet. It may also be a pipe, or - for stdin: CSV or "
    "JSONL, read once, as the rows come. Rows whose users are already as the row says are not "
    "sent, and rows that fail do not stop the run. Stop it any way you like: the same command "
    "continues it. For a pipe, that needs --ledger and the same rows.\n\n"
    "A ledger belongs to one input. For a job that runs again with other rows, such as every "
    "night, name a ledger for each time: --ledger members-2026-03-31.ledger."
)


class _BulkGroup(click.Group):
    """A group whose jobs are declared in ``bulk.jobs``, which is imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the jobs, and the commands for ledgers."""
        from ...bulk.jobs import JOBS

        return sorted({*JOBS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of a job."""
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        from ...bulk.jobs import JOBS

        job = JOBS.get(cmd_name)
        return None if job is None else _command_of(job)


@click.group("bulk", cls=_BulkGroup, epilog=exit_codes.TABLE)
def bulk() -> None:
    """Work on thousands to millions of rows, from a file.

    A run records the outcome of each row in a ledger beside its file. Stop it any way you like: the
    same command continues it, and sends no row again that is known to be done. Rows are sent while
    the rest of the file is read.
    """


def _command_of(kind: type[Job[Any]]) -> click.Command:
    """Return the command of a job: its help, its options, and those of every run."""

    def run(connection: Connection, *, file: Path, choices: RunChoices, **options: bool) -> int:
        from .runner import run_file

        yes = options.pop("yes", True)
        job = kind(**options)

        def confirm(session: FronteggSession) -> None:
            if not yes:
                _confirm(job, file, session, literal_ids=choices.literal_ids)

        return run_file(connection, choices, job, file, confirm=confirm)

    command: Callable[..., Any] = run_options(of_file=True)(connected(run))
    for option in reversed(_options_of(kind)):
        command = option(command)
    name = kind.name
    return click.command(name, help=_help_of(kind), epilog=exit_codes.TABLE)(_FILE(command))


def _options_of(kind: type[Job[Any]]) -> list[Callable[..., Any]]:
    options = [
        click.option(f"--{name.replace('_', '-')}", name, is_flag=True, help=text)
        for name, text in kind.options()
    ]
    if kind.asks:
        options.append(click.option("--yes", is_flag=True, help="Do not ask for confirmation."))
    return options


def _help_of(kind: type[Job[Any]]) -> str:
    """Return the help of a job: what it does, the columns of its file, and all that jobs share."""
    from ...bulk.input.rows import columns_of

    columns = columns_of(kind.row_type)
    shown = [
        f"{name} (true or false)" if name in columns.flags else name for name in columns.needed
    ]
    perhaps = [name for name in columns.own if name not in columns.needed]
    has = ", ".join([*shown, "user_id or email"]).replace(", user_id", ", and user_id")
    also = f", and optionally {', '.join(perhaps)}" if perhaps else ""
    asks = (
        " It asks before it begins, except with --yes, --dry-run or --emulator."
        if kind.asks
        else ""
    )
    note = f" {kind.note}" if kind.note else ""
    first = f"{kind.about or kind.name}, as FILE says row by row.{note}"
    return f"{first}\n\nFILE has the columns {has}{also}.{asks}\n\n{_MORE}"


def _confirm(job: Job[Any], file: Path, session: FronteggSession, *, literal_ids: bool) -> None:
    """Ask before something is taken away; without a terminal, ``--yes`` is required."""
    from ...bulk import Malformed, read_rows
    from ...bulk.input.file import is_stream

    if is_stream(file):
        raise click.UsageError(
            f"bulk {job.name} asks before it begins, and {file} can be read only once, so its rows "
            "cannot be counted beforehand: it needs --yes."
        )
    read = read_rows(file, job.row_type, literal_ids=literal_ids)
    rows = sum(not isinstance(row, Malformed) for _, row in read)
    asked = f"{job.asks.format(rows=phrases.rows(rows))} in {file}"
    if not output.can_ask():
        raise click.UsageError(f"{asked}: without a terminal to ask on, it needs --yes.")
    question = f"{asked}, as {session.client_id} on {session.base_url}. Go on?"
    if not click.confirm(output.printable(question), err=True):
        raise click.ClickException("nothing was sent")


for _command in (
    ledger_commands.status,
    ledger_commands.export,
    ledger_commands.retry,
    report_command.report,
):
    bulk.add_command(_command)
