"""Clients that make the same call of the same server, each its own way.

The call: make the user a member of the tenant without an invite, and understand the user of 1.4 KB
that comes back. Another vendor's SDK fetches a user of that size instead.
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class Target(msgspec.Struct, frozen=True):
    """The server and the user to call about, and how many calls go on at the same time.

    ``user_id`` is the id of the one user that the server knows, for any id that it is asked for.
    """

    url: str
    ca_file: str | None
    user_id: str
    tenant_id: str
    token: str
    concurrency: int


class Contender(Protocol):
    """A client for an event loop."""

    async def setup(self, target: Target) -> None:
        """Open the connections and caches that are kept between calls."""
        ...

    async def call(self, user_id: str) -> str | None:
        """Make the call for one user, and return the id of the user that came back."""
        ...

    async def close(self) -> None:
        """Close them."""
        ...


class BlockingContender(Protocol):
    """A client that blocks, and is called in threads, without any event loop in the way."""

    threads: int

    def setup_blocking(self, target: Target) -> None:
        """Open the connections and caches that are kept between calls."""
        ...

    def call_blocking(self, user_id: str) -> str | None:
        """Make the call for one user, and return the id of the user that came back."""
        ...
