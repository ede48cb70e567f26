"""The place in which a fleet keeps its limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .news import GateNews, Grant, News


class ExchangeStore(Protocol):
    """Keeps the limits of a fleet, and runs its exchanges one after another.

    Names of groups are opaque, and differ between environments. An exchange that raises, or takes
    longer than a second, is repeated; until then each member paces by itself.
    """

    async def exchange(self, group: str, member: str, news: News) -> Grant:
        """Exchange the news of a member of a group for a grant."""
        ...

    def watch(self, group: str, heard: Callable[[GateNews], None]) -> Callable[[], None]:
        """Call ``heard`` whenever the gate of a group closes or opens, as far as it is known.

        Returns:
            A function that ends it.
        """
        ...
