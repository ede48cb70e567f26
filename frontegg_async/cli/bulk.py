"""``frontegg-async bulk``: work on the rows of a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import exits, output, parameters
from .connection import Connection, connected

if TYPE_CHECKING:
    from ..bulk import Report
    from ..emulator import Emulator, RateLimit
    from ..frontegg import FronteggSession
    from .progress import RunProgress


@click.group("bulk")
def bulk() -> None:
    """Work on thousands to millions of rows, from a file."""


@bulk.command("assign", epilog=exits.TABLE)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--invite", is_flag=True, help="Let Frontegg send each new member an e-mail.")
@click.option(
    "--validate-tenants",
    is_flag=True,
    help="Refuse unknown tenants; without it, Frontegg creates them.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Rows under way at the same time.",
)
@click.option(
    "--failures",
    type=click.Path(path_type=Path),
    help="Write every row that was not done to this .csv or .jsonl, to be fed back in.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option(
    "--emulator",
    "emulated",
    is_flag=True,
    help="Try it without an account: an emulator in this process answers, which knows every "
    "user of FILE. FRONTEGG_* is ignored, and nothing real is touched.",
)
@click.option(
    "--emulator-rate-limit",
    "rate_limit",
    type=parameters.rate_limit,
    metavar="LIMIT/SECONDS",
    help="Requests per seconds that the emulator lets through on a route, such as 1000/60.",
)
@click.option(
    "--emulator-latency",
    "latency",
    type=parameters.duration_or_zero,
    metavar="DURATION",
    help="Time that the emulator takes for an answer, such as 80ms.",
)
@connected
def assign(
    connection: Connection,
    *,
    file: Path,
    invite: bool,
    validate_tenants: bool,
    workers: int,
    failures: Path | None,
    as_json: bool,
    emulated: bool,
    rate_limit: RateLimit | None,
    latency: float | None,
) -> int:
    """Make users members of tenants, as FILE says row by row.

    FILE ends in .csv, .jsonl or .ndjson, and has tenant_id, user_id or email, and perhaps
    set_active. Rows that fail do not stop the run. Stop it any way you like and run it again:
    memberships that hold already stay as they are. (With --invite, a member may be invited
    twice.)
    """
    from . import summary
    from .progress import RunProgress

    if emulated:
        if connection.given():
            raise click.UsageError(
                f"--emulator answers itself: leave out {', '.join(connection.given())}."
            )
        emulator = _emulator(file, validate_tenants, rate_limit, latency or 0.0)
        session = None
    else:
        if rate_limit is not None or latency is not None:
            raise click.UsageError(
                "--emulator-rate-limit and --emulator-latency go with --emulator."
            )
        emulator = None
        session = connection.session(
            max_connections=workers, without="; for a try, --emulator needs none"
        )

    async def run(progress: RunProgress) -> Report:
        if emulator is None:
            assert session is not None  # noqa: S101  # made above
            return await work(session, progress)
        async with emulator:
            return await work(_session_of(emulator, connection, workers), progress)

    async def work(unopened: FronteggSession, progress: RunProgress) -> Report:
        async with unopened as frontegg:
            return await frontegg.bulk.assign(
                file,
                invite=invite,
                validate_tenants=validate_tenants,
                workers=workers,
                failures=failures,
                on_progress=progress,
            )

    progress = RunProgress(file)
    try:
        with progress:
            report = asyncio.run(run(progress))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Interrupted after {progress.rows:,} rows ({progress.counts()}). To carry on, run "
            "the same command again: memberships that hold already stay as they are."
        ) from None
    if as_json:
        output.json(summary.as_json(report))
    else:
        summary.show(report)
    for sentence in summary.advice(report):
        output.note(sentence)
    return exits.of_report(report)


def _emulator(
    file: Path, validate_tenants: bool, rate_limit: RateLimit | None, latency: float
) -> Emulator:
    """Return an emulator that knows the file's users.

    Not in the event loop, where the seeding of millions would not listen to Ctrl-C.
    """
    from ..emulator import Emulator
    from .seeding import seed

    emulator = Emulator(
        rate_limits=() if rate_limit is None else (rate_limit,),
        latency=latency,
        # Nobody looks at it, and it would grow with the file.
        keep_record=False,
    )
    users = seed(emulator, file, tenants=validate_tenants)
    output.note(
        f"Emulator: it answers from this process and knows the {users:,} users of {file}. "
        "Nothing real is touched."
    )
    return emulator


def _session_of(emulator: Emulator, connection: Connection, workers: int) -> FronteggSession:
    from ..frontegg import FronteggSession

    return FronteggSession(
        client_id=emulator.client_id,
        api_key=emulator.api_key,
        base_url=emulator.url,
        options=connection.options(),
        max_connections=workers,
    )
