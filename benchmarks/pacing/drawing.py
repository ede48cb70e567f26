"""The picture of the pacing benchmark: refused calls to the left, calls served to the right."""

# pyright: reportUnknownMemberType=false
# matplotlib does not declare the types of keywords that it hands on.

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = ("#0b7a53", "#3565c0", "#b8860b", "#8a3f8f", "#a2452f")


class Bar(NamedTuple):
    """One way to pace in one scenario.

    Args:
        scenario: name of the scenario.
        strategy: name of the way to pace.
        good: the share drawn to the right.
        bad: the share drawn to the left.
    """

    scenario: str
    strategy: str
    good: float
    bad: float


class Section(NamedTuple):
    """Scenarios of a kind: a heading, the meaning of the bars to the right, and the bars."""

    heading: str
    good: str
    bars: Sequence[Bar]

    @property
    def scenarios(self) -> list[str]:
        """The names of its scenarios, in order."""
        return list(dict.fromkeys(bar.scenario for bar in self.bars))


def draw(sections: Sequence[Section], strategies: Sequence[str]) -> str:
    """Return a picture with a block of bars, one for each strategy, for each scenario."""
    # matplotlib is needed for the picture only, and the benchmark runs without.
    from matplotlib.figure import Figure
    from svg import style, svg_of

    counts = [len(section.scenarios) for section in sections]
    with style():
        height = 0.6 + 0.5 * len(sections) + 0.15 * len(strategies) * sum(counts)
        figure = Figure(figsize=(9, height), layout="constrained")
        panels: Any = figure.subplots(
            len(sections), 2, squeeze=False, width_ratios=(1, 2), height_ratios=counts
        )
        for (left, right), section in zip(panels, sections, strict=True):
            _draw_section(left, right, section, strategies)
        handles, names = panels[0, 1].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=len(names), frameon=False)
        return svg_of(
            figure,
            f"Calls served and calls refused by {len(strategies)} ways to pace",
            "For each scenario and way to pace, a bar to the right shows the calls taken of those "
            "that the server would have taken, or the web calls served in time, and one to the "
            "left the calls refused of those sent.",
        )


def _draw_section(left: Axes, right: Axes, section: Section, strategies: Sequence[str]) -> None:
    scenarios = section.scenarios
    thickness = 0.85 / len(strategies)
    left.set_xlim(115, 0)
    right.set_xlim(0, 115)
    for number, strategy in enumerate(strategies):
        bars = [bar for bar in section.bars if bar.strategy == strategy]
        offset = (number - (len(strategies) - 1) / 2) * thickness
        places = [scenarios.index(bar.scenario) + offset for bar in bars]
        for axes, opacity, shares in (
            # Not 0, whose figure would stand on the wrong side.
            (left, 0.55, [max(100 * bar.bad, 1e-9) for bar in bars]),
            (right, 1.0, [100 * bar.good for bar in bars]),
        ):
            drawn = axes.barh(
                places,
                shares,
                0.8 * thickness,
                color=_COLOURS[number % len(_COLOURS)],
                alpha=opacity,
                label=strategy,
            )
            axes.bar_label(drawn, fmt="%.1f", padding=2, fontsize=7)
    for axes in (left, right):
        axes.set_ylim(len(scenarios) - 0.5, -0.5)  # the first on top
        axes.set_yticks([])
        axes.set_xticks([])
    left.spines.left.set_visible(False)
    left.set_yticks(range(len(scenarios)), scenarios)
    left.set_title("refused, % of calls", loc="right", weight="normal")
    right.set_title(section.good, loc="left", weight="normal")
    # Above the names of the scenarios, for which the layout leaves room already.
    heading = left.annotate(
        section.heading,
        (0.01, 1.0),
        (0, 6),
        xycoords=("figure fraction", "axes fraction"),
        textcoords="offset points",
        weight="bold",
    )
    heading.set_in_layout(False)
