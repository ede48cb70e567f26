"""What tests of tokens and sending hold in their hands: time, the auth route, a session."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections import deque
from types import NoneType
from typing import Any, Final

import aiohttp

from frontegg_async import (
    FronteggSession,
    MemoryTokenStore,
    Operation,
    TenantHeader,
    TokenKind,
    TokenStore,
)
from frontegg_async._core.direct import DirectTransport
from frontegg_async._core.transport import AiohttpTransport
from frontegg_async.auth.token_manager import TokenManager
from frontegg_async.emulator import Emulator
from frontegg_async.errors import FronteggError
from frontegg_async.models.authentication import TokenGrant

AUTH: Final = "POST /auth/vendor"
GET: Final = "GET /identity/resources/vendor-only/users/v1/{userId}"
ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"
SET_ACTIVE: Final = "PUT /identity/resources/users/v1/{userId}/tenant"
LOCK: Final = "POST /identity/resources/users/v1/{userId}/lock"
REMOVE: Final = "DELETE /identity/resources/users/v1/{userId}"

EITHER: Final = Operation(
    "test.either",
    "GET",
    "/identity/resources/users/v3",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
"""An operation that takes a user's token as well, without a body to look at."""


class FakeClock:
    """A clock that a test moves. Sleeping moves it too, at once, and is written down."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.epoch: Final = 1_800_000_000.0
        self.slept: Final[list[float]] = []
        self._gate: asyncio.Event | None = None
        self._asleep = asyncio.Event()

    def monotonic(self) -> float:
        """Seconds since nothing in particular."""
        return self.now

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.epoch + self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    async def sleep(self, seconds: float, /) -> None:
        """Return when the time has passed: at once, unless sleepers are held."""
        self.slept.append(seconds)
        self._asleep.set()
        if self._gate is None:
            await asyncio.sleep(0)
        else:
            await self._gate.wait()
        self.now += seconds

    def hold(self) -> None:
        """Keep whoever sleeps from now on, until ``release``."""
        self._gate = asyncio.Event()

    async def asleep(self) -> None:
        """Return once somebody sleeps."""
        await self._asleep.wait()

    def release(self) -> None:
        """Wake all sleepers, and hold no more."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.set()


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


def session_on(emulator: Emulator, **settings: Any) -> FronteggSession:
    """Return a session on ``emulator``, not entered yet, with settings of one's own."""
    defaults: dict[str, Any] = {
        "client_id": emulator.client_id,
        "api_key": emulator.api_key,
        "base_url": emulator.url,
    }
    return FronteggSession(**{**defaults, **settings})


def connector_of(session: FronteggSession) -> aiohttp.TCPConnector:
    """Return the pool of connections of an open session, whichever transport it has."""
    assert session._sender is not None
    transport = session._sender.core.transport
    if isinstance(transport, DirectTransport):
        return transport._connector
    assert isinstance(transport, AiohttpTransport)
    assert isinstance(transport._http.connector, aiohttp.TCPConnector)
    return transport._http.connector


def manager_of(session: FronteggSession) -> TokenManager:
    """Return the token manager of an open session."""
    assert session._sender is not None
    tokens = session._sender.core.tokens
    assert tokens is not None
    return tokens


def token_of(session: FronteggSession) -> str:
    """Return the environment token that an open session holds."""
    token = manager_of(session)._token
    assert token is not None
    return token.value


async def refresh_over(manager: TokenManager) -> None:
    """Return once no fetch is under way."""
    if manager._refresh_task is not None:
        await asyncio.wait((manager._refresh_task,))


async def spin(turns: int = 20) -> None:
    """Let every other task go as far as it can without the network."""
    for _ in range(turns):
        await asyncio.sleep(0)
