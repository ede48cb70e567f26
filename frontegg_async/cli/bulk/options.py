"""The options that all bulk runs have in common, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
import msgspec

from .. import option_types

if TYPE_CHECKING:
    from typing import Literal

    from ...bulk import RunSettings
    from ...bulk.planner import PlanMode
    from ...emulator import RateLimit
    from ...pacing import FixedRate

R = TypeVar("R")


class RunChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of a run say; the last of them only where a file is read."""

    plan: PlanMode
    workers: int
    rate: FixedRate | None
    max_share: float
    resend: bool
    conflicts: Literal["look", "already", "failed"]
    failures: Path | None
    report: Path | None
    as_json: bool
    dry_run: bool = False
    own_ledger: Path | None = None
    no_ledger: bool = False
    literal_ids: bool = False
    emulated: bool = False
    rate_limit: RateLimit | None = None
    latency: float | None = None

    def settings(self) -> RunSettings:
        """Return the settings of a run over a file."""
        return {
            "plan": self.plan,
            "workers": self.workers,
            "rate": self.rate,
            "max_share": self.max_share,
            "resend": self.resend,
            "conflicts": self.conflicts,
            "failures": self.failures,
            "literal_ids": self.literal_ids,
            # The emulator forgets everything, so a ledger would be wrong the next time.
            "ledger": self.own_ledger or not (self.no_ledger or self.emulated),
        }

    def ledger_of(self, file: Path) -> Path | None:
        """Return where the ledger of a run over ``file`` is, or None for a temporary one."""
        from ...bulk import RunOptions

        return RunOptions(**self.settings()).ledger_path(file)

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            click.UsageError: something does.
        """
        if self.no_ledger and self.own_ledger is not None:
            raise click.UsageError("--ledger and --no-ledger contradict each other.")
        if not self.emulated and not (self.rate_limit is None and self.latency is None):
            raise click.UsageError(
                "--emulator-rate-limit and --emulator-latency go with --emulator."
            )


_PATH: Final = click.Path(path_type=Path)

_OPTIONS: Final = (
    click.option(
        "--plan",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether users are read before anything is written, so that rows which hold already "
        "cost no call of their own; auto: where that saves more calls than it costs.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        help="Rows under way at the same time.",
    ),
    click.option(
        "--rate",
        type=option_types.fixed_rate,
        metavar="CALLS/SECONDS",
        help="The most calls of each kind, such as 900/60. Without it, the limits of the server "
        "are found out.",
    ),
    click.option(
        "--max-share",
        type=click.FloatRange(min=0, min_open=True, max=1),
        default=1.0,
        metavar="SHARE",
        help="The part of the server's limits to use, such as 0.8; the rest stays free for others.",
    ),
    click.option(
        "--resend",
        is_flag=True,
        help="Send a row in doubt again, and one whose user cannot be read, although that may send "
        "a second invite. Without it a row in doubt is only looked up, and stays in doubt if it is "
        "not found done.",
    ),
    click.option(
        "--conflicts",
        type=click.Choice(["look", "already", "failed"]),
        default="look",
        show_default=True,
        help="What it means if the server says that there is nothing to do (such as 409 to an "
        "add): look at the user, the row held already, or it failed.",
    ),
    click.option(
        "--failures",
        type=_PATH,
        help="Write every row that was not done to this .csv or .jsonl, to be fed back in.",
    ),
    click.option(
        "--report",
        type=_PATH,
        metavar="FILE.html",
        help="Write a page with figures, curves and reasons, for people.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object."),
)

_OPTIONS_OF_A_FILE: Final = (
    click.option(
        "--dry-run",
        is_flag=True,
        help="Only find out and print what would be sent; no file is written either.",
    ),
    click.option(
        "own_ledger",
        "--ledger",
        type=_PATH,
        help="Where the run remembers what became of each row [FILE.ledger]. The same command "
        "carries on from there.",
    ),
    click.option("--no-ledger", is_flag=True, help="Remember nothing beyond this run."),
    click.option(
        "--literal-ids",
        is_flag=True,
        help="Take NULL, nan, #N/A, 1.2E+15 and the like for ids. Without it such a row is "
        "invalid, because spreadsheets and programs write them where a value is missing.",
    ),
    click.option(
        "--emulator",
        "emulated",
        is_flag=True,
        help="Try it without an account: an emulator in this process answers, which knows every "
        "user of FILE. FRONTEGG_* is ignored, nothing real is touched, and without --ledger "
        "nothing is remembered.",
    ),
    click.option(
        "--emulator-rate-limit",
        "rate_limit",
        type=option_types.rate_limit,
        metavar="LIMIT/SECONDS",
        help="Requests per seconds that the emulator lets through on a route, such as 1000/60.",
    ),
    click.option(
        "--emulator-latency",
        "latency",
        type=option_types.duration_or_zero,
        metavar="DURATION",
        help="Time that the emulator takes for an answer, such as 80ms.",
    ),
)


def run_options(*, of_file: bool) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command the options of a run, and its function what they say as ``choices``.

    Args:
        of_file: whether its rows come from a file, and not from a ledger.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        @wraps(function)
        def command(*args: Any, **values: Any) -> R:
            fields = RunChoices.__struct_fields__
            said = {name: values.pop(name) for name in fields if name in values}
            choices = RunChoices(**said)
            choices.check()
            return function(*args, choices=choices, **values)

        decorated: Callable[..., R] = command
        for option in reversed(_OPTIONS + (_OPTIONS_OF_A_FILE if of_file else ())):
            decorated = option(decorated)
        return decorated

    return decorate
