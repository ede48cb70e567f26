"""Users who log in: a server with two of them, and sessions that serve them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from frontegg_async import (
    FronteggSession,
    LoginResult,
)
from frontegg_async.emulator import (
    Emulator,
)
from frontegg_async.endpoints.authentication import REFRESH, REFRESH_API_TOKEN

from .clocks import FakeClock

PASSWORD: Final = "correct horse battery staple"
LIFE: Final = 1_000.0
REFRESHES: Final = f"POST {REFRESH.template}"
API_REFRESHES: Final = f"POST {REFRESH_API_TOKEN.template}"


def emulator_on(clock: FakeClock, **settings: Any) -> Emulator:
    """Return an emulator that lives by ``clock``, not started yet."""
    return Emulator(
        access_token_lifetime=LIFE,
        token_lifetime=LIFE,
        clock=clock.monotonic,
        wall_clock=clock.time,
        **settings,
    )


def with_users(emulator: Emulator) -> Emulator:
    """Add two users with passwords."""
    for name in ("ada", "bob"):
        emulator.add_user(
            name, email=f"{name}@example.test", tenant_ids=["home"], password=PASSWORD
        )
    return emulator


def users_session(emulator: Emulator, clock: FakeClock) -> FronteggSession:
    """Return a session that only serves users, not entered yet."""
    return FronteggSession.for_users(
        client_id=emulator.client_id, base_url=emulator.url, clock=clock
    )


async def log_in(session: FronteggSession, name: str = "ada") -> LoginResult:
    """Log a user in."""
    return await session.authentication.login(email=f"{name}@example.test", password=PASSWORD)


async def until(reached: Callable[[], bool]) -> None:
    """Let other tasks run until something is reached."""
    while not reached():  # noqa: ASYNC110  # it is reached in a task of the session's own
        await asyncio.sleep(0)


async def settle() -> None:
    """Let background tasks end; they talk to a real socket, so they are waited for by name."""
    flights = {task for task in asyncio.all_tasks() if task.get_name() == "frontegg_async token"}
    if flights:
        await asyncio.wait(flights)
