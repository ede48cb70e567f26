"""The report of a bulk run as one HTML page: no script, nothing loaded, for screen and paper.

What each part says stands here. ``page_charts`` and ``page_latency`` draw, ``page_markup`` escapes,
and ``page.css`` has the looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timezone
from importlib import resources
from typing import Final

import msgspec

from .._version import __version__
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
from .result import RowResult
from .rows import TenantRow
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
    "added": ("Added", "by this run"),
    "already_member": ("Already a member", "before this run"),
    "activated": ("Activated", "by this run"),
    "already_active": ("Already active", "before this run"),
    "removed": ("Removed", "by this run"),
    "not_member": ("Not a member", "before this run"),
    "changed": ("Changed", "by this run"),
    "unchanged": ("Unchanged", "was so before this run"),
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
        elapsed_s: seconds that it took.
        counts: rows by outcome, in the order in which they are shown.
        rows: rows of the source.
        requests: HTTP requests sent.
        throttled: answers that asked to come back later.
        stopped: why it ended before the end of its source, or None.
        how_to_go_on: a command line that does the rest, or None.
    """

    job: str
    source: str
    host: str
    started_at: datetime
    elapsed_s: float
    counts: tuple[tuple[str, int], ...]
    rows: int
    requests: int
    throttled: int
    stopped: str | None = None
    how_to_go_on: str | None = None

    @property
    def done(self) -> int:
        """Rows that hold now."""
        return sum(count for name, count in self.counts if name not in _NOT_DONE)


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
            _latency(statistics),
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
    done, rows = summary.done, summary.rows
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
    in_doubt = dict(summary.counts).get("unknown", 0)
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
    for name, count in summary.counts:
        label, hint = _OUTCOMES.get(name, (None, None))
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
    return tag("section", tag("h2", "Rows by outcome"), tag("dl", *tiles, class_="tiles"))


def _facts(facts: Iterable[tuple[str, str]], kind: str = "facts") -> Markup:
    pairs = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts]
    return tag("dl", *pairs, class_=kind)


def _over_time(summary: PageSummary, statistics: Statistics) -> Markup:
    facts = [
        ("Time", duration(summary.elapsed_s)),
        ("Rows a second", _per_second(summary)),
        ("Requests", f"{summary.requests:,}"),
        ("Asked to wait (429)", f"{summary.throttled:,}"),
    ]
    drawn: list[Markup] = [timeline(statistics, summary.elapsed_s)] if summary.rows else []
    return tag("section", tag("h2", "Over time"), _facts(facts), *drawn)


def _per_second(summary: PageSummary) -> str:
    # Rows that were not reached took no time. A run of no time has no rate, and one of a few
    # microseconds none that says anything.
    reached = summary.rows - dict(summary.counts).get("skipped", 0)
    return decimal(reached / summary.elapsed_s) if summary.elapsed_s >= 0.001 else _NOTHING


def _latency(statistics: Statistics) -> Markup:
    total = sum(statistics.latencies)
    title = tag("h2", "Time until the answer")
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
    elif statistics.waits or summary.throttled:
        parts.append(tag("p", "The run ended before it knew how much the server lets through."))
    else:
        parts.append(tag("p", "The run met no limit of the server."))
    if summary.throttled and summary.requests:
        times = counted(summary.throttled, "answer")
        part = share(summary.throttled, summary.requests)
        parts.append(
            tag("p", f"{times} of {summary.requests:,} asked to come back later ({part}).")
        )
    parts += _waits(summary, statistics)
    return tag("section", tag("h2", "Limits of the server"), *parts, class_="limits")


def _waits(summary: PageSummary, statistics: Statistics) -> list[Markup]:
    """Return how long calls waited, and for the limit of which operation."""
    if statistics.waits:
        return [
            tag(
                "p",
                f"Calls waited for {duration(wait.seconds)} because of the limit of ",
                tag("code", foreign(wait.operation)),
                f"{_part_of_run(wait.seconds, summary)}.",
            )
            for wait in statistics.waits
        ]
    waited = statistics.waited_s
    if waited > 0:
        why = "because of limits" if statistics.limits else "to keep to a rate"
        part = _part_of_run(waited, summary)
        return [tag("p", f"Calls waited for {duration(waited)} {why}{part}.")]
    return [tag("p", "No call had to wait because of a limit.")] if statistics.limits else []


def _part_of_run(seconds: float, summary: PageSummary) -> str:
    elapsed = summary.elapsed_s
    return f", {share(seconds, elapsed)} of the run" if 0 < seconds <= elapsed else ""


def _failures(summary: PageSummary, groups: Sequence[FailureGroup]) -> Markup:
    title = tag("h2", "What was not done")
    if groups:
        return tag("section", title, *(_group(group) for group in groups))
    if summary.done < summary.rows:
        return tag("section", title, tag("p", "No reasons were recorded."))
    return tag("section", title, tag("p", "Nothing failed."))


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
    row = example.assignment
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
