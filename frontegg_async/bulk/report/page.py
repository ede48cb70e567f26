"""The report of a bulk run as one HTML page: no script, nothing loaded, for screen and paper.

``page.html.jinja`` has the page's elements and sentences, ``page.css`` its looks. Figures are those
of ``figures.py`` and of the statistics of the run; ``page_charts`` and ``page_latency`` compute the
places of curves and bars. The charts are SVG by the template and not by a library, because their
text keeps its size while the page gets narrower, and takes the colours of the page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from ..._version import __version__
from ...errors import ConfigurationError
from ..input.rows import TenantRow
from ..outcome import COMMON, RowResult
from . import page_text
from .figures import Figures, rate_of
from .page_charts import timeline
from .page_latency import histogram, quantiles
from .page_text import counted, printable
from .report import Report
from .statistics import FailureGroup, Statistics

if TYPE_CHECKING:
    from jinja2 import Template

_NOT_DONE: Final = frozenset({"failed", "unknown", "invalid", "skipped"})

_JOBS: Final = {
    "assign": "Users into tenants",
    "activate": "Active tenants of users",
    "remove": "Users out of tenants",
    "superuser": "Super-users",
}
_OUTCOMES: Final = {
    "added": ("Added", "was no member before"),
    "already_member": ("Already a member", "nothing had to be done"),
    "activated": ("Activated", "was not active before"),
    "already_active": ("Already active", "nothing had to be done"),
    "removed": ("Removed", "was a member before"),
    "not_member": ("Not a member", "nothing had to be done"),
    "changed": ("Changed", "was otherwise before"),
    "unchanged": ("Unchanged", "nothing had to be done"),
    "failed": ("Failed", "rejected, or could not be sent"),
    "unknown": ("In doubt", "may be done or not"),
    "invalid": ("Invalid", "malformed, never sent"),
    "skipped": ("Skipped", "not reached, never sent"),
}

# Tick, exclamation mark and cross, each in a circle: they differ in shape, not only in colour.
_SIGNS: Final = {
    "good": "M7.5 12.5l3 3 6-7",
    "warn": "M12 6.5v7M12 17v.5",
    "bad": "M8.5 8.5l7 7M15.5 8.5l-7 7",
}


class PageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run and its end, as the page tells them.

    Args:
        job: ``assign``, ``activate``, ``remove``, ``superuser``, or another name.
        source: name of the file, or ``rows of a program``.
        host: where the calls went.
        started_at: time of its start, with a time zone.
        this_run: the figures of this run alone.
        all_runs: those of all runs on its ledger, outcomes in the order in which they are shown.
        duplicates: rows that repeat another one.
        stopped: the reason that it ended before the end of its source, or None.
        how_to_go_on: a command line that does the rest, or None.
    """

    job: str
    source: str
    host: str
    started_at: datetime
    this_run: Figures
    all_runs: Figures
    duplicates: int = 0
    stopped: str | None = None
    how_to_go_on: str | None = None

    @classmethod
    def of(
        cls,
        report: Report,
        *,
        source: str,
        host: str,
        started_at: datetime,
        stopped: str | None = None,
        how_to_go_on: str | None = None,
    ) -> PageSummary:
        """Return the summary of a report."""
        return cls(
            job=report.job,
            source=source,
            host=host,
            started_at=started_at,
            this_run=report.this_run,
            all_runs=report.all_runs,
            duplicates=report.duplicates,
            stopped=stopped,
            how_to_go_on=how_to_go_on,
        )

    @property
    def done(self) -> int:
        """Rows that hold now."""
        return sum(count for name, count in self.all_runs.counts.items() if name not in _NOT_DONE)

    @property
    def earlier(self) -> int:
        """Rows that earlier runs on the ledger have ended."""
        return self.this_run.earlier


def render_page(summary: PageSummary, statistics: Statistics) -> str:
    """Return the page as one HTML document, to be written as UTF-8.

    Raises:
        ConfigurationError: jinja2 is not installed; the extra ``cli`` brings it.
    """
    headline, sign = _headline(summary)
    told = sum(group.count for group in statistics.failures)
    return _template().render(
        summary=summary,
        statistics=statistics,
        headline=headline,
        sign={"kind": sign, "path": _SIGNS[sign]},
        jobs=_JOBS,
        tiles=_tiles(summary),
        per_second=rate_of(statistics.rows, summary.this_run.elapsed_s),
        timeline=timeline(statistics, summary.this_run.elapsed_s),
        quantiles=quantiles(statistics),
        latencies=histogram(statistics),
        untold=_not_done(summary.this_run) - told,
        not_done_before=_not_done(summary.all_runs) - _not_done(summary.this_run),
        version=__version__,
    )


@cache
def _template() -> Template:
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError:
        raise ConfigurationError(
            "the report page needs jinja2: pip install 'frontegg-async[cli]'"
        ) from None
    environment = Environment(
        autoescape=True,
        finalize=_finalize,
        keep_trailing_newline=True,
        loader=PackageLoader(__package__ or "", "."),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    filters: dict[str, Any] = environment.filters
    for name in ("counted", "decimal", "duration", "grouped", "one_line", "rate", "share"):
        filters[name] = getattr(page_text, name)
    filters["moment"] = _moment
    filters["examples"] = _examples
    return environment.get_template("page.html.jinja")


def _finalize(value: object) -> object:
    """Return the value of an expression as it is written, before it is escaped."""
    if isinstance(value, float):
        return f"{value:.6g}"  # of a chart; all other numbers have been through a filter
    # The result of a macro is safe as it stands.
    return value if hasattr(value, "__html__") else printable(str(value))


def _headline(summary: PageSummary) -> tuple[str, str]:
    """Return the end of the run in words, and the sign for it."""
    done, rows = summary.done, summary.all_runs.rows
    if summary.stopped is not None:
        if not rows:
            return "Stopped before the first row", "warn"
        return f"Stopped early: {done:,} of {counted(rows, 'row')} done", "warn"
    if not rows:
        return "There were no rows", "warn"
    if done >= rows:
        return ("The row is done" if rows == 1 else f"All {rows:,} rows are done"), "good"
    if not done:
        return ("The row is not done" if rows == 1 else f"None of {rows:,} rows is done"), "bad"
    verb = "is" if rows - done == 1 else "are"
    return f"{done:,} of {rows:,} rows are done, {rows - done:,} {verb} not", "warn"


def _moment(moment: datetime) -> str:
    zone = timezone(moment.utcoffset() or UTC.utcoffset(None))
    return f"{moment.replace(tzinfo=None).isoformat(' ', 'seconds')} {zone}"


class _Tile(NamedTuple):
    """The rows of one outcome; ``known`` is False for the label of another job's own."""

    label: str
    hint: str
    rows: int
    colour: str
    known: bool


def _tiles(summary: PageSummary) -> list[_Tile]:
    tiles: list[_Tile] = []
    for name, count in summary.all_runs.counts.items():
        label, hint = _OUTCOMES.get(name, (name.replace("_", " ").capitalize(), ""))
        if summary.earlier and name != "skipped":
            hint = f"{summary.this_run.counts.get(name, 0):,} of them in this run"
        colour = ("bad" if name in {"failed", "unknown"} else "warn") if name in _NOT_DONE else ""
        tiles.append(_Tile(label, hint, count, colour, name in _OUTCOMES))
    return tiles


def _not_done(figures: Figures) -> int:
    """Return the number of rows that ended without being done."""
    return sum(figures.counts.get(outcome, 0) for outcome in COMMON if outcome != "skipped")


def _examples(group: FailureGroup) -> list[dict[str, str]]:
    """Return the cells of each example by column, without the columns that none of them fills."""
    lines = [_cells(example) for example in group.examples]
    return [
        {head: cell for head, cell in line.items() if any(each[head] for each in lines)}
        for line in lines
    ]


def _cells(example: RowResult) -> dict[str, str]:
    row = example.row
    return {
        "Line": str(example.line),
        "User": (row and (row.user_id or row.email)) or "",
        "Tenant": row.tenant_id if isinstance(row, TenantRow) else "",
        "Status": "" if example.status is None else str(example.status),
        "Error code": example.error_code or "",
        "Trace id": example.trace_id or "",
    }
