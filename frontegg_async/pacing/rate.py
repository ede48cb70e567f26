"""A fixed rate: a number of calls in a number of seconds."""

from __future__ import annotations

import math

import msgspec


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
