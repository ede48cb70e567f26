"""The fleet of a session: a token and limits that it shares with all who name the same fleet."""

from __future__ import annotations

from typing import Protocol

from ..auth.token_stores import LeasingTokenStore
from .exchanges import ExchangeStore


class FleetMember(Protocol):
    """The part of one open session in a fleet."""

    @property
    def token_store(self) -> LeasingTokenStore:
        """Place of the environment token."""
        ...

    @property
    def exchanges(self) -> ExchangeStore:
        """Place of the limits."""
        ...

    async def aclose(self) -> None:
        """End it, with all connections that it has opened."""
        ...


class Fleet(Protocol):
    """Sessions that share the environment token and the limits, for ``FronteggSession(fleet=...)``.

    ``RedisFleet`` joins processes and machines, ``MemoryFleet`` the sessions of one event loop.
    """

    def new_member(self) -> FleetMember:
        """Return a member for one session, of the running event loop. Sends nothing yet."""
        ...
