"""aiohttp's low-level server, with its connections numbered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from .response import RawResponse

__all__ = ["CountingServer", "body_of"]

_MAX_HEAD_BYTES: Final = 1 << 20  # beyond it aiohttp's parser answers 400 by itself


async def body_of(request: web.BaseRequest) -> bytes:
    """Return the body of a request, of any length; ask for one that waits to be asked for."""
    if not request.body_exists:
        return b""
    # web.Application would do this; a client that waits sends nothing before it.
    waits = request.headers.get("Expect", "").lower() == "100-continue"
    if waits and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # Not ``request.read``, which refuses what is over a megabyte, and a file of users often is.
    return await request.content.read()


class CountingServer(web.Server):
    """Numbers its connections, and knows which of them have been served before.

    ``web.Application`` is left out: its router, its middlewares and its signals cost time on every
    request, and are not needed here.
    """

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[RawResponse]]) -> None:
        # Handlers are cancelled with their connection, or a stalled one would outlive its client.
        super().__init__(
            handler,
            handler_cancellation=True,
            access_log=None,
            max_line_size=_MAX_HEAD_BYTES,
            max_field_size=_MAX_HEAD_BYTES,
        )
        self.numbers: dict[web.RequestHandler, int] = {}
        self.served: set[web.RequestHandler] = set()
        self._made = 0

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Give the connection a number."""
        self._made += 1
        self.numbers[handler] = self._made
        super().connection_made(handler, transport)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Forget the connection."""
        self.numbers.pop(handler, None)
        self.served.discard(handler)
        super().connection_lost(handler, exc)
