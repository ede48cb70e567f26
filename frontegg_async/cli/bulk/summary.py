"""The report of a bulk run on stdout, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.text import Text

from .. import command_lines, output, phrases

if TYPE_CHECKING:
    from ...bulk import Plan, Report, RowResult

SHOWN_FAILURES: Final = 5
"""Maximum of rows that were not done in the summary; a failures file has all of them."""
_MAX_REASON_CHARS: Final = 300

_STYLES: Final = {"failed": "red", "unknown": "red", "invalid": "yellow", "skipped": "yellow"}


def as_json(report: Report) -> dict[str, object]:
    """Return the JSON object that ``--json`` prints.

    Rows are those of all runs on the ledger; ``requests``, ``throttled`` and ``elapsed_s`` those of
    this run. ``this_run`` and ``all_runs`` have the full figures of each.
    """
    path = report.failures_path
    return {
        "rows": report.rows,
        **report.labelled,
        "requests": report.requests,
        "throttled": report.throttled,
        "elapsed_s": round(report.elapsed_s, 3),
        "failures_path": None if path is None else str(path),
        "duplicates": report.duplicates,
        "this_run": report.this_run.as_json(report.labels),
        "all_runs": report.all_runs.as_json(report.labels),
    }


def show(report: Report) -> None:
    """Print the report on stdout, in colours on a terminal."""
    console = _console()
    run = report.this_run
    _show_rows(console, report)
    console.print(phrases.traffic(run))
    if report.all_runs.runs > 1:
        everything = report.all_runs
        console.print(
            f"All {everything.runs:,} runs on this ledger: {phrases.traffic(everything)}, "
            f"{phrases.elapsed(everything.elapsed_s)}"
        )
    waits = phrases.waits(report.statistics.waits)
    if waits:
        console.print(Text(output.printable(f"{waits}.")))
    if not nothing_to_do(report):
        console.print(Text(f"Plan: {output.printable(report.plan)}."))
    _show_failures(console, report)
    if report.ledger_path is not None:
        path = output.printable(str(report.ledger_path))
        look = output.printable(command_lines.line("bulk", "status", report.ledger_path))
        console.print(Text(f"Ledger: {path}; to inspect it: {look}"))


def _show_rows(console: Console, report: Report) -> None:
    """Print the outcomes of all runs on the ledger, and of this run."""
    run, earlier = report.this_run, report.earlier
    per_second = report.rows_per_second
    rate = f", {phrases.rate(per_second)} a second" if per_second else ""
    took = f"in {phrases.elapsed(run.elapsed_s)}{rate}"
    ended = "" if run.ended == report.rows else f": this run ended {run.ended:,}"
    console.print(f"{phrases.rows(report.rows)}{ended} {took}")
    for number, (outcome, count) in enumerate(report.counts.items()):
        if count or number == 0:
            style = "green" if number == 0 else _STYLES.get(outcome.value, "")
            label = report.labels[outcome].words
            if earlier and count and outcome.value != "skipped":
                label += f", {run.counts[outcome]:,} of them in this run"
            console.print(Text(f"{count:>12,}  {label}", style=style))
    if report.duplicates:
        console.print(phrases.duplicates(report.duplicates))
    if nothing_to_do(report):
        console.print("Nothing was sent: every row has ended in an earlier run on this ledger.")
    elif earlier:
        console.print(f"{phrases.rows(earlier)} of these ended in earlier runs on this ledger.")


def _show_failures(console: Console, report: Report) -> None:
    # Rows that were not reached share one reason, which is printed once.
    shown = [row for row in report.failures if row.outcome.value != "skipped"][:SHOWN_FAILURES]
    not_done = report.failed + report.unknown + report.invalid
    if shown:
        first = f", the first {len(shown)} of {not_done:,}" if not_done > len(shown) else ""
        whose = " by this or an earlier run" if report.earlier else ""
        console.print(f"Not done{whose}{first}:")
        for row in shown:
            console.print(Text(f"  {_failure(row)}"))
    if report.failures_path is not None and not report.done:
        path = output.printable(str(report.failures_path))
        console.print(Text(f"Every row that was not done: {path}"))


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return the JSON object that ``--dry-run --json`` prints."""
    return {
        **msgspec.structs.asdict(plan),
        "elapsed_s": round(plan.elapsed_s, 3),
        "failures": [
            {"line": row.line, "outcome": row.outcome.value, "reason": row.reason}
            for row in plan.failures
        ],
    }


def show_plan(plan: Plan) -> None:
    """Print the plan of a dry run on stdout."""
    console = _console()
    found = phrases.counted(plan.requests, "request")
    took = phrases.elapsed(plan.elapsed_s)
    console.print(
        f"Dry run of {plan.job}: {phrases.rows(plan.rows)}, looked at in {took} by {found}"
    )
    for count, label in (
        (plan.to_send, "to be sent"),
        (plan.already, "hold already"),
        (plan.invalid, "invalid"),
        (plan.duplicates, "repeat another row"),
        (plan.failed, "name a user who cannot be found"),
    ):
        if count or label == "to be sent":
            console.print(f"{count:>12,}  {label}")
    if plan.failures:
        shown = plan.failures[:SHOWN_FAILURES]
        # Duplicates of a row whose user is not found are not in this count.
        count = plan.invalid + plan.failed
        first = f", the first {len(shown)} of {count:,}" if count > len(shown) else ""
        console.print(f"Not to be sent{first}:")
        for row in shown:
            console.print(Text(f"  {_failure(row)}"))
    console.print(Text(f"Plan: {output.printable(plan.reason)}."))
    console.print("Nothing was written.")


def nothing_to_do(report: Report) -> bool:
    """Return whether every row had ended in earlier runs."""
    return 0 < report.rows == report.earlier and not report.interrupted and report.stopped is None


def going_on(report: Report, *, lasts: bool, same: str) -> str | None:
    """Return the command line for the rows that are left, or None.

    Args:
        report: the report of the run.
        lasts: True if the ledger can be used again.
        same: the command line of this run.
    """
    if report.done or report.ledger_path is None or not lasts:
        return None
    if report.skipped or report.interrupted:
        return same
    if report.failed or report.unknown:
        return command_lines.line("bulk", "retry", report.ledger_path)
    return None


def advice(report: Report, *, lasts: bool, same: str) -> list[str]:
    """Return advice for the user, a sentence each."""
    said: list[str] = []
    if report.stopped is not None:
        said.append(f"The run stopped early: {report.stopped}")
    if report.interrupted:
        said.append("Interrupted: rows in flight have ended, and the rest was not sent.")
    if nothing_to_do(report):
        said.append(
            "To compare the file with the server again, name another ledger with --ledger, or use "
            "--no-ledger."
        )
    command = going_on(report, lasts=lasts, same=same)
    carries_on = report.skipped or report.interrupted
    if carries_on and command is not None:
        said.append(f"To continue: {command}")
    elif command is not None:
        said.append(f"{phrases.RETRY}: {command}")
    elif carries_on and lasts and not report.done:
        said.append("To continue, run the same command again: rows that hold are not sent again.")
    if not report.done and report.failures_path is None and not report.interrupted:
        said.append(_how_to_list(report))
    if report.unknown:
        said.append("Rows in doubt may or may not be done: another run settles them.")
    return said


def _how_to_list(report: Report) -> str:
    if report.ledger_path is None:
        return "For a file of every row that was not done, run again with --failures FILE."
    outcomes = [
        argument
        for outcome, count in report.counts.items()
        if count and outcome.value in _STYLES
        for argument in ("--outcome", outcome.value)
    ]
    command = command_lines.line("bulk", "export", report.ledger_path, *outcomes)
    return f"Every row that was not done: {command}"


def _failure(row: RowResult) -> str:
    """Return a row's line, outcome and reason, which includes the trace id."""
    from ...bulk.outcome import Labels

    reason = output.printable(row.reason)
    if len(reason) > _MAX_REASON_CHARS:
        reason = f"{reason[:_MAX_REASON_CHARS]}…"
    if row.trace_id and row.trace_id not in reason:
        reason = f"{reason} (trace id {output.printable(row.trace_id)})"
    return f"line {row.line}, {Labels()[row.outcome].words}: {reason}"


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
