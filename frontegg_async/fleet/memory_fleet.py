"""A fleet within one process."""

from __future__ import annotations

from typing import Final, NoReturn

from ..auth.token_stores import MemoryTokenStore
from .memory_exchanges import MemoryExchanges


class MemoryFleet:
    """A fleet of the sessions of one event loop, also for tests; see ``Fleet``.

    ::

        fleet = MemoryFleet()
        async with (
            FronteggSession.from_env(fleet=fleet) as first,
            FronteggSession.from_env(fleet=fleet) as second,
        ):
            ...
    """

    def __init__(self) -> None:
        self.token_store: Final = MemoryTokenStore()
        """Place of the environment token."""
        self.exchanges: Final = MemoryExchanges()
        """Place of the limits."""

    def new_member(self) -> MemoryFleet:
        """Return the fleet itself, which every session shares."""
        return self

    async def aclose(self) -> None:
        """Do nothing: the other sessions go on with what there is."""

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MemoryFleet lives in one process: name a RedisFleet to others")
