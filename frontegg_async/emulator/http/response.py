"""Responses as values, and the one class that writes them to the socket.

Handlers and faults deal in :class:`Response`. :class:`RawResponse` turns one into bytes by itself
instead of leaving it to ``web.Response``: one write for head and body is quicker, and a
well-behaved response class refuses to send half a body, a wrong length or nothing at all.
"""

import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from secrets import token_hex
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

__all__ = [
    "JSON",
    "CommonHeaders",
    "HangUp",
    "RawResponse",
    "RejectedError",
    "Response",
    "error_response",
]

JSON: Final = "application/json; charset=utf-8"

_NO_HEADERS: Final[dict[str, str]] = {}
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}


class Response(msgspec.Struct, frozen=True):
    """One response before it is written; :func:`msgspec.structs.replace` makes variants."""

    status: int
    body: bytes = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = _NO_HEADERS
    announced: int | None = None
    """The ``Content-Length`` to claim, where it is not the length of the body."""
    cut: bool = False
    """Close the connection after the last byte, also if the client asked to keep it."""
    stream: Callable[[], AsyncIterator[bytes]] | None = None
    """Produces the body piece by piece: chunked, unless a length is announced."""


class HangUp(Exception):  # noqa: N818 - an order to the server, not an error of it
    """Close the connection without a single byte of a response."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("hang up")
        self.reset = reset


class _ErrorBody(msgspec.Struct, omit_defaults=True, rename="camel"):
    errors: list[str]
    error_code: str | None = None


class RejectedError(Exception):
    """A request is rejected; carries the error response."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.response = error_response(status, message, code)


def error_response(status: int, message: str, code: str | None = None) -> Response:
    """Build an error in Frontegg's shape.

    ``errorCode`` is left out where no code has been seen for the case: it may be missing on the
    real service too (seen), and an invented code would be worse than none.
    """
    return Response(status, msgspec.json.encode(_ErrorBody([message], code)))


class CommonHeaders:
    """The headers of every response: ``Date``, ``frontegg-trace-id``, the user's extras."""

    def __init__(
        self, wall_clock: Callable[[], float], extra: Mapping[str, str], *, dated: bool
    ) -> None:
        self._wall_clock = wall_clock
        self._dated = dated
        self._extra = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
        self._second = -1
        self._head = ""
        # A random half and a counted half: unique, 32 hex digits, and cheaper than randomness.
        self._trace = f"frontegg-trace-id: {token_hex(8)}"
        self._count = 0

    def lines(self) -> str:
        """Return the header lines for the next response, each with its line end."""
        if (second := int(self._wall_clock())) != self._second:
            self._second = second
            date = f"Date: {formatdate(second, usegmt=True)}\r\n" if self._dated else ""
            self._head = f"{date}{self._extra}{self._trace}"
        self._count += 1
        return f"{self._head}{self._count:016x}\r\n"


class RawResponse(web.StreamResponse):
    """Writes a :class:`Response`, with further headers, or hangs up."""

    def __init__(
        self,
        response: Response | HangUp,
        common: CommonHeaders,
        further: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        super().__init__(status=response.status if isinstance(response, Response) else 500)
        self._response = response
        self._common = common
        self._further = further

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write everything there is to write."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        response = self._response
        if isinstance(response, HangUp):
            if response.reset:
                _linger_zero(transport.get_extra_info("socket"))
                transport.abort()
            raise ConnectionResetError  # aiohttp closes the connection and says nothing
        keep_alive = request.keep_alive and not response.cut
        self._keep_alive = keep_alive
        body = b"" if request.method == "HEAD" else response.body
        transport.write(self._head(response, keep_alive=request.keep_alive) + body)
        if response.stream is not None and request.method != "HEAD":
            await self._pour(response.stream, request.writer, chunked=response.announced is None)
        return request.writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write: :meth:`prepare` did it all."""

    def _head(self, response: Response, *, keep_alive: bool) -> bytes:
        status = response.status
        lines = f"HTTP/1.1 {status} {_REASONS.get(status, '')}\r\n"
        # Before the common ones: of two values clients take the first, here the particular.
        for headers in (response.headers, self._further):
            for name, value in headers.items():
                lines += f"{name}: {value}\r\n"
        lines += self._common.lines()
        if response.content_type is not None:
            lines += f"Content-Type: {response.content_type}\r\n"
        if not keep_alive:
            lines += "Connection: close\r\n"
        if response.announced is not None:
            lines += f"Content-Length: {response.announced}\r\n\r\n"
        elif response.stream is not None:
            lines += "Transfer-Encoding: chunked\r\n\r\n"
        else:
            lines += f"Content-Length: {len(response.body)}\r\n\r\n"
        return lines.encode("latin-1")

    @staticmethod
    async def _pour(
        stream: Callable[[], AsyncIterator[bytes]], writer: AbstractStreamWriter, *, chunked: bool
    ) -> None:
        transport = writer.transport
        async for piece in stream():
            if transport is None or transport.is_closing():
                raise ConnectionResetError
            transport.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            # Without this a body of gigabytes would pile up in the transport's buffer.
            await writer.drain()
        if chunked and transport is not None:
            transport.write(b"0\r\n\r\n")


def _linger_zero(sock: socket.socket | None) -> None:
    """Make the next close a TCP reset instead of an orderly end."""
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
