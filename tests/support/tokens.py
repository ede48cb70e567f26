"""Token managers without a server."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from frontegg_async import MemoryTokenStore, TokenStore
from frontegg_async.auth.token_manager import TokenManager
from frontegg_async.errors import FronteggError
from frontegg_async.models.authentication import TokenGrant

from .clocks import FakeClock


class StubFetch:
    """The auth route of a bare token manager: outcomes in order, then ever new tokens."""

    def __init__(self, *outcomes: TokenGrant | FronteggError) -> None:
        self.outcomes: Final = deque(outcomes)
        self.calls = 0
        self.expires_in: float | None = 1_000.0
        self.gate: asyncio.Event | None = None
        """Every fetch waits for it, if there is one."""

    async def __call__(self) -> TokenGrant:
        """Give the next outcome."""
        self.calls += 1
        number = self.calls
        await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        outcome = self.outcomes.popleft() if self.outcomes else None
        if isinstance(outcome, FronteggError):
            raise outcome
        return outcome or TokenGrant(token=f"token-{number}", expires_in=self.expires_in)


def make_manager(
    fetch: StubFetch, clock: FakeClock, *, store: TokenStore | None = None, jitter: float = 0.0
) -> TokenManager:
    """Return a token manager whose jitter is always ``jitter``."""
    return TokenManager(
        fetch,
        clock=clock,
        uniform=lambda low, high: jitter,
        store=MemoryTokenStore() if store is None else store,
        key="key",
    )


async def refresh_over(manager: TokenManager) -> None:
    """Return once no fetch is in flight."""
    if manager._refresh_task is not None:
        await asyncio.wait((manager._refresh_task,))
