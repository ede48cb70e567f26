"""``frontegg-async emulator``: serve the emulator until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from dataclasses import replace
from pathlib import Path

import click

from ..emulator import (
    Announce,
    DuplicateAdd,
    Emulator,
    Plan,
    RateLimit,
    SeedError,
    published_limits,
)
from . import exit_codes, option_types, output, phrases
from .logs import verbose_option


@click.command("emulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8400,
    show_default=True,
    help="Port to listen on; 0 for any free port.",
)
@click.option(
    "--rate-limit",
    "rate_limits",
    type=option_types.rate_limit,
    metavar="LIMIT/SECONDS",
    multiple=True,
    help="Requests per seconds allowed on each route, such as 1000/60. Repeatable.",
)
@click.option(
    "--plan",
    "--limits",
    "plan",
    type=click.Choice([choice.value for choice in Plan]),
    help="Apply the limits that Frontegg publishes for a plan, beside --rate-limit: a request "
    "above either gets a 429.",
)
@click.option(
    "--announce",
    type=click.Choice([choice.value for choice in Announce]),
    default=Announce.RESET.value,
    show_default=True,
    help="Form in which a 429 announces the wait; some forms add the remaining requests to every "
    "response.",
)
@click.option(
    "--latency",
    type=option_types.duration_or_zero,
    metavar="DURATION",
    default=0.0,
    help="Delay of every response, such as 80ms.",
)
@click.option(
    "--token-lifetime",
    type=option_types.duration,
    metavar="DURATION",
    default=86_400.0,
    help="Lifetime of a token, such as 1h; default: one day.",
)
@click.option(
    "--duplicate-add",
    type=click.Choice([choice.value for choice in DuplicateAdd]),
    default=DuplicateAdd.CREATED.value,
    show_default=True,
    help="Response to adding a user who is a member already.",
)
@click.option(
    "--validate-tenants", is_flag=True, help="Reject unknown tenants instead of creating them."
)
@click.option(
    "--seed",
    "seed_file",
    type=click.Path(path_type=Path),
    help="Set up the users, tenants and roles of this JSON file, also with every reset; or the "
    "users named in a file of assignments.",
)
@click.option(
    "--url",
    "public_url",
    metavar="URL",
    help="URL by which clients reach it, where it is not that of --host and --port; tokens name it "
    "as their issuer.",
)
@click.option(
    "--control",
    is_flag=True,
    help="Serve /emulator/..., by which tests in any language reset it, seed it and inject faults.",
)
@click.option("--access-log", is_flag=True, help="Print a line for each request.")
@verbose_option
def emulator(
    *,
    host: str,
    port: int,
    rate_limits: tuple[RateLimit, ...],
    plan: str | None,
    announce: str,
    latency: float,
    token_lifetime: float,
    duplicate_add: str,
    validate_tenants: bool,
    seed_file: Path | None,
    public_url: str | None,
    control: bool,
    access_log: bool,
) -> int:
    """Serve an emulator of Frontegg's API on this host, until Ctrl-C or SIGTERM.

    Prints an export line for a shell, which directs the SDK and this command line to the emulator.
    Its credentials are the emulator's own and no secret.
    """
    limits = [replace(each, announce=Announce(announce)) for each in rate_limits]
    if plan is not None:
        limits += published_limits(Plan(plan), announce=Announce(announce))
    whole = seed_file is not None and _is_whole(seed_file)
    try:
        made = Emulator(
            host=host,
            port=port,
            token_lifetime=token_lifetime,
            rate_limits=limits,
            latency=latency,
            duplicate_add=DuplicateAdd(duplicate_add),
            validate_tenants=validate_tenants,
            seed=seed_file if whole else None,
            public_url=public_url,
            control=control,
            access_log=output.note if access_log else None,
            # A record of requests would grow for as long as it runs.
            keep_record=False,
        )
    except SeedError as error:
        raise click.ClickException(str(error)) from None
    if seed_file is not None and not whole:
        from .emulator_users import seed

        users = seed(made, seed_file, tenants=validate_tenants)
        output.note(f"The emulator has the {phrases.counted(users, 'user')} of {seed_file}.")
    try:
        asyncio.run(_serve(made, host, port))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_goodbye(made)) from None
    output.note(_goodbye(made))
    return exit_codes.DONE


def _is_whole(seed_file: Path) -> bool:
    """Return whether a seed is JSON of users, tenants and roles, and not a file of rows."""
    from ..bulk.input.file import SUFFIXES

    kinds = (".json", *SUFFIXES)
    kind = seed_file.suffix.lower()
    if kind not in kinds and seed_file.is_file():
        raise click.UsageError(f"--seed: {seed_file} must end in one of {', '.join(kinds)}.")
    return kind == ".json"


async def _serve(emulator: Emulator, host: str, port: int) -> None:
    """Serve until SIGTERM; Ctrl-C arrives as a cancellation."""
    # Before anything is announced: who reads it may end the program at once.
    terminated = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    try:
        await emulator.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.ClickException(f"cannot listen on {host}, port {port}: {reason}") from None
    try:
        output.note(f"The emulator listens on {emulator.url}; Ctrl-C ends it.")
        settings = (f"{name}={shlex.quote(value)}" for name, value in emulator.variables.items())
        output.data(f"export {' '.join(settings)}")
        await terminated.wait()
    finally:
        await emulator.stop()


def _goodbye(emulator: Emulator) -> str:
    return f"The emulator ended after {emulator.count():,} requests."
