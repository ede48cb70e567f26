"""Bars in SVG: goodput to the right, waste to the left; light and dark by the reader's setting."""

from __future__ import annotations

from html import escape

_NAMES, _WASTE, _GOOD, _BAR, _GAP, _TOP = 260, 170, 330, 11, 14, 64
_COLOURS = [
    ("#0b7a53", "#3ddc97"),
    ("#3565c0", "#7fa8ff"),
    ("#8a6d1f", "#e0be62"),
    ("#8a3f8f", "#d79bdb"),
    ("#a2452f", "#f0917a"),
]


def draw(bars: list[tuple[str, str, float, float]], strategies: list[str]) -> str:
    """Return a picture of (scenario, strategy, goodput, wasted), a block for each scenario."""
    scenarios = list(dict.fromkeys(bar[0] for bar in bars))
    block = len(strategies) * _BAR + _GAP
    width, height = _NAMES + _WASTE + _GOOD + 90, _TOP + len(scenarios) * block + 10
    middle = _NAMES + _WASTE
    light = "".join(f".s{i}{{fill:{c[0]}}}" for i, c in enumerate(_COLOURS))
    dark = "".join(f".s{i}{{fill:{c[1]}}}" for i, c in enumerate(_COLOURS))
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'font-family="system-ui,sans-serif" font-size="12">'
        ),
        "<title>Goodput and refused calls of five ways to pace</title>",
        (
            f"<style>.b{{fill:#fff}}.t{{fill:#222}}.n{{fill:#555}}.l{{stroke:#999}}{light}"
            f"@media(prefers-color-scheme:dark){{.b{{fill:#14171c}}.t{{fill:#eee}}.n{{fill:#aaa}}"
            f".l{{stroke:#666}}{dark}}}</style>"
        ),
        f'<rect class="b" width="{width}" height="{height}"/>',
    ]
    at = 12
    for index, name in enumerate(strategies):
        parts.append(f'<rect class="s{index % 5}" x="{at}" y="10" width="11" height="11"/>')
        parts.append(f'<text class="t" x="{at + 16}" y="20">{escape(name)}</text>')
        at += 30 + 7 * len(name)
    parts.append(
        f'<text class="n" x="{middle - 6}" y="48" text-anchor="end">refused, % of calls</text>'
    )
    parts.append(f'<text class="n" x="{middle + 6}" y="48">taken, % of the limit</text>')
    for row, scenario in enumerate(scenarios):
        top = _TOP + row * block
        label = top + (block - _GAP) / 2 + 4
        parts.append(f'<text class="t" x="12" y="{label:.0f}">{escape(scenario)}</text>')
        for index, strategy in enumerate(strategies):
            y = top + index * _BAR
            for name, whose, goodput, wasted in bars:
                if (name, whose) != (scenario, strategy):
                    continue
                good, bad = min(goodput, 1.0) * _GOOD, min(wasted, 1.0) * (_WASTE - 40)
                parts += [
                    (
                        f'<rect class="s{index % 5}" x="{middle}" y="{y}" width="{good:.1f}" '
                        f'height="{_BAR - 2}"/>'
                    ),
                    (
                        f'<rect class="s{index % 5}" opacity=".55" x="{middle - bad:.1f}" y="{y}" '
                        f'width="{bad:.1f}" height="{_BAR - 2}"/>'
                    ),
                    (
                        f'<text class="n" font-size="9" x="{middle + good + 4:.1f}" y="{y + 8}">'
                        f"{100 * goodput:.1f}</text>"
                    ),
                    (
                        f'<text class="n" font-size="9" x="{middle - bad - 4:.1f}" y="{y + 8}" '
                        f'text-anchor="end">{100 * wasted:.1f}</text>'
                    ),
                ]
    parts.append(
        f'<line class="l" x1="{middle}" y1="{_TOP - 8}" x2="{middle}" y2="{height - 10}"/>'
    )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
