"""What all views of an open session share."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable
from typing import Final
from weakref import WeakSet, WeakValueDictionary

import aiohttp

from ._clock import Clock
from ._secret import Secret
from .errors import ClosedError
from .pacing import FixedRate, Pacing
from .permits import Permits
from .tokens import TokenManager
from .transport import AiohttpTransport, Transport

_forks = 0


def _count_fork() -> None:
    global _forks  # os.register_at_fork has nowhere else to put it
    _forks += 1


if hasattr(os, "register_at_fork"):
    # Compared in every call, and cheaper there than asking for the process id.
    os.register_at_fork(after_in_child=_count_fork)


class Core:
    """What all views of an open session share. Made where the session is opened."""

    def __init__(
        self,
        *,
        base_url: str,
        environment_id: str | None,
        transport: Transport,
        tokens: TokenManager | None,
        api_key: Secret | None,
        clock: Clock,
        max_connections: int,
        expected: Callable[[str], FixedRate] | None = None,
    ) -> None:
        self.base_url: Final = base_url
        self.environment_id: Final = environment_id
        self.transport: Final = transport
        # Neither in a session that only serves users.
        self.tokens: Final = tokens
        self.api_key: Final = api_key
        self.clock: Final = clock
        # Before the pool's own queue, so that waiting for a place never eats an attempt's time.
        self.permits: Final = Permits(max_connections)
        self.pacing: Final = Pacing(clock, expected=expected)
        # The server's clock minus ours, in seconds, and when to look again.
        self.clock_offset = 0.0
        self.clock_look_at = -math.inf
        self.user_tokens: Final[WeakSet[TokenManager]] = WeakSet()
        # By refresh token: two managers of one login would use up each other's.
        self.logins: Final[WeakValueDictionary[Secret, TokenManager]] = WeakValueDictionary()
        self.closed = False
        self._loop: Final = asyncio.get_running_loop()
        self._forks: Final = _forks

    def check(self) -> None:
        """Raise ClosedError unless calls can be sent from here."""
        if self.closed or self._forks != _forks or asyncio.get_running_loop() is not self._loop:
            if self._forks != _forks:
                raise ClosedError("the session was opened before a fork: make one in the child")
            if self.closed:
                raise ClosedError("the session is closed: make a new one")
            raise ClosedError("the session belongs to another event loop: make one for each")

    async def close(self) -> None:
        """End what is under way and close the connections."""
        self.closed = True
        try:
            await self.pacing.close()
            for tokens in (self.tokens, *self.user_tokens):
                if tokens is not None:
                    await tokens.close()
        finally:
            await self.transport.close()


def transport_for(http: aiohttp.ClientSession | None, *, max_connections: int) -> Transport:
    """Return the transport of a session: over an aiohttp session of its user's, or its own."""
    if http is None:
        try:
            # Only here: it needs names of aiohttp that another version need not have.
            from . import direct

            if direct.is_usable():
                return direct.DirectTransport(max_connections=max_connections)
        except (ImportError, AttributeError):
            pass
    return AiohttpTransport(http, max_connections=max_connections)
