"""One connection to the server: a Protocol that carries one call at a time."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable
from typing import Final, Protocol, cast

from .chunked_body import ChunkedBody
from .content_coding import too_large
from .plain_head import CHUNKED, PlainHead, PlainHeads
from .response import Failure, Response
from .response_reader import ResponseReader
from .transport import broken


class Owner(Protocol):
    """The pool of a connection."""

    def opened(self, connection: Connection) -> None:
        """Note that a connection was made."""
        ...

    def freed(self, connection: Connection) -> None:
        """Note that a connection carries no call any more, and may carry another."""
        ...

    def lost(self, connection: Connection) -> None:
        """Note that a connection has ended."""
        ...


class Connection(asyncio.Protocol):
    """A connection. It is idle, or carries a call.

    Attributes:
        waiter: future of the outcome of that call.
        deadline: time of the loop at which the time of its call is up.
        kept_until: time of the loop until which it may be used again.
    """

    __slots__ = (
        "_body",
        "_chunks",
        "_is_there",
        "_limit",
        "_loop",
        "_missing",
        "_owner",
        "_plain",
        "_plain_heads",
        "_poll",
        "_quiet",
        "_reader",
        "_reading",
        "_transport",
        "deadline",
        "kept_until",
        "waiter",
    )

    def __init__(
        self, owner: Owner, loop: asyncio.AbstractEventLoop, plain_heads: PlainHeads
    ) -> None:
        self._owner: Final = owner
        self._loop: Final = loop
        self._plain_heads: Final = plain_heads
        self._is_there = False
        self.waiter: asyncio.Future[Response | Failure] | None = None
        self._limit = 0
        # A response whose head was plain, and its body as far as it has come: in one buffer,
        # because a piece may be a single byte.
        self._plain: PlainHead | None = None
        self._body: Final = bytearray()
        self._missing = 0
        self._chunks: ChunkedBody | None = None
        # Any other response.
        self._reader: ResponseReader | None = None
        self._reading = False
        self.deadline = 0.0
        self.kept_until = 0.0

    # Its use

    def send(
        self, request: bytes, deadline: float, *, bodiless: bool, limit: int
    ) -> asyncio.Future[Response | Failure]:
        """Write a request, and return the future of its outcome.

        There is no wait for the other side to take it all (``drain``): the body is in memory in
        any case, nothing else is written before the response, and a response may come before the
        end of the request; then ``_finish`` closes the connection.

        Args:
            request: the request.
            deadline: time of the loop at which its time is up.
            bodiless: True if the response has no body whatever its head says.
            limit: the longest body of the response, in bytes.
        """
        waiter = self.waiter = self._loop.create_future()
        self._limit = limit
        self.deadline = deadline
        if bodiless:
            self._begin_reading(bodiless=True)
        self._transport.write(request)
        return waiter

    @property
    def status(self) -> int | None:
        """Status of the response that is being read, once it is known."""
        if self._plain is not None:
            return self._plain.status
        return self._reader.status if self._reading and self._reader is not None else None

    def fail(self, failure: Failure) -> None:
        """End the call in flight with a failure, and the connection."""
        waiter, self.waiter = self.waiter, None
        self.abort()
        if waiter is not None and not waiter.done():
            waiter.set_result(failure)

    def abandon(self) -> None:
        """End the connection and its call, for whose outcome nobody waits any more."""
        self.waiter = None
        self.abort()

    def abort(self) -> None:
        """End the connection at once.

        Closing it would wait until the other side has taken the rest of an abandoned request, or
        has said goodbye in TLS.
        """
        if self._is_there:
            self._transport.abort()

    def break_off(self) -> None:
        """End a connection whose call ended while it was being made.

        uvloop closes such a one by itself, and never says that it is lost.
        """
        self.abort()
        self._is_there = False
        self._owner.lost(self)

    @property
    def is_busy(self) -> bool:
        """True while it carries a call."""
        return self.waiter is not None

    @property
    def is_open(self) -> bool:
        """True as long as its end is not known."""
        return self._is_there and not self._transport.is_closing()

    def is_quiet(self) -> bool:
        """Return whether an idle connection takes a request, and nothing has come, by its socket.

        The loop may have been busy since, so that it has not heard of the end of the connection;
        and of a request over TLS the transport does not say how much is left, which the server may
        never read.
        """
        return self._is_there and not self._transport.is_closing() and self._poll(0) == self._quiet

    # Its events

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: no other method is called before."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of another type
        fileno = transport.get_extra_info("socket").fileno()
        self._poll = _poll_of(fileno)
        self._quiet = [(fileno, _TAKES_BYTES)]
        self._is_there = True
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Read a response, or end a connection on which something comes unasked."""
        waiter = self.waiter
        if waiter is None or waiter.done():
            self.abort()
        elif self._plain is not None:
            if self._chunks is None:
                self._take_body(self._plain, data)
            else:
                self._take_chunks(self._plain, self._chunks, self._chunks.feed(data))
        elif self._reading or (plain := self._plain_heads.read(data)) is None:
            self._read(data)
        elif plain.length > self._limit:
            self.fail(too_large(self._limit, plain.status))
        elif plain.size + plain.length == len(data):
            # Nearly every response: all of it has come at once.
            self._finish(Response(plain.status, plain.headers, data[plain.size :]), plain.keep)
        elif plain.length == CHUNKED:
            chunks = self._chunks = ChunkedBody(data, plain.size)
            self._plain = plain
            self._take_chunks(plain, chunks, chunks.begin())
        else:
            self._plain, self._missing = plain, plain.length
            self._take_body(plain, data[plain.size :])

    def eof_received(self) -> None:
        """End the call in flight: the server says no more.

        The transport would send the rest of the request first, which the server may never read.
        """
        self._end(None)
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the call in flight, if there is one."""
        self._is_there = False
        self._owner.lost(self)
        self._end(exc)

    def _end(self, exc: Exception | None) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is None or waiter.done():
            return
        if exc is not None and not isinstance(exc, ssl.SSLEOFError):
            outcome: Response | Failure = broken(type(exc).__name__, self.status)
        elif self._reading and self._reader is not None:
            outcome = self._reader.end().outcome
        else:
            outcome = broken("closed by the server", self.status)
        waiter.set_result(outcome)

    # Reading

    def _take_body(self, plain: PlainHead, data: bytes) -> None:
        """Take a part of the body of a response whose head was plain."""
        missing = self._missing
        self._body.extend(data[:missing])
        if len(data) < missing:
            self._missing = missing - len(data)
            return
        body = bytes(self._body)
        self._body.clear()
        self._plain = None
        # Bytes after the response are unasked.
        self._finish(
            Response(plain.status, plain.headers, body), plain.keep if len(data) == missing else 0.0
        )

    def _take_chunks(self, plain: PlainHead, chunks: ChunkedBody, after: bytes | None) -> None:
        """Look how far the body in chunks of a response has come whose head was plain."""
        if chunks.is_odd:
            self._plain = self._chunks = None
            for piece in chunks.unread():
                if self.waiter is None:
                    break  # it has failed
                self._read(piece)
        elif len(chunks.content) > self._limit:
            self.fail(too_large(self._limit, plain.status))
        elif after is not None:
            self._plain = self._chunks = None
            # Bytes after the response are unasked.
            self._finish(
                Response(plain.status, plain.headers, bytes(chunks.content)),
                0.0 if after else plain.keep,
            )

    def _begin_reading(self, *, bodiless: bool) -> ResponseReader:
        if self._reader is None:
            self._reader = ResponseReader(self._loop)
        self._reader.begin(bodiless=bodiless, limit=self._limit)
        self._reading = True
        return self._reader

    def _read(self, data: bytes) -> None:
        """Take a part of a response that is for the parser."""
        reader = self._reader
        if reader is None or not self._reading:
            reader = self._begin_reading(bodiless=False)
        read = reader.feed(data)
        if read is not None:
            self._reading = False
            self._finish(read.outcome, read.keep)

    def _finish(self, outcome: Response | Failure, keep: float) -> None:
        """End the call with its outcome, and keep the connection for ``keep`` seconds."""
        waiter, self.waiter = self.waiter, None
        # What is left of the request would be taken for the next one.
        if keep and not self._transport.get_write_buffer_size():
            self.kept_until = self._loop.time() + keep
            self._owner.freed(self)
        else:
            self.abort()
        if waiter is not None:
            waiter.set_result(outcome)


_TAKES_BYTES: Final[int] = getattr(select, "POLLOUT", 4)
"""Some systems lack this constant: the socket takes bytes, and has nothing to read."""


def _poll_of(fileno: int) -> Callable[[int], list[tuple[int, int]]]:
    """Return a function that asks the system about a socket, as ``poll`` of ``select.poll`` does.

    The number that it takes is that of milliseconds to wait.
    """
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fileno, select.POLLIN | select.POLLOUT)
        return poll.poll

    quiet = [(fileno, _TAKES_BYTES)]

    def ask(_: int) -> list[tuple[int, int]]:
        try:
            found = select.select([fileno], [fileno], [], 0)
        except ValueError:
            return quiet  # a number too large for it: not known, and no reason to use no connection
        except OSError:
            return []  # closed
        return quiet if found == ([], [fileno], []) else []

    return ask
