"""The picture of the pacing benchmark: what was served to the right, refused calls to the left."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from svg import Canvas

_NAMES, _WASTE, _GOOD, _BAR, _GAP, _TOP, _HEADING = 330, 150, 330, 11, 14, 44, 34


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
    block = len(strategies) * _BAR + _GAP
    blocks = sum(len(section.scenarios) for section in sections)
    width = _NAMES + _WASTE + _GOOD + 60
    height = _TOP + len(sections) * _HEADING + blocks * block + 10
    canvas = Canvas(
        width,
        height,
        f"Calls served and calls refused by {len(strategies)} ways to pace",
        "For each scenario and way to pace, a bar to the right shows the calls taken of those that "
        "the server would have taken, or the web calls served in time, and one to the left the "
        "calls refused of those sent.",
    )
    canvas.legend(12, 10, [(name, index) for index, name in enumerate(strategies)])
    y = float(_TOP)
    for section in sections:
        _section(canvas, section, strategies, y, block)
        y += _HEADING + len(section.scenarios) * block
    return canvas.svg()


def _section(
    canvas: Canvas, section: Section, strategies: Sequence[str], y: float, block: int
) -> None:
    middle = _NAMES + _WASTE
    canvas.text(12, y + 18, section.heading, bold=True)
    canvas.text(middle - 6, y + 18, "refused, % of calls", note=True, end=True)
    canvas.text(middle + 6, y + 18, section.good, note=True)
    first = y + _HEADING
    for row, scenario in enumerate(section.scenarios):
        top = first + row * block
        canvas.text(12, top + (block - _GAP) / 2 + 4, scenario)
        for bar in section.bars:
            if bar.scenario == scenario:
                index = strategies.index(bar.strategy)
                _bar(canvas, bar, middle, top + index * _BAR, index)
    canvas.line(middle, first - 8, middle, first + len(section.scenarios) * block - _GAP)


def _bar(canvas: Canvas, bar: Bar, middle: float, y: float, colour: int) -> None:
    good, bad = min(bar.good, 1.0) * _GOOD, min(bar.bad, 1.0) * (_WASTE - 40)
    canvas.bar(middle, y, good, _BAR - 2, colour)
    canvas.bar(middle - bad, y, bad, _BAR - 2, colour, faint=True)
    canvas.text(middle + good + 4, y + 8, f"{100 * bar.good:.1f}", note=True, size=9)
    canvas.text(middle - bad - 4, y + 8, f"{100 * bar.bad:.1f}", note=True, end=True, size=9)
