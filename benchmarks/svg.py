"""Charts of horizontal bars as SVG, drawn by matplotlib.

The same chart gives the same file, byte for byte: ids come from a fixed salt, and no date or
version is written. Text stays text: a browser can find it, and a diff shows which figure changed.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# matplotlib does not declare the types of keywords that it hands on.

from __future__ import annotations

import io
import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

OURS: Final = "#0b7a53"
OTHERS: Final = "#8a93a0"
_DARK: Final = (
    "<style>@media (prefers-color-scheme: dark){svg{filter:invert(.92) hue-rotate(180deg)}}</style>"
)
"""Follows the reader's setting: dark and light change places, and hues stay."""


class Bar(msgspec.Struct, frozen=True):
    """A bar: its label, its length, the text at its end. This project's have a colour."""

    label: str
    value: float
    text: str
    ours: bool = False


class Group(msgspec.Struct, frozen=True):
    """Bars that belong together, under a heading unless that is empty."""

    heading: str
    bars: Sequence[Bar]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart of horizontal bars.

    Args:
        title: one line, drawn above.
        description: the bars in a sentence, for readers who cannot see them.
        axis: meaning of a bar's length, drawn below.
        groups: the bars.
        log: True for a logarithmic scale.
        reference: a value at which a line is drawn through all bars.
    """

    title: str
    description: str
    axis: str
    groups: Sequence[Group]
    log: bool = False
    reference: float | None = None

    @property
    def bars(self) -> list[Bar]:
        """The bars of all groups."""
        return [bar for group in self.groups for bar in group.bars]


def draw(chart: Chart) -> str:
    """Return a chart as SVG."""
    counts = [len(group.bars) for group in chart.groups]
    headings = sum(bool(group.heading) for group in chart.groups)
    with style():
        figure = Figure(figsize=(8, 1 + 0.27 * sum(counts) + 0.32 * headings), layout="constrained")
        figure.suptitle(chart.title, x=0.01, ha="left", weight="bold")
        panels: Any = figure.subplots(len(counts), squeeze=False, sharex=True, height_ratios=counts)
        for axes, group in zip(panels.flat, chart.groups, strict=True):
            _draw_group(axes, group, chart)
        figure.supxlabel(chart.axis, x=0.01, ha="left")
        return svg_of(figure, chart.title, chart.description)


def _draw_group(axes: Axes, group: Group, chart: Chart) -> None:
    places = range(len(group.bars))
    drawn = axes.barh(
        places,
        [bar.value for bar in group.bars],
        color=[OURS if bar.ours else OTHERS for bar in group.bars],
        log=chart.log,
    )
    # On white, so that no line runs through a figure.
    box = {"color": "white", "pad": 0.5}
    axes.bar_label(drawn, [bar.text for bar in group.bars], padding=4, bbox=box)
    axes.set_yticks(places, [bar.label for bar in group.bars])
    axes.set_ylim(len(group.bars) - 0.4, -0.6)  # the first on top, all bars equally thick
    axes.set_title(group.heading, loc="left")
    axes.margins(x=0.2)  # room for the texts
    axes.xaxis.set_major_formatter("{x:,g}")
    if chart.log:
        # A decade below the smallest, so that no bar vanishes.
        least = min(bar.value for bar in chart.bars if bar.value > 0)
        axes.set_xlim(left=10.0 ** math.floor(math.log10(least) - 0.3))
    if chart.reference is not None:
        axes.axvline(chart.reference, color="0.2", linewidth=1)


@contextmanager
def style() -> Generator[None]:
    """Draw and write within it: plain axes with a faint grid, and text that stays text."""
    with rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "frontegg_async",
            "figure.labelsize": 9,
            "figure.titlesize": 11,
            "font.size": 9,
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.grid.axis": "x",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.bottom": False,
            "axes.titlesize": 9,
            "axes.titleweight": "bold",
            "grid.color": "0.9",
            "xtick.bottom": False,
            "ytick.left": False,
        }
    ):
        yield


def svg_of(figure: Figure, title: str, description: str) -> str:
    """Return a figure as SVG; a screen reader says ``title`` and ``description``."""
    file = io.StringIO()
    figure.savefig(
        file,
        format="svg",
        metadata={"Title": title, "Description": description, "Creator": None, "Date": None},
    )
    return file.getvalue().replace("</metadata>", f"</metadata>{_DARK}", 1)
