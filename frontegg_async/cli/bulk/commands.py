"""``frontegg-async bulk``: work on the rows of a file."""

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
    help="Refuse unknown tenants; without it, Frontegg creates them.",
)


@click.group("bulk", epilog=exit_codes.TABLE)
def bulk() -> None:
    """Work on thousands to millions of rows, from a file.

    A run remembers what became of each row in a ledger beside its file. Stop it any way you like:
    the same command carries on, and sends nothing again that is known to be done. Rows are sent
    while the rest of the file is read.
    """


@bulk.command("assign", epilog=exit_codes.TABLE)
@_FILE
@click.option("--invite", is_flag=True, help="Let Frontegg send each new member an e-mail.")
@_VALIDATE
@run_options(of_file=True)
@connected
def assign(
    connection: Connection, *, file: Path, invite: bool, validate_tenants: bool, choices: RunChoices
) -> int:
    """Make users members of tenants, as FILE says row by row.

    FILE ends in .csv, .jsonl, .ndjson or .parquet, and has tenant_id, user_id or email, and
    perhaps set_active. It may also be a pipe, or - for stdin: CSV or JSONL, read once, as the rows
    come. Rows that hold already are left alone, and rows that fail do not stop the run. Stop it any
    way you like: the same command carries on. For a pipe, that takes --ledger and the same rows.

    A ledger remembers one input. Where a job comes back with other rows, such as every night, name
    a ledger for each time: --ledger members-2026-03-31.ledger.
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
    """Choose the tenants that users work in, as FILE says row by row.

    FILE has tenant_id, and user_id or email; all else is as for assign.
    """
    from ...bulk import Activate
    from .runner import run_file

    return run_file(connection, choices, Activate(validate_tenants=validate_tenants), file)


@bulk.command("remove", epilog=exit_codes.TABLE)
@_FILE
@click.option("--yes", is_flag=True, help="Do it without asking.")
@run_options(of_file=True)
@connected
def remove(connection: Connection, *, file: Path, yes: bool, choices: RunChoices) -> int:
    """End memberships, as FILE says row by row. Users stay in all other tenants.

    FILE has tenant_id, and user_id or email; all else is as for assign. It asks before it begins,
    except with --yes, --dry-run or --emulator.
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
    """Give users access to every tenant, or take it, as FILE says row by row.

    FILE has super_user (true or false), and user_id or email; all else is as for assign. Frontegg
    no longer maintains super-users.
    """
    from ...bulk import SetSuperuser
    from .runner import run_file

    return run_file(connection, choices, SetSuperuser(), file)


def _confirm_removal(file: Path, session: FronteggSession, *, literal_ids: bool) -> None:
    """Ask before memberships are lost; where nobody can be asked, it takes ``--yes``."""
    from ...bulk import Malformed, Removal, read_rows
    from ...bulk.input.file import is_stream

    if is_stream(file):
        raise click.UsageError(
            f"bulk remove ends memberships, and {file} can be read only once, not to count them "
            "beforehand: it needs --yes."
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
