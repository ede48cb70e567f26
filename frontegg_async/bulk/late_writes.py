"""Writes that may still be done after they got no answer.

A service may do what was asked of it after a gateway has given up, and undo a later row.
"""

from __future__ import annotations

from typing import Final

from .._core.clock import Clock

LATEST_COMMIT: Final = 6.0
"""Seconds after a lost answer in which the server may still do what was asked: a gateway gave up,
and the service behind it has not. Commits after four seconds were tried."""


class LateWrites:
    """Knows until when a user's earlier row may still take effect, and undo a later one."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        # In the order of their times, which is that in which they are entered.
        self._until: Final[dict[str, float]] = {}

    def lost(self, user_id: str) -> None:
        """Hear that a write to a user got no answer, or may have been under way until now."""
        now = self._clock.monotonic()
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]
        self._until.pop(user_id, None)
        self._until[user_id] = now + LATEST_COMMIT

    async def passed(self, user_id: str) -> None:
        """Wait until no lost write to a user is expected to take effect any more."""
        while (left := self._until.get(user_id, 0.0) - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
