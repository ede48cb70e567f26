"""Sends over connections of its own: a session's usual transport.

    idle connection ── none ──► connect (``connecting``)
        │                           │
        ▼                           ▼
    write the request in one piece (``Connection.send``)
        │
        ▼
    await its outcome ── read as it comes, by ``plain_head`` or by aiohttp's parser
        │
        ▼
    the connection is idle again, or closed

Exceptional ways: a deadline that passes and a transport that is closed end the call with a failure;
a call that is cancelled ends its connection.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import Final

from ..options import Options
from .connecting import Connector
from .connection import Connection
from .plain_head import PlainHeads
from .response import Failure, Response
from .secret import Secret, without_frames
from .transport import (
    KEEPALIVE_S,
    Origin,
    Request,
    broken,
    connect_timeout,
    header_line,
    not_connected,
    one_line,
    spoken_first,
    timed_out,
)

# Without a body, the former send no length of 0, and the latter do send a content type.
_BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_BODIED: Final = frozenset({"PATCH", "POST", "PUT"})
_ANY_TYPE: Final = b"Content-Type: application/octet-stream\r\n"
_CLOSED: Final = "closed"


class Deadlines:
    """Enforces the deadlines of all calls with one timer.

    Nearly every call ends long before its deadline, so beginning and ending one has to be cheap.
    The timer is set for the earliest deadline known at that time; when it goes off, all calls in
    flight are checked, and it is set anew.

    Args:
        loop: the event loop.
        connections: those that may carry a call.

    Attributes:
        due: time of the loop at which calls are checked next.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, connections: AbstractSet[Connection]
    ) -> None:
        self._loop: Final = loop
        self._connections: Final = connections
        self._timer: asyncio.TimerHandle | None = None
        self.due = math.inf

    def watch(self, deadline: float) -> None:
        """Check calls at a deadline that is before ``due``: ask first, it nearly never is."""
        self._set(deadline)

    def stop(self) -> None:
        """End the timer."""
        self._set(math.inf)

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.due = due
        self._timer = None if due == math.inf else self._loop.call_at(due, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._connections):
            if connection.is_busy and connection.deadline <= now:
                connection.fail(timed_out(connection.status))
        busy = (each.deadline for each in self._connections if each.is_busy)
        self._set(min(busy, default=math.inf))


class SocketTransport:
    """Sends over connections of its own, each of which serves one request at a time."""

    def __init__(self, origin: Origin, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._origin: Final = origin
        self._host: Final = header_line("Host", origin.authority)
        self._authorization: Secret | None = None
        self._authorization_line = b""
        self._connector: Final = Connector(origin, ssl_context)
        self._plain_heads: Final = PlainHeads()
        self._open: Final[set[Connection]] = set()
        # The one that was used last is used next, so that a session keeps no more than it needs.
        self._idle: Final[deque[Connection]] = deque()
        self._deadlines: Final = Deadlines(self._loop, self._open)
        self._connecting: Final[set[asyncio.Timeout]] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._all_lost: asyncio.Future[None] | None = None
        self.closed = False

    def send(
        self,
        request: Request,
        authorization: Secret | None,
        options: Options,
        timeout: float,
        confirm: Callable[[], None] | None = None,
        connection: Connection | None = None,
    ) -> Awaitable[Response | Failure]:
        """Send once; a failure tells if the server can have seen the request.

        On ``connection``, which was just made for the call, or on an idle one.
        """
        now = self._loop.time()
        if connection is None:
            connection = self._idle_connection(now)
            if connection is None:
                return self._send_on_new(request, authorization, options, timeout, confirm)
        deadline = now + timeout
        if deadline < self._deadlines.due:
            self._deadlines.watch(deadline)
        try:
            return connection.send(
                self._written(request, authorization),
                deadline,
                bodiless=request.method == "HEAD",
                limit=options.max_response_bytes,
            )
        except BaseException as error:  # noqa: BLE001  # raised again
            connection.abort()
            raised = without_frames(error)  # they hold the request
        raise raised

    async def _send_on_new(
        self,
        request: Request,
        authorization: Secret | None,
        options: Options,
        timeout: float,
        confirm: Callable[[], None] | None,
    ) -> Response | Failure:
        deadline = self._loop.time() + timeout
        connection = await self._new_connection(options, timeout, confirm)
        if isinstance(connection, Failure):
            return connection
        left = deadline - self._loop.time()
        pending = self.send(request, authorization, options, left, connection=connection)
        try:
            return await pending
        except BaseException as error:  # noqa: BLE001  # raised again
            if connection.waiter is pending:
                connection.abandon()
            raised = without_frames(error)
        raise raised

    def abandon(self, pending: Awaitable[Response | Failure]) -> None:
        """End the connection of a call whose outcome is not awaited any more."""
        for connection in self._open:
            if connection.waiter is pending:
                connection.abandon()
                break

    async def close(self) -> None:
        """Close the connections, also those that wait for a response.

        It may be called more than once, also at the same time: each call returns when all of them
        are closed.
        """
        self.closed = True
        self._deadlines.stop()
        for scope in self._connecting:
            if not scope.expired():
                scope.reschedule(self._loop.time())
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._idle.clear()
        for connection in tuple(self._open):
            connection.fail(broken(_CLOSED, connection.status))
        if self._open:
            if self._all_lost is None:
                self._all_lost = self._loop.create_future()
            # A call of ``close`` that is cancelled leaves it to the others.
            await asyncio.shield(self._all_lost)
        await self._connector.close()

    # The owner of connections

    def opened(self, connection: Connection) -> None:
        """Note that a connection was made."""
        self._open.add(connection)
        self._plain_heads.expect_news()

    def freed(self, connection: Connection) -> None:
        """Note that a connection carries no call any more, and may carry another."""
        self._idle.append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(KEEPALIVE_S, self._sweep)

    def lost(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._open and self._all_lost is not None and not self._all_lost.done():
            self._all_lost.set_result(None)

    def _idle_connection(self, now: float) -> Connection | None:
        """Return an idle connection that is still good, or None."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.kept_until > now and connection.is_quiet():
                return connection
            connection.abort()
        return None

    def _sweep(self) -> None:
        """Close idle connections whose time is up."""
        now = self._loop.time()
        for connection in tuple(self._idle):
            if connection.kept_until <= now:
                self._idle.remove(connection)
                connection.abort()
        self._sweeping = self._loop.call_later(KEEPALIVE_S, self._sweep) if self._idle else None

    async def _new_connection(
        self, options: Options, timeout: float, confirm: Callable[[], None] | None
    ) -> Connection | Failure:
        try:
            async with asyncio.timeout(connect_timeout(options, timeout)) as scope:
                self._connecting.add(scope)
                try:
                    connection = await self._connector.connect(self._make)
                finally:
                    self._connecting.discard(scope)
        except OSError as error:
            # Its timeout is one as well, and so are the errors of TLS.
            return broken(_CLOSED, None) if self.closed else not_connected(self._origin, error)
        if self.closed:
            connection.abort()
            return broken(_CLOSED, None)
        if not connection.is_open:
            return not_connected(self._origin, ConnectionResetError())
        # What comes before the request would be taken for its response, and that for the
        # next one's. Over TLS the socket does not tell: tickets may come after the handshake.
        if self._origin.scheme == "http" and not connection.is_quiet():
            connection.abort()
            return spoken_first(self._origin)
        if confirm is not None:
            try:
                confirm()
            except BaseException:
                connection.abort()
                raise
        return connection

    def _make(self) -> Connection:
        return Connection(self, self._loop, self._plain_heads)

    def _written(self, request: Request, authorization: Secret | None) -> bytes:
        """Return a request in one piece, as it is sent."""
        method, target, headers, body = (
            request.method,
            request.target,
            request.headers,
            request.body,
        )
        begun = one_line(f"{method} {target} HTTP/1.1")
        if begun.count(b" ") != 2:
            raise ValueError("not a request line: space detected")
        if authorization is None:
            token = b""
        elif authorization is self._authorization:
            token = self._authorization_line  # nearly every call carries that of the call before
        else:
            token = self._authorized(authorization)
        if body is not None:
            kind = b"" if headers.has_type else _ANY_TYPE
            rest = b"%bContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)
        elif method in _BODILESS:
            rest = b"\r\n"
        else:
            kind = _ANY_TYPE if method in _BODIED and not headers.has_type else b""
            rest = kind + b"Content-Length: 0\r\n\r\n"
        return b"".join((begun, self._host, headers.encoded, token, rest))

    def _authorized(self, authorization: Secret) -> bytes:
        """Return the line of a token, and keep it for the next call."""
        self._authorization_line = header_line("Authorization", authorization.reveal())
        self._authorization = authorization
        return self._authorization_line
