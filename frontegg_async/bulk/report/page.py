"""The report of a bulk run as one HTML page: no script, nothing loaded, for screen and paper.

What each part says stands here; every figure is one of ``figures.py`` or of the statistics of the
run. ``page_charts`` and ``page_latency`` draw, ``page_markup`` escapes,
and ``page.css`` has the looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timezone
from importlib import resources
from typing import Final

import msgspec

from ..._version import __version__
from ..input.rows import TenantRow
from ..outcome import COMMON, Outcome, RowResult
from .figures import Figures, rate_of
from .page_charts import timeline
from .page_latency import QUANTILES, latencies, quantile_in_words
from .page_markup import (
    Markup,
    counted,
    decimal,
    duration,
    foreign,
    join,
    one_line,
    rate,
    share,
    tag,
)
from .report import Report
from .statistics import FailureGroup, Statistics

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_NOTHING: Final = "\N{EN DASH}"
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
    "failed": ("Failed", "refused, or could not be sent"),
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
    """What a run was and how it ended.

    Args:
        job: ``assign``, ``activate``, ``remove``, ``superuser``, or another name.
        source: name of the file, or ``rows of a program``.
        host: where the calls went.
        started_at: when, with a time zone.
        this_run: the figures of this run alone.
        all_runs: those of all runs on its ledger, outcomes in the order in which they are shown.
        duplicates: rows that repeat another one.
        stopped: why it ended before the end of its source, or None.
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
    """Return the page as one HTML document, to be written as UTF-8."""
    headline, sign = _headline(summary)
    head = join(
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        # Without it a telephone takes counts and ids for numbers to call.
        Markup('<meta name="format-detection" content="telephone=no">'),
        tag("title", f"{headline} · frontegg_async bulk {summary.job[:60]}"),
        tag("style", _style()),
    )
    body = join(
        _header(summary, headline, sign),
        tag(
            "main",
            _ending(summary),
            _outcomes(summary),
            _over_time(summary, statistics),
            _latency(summary, statistics),
            _limits(summary, statistics),
            _failures(summary, statistics.failures),
        ),
        tag(
            "footer",
            f"Written by frontegg_async {__version__}. This page is one file: it loads nothing and "
            "runs no script.",
        ),
    )
    document = tag("html", tag("head", head), tag("body", body), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _style() -> Markup:
    return Markup(resources.files(__package__ or "").joinpath("page.css").read_text("utf-8"))


def _headline(summary: PageSummary) -> tuple[str, str]:
    """Return how the run ended, in words, and the sign for it."""
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


def _header(summary: PageSummary, headline: str, sign: str) -> Markup:
    circle = tag("circle", cx=12, cy=12, r=10.5)
    picture = tag(
        "svg",
        circle,
        tag("path", d=_SIGNS[sign]),
        viewBox="0 0 24 24",
        fill="none",
        stroke_width=2,
        stroke_linecap="round",
        aria_hidden="true",
    )
    job = _JOBS.get(summary.job) or foreign(summary.job)
    return tag(
        "header",
        tag("div", tag("span", picture, class_=sign), tag("h1", headline), class_="ended"),
        tag(
            "p",
            join(job, ", from ", foreign(summary.source), ", on ", foreign(summary.host), ". "),
            "Started ",
            _moment(summary.started_at),
            ".",
            class_="about",
        ),
    )


def _moment(moment: datetime) -> Markup:
    zone = timezone(moment.utcoffset() or UTC.utcoffset(None))
    return tag(
        "time",
        f"{moment.replace(tzinfo=None).isoformat(' ', 'seconds')} {zone}",
        datetime=moment.isoformat(timespec="seconds"),
    )


def _ending(summary: PageSummary) -> Markup:
    """Return what stopped the run and how to go on, first of all: it is what there is to do."""
    parts: list[Markup] = []
    if summary.stopped is not None:
        parts += [tag("h2", "Why it stopped"), tag("p", foreign(one_line(summary.stopped)))]
    in_doubt = summary.all_runs.counts.get(Outcome.UNKNOWN, 0)
    if summary.how_to_go_on is not None or in_doubt:
        parts.append(tag("h2", "How to go on"))
    if in_doubt:
        parts.append(tag("p", "Rows in doubt may be done or not. Running them again settles it."))
    if summary.how_to_go_on is not None:
        # Never cut: half a command is worse than none.
        parts.append(tag("pre", tag("code", foreign(summary.how_to_go_on, limit=None))))
    return tag("div", *parts, class_="stopped") if parts else Markup()


def _outcomes(summary: PageSummary) -> Markup:
    tiles: list[Markup] = []
    for name, count in summary.all_runs.counts.items():
        label, hint = _OUTCOMES.get(name, (None, None))
        if summary.earlier and name != "skipped":
            hint = f"{summary.this_run.counts.get(name, 0):,} of them in this run"
        color = ("bad" if name in {"failed", "unknown"} else "warn") if name in _NOT_DONE else None
        tiles.append(
            tag(
                "div",
                tag("dt", label or foreign(name.replace("_", " ").capitalize())),
                tag("dd", f"{count:,}", class_=f"number {color or ''}".strip()),
                tag("dd", hint) if hint else "",
                class_=None if count else "none",
            )
        )
    said: list[str] = []
    if summary.earlier:
        said.append(
            f"Of all runs on this ledger. Earlier ones ended {counted(summary.earlier, 'row')}, "
            f"and this run {summary.this_run.ended:,}."
        )
    if summary.duplicates:
        repeat = "row repeats" if summary.duplicates == 1 else "rows repeat"
        said.append(
            f"{summary.duplicates:,} {repeat} another one: sent once, counted like that one."
        )
    words = [tag("p", " ".join(said))] if said else []
    return tag("section", tag("h2", "Rows by outcome"), *words, tag("dl", *tiles, class_="tiles"))


def _heading(title: str, summary: PageSummary) -> Markup:
    """Return the heading of what is of this run alone; it says so if there were others."""
    return tag("h2", f"{title}, this run" if summary.all_runs.runs > 1 else title)


def _facts(facts: Iterable[tuple[str, str]], kind: str = "facts") -> Markup:
    pairs = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts]
    return tag("dl", *pairs, class_=kind)


def _over_time(summary: PageSummary, statistics: Statistics) -> Markup:
    run, every = summary.this_run, summary.all_runs
    per_second = rate_of(statistics.rows, run.elapsed_s)
    facts = [
        ("Time", duration(run.elapsed_s)),
        ("Rows a second", _NOTHING if per_second is None else decimal(per_second)),
        ("Requests", f"{run.requests:,}"),
        ("Throttled", f"{run.throttled:,}"),
    ]
    parts = [_facts(facts)]
    if every.runs > 1:
        throttled = f", {every.throttled:,} of them throttled" if every.throttled else ""
        requests = f"{counted(every.requests, 'request')}{throttled}"
        sentence = (
            f"All {every.runs:,} runs on this ledger: {requests}, {duration(every.elapsed_s)}."
        )
        parts.append(tag("p", sentence))
    if every.rows:
        parts.append(timeline(statistics, run.elapsed_s))
    return tag("section", _heading("Over time", summary), *parts)


def _latency(summary: PageSummary, statistics: Statistics) -> Markup:
    total = sum(statistics.latencies)
    title = _heading("Time until the answer", summary)
    if not total:
        return tag("section", title, tag("p", "No answer was measured."))
    names = ("Half of the answers", "90 % of them", "99 % of them")
    facts = [
        (name, quantile_in_words(statistics, wanted))
        for name, wanted in zip(names, QUANTILES, strict=True)
    ]
    return tag("section", title, _facts(facts, "facts three"), latencies(statistics))


def _limits(summary: PageSummary, statistics: Statistics) -> Markup:
    parts: list[Markup] = []
    if statistics.limits:
        parts.append(tag("p", "What the server lets through, as far as this run found out:"))
        learned = [
            tag("li", f"about {rate(limit.per_second)} on ", tag("code", foreign(limit.group)))
            for limit in statistics.limits
        ]
        parts.append(tag("ul", *learned))
    elif statistics.met_limit:
        parts.append(tag("p", "The run ended before it knew how much the server lets through."))
    else:
        parts.append(tag("p", "The run met no limit of the server."))
    run = summary.this_run
    if run.throttled and run.requests:
        times = counted(run.throttled, "answer")
        part = share(run.throttled, run.requests)
        parts.append(
            tag(
                "p",
                f"{times} of {run.requests:,} asked to come back later ({part}): 429, or 503 with "
                "a stated wait.",
            )
        )
    parts += _waits(summary, statistics)
    return tag("section", _heading("Limits of the server", summary), *parts, class_="limits")


def _waits(summary: PageSummary, statistics: Statistics) -> list[Markup]:
    """Return how long calls waited, and for the limit of which operation."""
    parts = [
        tag(
            "p",
            f"Calls waited for {duration(wait.seconds)} because of the limit of ",
            tag("code", foreign(wait.operation)),
            f"{_part_of_run(wait.seconds, summary)}.",
        )
        for wait in statistics.waits
    ]
    if statistics.met_limit and not parts:
        parts.append(tag("p", "No call had to wait because of a limit."))
    if statistics.paced_s > 0:
        part = _part_of_run(statistics.paced_s, summary)
        parts.append(
            tag(
                "p",
                f"Calls waited for {duration(statistics.paced_s)} to keep to a rate of the run's "
                f"own, and not because of a limit{part}.",
            )
        )
    return parts


def _part_of_run(seconds: float, summary: PageSummary) -> str:
    elapsed = summary.this_run.elapsed_s
    return f", {share(seconds, elapsed)} of the run" if 0 < seconds <= elapsed else ""


def _failures(summary: PageSummary, groups: Sequence[FailureGroup]) -> Markup:
    title = tag("h2", "What was not done")
    parts = [_group(group) for group in groups]
    told = sum(group.count for group in groups)
    earlier = _not_done(summary.all_runs) - _not_done(summary.this_run)
    more = _not_done(summary.this_run) - told
    if more > 0:
        others = "more " if groups else ""
        why = "they repeat another row, or have no reason on record"
        parts.append(tag("p", f"{counted(more, f'{others}row')} of this run: {why}."))
    if earlier > 0:
        others = "more " if groups else ""
        rows = counted(earlier, f"{others}row")
        parts.append(tag("p", f"{rows} ended as not done in earlier runs on this ledger."))
    skipped = summary.all_runs.rows - summary.all_runs.ended
    if skipped:
        verb = "was" if skipped == 1 else "were"
        parts.append(tag("p", f"{counted(skipped, 'row')} {verb} not reached."))
    return tag("section", title, *(parts or [tag("p", "Nothing failed.")]))


def _not_done(figures: Figures) -> int:
    """Return how many rows ended without being done."""
    return sum(figures.counts.get(outcome, 0) for outcome in COMMON if outcome != "skipped")


def _group(group: FailureGroup) -> Markup:
    """Return one reason and its examples, without the columns that none of them fills."""
    filled = [
        (head, [_field(example, head) for example in group.examples]) for head in _EXAMPLE_HEADS
    ]
    columns = [(head, cells) for head, cells in filled if any(cells)]
    heading = tag(
        "header",
        tag("h3", foreign(one_line(group.reason))),
        tag("span", counted(group.count, "row")),
    )
    if not columns:
        return tag("div", heading, class_="group")
    heads = [tag("th", head, scope="col", class_=_width(head)) for head, _ in columns]
    bodies: list[Markup] = []
    for number, example in enumerate(group.examples):
        cells = [
            tag("td", cells[number] or _NOTHING, data_head=head, class_=_width(head))
            for head, cells in columns
        ]
        lines = [tag("tr", *cells)]
        # Mostly the heading in other words; where it is not, it is what there is to know.
        if group.reason not in example.reason:
            why = tag("span", foreign(one_line(example.reason)))
            cell = tag("td", why, colspan=len(columns), data_head="Reason")
            lines.append(tag("tr", cell, class_="why"))
        bodies.append(tag("tbody", *lines))
    shown = len(group.examples)
    first = "The first one:" if shown == 1 else f"The first {shown}:"
    caption = tag("caption", first) if shown < group.count else ""
    table = tag("table", caption, tag("thead", tag("tr", *heads)), *bodies)
    return tag("div", heading, table, class_="group")


_EXAMPLE_HEADS: Final = ("Line", "User", "Tenant", "Status", "Error code", "Trace id")


def _width(head: str) -> str | None:
    return "narrow" if head in {"Line", "Status"} else None


def _field(example: RowResult, head: str) -> str:
    row = example.row
    if head == "Line":
        return str(example.line)
    if head == "Status":
        return "" if example.status is None else str(example.status)
    value = {
        "User": row and (row.user_id or row.email),
        "Tenant": row.tenant_id if isinstance(row, TenantRow) else None,
        "Error code": example.error_code,
        "Trace id": example.trace_id,
    }[head]
    return tag("code", foreign(value), class_="id") if value else ""
