"""aiohttp's server, as low as it goes, and what is known of its connections."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from .response import RawResponse

__all__ = ["CountingServer"]

_LONGEST_HEAD: Final = 1 << 20  # beyond it the parser answers 400 before anybody sees the request


class CountingServer(web.Server):
    """Numbers its connections, and knows which of them have been served before.

    ``web.Application`` is left out: its router, its middlewares and its signals cost time on every
    request, and nothing here has a use for them.
    """

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[RawResponse]]) -> None:
        # Handlers are cancelled with their connection, or a stalled one would outlive its client.
        super().__init__(
            handler,
            handler_cancellation=True,
            access_log=None,
            max_line_size=_LONGEST_HEAD,
            max_field_size=_LONGEST_HEAD,
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
