"""The choice of a transport."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from frontegg_async import ConfigurationError
from frontegg_async._core.aiohttp_transport import AiohttpTransport
from frontegg_async._core.socket_transport import SocketTransport
from frontegg_async.emulator import Emulator

from ..support.sessions import session_on, transport_in

pytestmark = pytest.mark.anyio


async def test_own_connections(emulator: Emulator) -> None:
    """A session sends over connections of its own, and over aiohttp's session if it is told to."""
    for settings, kind in (
        ({}, SocketTransport),
        ({"over_aiohttp": False}, SocketTransport),
        ({"over_aiohttp": True}, AiohttpTransport),
    ):
        async with session_on(emulator, **settings) as session:
            assert isinstance(transport_in(session), kind)
            assert (await session.users.get("user-0")).id == "user-0"


async def test_a_session_that_is_handed_in_is_used(emulator: Emulator) -> None:
    """An aiohttp session that is passed in is used, and so is one for a proxy."""
    async with aiohttp.ClientSession() as http, session_on(emulator, http=http) as session:
        assert isinstance(transport_in(session), AiohttpTransport)
    proxied: dict[str, Any] = {"base_url": "https://localhost:9", "proxy": "http://localhost:9"}
    async with session_on(emulator, **proxied) as session:
        assert isinstance(transport_in(session), AiohttpTransport)


async def test_what_is_no_choice(emulator: Emulator) -> None:
    """The option is a bool."""
    with pytest.raises(ConfigurationError, match="over_aiohttp must be of type bool"):
        session_on(emulator, over_aiohttp="yes")
