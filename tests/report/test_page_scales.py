"""The report page: colours, ticks of axes, and numbers as people write them."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async.bulk.report.page_charts import round_step, time_ticks
from frontegg_async.bulk.report.page_text import (
    counted,
    decimal,
    duration,
    rate,
    share,
    short,
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    """Every colour of text is readable on every background: 4.5 to 1, as WCAG AA asks."""
    style = (resources.files("frontegg_async.bulk.report") / "page.css").read_text("utf-8")
    light, dark, *_ = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6})", light if scheme == "light" else dark))
    for background in ("page", "card"):
        for name in ("text", "muted", "accent", "good", "warn", "bad"):
            one, other = sorted((_luminance(colours[name]), _luminance(colours[background])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (name, background)


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@given(span=st.floats(1e-3, 1e7))
def test_time_ticks(span: float) -> None:
    """Ticks stand at round numbers, few enough, from the start to the end, each once."""
    ticks = time_ticks(span)
    assert ticks[0].share == 0
    assert 2 <= len(ticks) <= 8
    assert all(before.share < after.share for before, after in pairwise(ticks))
    assert ticks[-1].share <= 1.0001
    assert len({tick.label for tick in ticks}) == len(ticks)
    assert all(re.fullmatch(r"[\d,.]{1,6} (ms|s|min|h)", tick.label) for tick in ticks)


@pytest.mark.parametrize(
    ("span", "labels"),
    [
        (0.1, ["0 ms", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"]),
        (50.0, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (600.0, ["0 min", "2 min", "4 min", "6 min", "8 min", "10 min"]),
        (7_200.0, ["0 h", "0.5 h", "1 h", "1.5 h", "2 h"]),
        (36_000.0, ["0 h", "2 h", "4 h", "6 h", "8 h", "10 h"]),
    ],
)
def test_units_of_the_time_axis(span: float, labels: list[str]) -> None:
    """The unit suits the length of the run."""
    assert [tick.label for tick in time_ticks(span)] == labels


@given(span=st.floats(1e-6, 1e12), most=st.integers(1, 10))
def test_round_steps(span: float, most: int) -> None:
    """A step is 1, 2 or 5 times a power of ten, and there are no more of them than wanted."""
    step = round_step(span, most)
    assert span / step <= most * 1.0001
    assert f"{step:e}"[0] in "125"


def test_numbers_as_people_write_them() -> None:
    """Numbers have as many digits as matter, and their units."""
    assert [decimal(n) for n in (0, 1e-9, 0.0041, 0.166, 0.2, 1, 16.64, 16_600.4)] == [
        "0",
        "less than 0.0001",
        "0.004",
        "0.17",
        "0.2",
        "1",
        "16.6",
        "16,600",
    ]
    assert [short(n) for n in (0, 0.5, 5_000, 20_000, 2.5e6, 3e9)] == [
        "0",
        "0.5",
        "5,000",
        "20 k",
        "2.5 M",
        "3 G",
    ]
    assert [duration(n) for n in (0, 1e-5, 0.085, 4.2, 59.7, 125, 3_600, 36_060, 1e6)] == [
        "0 ms",
        "under 1 ms",
        "85 ms",
        "4.2 s",
        "1 min",
        "2 min 5 s",
        "1 h",
        "10 h 1 min",
        "277 h 46 min",
    ]
    assert [rate(n) for n in (0, 0.001, 0.05, 16.6)] == [
        "0 calls a second",
        "3.6 calls an hour",
        "3 calls a minute",
        "16.6 calls a second",
    ]
    assert [share(n, 1_000) for n in (0, 1, 500, 999, 1_000)] == [
        "0 %",
        "less than 1 %",
        "50 %",
        "more than 99 %",
        "100 %",
    ]
    assert [counted(n, "row") for n in (0, 1, 2_300)] == ["0 rows", "1 row", "2,300 rows"]
