"""The charts of the report page over time: scales, marks and curves, which the template draws.

Horizontal places are percentages and vertical ones pixels, except in curves. Labels of ticks stand
to the left of the chart, in the room that the page leaves there.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

from .figures import rate_of
from .page_text import decimal, duration, short
from .statistics import Sample, Statistics

HEIGHT: Final = 104
"""Pixels that a curve or a bar may take."""
_LOW_HEIGHT: Final = 56
STRETCHED: Final = 1_000
"""Width, in its own units, of the SVG of a curve, which the page stretches."""
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

    @property
    def x(self) -> str:
        """Its place from the left."""
        return f"{100 * self.share:.4g}%"


class Line(NamedTuple):
    """A horizontal line at a value."""

    y: float
    label: str


class Panel(NamedTuple):
    """A chart over time.

    ``words`` stand beside the title, and ``says`` is the chart in words, for readers who cannot see
    it. ``area`` and ``limit`` are paths, ``units`` wide; ``key`` explains the limit's line.
    """

    name: str
    title: str
    words: str
    says: str
    height: int
    ticks: Sequence[Tick]
    lines: Sequence[Line]
    area: str
    limit: str = ""
    key: str = ""
    units: int = STRETCHED


class Timeline(NamedTuple):
    """Charts below each other on the same axis, or the reason that there are none."""

    panels: Sequence[Panel] = ()
    ticks: Sequence[Tick] = ()
    problem: str = ""


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


def timeline(statistics: Statistics, elapsed_s: float) -> Timeline:
    """Return rows, calls and throttled responses over time."""
    samples, interval = statistics.samples, statistics.interval_s
    if rate_of(1, elapsed_s) is None:
        return Timeline(problem="the run took no time")
    parts = _stretches(samples, interval, elapsed_s)
    if not parts:
        return Timeline(problem="the run ended before anything happened")
    span = max(elapsed_s, parts[-1][1])
    whose = f"over {duration(elapsed_s)}"
    panels: list[Panel] = []

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
    return Timeline(panels, time_ticks(span))


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
) -> Panel:
    height = _LOW_HEIGHT if name == "refused" else HEIGHT
    peak = max((part.value for part in parts), default=0.0)
    # The limit has its place in the chart, but not at the price of the curve.
    shown = [part for part in limit if part.value <= _ROOM_FOR_LIMIT * peak]
    highest = max([peak, *(part.value for part in shown)])
    step = round_step(highest or 1.0, 3)
    if name == "refused":
        step = max(step, 1.0)
    steps = ceil(highest / step - 1e-9) or 1
    top = steps * step
    key = ""
    if limit:
        above = "" if len(shown) == len(limit) else " (partly above the chart)"
        key = f"learned limit{above if shown else ' (above the chart)'}"
    return Panel(
        name=name,
        title=title,
        words=words,
        says=says,
        height=height,
        ticks=time_ticks(span),
        lines=[Line(height - height * n / steps, short(n * step)) for n in range(steps + 1)],
        area=_area(parts, span, top, height),
        limit=_steps(shown, span, top, height),
        key=key,
    )


def _area(parts: Sequence[Stretch], span: float, top: float, height: int) -> str:
    """Return the outline of values above zero, a closed shape for each stay there."""
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
    left, right = (f"{STRETCHED * at / span:.6g}" for at in (part.start, part.end))
    return left, right, f"{height - height * part.value / top:.5g}"
