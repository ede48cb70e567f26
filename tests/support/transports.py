"""Both transports, without a session."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from yarl import URL

from frontegg_async import Options
from frontegg_async._core.direct import DirectTransport
from frontegg_async._core.response import Failure, Response
from frontegg_async._core.secret import Secret
from frontegg_async._core.transport import AiohttpTransport, Request, Transport

KINDS: Final = ("direct", "standard")
TOKEN: Final = "Bearer canary-of-the-wire"


@asynccontextmanager
async def transport_of(kind: str, *, max_connections: int = 4) -> AsyncGenerator[Transport]:
    """Give a transport of one of the two kinds, ``direct`` or ``standard``."""
    transport: Transport
    if kind == "direct":
        transport = DirectTransport(max_connections=max_connections)
    else:
        transport = AiohttpTransport(None, max_connections=max_connections)
    try:
        yield transport
    finally:
        await transport.close()


def request_to(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Request:
    """Return a request for a URL that is used as it is."""
    return Request(method, URL(url, encoded=True), headers, body)


async def send(transport: Transport, request: Request, **options: Any) -> Response | Failure:
    """Send with plenty of time, unless ``timeout`` or an option says otherwise."""
    timeout = options.pop("timeout", 30.0)
    options.setdefault("connect_timeout", 30.0)  # a busy machine accepts a connection late
    return await transport.send(request, Secret(TOKEN), Options(**options), timeout)


def seen(outcome: Response | Failure) -> tuple[object, ...]:
    """Return the contents of an outcome, to be compared."""
    if isinstance(outcome, Failure):
        return (outcome.kind, outcome.detail, outcome.status)
    return (outcome.status, [*outcome.headers.items()], outcome.body)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds, which depends on bytes that will arrive."""
    while not condition():  # noqa: ASYNC110  # inside aiohttp, which sets no event
        await asyncio.sleep(0)


def pool_of(transport: Transport) -> Any:
    """Return the connector of either transport."""
    if isinstance(transport, DirectTransport):
        return transport._connector
    assert isinstance(transport, AiohttpTransport)
    return transport._http.connector
