"""Both transports, without a session."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from frontegg_async import Options
from frontegg_async._core.aiohttp_transport import AiohttpTransport
from frontegg_async._core.response import Failure, Response
from frontegg_async._core.secret import Secret
from frontegg_async._core.socket_transport import SocketTransport
from frontegg_async._core.transport import Origin, Request, RequestHeaders, Transport

KINDS: Final = ("socket", "aiohttp")
TOKEN: Final = "Bearer canary-of-the-wire"


@asynccontextmanager
async def transport_of(
    kind: str, url: str, *, ssl_context: ssl.SSLContext | None = None
) -> AsyncGenerator[Transport]:
    """Give a transport to a server, of one of the two kinds."""
    origin = Origin.of(url)
    transport: Transport
    if kind == "socket":
        transport = SocketTransport(origin, ssl_context=ssl_context)
    else:
        transport = AiohttpTransport(None, origin, max_connections=64, ssl_context=ssl_context)
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def socket_transport(
    url: str, *, ssl_context: ssl.SSLContext | None = None
) -> AsyncGenerator[SocketTransport]:
    """Give a transport over connections of its own."""
    async with transport_of("socket", url, ssl_context=ssl_context) as transport:
        assert isinstance(transport, SocketTransport)
        yield transport


def request_to(
    target: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
) -> Request:
    """Return a request for a path, or for that of a URL, which is used as it is."""
    if "://" in target:
        parts = urlsplit(target)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Request(method, target, RequestHeaders(headers), body)


async def send(transport: Transport, request: Request, **options: Any) -> Response | Failure:
    """Send with plenty of time, unless ``timeout`` or an option says otherwise."""
    timeout = options.pop("timeout", 30.0)
    options.setdefault("connect_timeout", 30.0)  # a busy machine accepts a connection late
    pending = transport.send(request, Secret(TOKEN), Options(**options), timeout)
    try:
        return await pending
    except BaseException:
        transport.abandon(pending)
        raise


def seen(outcome: Response | Failure) -> tuple[object, ...]:
    """Return the contents of an outcome, to be compared.

    The words of a failure differ, and so does the case of the names of headers: aiohttp's parser
    changes that of names that it knows.
    """
    if isinstance(outcome, Failure):
        return (outcome.kind, outcome.status)
    headers = [(name.lower(), value) for name, value in outcome.headers.items()]
    return (outcome.status, headers, outcome.body)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds, which depends on bytes that will arrive."""
    while not condition():  # noqa: ASYNC110  # inside the transports, which set no event
        await asyncio.sleep(0)


def in_use(transport: Transport) -> int:
    """Return the number of connections that carry a call."""
    if isinstance(transport, SocketTransport):
        return sum(1 for connection in transport._open if connection.is_busy)
    return len(connector_of(transport)._acquired)


def kept(transport: Transport) -> int:
    """Return the number of idle connections."""
    if isinstance(transport, SocketTransport):
        return len(transport._idle)
    return sum(map(len, connector_of(transport)._conns.values()))


def connector_of(transport: Transport) -> Any:
    """Return aiohttp's pool of connections."""
    assert isinstance(transport, AiohttpTransport)
    return transport._http.connector
