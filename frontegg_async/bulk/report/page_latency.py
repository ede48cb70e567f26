"""The chart of latencies: numbers of responses by the time that they took, on a log axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, floor, log10
from typing import Final, NamedTuple

from .page_charts import HEIGHT, Tick
from .page_text import counted, milliseconds, share
from .statistics import LATENCY_BOUNDS_MS, Statistics

_QUANTILES: Final = {0.5: "Half of the answers", 0.9: "90 % of them", 0.99: "99 % of them"}
_EDGES_MS: Final = (0.7, *LATENCY_BOUNDS_MS, 100_000.0)
"""Edges of the histogram's bars. A log axis has no zero: the first bar starts at 0.7 ms."""
_LABEL_HEIGHT: Final = 16
_AXIS_HEIGHT: Final = 28
"""Pixels for the labels below the chart."""


class Bar(NamedTuple):
    """A bar of the histogram."""

    x: str
    width: str
    height: float
    words: str


class Mark(NamedTuple):
    """A line at a quantile, with its name to the right of it or to the left."""

    x: str
    y: int
    label: str
    left: bool


class Histogram(NamedTuple):
    """The distribution of latencies; its axis is ``base`` pixels below the top."""

    says: str
    base: int
    ticks: Sequence[Tick]
    bars: Sequence[Bar]
    marks: Sequence[Mark]
    height: int
    name: str = "latency"
    title: str = "Time until the answer"


def quantiles(statistics: Statistics) -> list[tuple[str, str]]:
    """Return the named quantiles, each with the time that its answers took at most."""
    return [(name, _in_words(statistics, wanted)) for wanted, name in _QUANTILES.items()]


def _in_words(statistics: Statistics, wanted: float) -> str:
    if _is_measured(statistics, wanted):
        bound = statistics.quantile_ms(wanted)
        if bound is not None:
            return f"≤ {milliseconds(bound)}"
    return f"over {milliseconds(LATENCY_BOUNDS_MS[-1])}"


def _is_measured(statistics: Statistics, wanted: float) -> bool:
    within = sum(statistics.latencies[: len(LATENCY_BOUNDS_MS)])
    return within >= wanted * sum(statistics.latencies)


def histogram(statistics: Statistics) -> Histogram | None:
    """Return the distribution of latencies on a log axis, or None if nothing was measured."""
    counts = statistics.latencies
    total = sum(counts)
    if not total:
        return None
    first, last = _range(counts)
    low, high = _EDGES_MS[first], _EDGES_MS[last]

    def percent(share: float) -> str:
        return f"{100 * share:.5g}%"

    def at(value: float) -> float:
        return log10(value / low) / log10(high / low)

    base = _LABEL_HEIGHT * len(_QUANTILES) + HEIGHT
    edges = list(zip(counts, _EDGES_MS, _EDGES_MS[1:], strict=False))
    # Bounds are not evenly far apart, so that the area of a bar shows its number of answers.
    dense = [count / log10(right / left) for count, left, right in edges]
    bars = [
        Bar(
            x=percent(at(left)),
            width=percent(at(right) - at(left)),
            height=max(HEIGHT * density / max(dense), 1.0),
            words=_bar_in_words(left, right, count, total),
        )
        for density, (count, left, right) in zip(dense, edges, strict=True)
        if count
    ]
    marks: list[Mark] = []
    for number, wanted in enumerate(_QUANTILES):
        bound = statistics.quantile_ms(wanted)
        if bound is not None and _is_measured(statistics, wanted):
            # Each name has a row of its own, so that none covers another.
            place, y = at(bound), _LABEL_HEIGHT * number
            marks.append(Mark(percent(place), y, f"p{100 * wanted:g}", left=place > 0.8))
    wide = log10(high / low) > 1.75
    words = ", ".join(f"p{100 * wanted:g} {_in_words(statistics, wanted)}" for wanted in _QUANTILES)
    return Histogram(
        says=f"{counted(total, 'answer')}, {words}",
        base=base,
        ticks=[
            Tick(at(tick), milliseconds(tick), minor=wide and not log10(tick).is_integer())
            for tick in _log_ticks(low, high)
        ],
        bars=bars,
        marks=marks,
        height=base + _AXIS_HEIGHT,
    )


def _range(counts: Sequence[int]) -> tuple[int, int]:
    """Return the first and the last edge to be drawn: all bars, and a decade at least."""
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
