"""The chart of latencies: how many answers took how long, on a log axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Final

from .page_charts import AXIS_HEIGHT, HEIGHT, Tick, picture, tick_class, vertical
from .page_markup import Markup, counted, join, milliseconds, share, tag
from .statistics import LATENCY_BOUNDS_MS, Statistics

QUANTILES: Final = (0.5, 0.9, 0.99)
"""The latencies that are named."""

_EDGES_MS: Final = (0.7, *LATENCY_BOUNDS_MS, 100_000.0)
"""Where the bars of the histogram end. A log axis has no zero: the first bar starts at 0.7 ms."""
_LABEL_HEIGHT: Final = 16


def quantile_in_words(statistics: Statistics, wanted: float) -> str:
    """Return what this share of answers took at most, or that it took longer than is measured."""
    if _is_measured(statistics, wanted):
        bound = statistics.quantile_ms(wanted)
        if bound is not None:
            return f"≤ {milliseconds(bound)}"
    return f"over {milliseconds(LATENCY_BOUNDS_MS[-1])}"


def _is_measured(statistics: Statistics, wanted: float) -> bool:
    within = sum(statistics.latencies[: len(LATENCY_BOUNDS_MS)])
    return within >= wanted * sum(statistics.latencies)


def latencies(statistics: Statistics) -> Markup:
    """Return the distribution of latencies on a log axis; there must be one at least."""
    counts = statistics.latencies
    total = sum(counts)
    first, last = _range(counts)
    low, high = _EDGES_MS[first], _EDGES_MS[last]

    def at(value: float) -> float:
        return log10(value / low) / log10(high / low)

    top = _LABEL_HEIGHT * len(QUANTILES)
    height = top + HEIGHT
    marks = [vertical(Tick(at(tick), ""), height) for tick in _log_ticks(low, high)]
    # Bounds are not evenly far apart, so that it is the area which tells how many there are.
    dense = [
        count / log10(right / left)
        for count, left, right in zip(counts, _EDGES_MS, _EDGES_MS[1:], strict=False)
    ]
    for count, density, left, right in zip(counts, dense, _EDGES_MS, _EDGES_MS[1:], strict=False):
        if count:
            tall = max(HEIGHT * density / max(dense), 1.0)
            marks.append(
                tag(
                    "rect",
                    tag("title", _bar_in_words(left, right, count, total)),
                    x=f"{100 * at(left):.5g}%",
                    width=f"{100 * (at(right) - at(left)):.5g}%",
                    y=height - tall,
                    height=tall,
                    class_="bar",
                )
            )
    marks.append(tag("line", x1=0, x2="100%", y1=height, y2=height, class_="base"))
    for number, wanted in enumerate(QUANTILES):
        bound = statistics.quantile_ms(wanted)
        if bound is not None and _is_measured(statistics, wanted):
            marks.extend(_marker(at(bound), number, f"p{100 * wanted:g}", height))
    decades = log10(high / low)
    for tick in _log_ticks(low, high):
        minor = decades > 1.75 and not log10(tick).is_integer()
        place = Tick(at(tick), milliseconds(tick), minor)
        x = f"{100 * place.share:.4g}%"
        marks.append(tag("text", place.label, x=x, y=height + 20, class_=tick_class(place)))
    words = ", ".join(
        f"p{100 * wanted:g} {quantile_in_words(statistics, wanted)}" for wanted in QUANTILES
    )
    says = f"{counted(total, 'answer')}, {words}"
    return tag(
        "figure",
        picture("latency", "Time until the answer", says, height + AXIS_HEIGHT, join(*marks)),
        tag(
            "figcaption", "The area of a bar is its share of the answers; the axis is logarithmic."
        ),
        class_="plot wide",
    )


def _range(counts: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last edge to be drawn: what is there, and a decade at least."""
    there = [number for number, count in enumerate(counts) if count]
    first, last = max(there[0] - 1, 0), min(there[-1] + 2, len(_EDGES_MS) - 1)
    while _EDGES_MS[last] < 10 * _EDGES_MS[first]:
        first, last = max(first - 1, 0), min(last + 1, len(_EDGES_MS) - 1)
    return first, last


def _log_ticks(low: float, high: float) -> Iterator[float]:
    factors = (1, 2, 5) if high / low <= 1_000 else (1,)
    for power in range(floor(log10(low)), ceil(log10(high)) + 1):
        for factor in factors:
            if low <= factor * 10.0**power <= high:
                yield factor * 10.0**power


def _bar_in_words(left: float, right: float, count: int, total: int) -> str:
    if left < LATENCY_BOUNDS_MS[0]:
        where = f"up to {milliseconds(right)}"
    elif right > LATENCY_BOUNDS_MS[-1]:
        where = f"over {milliseconds(left)}"
    else:
        where = f"{milliseconds(left)} to {milliseconds(right)}"
    return f"{where}: {counted(count, 'answer')}, {share(count, total)}"


def _marker(at: float, number: int, label: str, height: int) -> Iterator[Markup]:
    """Yield a line and its name; each name has a row of its own, so that none meets another."""
    x, y = f"{100 * at:.5g}%", _LABEL_HEIGHT * number
    yield tag("line", x1=x, x2=x, y1=y + 3, y2=height, class_="marker")
    left = at > 0.8
    yield tag(
        "text", label, x=x, y=y + 12, dx=-5 if left else 5, class_="mark end" if left else "mark"
    )
