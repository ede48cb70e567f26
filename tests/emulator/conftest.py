"""An emulator, and a client that is logged in to it."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from frontegg_async.emulator import Emulator

from .api import Api

Connect = Callable[..., AbstractAsyncContextManager[Api]]


@asynccontextmanager
async def _connect(*, authenticate: bool = True, **options: Any) -> AsyncGenerator[Api, None]:
    async with (
        Emulator(**options) as emulator,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        api = Api(emulator, http)
        if authenticate:
            await api.authenticate()
        yield api


@pytest.fixture
def connect() -> Connect:
    """Start an emulator with options of one's own."""
    return _connect


@pytest.fixture
async def api(anyio_backend: str) -> AsyncIterator[Api]:
    """An emulator with its defaults."""
    async with _connect() as api:
        yield api
