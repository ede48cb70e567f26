"""The rate and the share of a bulk run as figures."""

from __future__ import annotations

import math
from typing import Final, NamedTuple


class Bounds(NamedTuple):
    """What a run may send at most. In a fleet runs with the same bounds keep to them together.

    Args:
        rate: calls a second, or infinity.
        share: part of a learned limit.
    """

    rate: float
    share: float


NO_BOUNDS: Final = Bounds(math.inf, 1.0)
