"""What all tests share: a real server, a session on it, and a check that nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from frontegg_async import FronteggSession, direct
from frontegg_async.emulator import Emulator

API_KEY = "canary-secret-5f2b9c"
"""The secret of the default credentials; a test that finds it anywhere has found a leak."""


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, the one loop that aiohttp runs on."""
    return "asyncio"


@pytest.fixture(params=["direct", "standard"])
def either_transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test twice: its sessions send by either transport."""
    if request.param == "standard":
        monkeypatch.setattr(direct, "is_usable", lambda: False)
    return str(request.param)


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """Give a server on a real socket, with three users in one tenant."""
    async with Emulator(api_key=API_KEY) as server:
        for number in range(3):
            server.add_user(
                f"user-{number}", email=f"user-{number}@example.test", tenant_ids=["home"]
            )
        yield server


@pytest.fixture
async def frontegg(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give an open session on the emulator, and check that it leaves no task behind."""
    before = asyncio.all_tasks()
    async with open_session(emulator) as session:
        yield session
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not {task for task in left if "frontegg_async" in task.get_name()}


def open_session(emulator: Emulator) -> FronteggSession:
    """Return a session on ``emulator`` with its own credentials, not entered yet."""
    return FronteggSession(
        client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
    )
