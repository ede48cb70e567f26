"""Options of all bulk runs, and their values."""

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
    """The values of a run's options; those with a default exist only for runs over a file."""

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
            # The emulator starts afresh each time, and the ledger would be wrong then.
            "ledger": self.own_ledger or not (self.no_ledger or self.emulated),
        }

    def ledger_of(self, file: Path) -> Path | None:
        """Return the path of the ledger of a run over ``file``, or None for a temporary one."""
        from ...bulk import RunOptions

        return RunOptions(**self.settings()).ledger_path(file)

    def check(self) -> None:
        """Reject options that contradict each other.

        Raises:
            click.UsageError: two options do.
        """
        if self.no_ledger and self.own_ledger is not None:
            raise click.UsageError("--ledger and --no-ledger contradict each other.")
        if not self.emulated and not (self.rate_limit is None and self.latency is None):
            raise click.UsageError("--emulator-rate-limit and --emulator-latency need --emulator.")


_PATH: Final = click.Path(path_type=Path)

_OPTIONS: Final = (
    click.option(
        "--plan",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Read users in blocks before writing, so that rows which hold already cost no call of "
        "their own; auto: if that saves more calls than it costs.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=64,
        show_default=True,
        help="Rows in flight at the same time.",
    ),
    click.option(
        "--rate",
        type=option_types.fixed_rate,
        metavar="CALLS/SECONDS",
        help="Maximum rate of calls to each route, such as 900/60. Without it, the run learns the "
        "server's limits.",
    ),
    click.option(
        "--max-share",
        type=click.FloatRange(min=0, min_open=True, max=1),
        default=1.0,
        metavar="SHARE",
        help="Share of the server's limits to use, such as 0.8; the rest is left to other clients.",
    ),
    click.option(
        "--resend",
        is_flag=True,
        help="Send rows in doubt again, and rows whose user cannot be read, although that may send "
        "a second invite. Without it such a row is only looked up, and stays in doubt unless it is "
        "found done.",
    ),
    click.option(
        "--conflicts",
        type=click.Choice(["look", "already", "failed"]),
        default="look",
        show_default=True,
        help="Outcome of a row if the server reports that there is nothing to do (such as 409 to "
        "an add): look at the user, count the row as already done, or as failed.",
    ),
    click.option(
        "--failures",
        type=_PATH,
        help="Write every row that was not done to this .csv or .jsonl, for another run.",
    ),
    click.option(
        "--report",
        type=_PATH,
        metavar="FILE.html",
        help="Write a page with figures, charts and the reasons of failures.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object."),
)

_OPTIONS_OF_A_FILE: Final = (
    click.option(
        "--dry-run",
        is_flag=True,
        help="Only count the rows that would be sent; writes nothing, files included.",
    ),
    click.option(
        "own_ledger",
        "--ledger",
        type=_PATH,
        help="File for the outcome of each row [FILE.ledger]. The same command continues from "
        "there.",
    ),
    click.option("--no-ledger", is_flag=True, help="Keep no ledger beyond this run."),
    click.option(
        "--literal-ids",
        is_flag=True,
        help="Accept NULL, nan, #N/A, 1.2E+15 and the like as ids. Without it such a row is "
        "invalid, because spreadsheets and programs write them in place of a missing value.",
    ),
    click.option(
        "--emulator",
        "emulated",
        is_flag=True,
        help="Try it without an account: an emulator in this process responds, with every user of "
        "FILE. FRONTEGG_* is ignored, nothing real is touched, and a ledger is kept only with "
        "--ledger.",
    ),
    click.option(
        "--emulator-rate-limit",
        "rate_limit",
        type=option_types.rate_limit,
        metavar="LIMIT/SECONDS",
        help="Requests per seconds that the emulator allows on each route, such as 1000/60.",
    ),
    click.option(
        "--emulator-latency",
        "latency",
        type=option_types.duration_or_zero,
        metavar="DURATION",
        help="Delay of every response of the emulator, such as 80ms.",
    ),
)


def run_options(*, of_file: bool) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add the options of a run to a command, whose function gets their values as ``choices``.

    Args:
        of_file: True if the rows come from a file, False if from a ledger.
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
