"""Late writes: requests without a response that may still take effect, and undo a later row.

A service may complete a request after the gateway in front of it has given up.
"""

from __future__ import annotations

from typing import Final

from .._core.clock import Clock

LATEST_COMMIT_S: Final = 6.0
"""Seconds after a lost response in which the server may still commit the write: a gateway gave up,
and the service behind it has not. Commits after four seconds were tried."""


class LateWrites:
    """The times until which an earlier row of a user may still take effect, by user."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        # In the order of their times, which is that in which they are entered.
        self._until: Final[dict[str, float]] = {}

    def lost(self, user_id: str) -> None:
        """Note that a write to a user got no response, or may have been in flight until now."""
        now = self._clock.monotonic()
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]
        self._until.pop(user_id, None)
        self._until[user_id] = now + LATEST_COMMIT_S

    async def passed(self, user_id: str) -> None:
        """Wait until no lost write to a user is expected to take effect."""
        while (left := self._until.get(user_id, 0.0) - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
