"""Sends over aiohttp's connections without ``aiohttp.ClientSession``: a session's own transport.

The hard parts of HTTP are aiohttp's here as well: name resolution, TLS, the pool of connections and
the parser. Left out are the parts of ``ClientSession`` that this package does not use: cookies,
redirects, proxies, tracing, separate objects for request, response and writer, and a task that
writes. They are more than half of the cost of a call.

Some names are private to aiohttp, so this transport is used only with versions that it was tested
with (``is_usable``); with any other, and with a session that was handed in, ``AiohttpTransport``
sends. The same tests run against both.
"""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from functools import cache
from typing import Any, Final, cast

import aiohttp
from aiohttp import hdrs, http_writer
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawResponseMessage
from aiohttp.streams import EMPTY_PAYLOAD, EofStream
from multidict import CIMultiDict
from yarl import URL

from ..options import Options
from .response import Failure, FailureKind, Response
from .secret import Secret, without_frames
from .transport import (
    DEFAULT_HEADERS,
    Request,
    answer_of,
    client_timeout,
    connector_for,
    failure_of,
    read_bounded,
    too_large,
)

_logger: Final = logging.getLogger("frontegg_async")

TESTED: Final = ((3, 13, 0), (3, 14, 5))
"""The oldest and the newest aiohttp that this was tested with."""

_serialize_headers: Final[Any] = getattr(http_writer, "_serialize_headers", None)
_NO_TRACES: Final[list[Any]] = []
# Without a body, the former send no length of 0, and the latter do send a content type.
_BODILESS: Final = {hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS, hdrs.METH_TRACE}
_BODIED: Final = {hdrs.METH_PATCH, hdrs.METH_POST, hdrs.METH_PUT}


@cache
def is_usable() -> bool:
    """Return whether the installed aiohttp is one that this was tested with. Checked once.

    To be called where an event loop runs.
    """
    usable = _is_known(aiohttp.__version__) and _has_names()
    if not usable:
        low, high = (".".join(map(str, version)) for version in TESTED)
        _logger.info(
            "aiohttp %s is sent with by way of its ClientSession, which costs twice as much: "
            "connections without one were tested with %s to %s",
            aiohttp.__version__,
            low,
            high,
        )
    return usable


def _has_names() -> bool:
    handler = ResponseHandler(asyncio.get_running_loop())
    needed = {
        http_writer: ("_serialize_headers",),
        aiohttp.TCPConnector: ("_get", "connect"),
        aiohttp.ClientRequest: ("connection_key",),
        aiohttp.StreamReader: ("_buffer", "is_eof", "set_exception"),
        handler: ("_parser", "read", "set_exception", "set_response_params", "should_close"),
    }
    return all(hasattr(owner, name) for owner, names in needed.items() for name in names)


def _is_known(version: str) -> bool:
    try:
        return TESTED[0] <= tuple(int(part) for part in version.split(".")) <= TESTED[1]
    except ValueError:
        return False  # a pre-release


class _Origin(aiohttp.ClientRequest):
    """A host, in the shape in which the connector is asked for a connection to one.

    It is never sent, and holds no token: aiohttp may keep it and show it.
    """

    def __init__(self, url: URL, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(hdrs.METH_GET, url, loop=loop)
        # Asked for with every call, and always the same.
        self.key: Final = self.connection_key
        self.common: Final = CIMultiDict({hdrs.HOST: self.headers[hdrs.HOST], **DEFAULT_HEADERS})


class _Exchange:
    """A request in flight, with the objects to fail when its time is up."""

    __slots__ = ("deadline", "error", "payload", "protocol")

    def __init__(self, protocol: ResponseHandler, deadline: float) -> None:
        self.protocol = protocol
        self.deadline = deadline
        self.payload: aiohttp.StreamReader | None = None
        self.error: Exception | None = None

    def fail(self, error: Exception) -> None:
        """Raise ``error`` in the task that waits for the exchange, and end its connection."""
        # Kept as well: the head may just have come, and the wait for the body not have begun.
        self.error = error
        self.protocol.set_exception(error)
        if self.payload is not None:
            self.payload.set_exception(error)
        if self.protocol.transport is not None:
            # Closing would wait until the other side has taken the rest of the request.
            self.protocol.transport.abort()


class _Deadlines:
    """Enforces the deadlines of all exchanges with one timer.

    Nearly every exchange ends long before its deadline, so beginning and ending one has to be
    cheap. The timer is set for the earliest deadline known at that time; when it goes off, all
    exchanges in flight are checked, and it is set anew.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Final = loop
        self._exchanges: Final[set[_Exchange]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def begin(self, exchange: _Exchange) -> None:
        """Watch an exchange until ``end``."""
        self._exchanges.add(exchange)
        if exchange.deadline < self._due:
            self._set(exchange.deadline)

    def end(self, exchange: _Exchange) -> None:
        """Watch it no longer."""
        self._exchanges.discard(exchange)

    def end_all(self) -> None:
        """Fail all exchanges in flight."""
        self._set(math.inf)
        for exchange in self._exchanges:
            exchange.fail(aiohttp.ClientConnectionError("closed"))

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = None if due == math.inf else self._loop.call_at(due, self._check)

    def _check(self) -> None:
        now = self._loop.time()
        for exchange in self._exchanges:
            if exchange.deadline <= now:
                exchange.fail(TimeoutError())
        later = [each.deadline for each in self._exchanges if each.deadline > now]
        self._set(min(later, default=math.inf))


class DirectTransport:
    """Sends over connections of its own, each of which serves one request at a time."""

    def __init__(self, *, max_connections: int, ssl_context: ssl.SSLContext | None = None) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._connector: Final = connector_for(max_connections, ssl_context)
        self._deadlines: Final = _Deadlines(self._loop)
        self._origins: Final[dict[tuple[str, str], _Origin]] = {}

    @property
    def closed(self) -> bool:
        """True if it can no longer be used."""
        return self._connector.closed

    async def close(self) -> None:
        """Close the connections, also those that wait for a response."""
        self._deadlines.end_all()
        await self._connector.close()

    async def send(
        self, request: Request, authorization: Secret | None, options: Options, timeout: float
    ) -> Response | Failure:
        """Send once; a failure tells if the server can have seen the request."""
        deadline = self._loop.time() + timeout
        url = request.url
        origin = self._origins.get((url.scheme, url.raw_authority)) or self._origin(url)
        connection: Connection | None = None
        exchange: _Exchange | None = None
        status: int | None = None
        message: RawResponseMessage | None = None
        body: bytes | None = None
        try:
            connection = await self._connection(origin, options, timeout)
            protocol = cast("ResponseHandler", connection.protocol)
            exchange = _Exchange(protocol, deadline)
            self._deadlines.begin(exchange)
            _write(protocol, request, origin, authorization)
            message, payload = await protocol.read()
            while 100 <= message.code < 200 and message.code != 101:
                message, payload = await protocol.read()
            exchange.payload = payload
            status = message.code
            if exchange.error is not None:
                raise exchange.error  # noqa: TRY301  # as if reading had raised it
            limit = options.max_response_bytes
            length = message.headers.get(hdrs.CONTENT_LENGTH)
            # On the way of nearly every call: the length is known and within the limit, and the
            # body came together with the head.
            if length is not None and length.isdecimal() and int(length) <= limit:
                body = _whole(payload) if payload.is_eof() else await payload.read()
            else:
                read = await read_bounded(payload, length, limit)
                if read is None:
                    return too_large(limit, status)
                body = read
            connection = _released(connection)
            return answer_of(status, message.headers, body, limit)
        except HttpProcessingError:
            # Of which aiohttp makes the error that the standard transport names.
            return Failure(FailureKind.MALFORMED, "the response is not HTTP (ClientResponseError)")
        except (aiohttp.ClientError, EofStream, OSError) as error:
            return failure_of(error, status, url)
        except BaseException as error:  # noqa: BLE001  # raised again
            raised = without_frames(error)
        finally:
            if exchange is not None:
                self._deadlines.end(exchange)
            if connection is not None:
                _close(connection)
        # As in ``AiohttpTransport``: from here, without the answer, which may set a cookie.
        del message, body
        raise raised

    def _origin(self, url: URL) -> _Origin:
        origin = _Origin(url.origin(), self._loop)
        self._origins[url.scheme, url.raw_authority] = origin
        return origin

    async def _connection(self, origin: _Origin, options: Options, timeout: float) -> Connection:
        """Return a connection that is idle, or a new one."""
        connector = self._connector
        while True:
            connection = await connector._get(origin.key, _NO_TRACES)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            if connection is None:
                break
            if not cast("ResponseHandler", connection.protocol).should_close:
                return connection
            # Bytes came while it was idle, and would be taken for the response.
            connection.close()
        timeouts = client_timeout(timeout, options.connect_timeout)
        try:
            return await connector.connect(origin, _NO_TRACES, timeouts)
        except TimeoutError:
            pass
        raise aiohttp.ConnectionTimeoutError


def _write(
    protocol: ResponseHandler, request: Request, origin: _Origin, authorization: Secret | None
) -> None:
    """Write the request to the connection, in one piece, and prepare to parse the response.

    It is the same, byte for byte, as from ``ClientSession``.

    There is no wait for the other side to take it all (``drain``): the body is in memory in any
    case, nothing else is written before the response, and a response may come before the end of
    the request. ``_released`` finds out if some of it is left then.
    """
    protocol.set_response_params(
        skip_payload=request.method == hdrs.METH_HEAD, read_until_eof=True, auto_decompress=False
    )
    method, body = request.method, request.body
    if not method.isalpha():
        raise ValueError(f"not an HTTP method: {method!r}")
    headers = origin.common.copy()
    for name, value in request.headers.items():
        headers[name] = value
    if hdrs.AUTHORIZATION in headers and authorization is not None:
        headers[hdrs.AUTHORIZATION], authorization = authorization.reveal(), None
    # It rejects characters that would end a header and begin another.
    head: bytes = _serialize_headers(f"{method} {request.url.raw_path_qs} HTTP/1.1", headers)
    parts = [head[:-2]]
    if authorization is not None:
        parts.append(_authorization_line(authorization.reveal()))
    if hdrs.CONTENT_LENGTH not in headers and (body is not None or method not in _BODILESS):
        parts.append(b"Content-Length: %d\r\n" % (0 if body is None else len(body)))
    if hdrs.CONTENT_TYPE not in headers and (body is not None or method in _BODIED):
        parts.append(b"Content-Type: application/octet-stream\r\n")
    parts.append(b"\r\n" if body is None else b"\r\n" + body)
    transport = protocol.transport
    if transport is None or transport.is_closing():
        raise aiohttp.ClientConnectionResetError("closed")
    transport.write(b"".join(parts))


def _authorization_line(value: str) -> bytes:
    """Return the line of the one header that is long: aiohttp would look at every character."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError("control character detected in the authorization")
    return b"Authorization: %b\r\n" % value.encode()


def _whole(payload: aiohttp.StreamReader) -> bytes:
    """Return a body that is there to its end."""
    if payload is EMPTY_PAYLOAD:
        return b""
    # ``read_nowait`` returns the same, after asking the connection to go on reading.
    return b"".join(payload._buffer)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _released(connection: Connection) -> Connection | None:
    """Give a connection back after its response; return it if it can serve no other request."""
    protocol = cast("ResponseHandler", connection.protocol)
    transport = protocol.transport
    if transport is None or transport.get_write_buffer_size():
        return connection  # the answer came before the end of the request
    # Bytes that come from now on are not parsed, but kept, and ``should_close`` tells.
    protocol._parser = None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    connection.release()
    return None


def _close(connection: Connection) -> None:
    """Close a connection that was not given back."""
    transport = connection.transport
    if transport is not None and transport.get_write_buffer_size():
        # Or it would be kept until the other side has taken the rest of an abandoned request.
        transport.abort()
    connection.close()
