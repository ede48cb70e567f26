"""Reads any response with aiohttp's parser, and finds out where it ends.

One parser serves the responses of a connection, up to one in chunks. It would mix the end of one
response up with the beginning of another that came in the same packet, and lose both if that is no
HTTP, so it is fed in pieces that end where a response may end: at an empty line, or at the end of a
body of known length.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final, NamedTuple

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser, RawResponseMessage

from .content_coding import too_large
from .plain_head import seconds_kept
from .response import Failure, Response
from .transport import KEEPALIVE_S, MAX_HEAD_BYTES, MAX_HEADERS, answer_of, broken, not_http

_EMPTY_LINE: Final = re.compile(rb"\n\r?\n").search
_SWITCHING_PROTOCOLS: Final = 101
_BUFFER_BYTES: Final = 1 << 30
"""More than is ever fed at once: the parser's flow control is not used."""


class Read(NamedTuple):
    """A response that was read to its end.

    Args:
        outcome: the response, or the reason why it is none.
        keep: seconds for which the connection may be kept, 0.0 if it is to be closed.
    """

    outcome: Response | Failure
    keep: float


class ResponseReader:
    """Reads the responses of one connection, one after the other."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Final = loop
        self._usual = self._new_parser(with_body=True)
        self._incoming: _Incoming | None = None

    def begin(self, *, bodiless: bool, limit: int) -> None:
        """Prepare for a response.

        Args:
            bodiless: True if it has no body whatever its head says, as that of a HEAD.
            limit: the longest body, in bytes.
        """
        if self._incoming is not None and self._incoming.is_chunked:
            # The parser would put its trailer among the headers of the next response.
            self._usual = self._new_parser(with_body=True)
        self._parser = self._new_parser(with_body=False) if bodiless else self._usual
        self._limit = limit
        self._incoming = None
        self._head_bytes = 0
        self._seam = b""  # the last two bytes: an empty line may come in two pieces

    def _new_parser(self, *, with_body: bool) -> HttpResponseParser:
        return HttpResponseParser(
            BaseProtocol(self._loop),
            self._loop,
            _BUFFER_BYTES,
            max_line_size=MAX_HEAD_BYTES,
            max_field_size=MAX_HEAD_BYTES,
            max_headers=MAX_HEADERS,
            response_with_body=with_body,
            read_until_eof=True,
            auto_decompress=False,
        )

    @property
    def status(self) -> int | None:
        """Status of the response that is being read, once it is known."""
        return None if self._incoming is None else self._incoming.status

    def feed(self, data: bytes) -> Read | None:
        """Take bytes of the connection; return the response once it is complete."""
        while self._incoming is None:
            if not data:
                return None
            found = _EMPTY_LINE(self._seam + data)
            end = len(data) if found is None else found.end() - len(self._seam)
            piece, data = data[:end], data[end:]
            self._seam = (self._seam + piece)[-2:] if found is None else b""
            self._head_bytes += len(piece)
            if self._head_bytes > MAX_HEAD_BYTES:
                return Read(not_http(f"its head is over {MAX_HEAD_BYTES} bytes", None), 0.0)
            try:
                messages, _, _ = self._parser.feed_data(piece)
            except Exception as error:  # noqa: BLE001  # all that a parser may raise
                return Read(not_http(type(error).__name__, None), 0.0)
            for message, payload in messages:
                # 1xx come before the response itself, and are a part of its head.
                if message.code >= 200 or message.code == _SWITCHING_PROTOCOLS:
                    self._incoming = _Incoming(self._parser, message, payload, self._limit)
        return self._incoming.feed(data)

    def end(self) -> Read:
        """Take the end of the connection, which may be the end of the response."""
        cut = Read(broken("closed by the server", self.status), 0.0)
        if self._incoming is None:
            return cut
        try:
            # It knows more names of a length than the mapping of headers does.
            self._parser.feed_eof()
        except Exception:  # noqa: BLE001  # all that a parser may raise
            return cut
        return self._incoming.whole(unasked=True)


class _Incoming:
    """A response whose head was read.

    Attributes:
        status: its status.
        is_chunked: True if its body comes in chunks.
    """

    def __init__(
        self,
        parser: HttpResponseParser,
        message: RawResponseMessage,
        payload: StreamReader,
        limit: int,
    ) -> None:
        self._parser: Final = parser
        self._message: Final = message
        self._payload: Final = payload
        self._limit: Final = limit
        self.status: Final[int] = message.code
        self.is_chunked: Final[bool] = message.chunked
        self._missing: int | None = None  # bytes of a body of known length
        self._idle_bytes = 0  # of a chunked body, since the last byte of its content
        # One buffer, because a piece may be a single byte.
        self._body: Final = bytearray()
        self._seam = b""
        length = message.headers.get("Content-Length")
        if length is not None and not self.is_chunked and not payload.is_eof():
            self._missing = int(length)  # the parser has checked it

    def feed(self, data: bytes) -> Read | None:
        """Take bytes of the body; return the response once it is complete."""
        if self._missing is not None and self._missing > self._limit:
            return Read(too_large(self._limit, self.status), 0.0)
        while not self._payload.is_eof():
            if not data:
                return None
            piece, data = self._split(data)
            failure, extra = self._parse(piece)
            if failure is not None:
                return Read(failure, 0.0)
            if extra:
                return self.whole(unasked=True)
        return self.whole(unasked=bool(data))

    def _parse(self, piece: bytes) -> tuple[Failure | None, bool]:
        """Take a piece of the body; return its failure, and whether more came than the response."""
        extra = False
        try:
            messages, _, _ = self._parser.feed_data(piece)
            extra = bool(messages)
        except Exception as error:  # noqa: BLE001  # all that a parser may raise
            if not self._payload.is_eof():
                return not_http(type(error).__name__, self.status), False
            extra = True  # bytes after the response that are no other one
        content = self._payload.read_nowait()
        self._body.extend(content)
        if len(self._body) > self._limit:
            return too_large(self._limit, self.status), False
        self._idle_bytes = 0 if content else self._idle_bytes + len(piece)
        if self._idle_bytes > MAX_HEAD_BYTES:
            return not_http("a chunk without content", self.status), False
        return None, extra

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        """Cut bytes of a body where the response may end."""
        if self._missing is not None:
            piece = data[: self._missing]
            self._missing -= len(piece)
            return piece, data[len(piece) :]
        if not self.is_chunked:
            return data, b""
        # The last of the empty lines: content may hold many of them.
        text = self._seam + data
        if text.endswith(b"\n\r\n"):  # nearly always
            self._seam = text[-2:]
            return data, b""
        end = 0
        for empty_line in (b"\n\r\n", b"\n\n"):
            place = text.rfind(empty_line)
            if place >= 0:
                end = max(end, place + len(empty_line) - len(self._seam))
        self._seam = text[-2:]
        return (data[:end], data[end:]) if end else (data, b"")

    def whole(self, *, unasked: bool) -> Read:
        """Return the response.

        Args:
            unasked: True if the connection cannot be kept, because of bytes after it or its end.
        """
        message = self._message
        keep = KEEPALIVE_S
        if unasked or message.should_close or message.code == _SWITCHING_PROTOCOLS:
            keep = 0.0
        else:
            for stated in message.headers.getall("Keep-Alive", ()):
                keep = min(keep, seconds_kept(stated))
        body = bytes(self._body)
        return Read(answer_of(message.code, message.headers, body, self._limit), keep)
