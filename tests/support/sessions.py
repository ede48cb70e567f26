"""Sessions on an emulator, and their insides."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from frontegg_async import FronteggSession
from frontegg_async._core.transport import Transport
from frontegg_async.auth.token_manager import TokenManager
from frontegg_async.emulator import Emulator

from .clocks import LeapingClock

API_KEY: Final = "canary-secret-5f2b9c"
"""The secret of the default credentials; a test that finds it anywhere has found a leak."""


def session_on(emulator: Emulator, **settings: Any) -> FronteggSession:
    """Return a session on ``emulator``, not entered yet, with settings of one's own."""
    defaults: dict[str, Any] = {
        "client_id": emulator.client_id,
        "api_key": emulator.api_key,
        "base_url": emulator.url,
    }
    return FronteggSession(**{**defaults, **settings})


def transport_in(session: FronteggSession) -> Transport:
    """Return the transport of an open session."""
    assert session._sender is not None
    return session._sender.core.transport


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


@asynccontextmanager
async def leaping(**options: Any) -> AsyncGenerator[tuple[Emulator, FronteggSession]]:
    """Give a server and a session that agree on the time, and in which no wait takes any."""
    clock = LeapingClock()
    async with (
        Emulator(
            api_key=API_KEY, clock=clock.monotonic, wall_clock=clock.time, **options
        ) as server,
        FronteggSession(
            client_id=server.client_id, api_key=API_KEY, base_url=server.url, clock=clock
        ) as session,
    ):
        yield server, session
