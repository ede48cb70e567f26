"""Time, as something that can be handed in."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the package asks of time. Tests hand in one of their own and never sleep."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def time(self) -> float:
        """Seconds since the epoch, for what other machines say about time."""
        ...

    async def sleep(self, seconds: float, /) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clocks."""

    # As class attributes these are the functions themselves: a call costs no Python frame.
    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)
    sleep = staticmethod(asyncio.sleep)
