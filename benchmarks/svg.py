"""Bars in SVG, by hand: no script, no dependency, light and dark by the reader's setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import msgspec

_COLOURS: Final = (
    ("#0b7a53", "#3ddc97"),
    ("#3565c0", "#7fa8ff"),
    ("#8a6d1f", "#e0be62"),
    ("#8a3f8f", "#d79bdb"),
    ("#a2452f", "#f0917a"),
    ("#6b7280", "#9aa3b2"),
)
OURS: Final = 0
OTHERS: Final = 5
"""The last colour is grey, for those that are only there to be compared with."""

_LABEL_CHAR: Final = 6.5
"""Width of a letter at 12 px, on the safe side: a picture cannot measure its own text."""


class Canvas:
    """A picture in the making; ``title`` and ``description`` are what a screen reader says."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        light = "".join(f".s{i}{{fill:{pair[0]}}}" for i, pair in enumerate(_COLOURS))
        dark = "".join(f".s{i}{{fill:{pair[1]}}}" for i, pair in enumerate(_COLOURS))
        self._parts = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" role="img" aria-labelledby="title desc" '
                'font-family="system-ui,sans-serif" font-size="12">'
            ),
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            (
                # Text has a rim of the background's colour, so that no line runs through it.
                "<style>text{paint-order:stroke;stroke:#fff;stroke-width:3px}"
                ".b{fill:#fff}.t{fill:#222}.n{fill:#555}.l{stroke:#999}.g{stroke:#e3e5e8}"
                f"{light}@media(prefers-color-scheme:dark){{text{{stroke:#14171c}}"
                ".b{fill:#14171c}.t{fill:#eee}.n{fill:#aaa}.l{stroke:#666}.g{stroke:#2b3038}"
                f"{dark}}}</style>"
            ),
            f'<rect class="b" width="{width}" height="{height}"/>',
        ]

    def bar(
        self, x: float, y: float, width: float, height: float, colour: int, *, faint: bool = False
    ) -> None:
        """Draw a filled rectangle in one of the colours."""
        opacity = ' opacity=".55"' if faint else ""
        self._parts.append(
            f'<rect class="s{colour % len(_COLOURS)}"{opacity} x="{x:.1f}" y="{y:.1f}" '
            f'width="{max(width, 0.0):.1f}" height="{height:.1f}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        note: bool = False,
        end: bool = False,
        middle: bool = False,
        size: int | None = None,
        bold: bool = False,
    ) -> None:
        """Write ``text``, from ``x`` on, around it or up to it; a ``note`` matters less."""
        anchor = "end" if end else "middle" if middle else ""
        more = f' text-anchor="{anchor}"' if anchor else ""
        more += "" if size is None else f' font-size="{size}"'
        more += ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text class="{"n" if note else "t"}" x="{x:.1f}" y="{y:.1f}"{more}>'
            f"{escape(text)}</text>"
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, *, grid: bool = False) -> None:
        """Draw a line, a fainter one for a grid."""
        self._parts.append(
            f'<line class="{"g" if grid else "l"}" x1="{x1:.1f}" y1="{y1:.1f}" '
            f'x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def legend(self, x: float, y: float, names: Sequence[tuple[str, int]]) -> None:
        """Draw a row of names, each behind a square of its colour."""
        for name, colour in names:
            self.bar(x, y, 11, 11, colour)
            self.text(x + 16, y + 10, name)
            x += 34 + _LABEL_CHAR * len(name)

    def svg(self) -> str:
        """Return the picture."""
        return "\n".join([*self._parts, "</svg>"]) + "\n"


class Bar(msgspec.Struct, frozen=True):
    """A bar: its label, how long it is, what is written at its end, and its colour."""

    label: str
    value: float
    text: str
    colour: int = OTHERS


class Group(msgspec.Struct, frozen=True):
    """Bars that belong together, under a heading unless that is empty."""

    heading: str
    bars: Sequence[Bar]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart of horizontal bars.

    Args:
        title: one line, drawn above.
        description: what is to be seen, in a sentence, for those who cannot see it.
        axis: what the length of a bar means, drawn below the title.
        groups: the bars.
        log: whether the scale is logarithmic.
        reference: a value at which a line is drawn through all bars.
        legend: whether the labels of the bars stand there, once, by colour. The headings then
            stand beside their groups.
    """

    title: str
    description: str
    axis: str
    groups: Sequence[Group]
    log: bool = False
    reference: float | None = None
    legend: bool = False

    @property
    def bars(self) -> list[Bar]:
        """The bars of all groups."""
        return [bar for group in self.groups for bar in group.bars]


_WIDTH, _MARGIN, _HEADING, _SPACE = 760, 14, 26, 12


def chart(given: Chart) -> str:
    """Return a chart as SVG."""
    thick, apart = (11, 1) if given.legend else (18, 6)
    bars = given.bars
    beside = [group.heading for group in given.groups] if given.legend else [b.label for b in bars]
    left = _MARGIN + 10 + _LABEL_CHAR * max(map(len, beside), default=0)
    right = 16 + _LABEL_CHAR * max((len(bar.text) for bar in bars), default=0)
    top = 84 if given.legend else 58
    above = 0 if given.legend else _HEADING
    height = top + sum(
        len(group.bars) * (thick + apart) + _SPACE + (above if group.heading else 0)
        for group in given.groups
    )
    canvas = Canvas(_WIDTH, height + 22, given.title, given.description)
    canvas.text(_MARGIN, 24, given.title, size=15, bold=True)
    canvas.text(_MARGIN, 42, given.axis, note=True)
    if given.legend:
        canvas.legend(_MARGIN, 54, list(dict.fromkeys((bar.label, bar.colour) for bar in bars)))
    scale = Scale([bar.value for bar in bars], _WIDTH - left - right, log=given.log)
    for tick in scale.ticks():
        x = left + scale.length(tick)
        canvas.line(x, top - 4, x, height, grid=True)
        canvas.text(x, height + 14, f"{tick:g}", note=True, middle=True, size=10)
    for at in (0.0, *([] if given.reference is None else [scale.length(given.reference)])):
        canvas.line(left + at, top - 4, left + at, height)
    y = float(top)
    for group in given.groups:
        if given.legend:
            middle = y + len(group.bars) * (thick + apart) / 2
            canvas.text(left - 8, middle + 4, group.heading, end=True)
        elif group.heading:
            canvas.text(_MARGIN, y + 16, group.heading, bold=True)
            y += above
        for bar in group.bars:
            length = max(scale.length(bar.value), 1.0)
            baseline = y + thick / 2 + (3 if given.legend else 4)
            if not given.legend:
                canvas.text(left - 8, baseline, bar.label, end=True)
            canvas.bar(left, y, length, thick, bar.colour)
            canvas.text(
                left + length + 6, baseline, bar.text, note=True, size=9 if given.legend else None
            )
            y += thick + apart
        y += _SPACE
    return canvas.svg()


class Scale:
    """From values to lengths in a picture of ``width``, linear from 0 or logarithmic."""

    def __init__(self, values: Sequence[float], width: float, *, log: bool) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._width = width
        self._log = log
        self._largest = max(positive)
        # A decade below the smallest, so that no bar vanishes.
        self._lowest = 10.0 ** math.floor(math.log10(min(positive)) - 0.3)

    def length(self, value: float) -> float:
        """Return how long the bar of a value is."""
        if not self._log:
            return self._width * max(value, 0.0) / self._largest
        if value <= self._lowest:
            return 0.0
        return self._width * math.log(value / self._lowest) / math.log(self._largest / self._lowest)

    def ticks(self) -> list[float]:
        """Return round values to draw a grid at."""
        if self._log:
            first = round(math.log10(self._lowest))
            return [
                10.0**power for power in range(first, math.floor(math.log10(self._largest)) + 1)
            ]
        step = 10.0 ** math.floor(math.log10(self._largest))
        step *= next(part for part in (0.1, 0.2, 0.5, 1, 2) if self._largest / (step * part) <= 7)
        return [step * number for number in range(1, math.floor(self._largest / step) + 1)]
