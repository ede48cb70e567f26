"""The choice of a transport, by the version and the insides of aiohttp."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
from collections.abc import Iterator

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from frontegg_async import FronteggSession, _core
from frontegg_async._core import direct
from frontegg_async._core.direct import DirectTransport
from frontegg_async._core.transport import AiohttpTransport, Transport
from frontegg_async.emulator import Emulator

from ..support.sessions import session_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """Clear the cached check of the installed aiohttp, before and after."""
    direct.is_usable.cache_clear()
    yield
    direct.is_usable.cache_clear()


def transport_in(session: FronteggSession) -> Transport:
    assert session._sender is not None
    return session._sender.core.transport


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize(
    ("version", "usable"),
    [
        ("3.13.0", True),
        ("3.13.5", True),
        ("3.14.5", True),
        ("3.12.15", False),
        ("3.14.6", False),
        ("3.15.0", False),
        ("4.0.0a1", False),
        ("3.14.0rc1", False),
        ("3.14.0.dev0", False),
    ],
)
async def test_versions(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, version: str, usable: bool
) -> None:
    """A version of aiohttp that was not tested gets the standard transport, and the log says so."""
    caplog.set_level("INFO", "frontegg_async")
    monkeypatch.setattr(aiohttp, "__version__", version)
    assert direct.is_usable() is usable
    assert direct.is_usable() is usable
    assert [f"aiohttp {version} " in line for line in caplog.messages] == [True] * (not usable)


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize(
    ("owner", "name"),
    [(aiohttp.TCPConnector, "_get"), (ResponseHandler, "set_response_params")],
)
async def test_a_name_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, emulator: Emulator, owner: type, name: str
) -> None:
    """An aiohttp that lacks a needed name gets the standard transport."""
    for base in owner.__mro__:
        if name in vars(base):
            monkeypatch.delattr(base, name)
    assert not direct.is_usable()
    async with session_on(emulator) as session:
        assert isinstance(transport_in(session), AiohttpTransport)


async def test_a_module_that_is_gone(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """An aiohttp with which ``direct.py`` cannot even be imported gets the standard transport."""
    monkeypatch.delattr(_core, "direct")
    monkeypatch.setitem(sys.modules, "frontegg_async._core.direct", None)
    async with session_on(emulator) as session:
        assert isinstance(transport_in(session), AiohttpTransport)


async def test_a_session_that_is_handed_in_is_used(emulator: Emulator) -> None:
    """An aiohttp session that is passed in is used; without one, the direct transport is."""
    async with aiohttp.ClientSession() as http, session_on(emulator, http=http) as session:
        assert isinstance(transport_in(session), AiohttpTransport)
    if not direct.is_usable():
        pytest.skip(f"aiohttp {aiohttp.__version__} is newer than what direct.py was tested with")
    async with session_on(emulator) as session:
        assert isinstance(transport_in(session), DirectTransport)
        assert not transport_in(session).closed
    assert transport_in(session).closed
