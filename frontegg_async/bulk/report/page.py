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

from ..._core.extras import install
from ..._version import __version__
from ...errors import ConfigurationError
from ..input.rows import UserRow, columns_of
from ..outcome import NOT_DONE, Labels, Outcome, RowResult
from . import page_text
from .figures import Figures, rate_of
from .page_charts import timeline
from .page_latency import histogram, quantiles
from .page_text import counted, printable
from .report import Report
from .statistics import FailureGroup, Statistics

if TYPE_CHECKING:
    from jinja2 import Template

# Tick, exclamation mark and cross, each in a circle: they differ in shape, not only in colour.
_SIGNS: Final = {
    "good": "M7.5 12.5l3 3 6-7",
    "warn": "M12 6.5v7M12 17v.5",
    "bad": "M8.5 8.5l7 7M15.5 8.5l-7 7",
}


class PageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A run and its end, as the page tells them.

    Args:
        job: name of the job, such as ``assign``.
        title: the job in a few words, or an empty string.
        source: name of the file, or ``rows of a program``.
        host: where the calls went.
        started_at: time of its start, with a time zone.
        labels: the job's names for outcomes.
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
    labels: Labels
    this_run: Figures
    all_runs: Figures
    title: str = ""
    duplicates: int = 0
    stopped: str | None = None
    how_to_go_on: str | None = None

    @classmethod
    def of(
        cls,
        report: Report[Any],
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
            title=report.title,
            labels=report.labels,
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
        return sum(count for name, count in self.all_runs.counts.items() if name not in NOT_DONE)

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
        raise ConfigurationError(f"the report page needs jinja2: {install('cli')}") from None
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
    """The rows of one outcome."""

    label: str
    hint: str
    rows: int
    colour: str


def _tiles(summary: PageSummary) -> list[_Tile]:
    tiles: list[_Tile] = []
    for outcome, count in summary.all_runs.counts.items():
        label = summary.labels[outcome]
        hint = label.hint
        if summary.earlier and outcome is not Outcome.SKIPPED:
            hint = f"{summary.this_run.counts.get(outcome, 0):,} of them in this run"
        colour = ""
        if outcome in NOT_DONE:
            colour = "bad" if outcome in {Outcome.FAILED, Outcome.UNKNOWN} else "warn"
        tiles.append(_Tile(label.words.capitalize(), hint, count, colour))
    return tiles


def _not_done(figures: Figures) -> int:
    """Return the number of rows that ended without being done."""
    return sum(figures.counts.get(outcome, 0) for outcome in NOT_DONE if outcome != "skipped")


def _examples(group: FailureGroup) -> list[dict[str, str]]:
    """Return the cells of each example by column, without the columns that none of them fills."""
    own = dict.fromkeys(name for each in group.examples for name in _own_strings(each))
    lines = [
        {
            "Line": str(each.line),
            "User": (each.row and (each.row.user_id or each.row.email)) or "",
            **{_head(name): getattr(each.row, name, None) or "" for name in own},
            "Status": "" if each.status is None else str(each.status),
            "Error code": each.error_code or "",
            "Trace id": each.trace_id or "",
        }
        for each in group.examples
    ]
    return [
        {head: cell for head, cell in line.items() if any(each[head] for each in lines)}
        for line in lines
    ]


def _own_strings(example: RowResult[Any]) -> list[str]:
    """Return the columns of a row beside its user that hold strings, such as the tenant's id."""
    row: UserRow | None = example.row
    if row is None:
        return []
    columns = columns_of(type(row))
    return [name for name in columns.own if name not in columns.flags]


def _head(column: str) -> str:
    return column.removesuffix("_id").replace("_", " ").capitalize()
