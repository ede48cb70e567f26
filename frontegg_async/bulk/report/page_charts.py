"""The charts of the report page over time, as SVG that needs no script to fit its place.

A chart has no ``viewBox``: what is horizontal is in percent and what is vertical in pixels, so
that it gets wider and narrower while its text keeps its size. Curves, which know no percent, are
in an SVG of their own inside, which is stretched. Labels of ticks stand to the left of the chart,
in the room that the page leaves there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

from .figures import rate_of
from .page_markup import Markup, decimal, duration, join, short, tag
from .statistics import Sample, Statistics

HEIGHT: Final = 104
"""Pixels that a curve or a bar may take."""
_LOW_HEIGHT: Final = 56
AXIS_HEIGHT: Final = 28
"""Pixels for the labels below a chart."""
_STRETCHED: Final = 1_000
"""Width, in its own units, of the SVG that is stretched."""
_ROOM_FOR_LIMIT: Final = 3
"""A limit of more than so many times the peak is left off, where it would flatten the curve."""


class Stretch(NamedTuple):
    """A part of the timeline, in seconds from the start, and a value that holds in all of it."""

    start: float
    end: float
    value: float


class Tick(NamedTuple):
    """A mark on an axis. ``minor`` ones lose their label where there is little room."""

    share: float
    label: str
    minor: bool = False


def round_step(span: float, most: int) -> float:
    """Return 1, 2 or 5 times a power of ten that fits into ``span`` at most ``most`` times."""
    least = span / most
    power = 10.0 ** floor(log10(least))
    for factor in (1.0, 2.0, 5.0):
        if factor * power >= least * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def time_ticks(span: float) -> list[Tick]:
    """Return the ticks of a time axis of ``span`` seconds, in one unit that suits its length."""
    unit, name = 3_600.0, "h"
    if span < 1:
        unit, name = 0.001, "ms"
    elif span < 120:
        unit, name = 1.0, "s"
    elif span < 7_200:
        unit, name = 60.0, "min"
    step = round_step(span / unit, 6)
    number = floor(span / unit / step * (1 + 1e-9))
    return [
        Tick(
            share=n * step * unit / span,
            label=f"{n * step:,.10g} {name}",
            minor=number > 3 and n % 2 == 1,
        )
        for n in range(number + 1)
    ]


def timeline(statistics: Statistics, elapsed_s: float) -> Markup:
    """Return rows, calls and refusals over time, one chart below the other on the same axis."""
    samples, interval = statistics.samples, statistics.interval_s
    if rate_of(1, elapsed_s) is None:
        return tag("p", "There is nothing to draw: the run took no time.")
    parts = _stretches(samples, interval, elapsed_s)
    if not parts:
        return tag("p", "There is nothing to draw: the run ended before anything happened.")
    span = max(elapsed_s, parts[-1][1])
    whose = f"over {duration(elapsed_s)}"
    panels: list[Markup] = []

    rows = [Stretch(a, b, sum(s.rows for s in of) / (b - a)) for a, b, of in parts]
    words = _in_words(rows, statistics.rows / elapsed_s)
    panels.append(_panel("rows", "Rows a second", words, rows, span, says=f"{words} {whose}"))

    calls = [Stretch(a, b, sum(s.requests for s in of) / (b - a)) for a, b, of in parts]
    if any(part.value for part in calls):
        words = _in_words(calls, sum(s.requests for s in samples) / elapsed_s)
        limit = [
            Stretch(a, b, of[-1].limit) for a, b, of in parts if of and of[-1].limit is not None
        ]
        says = f"{words} {whose}{_limit_in_words(limit)}"
        panels.append(_panel("calls", "Calls a second", words, calls, span, says=says, limit=limit))

    refused = [
        Stretch(s.at, min(s.at + interval, span), float(s.throttled))
        for s in samples
        if s.at < span
    ]
    total = statistics.throttled
    if total:
        hit = [part for part in refused if part.value]
        words = f"{total:,} in all"
        if hit and hit[-1].end < span:
            words += f", none after {duration(hit[-1].end)}"
        panels.append(
            _panel(
                "refused",
                f"Throttled, in each {duration(interval)}",
                words,
                refused,
                span,
                says=f"{words}, {whose}",
            )
        )
    return tag("div", *panels, _time_axis(span), class_="timeline")


def _stretches(
    samples: Sequence[Sample], interval: float, elapsed: float
) -> list[tuple[float, float, list[Sample]]]:
    """Return start, end and samples of each part, where the last one is as long as it lasted.

    The run ends somewhere in its last sample. If that leaves less than half of it, a rate taken
    from the rest would be chance, and the rest goes to the sample before.
    """
    found = [
        (sample.at, sample.at + interval, [sample])
        for sample in samples
        if sample.at < elapsed or sample.rows or sample.requests
    ]
    if not found:
        return []
    start, end, of = found[-1]
    if start < elapsed < end:
        end = elapsed
        if end - start < interval / 2 and len(found) > 1:
            found.pop()
            start, of = found[-1][0], [*found[-1][2], *of]
        found[-1] = (start, end, of)
    return found


def _in_words(parts: Sequence[Stretch], average: float) -> str:
    peak = max(parts, key=lambda part: part.value)
    said = f"{decimal(average)} on average"
    if len(parts) > 1:
        said += f", {decimal(peak.value)} at most"
    return said


def _limit_in_words(limit: Sequence[Stretch]) -> str:
    if not limit:
        return ""
    least, most = min(part.value for part in limit), max(part.value for part in limit)
    if decimal(least) == decimal(most):
        return f"; the learned limit was {decimal(most)}"
    last = decimal(limit[-1].value)
    return f"; the learned limit was between {decimal(least)} and {decimal(most)}, {last} at last"


def _panel(
    name: str,
    title: str,
    words: str,
    parts: Sequence[Stretch],
    span: float,
    *,
    says: str,
    limit: Sequence[Stretch] = (),
) -> Markup:
    height = _LOW_HEIGHT if name == "refused" else HEIGHT
    peak = max((part.value for part in parts), default=0.0)
    # The limit has its place in the chart, but not at the price of the curve.
    shown = [part for part in limit if part.value <= _ROOM_FOR_LIMIT * peak]
    step = round_step(max([peak, *(part.value for part in shown)]) or 1.0, 3)
    if name == "refused":
        step = max(step, 1.0)
    steps = ceil(max([peak, *(part.value for part in shown)]) / step - 1e-9) or 1
    top = steps * step

    marks = [vertical(tick, height) for tick in time_ticks(span)]
    for n in range(steps + 1):
        y = height - height * n / steps
        kind = "base" if n == 0 else "grid"
        marks.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_=kind))
        marks.append(tag("text", short(n * step), x=-8, y=y, dy="0.32em", class_="y"))
    curves = [tag("path", d=_area(parts, span, top, height), class_=f"area {name}")]
    key: list[Markup] = []
    if limit:
        if shown:
            curves.append(tag("path", d=_steps(shown, span, top, height), class_="limit"))
        above = "" if len(shown) == len(limit) else " (partly above the chart)"
        above = above if shown else " (above the chart)"
        key.append(tag("span", tag("span", class_="dash"), f"learned limit{above}", class_="key"))
    stretched = tag(
        "svg",
        *curves,
        x=0,
        y=0,
        width="100%",
        height=height,
        viewBox=f"0 0 {_STRETCHED} {height}",
        preserveAspectRatio="none",
    )
    return tag(
        "figure",
        tag("figcaption", tag("b", title), " ", tag("span", words), *key),
        picture(name, title, says, height, join(*marks, stretched)),
        class_="plot",
    )


def _time_axis(span: float) -> Markup:
    labels = [
        tag("text", tick.label, x=f"{100 * tick.share:.4g}%", y=20, class_=tick_class(tick))
        for tick in time_ticks(span)
    ]
    # The charts say in words how long the run was: for who hears them, the axis adds nothing.
    return tag(
        "div",
        tag("svg", *labels, height=AXIS_HEIGHT, aria_hidden="true"),
        class_="plot axis",
    )


def tick_class(tick: Tick) -> str:
    """Return what the page's style knows the label of a tick by."""
    return "x minor" if tick.minor else "x"


def vertical(tick: Tick, height: float) -> Markup:
    """Return the grid's line at a tick."""
    x = f"{100 * tick.share:.4g}%"
    return tag("line", x1=x, x2=x, y1=0, y2=height, class_="grid")


def picture(name: str, title: str, says: str, height: int, content: Markup) -> Markup:
    """Return a chart, with a title and the same in words for who cannot see it."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", f"{says}.", id=f"{name}-desc"),
        content,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        height=height,
    )


def _area(parts: Sequence[Stretch], span: float, top: float, height: int) -> str:
    """Return the outline of what is above zero, a closed shape for each stay there."""
    path: list[str] = []
    end: float | None = None
    for part in parts:
        if part.value <= 0:
            continue
        left, right, y = _place(part, span, top, height)
        if part.start != end:
            if end is not None:
                path.append(f"V{height}Z")
            path.append(f"M{left} {height}")
        path.append(f"V{y}H{right}")
        end = part.end
    if path:
        path.append(f"V{height}Z")
    return "".join(path)


def _steps(parts: Sequence[Stretch], span: float, top: float, height: int) -> str:
    """Return a line that has gaps where nothing is known."""
    path: list[str] = []
    end: float | None = None
    for part in parts:
        left, right, y = _place(part, span, top, height)
        path.append(f"V{y}H{right}" if part.start == end else f"M{left} {y}H{right}")
        end = part.end
    return "".join(path)


def _place(part: Stretch, span: float, top: float, height: int) -> tuple[str, str, str]:
    """Return left, right and height of a stretch in the SVG that is stretched."""
    left, right = (f"{_STRETCHED * at / span:.6g}" for at in (part.start, part.end))
    return left, right, f"{height - height * part.value / top:.5g}"
