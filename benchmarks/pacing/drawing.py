"""The picture of the pacing benchmark: goodput to the right, waste to the left."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from svg import Canvas

_NAMES, _WASTE, _GOOD, _BAR, _GAP, _TOP = 260, 170, 330, 11, 14, 64


def draw(bars: list[tuple[str, str, float, float]], strategies: list[str]) -> str:
    """Return a picture of (scenario, strategy, goodput, wasted), a block for each scenario."""
    scenarios = list(dict.fromkeys(bar[0] for bar in bars))
    block = len(strategies) * _BAR + _GAP
    width, height = _NAMES + _WASTE + _GOOD + 90, _TOP + len(scenarios) * block + 10
    middle = _NAMES + _WASTE
    canvas = Canvas(
        width,
        height,
        f"Goodput and refused calls of {len(strategies)} ways to pace",
        "For each scenario and way to pace, a bar to the right shows the calls taken of those that "
        "the server would have taken, and one to the left the calls refused of those sent.",
    )
    canvas.legend(12, 10, [(name, index) for index, name in enumerate(strategies)])
    canvas.text(middle - 6, 48, "refused, % of calls", note=True, end=True)
    canvas.text(middle + 6, 48, "taken, % of the limit", note=True)
    for row, scenario in enumerate(scenarios):
        top = _TOP + row * block
        canvas.text(12, top + (block - _GAP) / 2 + 4, scenario)
        for name, whose, goodput, wasted in bars:
            if name != scenario:
                continue
            index = strategies.index(whose)
            y = top + index * _BAR
            good, bad = min(goodput, 1.0) * _GOOD, min(wasted, 1.0) * (_WASTE - 40)
            canvas.bar(middle, y, good, _BAR - 2, index)
            canvas.bar(middle - bad, y, bad, _BAR - 2, index, faint=True)
            canvas.text(middle + good + 4, y + 8, f"{100 * goodput:.1f}", note=True, size=9)
            canvas.text(middle - bad - 4, y + 8, f"{100 * wasted:.1f}", note=True, end=True, size=9)
    canvas.line(middle, _TOP - 8, middle, height - 10)
    return canvas.svg()
