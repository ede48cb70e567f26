"""Clocks that a test moves by hand."""

from typing import Any

MINUTE = 28_333_334 * 60.0  # since the epoch, a whole multiple of 60


class Time:
    """Two clocks that stand still until a test sets ``passed``, the seconds since the start."""

    def __init__(self, *, wall: float = MINUTE) -> None:
        self.passed = 0.0
        self._wall = wall

    def clock(self) -> float:
        """Return the seconds of a monotonic clock."""
        return 500.25 + self.passed

    def wall_clock(self) -> float:
        """Return the seconds since the epoch."""
        return self._wall + self.passed

    @property
    def options(self) -> dict[str, Any]:
        """Return both clocks as arguments for an emulator."""
        return {"clock": self.clock, "wall_clock": self.wall_clock}
