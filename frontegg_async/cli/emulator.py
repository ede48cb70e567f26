"""``frontegg-async emulator``: serve the emulator until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import signal
from dataclasses import replace
from pathlib import Path

import click

from ..emulator import Announce, DuplicateAdd, Emulator, Plan, RateLimit, published_limits
from . import exit_codes, option_types, output
from .logs import verbose_option


@click.command("emulator")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8400,
    show_default=True,
    help="Port to listen on; 0 takes any that is free.",
)
@click.option(
    "--rate-limit",
    "rate_limits",
    type=option_types.rate_limit,
    metavar="LIMIT/SECONDS",
    multiple=True,
    help="Requests per seconds that a route lets through, such as 1000/60; repeatable.",
)
@click.option(
    "--limits",
    "plan",
    type=click.Choice([choice.value for choice in Plan]),
    help="The limits that Frontegg publishes for a plan. --rate-limit counts besides: a request "
    "that is over either is refused.",
)
@click.option(
    "--announce",
    type=click.Choice([choice.value for choice in Announce]),
    default=Announce.RESET.value,
    show_default=True,
    help="How a 429 says when to come back, and with some of them every answer what is left.",
)
@click.option(
    "--latency",
    type=option_types.duration_or_zero,
    metavar="DURATION",
    default=0.0,
    help="Time for every answer, such as 80ms.",
)
@click.option(
    "--token-lifetime",
    type=option_types.duration,
    metavar="DURATION",
    default=86_400.0,
    help="How long a token is good, such as 1h; a day if nothing is said.",
)
@click.option(
    "--duplicate-add",
    type=click.Choice([choice.value for choice in DuplicateAdd]),
    default=DuplicateAdd.CREATED.value,
    show_default=True,
    help="What adding somebody who is a member already does.",
)
@click.option(
    "--validate-tenants", is_flag=True, help="Refuse unknown tenants instead of creating them."
)
@click.option(
    "--seed",
    "seed_file",
    type=click.Path(path_type=Path),
    help="Know the users of this file of assignments.",
)
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
) -> int:
    """Serve an emulator of Frontegg's API on this host, until Ctrl-C or SIGTERM.

    Prints the line for a shell that leads the SDK and this command line to it. The credentials
    there are the emulator's own and no secret.
    """
    limits = [replace(each, announce=Announce(announce)) for each in rate_limits]
    if plan is not None:
        limits += published_limits(Plan(plan), announce=Announce(announce))
    made = Emulator(
        host=host,
        port=port,
        token_lifetime=token_lifetime,
        rate_limits=limits,
        latency=latency,
        duplicate_add=DuplicateAdd(duplicate_add),
        validate_tenants=validate_tenants,
        # It may run for days.
        keep_record=False,
    )
    if seed_file is not None:
        from .emulator_users import seed

        users = seed(made, seed_file, tenants=validate_tenants)
        output.note(f"The emulator knows the {users:,} users of {seed_file}.")
    try:
        asyncio.run(_serve(made, host, port))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_goodbye(made)) from None
    output.note(_goodbye(made))
    return exit_codes.DONE


async def _serve(emulator: Emulator, host: str, port: int) -> None:
    """Serve until SIGTERM; Ctrl-C comes as a cancellation."""
    try:
        await emulator.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.ClickException(f"cannot listen on {host}, port {port}: {reason}") from None
    try:
        output.note(f"The emulator listens on {emulator.url}; Ctrl-C ends it.")
        variables = {
            "FRONTEGG_BASE_URL": emulator.url,
            "FRONTEGG_CLIENT_ID": emulator.client_id,
            "FRONTEGG_API_KEY": emulator.api_key,
        }
        settings = (f"{name}={shlex.quote(value)}" for name, value in variables.items())
        output.data(f"export {' '.join(settings)}")
        terminated = asyncio.Event()
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
        await terminated.wait()
    finally:
        await emulator.stop()


def _goodbye(emulator: Emulator) -> str:
    return f"The emulator ended after {emulator.count():,} requests."
