"""Limits are read from the command line's spelling, and impossible ones are rejected."""

from __future__ import annotations

from typing import Any

import pytest

from frontegg_async.emulator import RateLimit

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"limit": -1}, "limit must not be negative"),
    ({"window": 0}, "window must be a positive number"),
    ({"window": float("nan")}, "window must be a positive number"),
    ({"kind": "leaky"}, "kind must be one of fixed, aligned, sliding, bucket"),
    ({"burst": 5}, "burst is for buckets, not for fixed windows"),
    ({"kind": "bucket", "burst": 0}, "burst must be a positive integer, got 0"),
    ({"kind": "bucket", "counts_refused": True}, "counts_refused is for windows"),
    ({"used": -1}, "used must be from 0 to 10, got -1"),
    ({"used": 11}, "used must be from 0 to 10, got 11"),
    ({"kind": "bucket", "burst": 3, "used": 4}, "used must be from 0 to 3, got 4"),
    ({"elapsed": -1}, "elapsed must be from 0 to below 60, got -1"),
    ({"elapsed": 60}, "elapsed must be from 0 to below 60, got 60"),
    ({"elapsed": float("nan")}, "elapsed must be from 0 to below 60, got nan"),
    ({"kind": "aligned", "elapsed": 5}, "elapsed is not for aligned windows"),
]


def test_a_limit_reads_from_text() -> None:
    """The command line's spelling makes the same limit."""
    assert RateLimit.parse("1000/60") == RateLimit(1000, 60.0)


@pytest.mark.parametrize("text", ["", "1000", "/60", "x/60", "10/0", "-1/60", "10/nan", "10/inf"])
def test_nonsense_is_no_limit(text: str) -> None:
    """Anything but a count and a positive number of seconds is rejected."""
    with pytest.raises(ValueError, match="rate limit"):
        RateLimit.parse(text)


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_impossible_limits_are_rejected(options: dict[str, Any], message: str) -> None:
    """An impossible limit is rejected when it is made, with the reason."""
    arguments: dict[str, Any] = {"limit": 10, "window": 60}
    arguments |= options
    with pytest.raises(ValueError, match=message):
        RateLimit(**arguments)
