"""The forecast of the time left, as a function of the pacing's state."""

# pyright: reportPrivateUsage=false
from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from frontegg_async.bulk.report.forecast import Forecast
from frontegg_async.pacing import PaceState


def state(**changes: Any) -> PaceState:
    """Return the pacing's knowledge of a group, by default of one without limits."""
    known: dict[str, Any] = {
        "rate": 200.0,
        "limited": False,
        "quota": None,
        "window": None,
        "closed_for": 0.0,
        "taken": 0,
        "refused": 0,
        "closed_seconds": 0.0,
    }
    return PaceState(**{**known, **changes})


WINDOW = {"limited": True, "quota": 100, "window": 60.0, "rate": 1.7}


def after_a_window(**changes: Any) -> Forecast:
    """Return a forecast after 100 rows in 10 seconds, whose gate is closed for 50 more."""
    found = Forecast(0.0, 0, {})
    found.hear(5.0, 50, {"add": state(taken=50)})
    found.hear(10.0, 100, {"add": state(taken=100, closed_for=50.0, **changes)})
    return found


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [(1, 0.1), (100, 10.0), (101, 60.1), (200, 70.0), (250, 125.0), (1_000, 9 * 60 + 10.0)],
)
def test_whole_windows(rows: int, seconds: float) -> None:
    """Behind a gate whose window is known, rows take whole windows, and the last ones their own.

    They go at the ten a second that the run has shown.
    """
    forecast = after_a_window(**WINDOW)
    assert forecast.left(10.0, 100, 100 + rows) == pytest.approx(50.0 + seconds)
    assert forecast.left(40.0, 100, 100 + rows) == pytest.approx(20.0 + seconds)


def test_a_share_uses_up_no_window() -> None:
    """A run with a share, however large, goes evenly: its last rows do not go at once."""
    forecast = Forecast(0.0, 0, {}, share=0.95)
    forecast.hear(10.0, 100, {"add": state(taken=100, closed_for=50.0, **WINDOW)})
    assert forecast.left(10.0, 100, 195) == pytest.approx(50.0 + 60.0)


def test_rows_that_fit_into_the_window() -> None:
    """With an open gate, rows that fit into the rest of the window go at once."""
    forecast = after_a_window(**WINDOW)
    forecast.hear(60.0, 100, {"add": state(taken=100, **WINDOW)})
    assert forecast.left(60.0, 100, 180) == pytest.approx(8.0)
    assert forecast.left(60.0, 100, 210) == pytest.approx(60.0 + 1.0)
    forecast.hear(66.0, 160, {"add": state(taken=160, **WINDOW)})
    assert forecast.left(66.0, 160, 210) == pytest.approx(54.0 + 1.0)


@pytest.mark.parametrize("known", [WINDOW, {"limited": True, "rate": 2.0}], ids=["window", "rate"])
def test_looks_behind_the_gate_do_not_move_the_end(known: dict[str, Any]) -> None:
    """Single calls that look whether the gate is open move the next look, and not the time left."""
    forecast = after_a_window(**known)
    told: list[float | None] = []
    for second in range(10, 120):
        if second % 4 == 0:
            closed_for = max(60.0 - second, 5.0)
            forecast.hear(second, 100, {"add": state(taken=100, closed_for=closed_for, **known)})
        told.append(forecast.left(second, 100, 300))
    falls = told[: told.index(told[50]) + 1]
    assert [a - b for a, b in pairwise(falls) if a and b] == pytest.approx([1.0] * 50)
    assert set(told[50:]) == {told[50]}, "as long as the rows take that are left"


def test_a_gate_of_which_nothing_is_known() -> None:
    """Behind a gate without a known end the time left is unknown, until the gate opens."""
    forecast = Forecast(0.0, 0, {})
    forecast.hear(10.0, 100, {"add": state(taken=100, closed_for=0.08)})
    for second in range(12, 60):
        forecast.hear(second, 100, {"add": state(taken=100, closed_for=3.0)})
        assert forecast.left(second, 100, 300) is None
    forecast.hear(60.0, 100, {"add": state(taken=101)})
    assert forecast.left(60.0, 100, 300) == pytest.approx(60.0 + 10.0)


def test_what_a_rate_is_bounded_by() -> None:
    """Rows go at the limit or at the run's own rate, whichever is slower."""
    forecast = Forecast(0.0, 0, {})
    forecast.hear(10.0, 100, {"add": state(taken=100, limited=True, rate=4.0)})
    assert forecast.left(10.0, 100, 200) == pytest.approx(25.0)
    forecast.hear(10.0, 100, {"add": state(taken=100, limited=True, rate=400.0)})
    assert forecast.left(10.0, 100, 200) == pytest.approx(10.0)
    forecast.hear(10.0, 100, {"add": state(taken=100)})
    assert forecast.left(10.0, 100, 200) == pytest.approx(10.0)
    assert forecast.left(20.0, 100, 200) == pytest.approx(20.0)


def test_rows_that_take_no_call_of_their_own() -> None:
    """If half of the rows hold already, the same limit lets twice as many of them end."""
    forecast = Forecast(0.0, 1_000, {"add": 500})
    forecast.hear(100.0, 1_400, {"add": state(taken=700, limited=True, rate=2.0)})
    assert forecast.left(100.0, 1_400, 1_800) == pytest.approx(100.0)


def test_the_slowest_limit_decides() -> None:
    """With several limits, the slowest one decides the time left."""
    forecast = Forecast(0.0, 0, {})
    states = {
        "add": state(taken=100, limited=True, rate=5.0),
        "activate": state(taken=100, limited=True, rate=2.0),
    }
    forecast.hear(10.0, 100, states)
    assert forecast.left(10.0, 100, 200) == pytest.approx(50.0)


def test_what_is_not_known() -> None:
    """The time left is unknown before enough rows have ended, or without a known total."""
    forecast = Forecast(0.0, 0, {})
    forecast.hear(1.0, 9, {"add": state(taken=9)})
    assert forecast.left(1.0, 9, 100) is None
    assert forecast.left(1.0, 50, None) is None
    assert forecast.left(0.1, 50, 100) is None
    assert forecast.left(1.0, 100, 100) == 0.0
