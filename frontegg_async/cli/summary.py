"""The report of a bulk run, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from . import output

if TYPE_CHECKING:
    from ..bulk import Report, RowResult

SHOWN_FAILURES: Final = 5
"""Rows that were not done which the summary shows; a failures file has them all."""
_MAX_REASON_CHARS: Final = 300

_LINES: Final = (
    ("added", "added", "green"),
    ("already_member", "already a member", ""),
    ("failed", "failed", "red"),
    ("unknown", "in doubt", "red"),
    ("invalid", "invalid", "yellow"),
    ("skipped", "skipped", "yellow"),
)


def as_json(report: Report) -> dict[str, object]:
    """Return the one JSON object that ``--json`` prints."""
    path = report.failures_path
    return {
        "rows": report.rows,
        "added": report.added,
        "already_member": report.already_member,
        "failed": report.failed,
        "unknown": report.unknown,
        "invalid": report.invalid,
        "skipped": report.skipped,
        "requests": report.requests,
        "throttled": report.throttled,
        "elapsed_s": round(report.elapsed_s, 3),
        "failures_path": None if path is None else str(path),
    }


def show(report: Report) -> None:
    """Print the report on stdout, in colours if somebody reads it there."""
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    rate = f", {report.rows / report.elapsed_s:,.0f} a second" if report.elapsed_s > 0 else ""
    console.print(f"{_rows(report.rows)} in {_elapsed(report.elapsed_s)}{rate}")
    for name, label, style in _LINES:
        count: int = getattr(report, name)
        if count or name == "added":
            console.print(Text(f"{count:>12,}  {label}", style=style))
    throttled = f", {report.throttled:,} of them throttled" if report.throttled else ""
    console.print(f"{report.requests:,} requests{throttled}")
    shown = report.failures[:SHOWN_FAILURES]
    not_done = report.rows - report.added - report.already_member
    if shown:
        first = f", the first {len(shown)} of {not_done:,}" if not_done > len(shown) else ""
        console.print(f"Not done{first}:")
        for row in shown:
            console.print(Text(f"  {_failure(row)}"))
        if report.failures_path is not None:
            path = output.printable(str(report.failures_path))
            console.print(Text(f"Every row that was not done: {path}"))


def advice(report: Report) -> list[str]:
    """Return what the user should know beside the numbers, a sentence each."""
    said: list[str] = []
    if report.stopped is not None:
        said.append(f"The run stopped early: {report.stopped}")
    if not report.done and report.failures_path is None:
        said.append("For a file of every row that was not done, run it again with --failures FILE.")
    if report.unknown:
        said.append("Rows in doubt may be done or not: running them again settles it.")
    return said


def _failure(row: RowResult) -> str:
    """Name a row by its line, and say what became of it; reasons name the trace id."""
    reason = output.printable(row.reason)
    if len(reason) > _MAX_REASON_CHARS:
        reason = f"{reason[:_MAX_REASON_CHARS]}…"
    if row.trace_id and row.trace_id not in reason:
        reason = f"{reason} (trace id {output.printable(row.trace_id)})"
    return f"line {row.line}, {row.outcome.value}: {reason}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _elapsed(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
