"""State that all views of an open session share."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from weakref import WeakSet, WeakValueDictionary

from ..auth.token_manager import TokenManager
from ..auth.token_stores import MemoryTokenStore, TokenStore
from ..errors import ClosedError, ConfigurationError, ErrorFields
from ..pacing import FixedRate, Pacing
from .clock import Clock
from .secret import Secret
from .semaphore import ConnectionSemaphore
from .settings import CheckedSettings
from .socket_transport import SocketTransport
from .transport import Origin, Transport

if TYPE_CHECKING:
    from ..fleet.fleet import FleetMember

_forks = 0


def _count_fork() -> None:
    global _forks  # os.register_at_fork has nowhere else to put it
    _forks += 1


if hasattr(os, "register_at_fork"):
    # Compared in every call, and cheaper there than asking for the process id.
    os.register_at_fork(after_in_child=_count_fork)


class Core:
    """State that all views of an open session share. Made when the session is opened.

    Args:
        settings: of the session.
        make_tokens: makes the manager of the environment token from its store; None for a session
            that serves users only.
    """

    def __init__(
        self,
        settings: CheckedSettings,
        make_tokens: Callable[[TokenStore], TokenManager | None],
    ) -> None:
        self._loop: Final = _running_loop()
        self._forks: Final = _forks
        self.origin: Final = Origin.of(settings.base_url)
        self.environment_id: Final = settings.environment_id
        self.transport: Final = _transport(settings, self.origin, self._loop)
        member = None if settings.fleet is None else settings.fleet.new_member()
        self._member: Final = member
        store = settings.token_store
        if store is None:
            store = MemoryTokenStore() if member is None else member.token_store
        # Neither in a session that only serves users.
        self.tokens: Final = make_tokens(store)
        self.api_key: Final = settings.api_key
        clock = settings.clock
        self.clock: Final = clock
        # Before the pool's own queue, so that waiting for one takes none of an attempt's time.
        self.connections: Final = ConnectionSemaphore(settings.max_connections)
        expected = None if settings.limits_plan is None else settings.expected_limit
        self.pacing: Final = (
            Pacing(clock, expected=expected)
            if member is None
            else _fleet_pacing(member, clock, settings.fleet_key(), expected)
        )
        self.unused_proxy: Final = settings.unused_proxy
        # The server's clock minus ours, in seconds, and the time to read it again.
        self.clock_offset = 0.0
        self.next_date_at = -math.inf
        self.user_tokens: Final[WeakSet[TokenManager]] = WeakSet()
        # By refresh token: two managers of one login would use up each other's.
        self.logins: Final[WeakValueDictionary[Secret, TokenManager]] = WeakValueDictionary()
        self.closed = False

    def check(self) -> None:
        """Raise ClosedError unless calls can be sent from here."""
        try:
            # Asked in every call.
            if (
                not self.closed
                and asyncio.get_running_loop() is self._loop
                and self._forks == _forks
            ):
                return
        except RuntimeError:
            pass  # no loop of asyncio runs here
        self._check_process()
        if self.closed:
            raise ClosedError("the session is closed: make a new one")
        ended = ", which has ended" if self._loop.is_closed() else ""
        raise ClosedError(
            f"the session belongs to another event loop{ended}: make one for each, and use and "
            "close it there"
        )

    def _check_process(self) -> None:
        if self._forks != _forks:
            raise ClosedError("the session was opened before a fork: make one in the child")

    def check_transport(self, fields: ErrorFields) -> None:
        """Raise ClosedError if the connections have been closed during a call."""
        if self.closed:
            raise ClosedError("the session was closed during the call", **fields)
        if self.transport.closed:
            raise ClosedError("the aiohttp session given as http= was closed", **fields)

    def is_to_be_closed(self) -> bool:
        """Return whether the session is still to be closed.

        Raises:
            ClosedError: it belongs to another event loop, or to the process before a fork.
        """
        self._check_process()
        if self.closed:
            return False
        self.check()
        return True

    async def close(self) -> None:
        """End the calls in flight and close the connections."""
        self.closed = True
        try:
            await self.pacing.close()
            managers = (self.tokens, *self.user_tokens)
            # Together: each may wait for a program's callback.
            await asyncio.gather(*(each.close() for each in managers if each is not None))
        finally:
            try:
                if self._member is not None:
                    await self._member.aclose()
            finally:
                await self.transport.close()


def _fleet_pacing(
    member: FleetMember,
    clock: Clock,
    key: str,
    expected: Callable[[str], FixedRate] | None,
) -> Pacing:
    # Only here: most sessions have no fleet.
    from ..fleet.fleet_pacing import FleetPacing

    return FleetPacing(clock, member.exchanges, key, expected=expected)


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    raise ConfigurationError("open the session in a coroutine on asyncio: no other loop works")


def _transport(
    settings: CheckedSettings, origin: Origin, loop: asyncio.AbstractEventLoop
) -> Transport:
    """Return the transport of a session: over connections of its own, or over aiohttp's session."""
    http = settings.http
    if http is not None:
        if http.closed:
            raise ClosedError("the aiohttp session given as http= is closed")
        # There is no public way to ask for it, and in a call it would be a raw RuntimeError.
        if http._loop is not loop:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            raise ConfigurationError("the aiohttp session given as http= is of another event loop")
    elif settings.proxy is None and not settings.over_aiohttp:
        return SocketTransport(origin, ssl_context=settings.ssl_context)
    from .aiohttp_transport import AiohttpTransport  # few sessions need it

    return AiohttpTransport(
        http,
        origin,
        max_connections=settings.max_connections,
        proxy=settings.proxy,
        ssl_context=settings.ssl_context,
    )
