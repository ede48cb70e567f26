"""``frontegg-async bulk``: a command for each job over the rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from .. import exit_codes, output, phrases
from ..connection import Connection, connected
from . import ledger_commands
from .options import RunChoices, run_options

if TYPE_CHECKING:
    from ...frontegg import FronteggSession

_FILE: Final = click.argument("file", type=click.Path(path_type=Path))
_VALIDATE: Final = click.option(
    "--validate-tenants",
    is_flag=True,
    help="Reject rows of unknown tenants; without it, Frontegg creates the tenants.",
)


@click.group("bulk", epilog=exit_codes.TABLE)
def bulk() -> None:
    """Work on thousands to millions of rows, from a file.

    A run records the outcome of each row in a ledger beside its file. Stop it any way you like: the
    same command continues it, and sends no row again that is known to be done. Rows are sent while
    the rest of the file is read.
    """


@bulk.command("assign", epilog=exit_codes.TABLE)
@_FILE
@click.option("--invite", is_flag=True, help="Have Frontegg send each new member an invite e-mail.")
@_VALIDATE
@run_options(of_file=True)
@connected
def assign(
    connection: Connection, *, file: Path, invite: bool, validate_tenants: bool, choices: RunChoices
) -> int:
    """Make users members of tenants, as FILE says row by row.

    FILE is a .csv, .jsonl, .ndjson or .parquet with the columns tenant_id, user_id or email, and
    optionally set_active. It may also be a pipe, or - for stdin: CSV or JSONL, read once, as the
    rows come. Rows whose users are members already are not sent, and rows that fail do not stop the
    run. Stop it any way you like: the same command continues it. For a pipe, that needs --ledger
    and the same rows.

    A ledger belongs to one input. For a job that runs again with other rows, such as every night,
    name a ledger for each time: --ledger members-2026-03-31.ledger.
    """
    from ...bulk import Assign
    from .runner import run_file

    job = Assign(invite=invite, validate_tenants=validate_tenants)
    return run_file(connection, choices, job, file)


@bulk.command("activate", epilog=exit_codes.TABLE)
@_FILE
@_VALIDATE
@run_options(of_file=True)
@connected
def activate(
    connection: Connection, *, file: Path, validate_tenants: bool, choices: RunChoices
) -> int:
    """Set the active tenants of users, as FILE says row by row.

    FILE has the columns tenant_id, and user_id or email; the rest is as for assign.
    """
    from ...bulk import Activate
    from .runner import run_file

    return run_file(connection, choices, Activate(validate_tenants=validate_tenants), file)


@bulk.command("remove", epilog=exit_codes.TABLE)
@_FILE
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@run_options(of_file=True)
@connected
def remove(connection: Connection, *, file: Path, yes: bool, choices: RunChoices) -> int:
    """End memberships, as FILE says row by row. Users stay in all other tenants.

    FILE has the columns tenant_id, and user_id or email; the rest is as for assign. It asks before
    it begins, except with --yes, --dry-run or --emulator.
    """
    from ...bulk import Remove
    from .runner import run_file

    def confirm(session: FronteggSession) -> None:
        if not yes:
            _confirm_removal(file, session, literal_ids=choices.literal_ids)

    return run_file(connection, choices, Remove(), file, confirm=confirm)


@bulk.command("superuser", epilog=exit_codes.TABLE)
@_FILE
@run_options(of_file=True)
@connected
def superuser(connection: Connection, *, file: Path, choices: RunChoices) -> int:
    """Grant users access to every tenant, or withdraw it, as FILE says row by row.

    FILE has the columns super_user (true or false), and user_id or email; the rest is as for
    assign. Frontegg no longer maintains super-users.
    """
    from ...bulk import SetSuperuser
    from .runner import run_file

    return run_file(connection, choices, SetSuperuser(), file)


def _confirm_removal(file: Path, session: FronteggSession, *, literal_ids: bool) -> None:
    """Ask before memberships end; without a terminal to ask on, ``--yes`` is required."""
    from ...bulk import Malformed, Removal, read_rows
    from ...bulk.input.file import is_stream

    if is_stream(file):
        raise click.UsageError(
            f"bulk remove ends memberships, and {file} can be read only once, so its rows cannot "
            "be counted beforehand: it needs --yes."
        )
    read = read_rows(file, Removal, literal_ids=literal_ids)
    rows = sum(not isinstance(row, Malformed) for _, row in read)
    if not output.can_ask():
        raise click.UsageError(
            f"bulk remove ends the memberships of {phrases.rows(rows)} in {file}: without a "
            "terminal to ask on, it needs --yes."
        )
    question = (
        f"End the memberships of {phrases.rows(rows)} in {file}, as {session.client_id} on "
        f"{session.base_url}. Go on?"
    )
    if not click.confirm(output.printable(question), err=True):
        raise click.ClickException("nothing was sent")


for _command in (ledger_commands.status, ledger_commands.export, ledger_commands.retry):
    bulk.add_command(_command)
