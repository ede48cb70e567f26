"""The pacing of one session in a fleet."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from .._core.clock import Clock
from ..pacing import FixedRate, LimitGroup, Pacing
from .exchanges import ExchangeStore
from .fleet_group import FleetGroup
from .member import Member


class FleetPacing(Pacing):
    """The pacing of one session whose limits are those of a fleet.

    Args:
        clock: source of the time.
        store: place of the limits.
        key: opaque name of the environment there.
        expected: returns the likely limit of a limit group; None expects no limit.
    """

    def __init__(
        self,
        clock: Clock,
        store: ExchangeStore,
        key: str,
        *,
        expected: Callable[[str], FixedRate] | None = None,
    ) -> None:
        super().__init__(clock, expected=expected)
        self._store: Final = store
        self._key: Final = key
        self._identity: Final = secrets.token_hex(8)

    def _make_group(self, name: str, operation: str, expected: FixedRate | None) -> LimitGroup:
        return FleetGroup(
            name,
            operation,
            self._clock,
            Member(expected=expected),
            self._store,
            key=f"{self._key}:{name}",
            identity=self._identity,
        )

    async def close(self) -> None:
        """Send all waiting calls away, end the timers, and give back what was leased."""
        await asyncio.gather(*(group.close() for group in list(self._groups.values())))
