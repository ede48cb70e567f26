"""Intervals of resets: they hold the truth, and become narrower."""

from __future__ import annotations

import random

import pytest

from frontegg_async.pacing.resets import Resets


def test_resets_seen_roughly_become_known_exactly() -> None:
    """Resets seen half a second wrong are known better than that, and the window nearly exactly."""
    chance = random.Random(1)
    resets = Resets(0.3, 0.5, 59.2, 1.0)
    at, error = 0.3, 0.5
    for window in range(1, 40):
        seen = 60.0 * window + chance.uniform(-0.5, 0.5)
        at, error = resets.see(seen, 0.5)
        assert abs(at - 60.0 * window) <= error + 1e-9
        assert resets.earliest(60.0 * (window + 1)) <= 60.0 * (window + 1) + 1e-9
    assert error < 0.45
    assert resets.period == pytest.approx(60.0, abs=0.1)


def test_a_window_of_uncertain_length_is_taken_to_be_shorter() -> None:
    """A window whose length may be wrong by seconds is counted on without them."""
    assert Resets(0.0, 1.0, 60.0, 5.0).period == 55.0
    assert Resets(0.0, 0.1, 60.0, 0.1).period == 60.0


def test_a_window_that_changes_is_believed() -> None:
    """A reset that contradicts all that was known replaces it."""
    resets = Resets(0.0, 0.05, 60.0, 0.05)
    assert resets.see(50.0, 0.05) == (50.0, 0.05)
    assert resets.period == pytest.approx(50.0, abs=0.2)


@pytest.mark.parametrize("at", [0.0, -5.0, 1e-9])
def test_a_length_is_never_zero(at: float) -> None:
    """A reset seen at the time of the last one, or before it, leaves a length to divide by."""
    resets = Resets(0.0, 0.05, 60.0, 0.05)
    resets.see(at, 0.05)
    assert resets.period > 0.0
    assert resets.earliest(60.0) > 0.0
