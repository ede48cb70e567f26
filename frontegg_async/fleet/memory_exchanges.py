"""The limits of a fleet within one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from .news import GateNews, Grant, News
from .shared_limit import SharedLimit, exchange


class MemoryExchanges:
    """An ``ExchangeStore`` for the sessions of one event loop."""

    def __init__(self) -> None:
        self._limits: Final[dict[str, SharedLimit]] = {}
        self._watchers: Final[dict[str, list[Callable[[GateNews], None]]]] = {}

    async def exchange(self, group: str, member: str, news: News) -> Grant:
        """Exchange the news of a member of a group for a grant."""
        now = asyncio.get_running_loop().time()
        known = self._limits.get(group)
        before = None if known is None else known.gate_news()
        limit, grant = exchange(known, now, member, news)
        self._limits[group] = limit
        if before is not None and before.differs_from(grant.gate):
            for heard in tuple(self._watchers.get(group, ())):
                heard(grant.gate)
        return grant

    def watch(self, group: str, heard: Callable[[GateNews], None]) -> Callable[[], None]:
        """Call ``heard`` whenever the gate of a group closes or opens; return how to end it."""
        watchers = self._watchers.setdefault(group, [])
        watchers.append(heard)

        def end() -> None:
            if heard in watchers:
                watchers.remove(heard)

        return end
