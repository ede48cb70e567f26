"""Rates: calls in a time."""

from __future__ import annotations

import math
from typing import Final

import msgspec

MAX_RATE: Final = 1e5
MIN_RATE: Final = 1 / 60
"""Calls a second: bounds against nonsense; one call a minute still finds a changed limit."""


class FixedRate(msgspec.Struct, frozen=True):
    """A limit of at most ``calls`` in any ``seconds``.

    Raises:
        ValueError: if either is not a positive number.
    """

    calls: int
    seconds: float

    def __post_init__(self) -> None:
        if self.calls < 1 or not 0.0 < self.seconds < math.inf:
            raise ValueError("a rate is at least one call in a positive number of seconds")


def doubled(times: float) -> float:
    """Return 1 doubled so many times, and not out of all bounds."""
    return float(2.0 ** min(times, 12.0))
