"""The one place that touches aiohttp: a request goes in, an answer or a failure comes out."""

from __future__ import annotations

import asyncio
import math
import zlib
from typing import Any, Final, Protocol

import aiohttp
import msgspec
from aiohttp import hdrs
from yarl import URL

from ._version import __version__
from .answer import Answer, Failure, FailureKind
from .options import Options

KEEPALIVE: Final = 30.0
"""Seconds an idle connection is kept: a new one over TLS costs as much CPU as several calls."""

DEFAULT_HEADERS: Final[dict[str, str]] = {
    # Named so that aiohttp has nothing left to generate for each request.
    hdrs.ACCEPT: "application/json",
    hdrs.ACCEPT_ENCODING: "identity",
    hdrs.USER_AGENT: f"frontegg-async/{__version__}",
}

_DECOMPRESSORS: Final = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Request(msgspec.Struct, eq=False):
    """One request, ready to be sent as often as need be. Its ``repr`` shows no values.

    Args:
        method: HTTP method.
        url: encoded by us, to the letter: yarl would normalise ``..`` and ``%2F`` once more.
        headers: all but the authorization.
        body: JSON, or None.
    """

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None

    def __repr__(self) -> str:
        return f"<Request {self.method}>"


class Transport(Protocol):
    """What a session asks of the network."""

    @property
    def closed(self) -> bool:
        """Whether it can no longer be used."""
        ...

    async def send(
        self, request: Request, authorization: str | None, options: Options, timeout: float
    ) -> Answer | Failure:
        """Send once; never raise for anything that the network or the server does.

        Args:
            request: what to send.
            authorization: value of the header, or None.
            options: ``connect_timeout`` and ``max_response_bytes`` apply.
            timeout: seconds from here to the end of the answer.
        """
        ...

    async def close(self) -> None:
        """Close the connections, if they are the transport's own."""
        ...


class AiohttpTransport:
    """Sends with an ``aiohttp.ClientSession``: its own, or one handed in, which stays open."""

    def __init__(self, http: aiohttp.ClientSession | None, *, max_connections: int) -> None:
        self._owned: Final = http is None
        self._http: Final = http or aiohttp.ClientSession(
            # As many as the session has permits, so nobody ever waits in aiohttp's own queue.
            connector=aiohttp.TCPConnector(limit=max_connections, keepalive_timeout=KEEPALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=DEFAULT_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )
        if self._owned:
            # aiohttp would send GET, PUT and DELETE a second time by itself, beyond
            # ``max_attempts`` and the budget. There is no public switch for it.
            self._http._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        # A session of somebody else has other defaults: then ours go with every request.
        self._extra_headers: Final = {} if self._owned else DEFAULT_HEADERS
        # Nearly every call has the timeout of the one before it.
        self._last_options: Options | None = None
        self._last_timeout = aiohttp.ClientTimeout()

    @property
    def closed(self) -> bool:
        """Whether an aiohttp session that was handed in has been closed by its owner."""
        return not self._owned and self._http.closed

    async def close(self) -> None:
        """Close the aiohttp session, unless it was handed in."""
        if self._owned:
            await self._http.close()

    async def send(
        self, request: Request, authorization: str | None, options: Options, timeout: float
    ) -> Answer | Failure:
        """Send once, and tell by the failure whether the server can have seen it."""
        headers = {**self._extra_headers, **request.headers}
        if authorization is not None:
            headers[hdrs.AUTHORIZATION] = authorization
        response: aiohttp.ClientResponse | None = None
        cancelled: tuple[Any, ...] | None = None
        kind, detail = FailureKind.BROKEN, ""
        try:
            # Not ``async with``: an answer that is read to its end has given its connection back,
            # one that is not is closed below, and the four coroutines of it would do no more.
            response = await self._http.request(
                request.method,
                request.url,
                data=request.body,
                headers=headers,
                timeout=self._timeout(options, timeout),
                allow_redirects=False,
                auto_decompress=False,
                raise_for_status=False,
            )
            found = response.headers
            limit = options.max_response_bytes
            length = found.get(hdrs.CONTENT_LENGTH)
            # On the way of nearly every call: the length is known and within the limit.
            if length is not None and length.isdecimal() and int(length) <= limit:
                body = await response.read()
            else:
                read = await _read_bounded(response, limit)
                if read is None:
                    return _too_large(limit, response.status)
                body = read
            encoding = found.get(hdrs.CONTENT_ENCODING)
            if encoding is not None and encoding.lower() != "identity":
                return _decompressed(response, body, encoding.lower(), limit)
            return Answer(response.status, found, body)
        # Most particular first: aiohttp's own timeouts and connection errors overlap.
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            kind, detail = FailureKind.NOT_SENT, f"cannot connect ({_reason(error)})"
        except TimeoutError:
            kind, detail = FailureKind.TIMED_OUT, "no whole answer in time"
        except aiohttp.ClientResponseError as error:
            kind, detail = FailureKind.MALFORMED, f"the answer is not HTTP ({type(error).__name__})"
        except (aiohttp.ClientError, OSError) as error:
            detail = f"the connection broke ({type(error).__name__})"
        except asyncio.CancelledError as error:
            cancelled = error.args
        if cancelled is not None:
            # A cancellation has passed frames that hold the token in their variables, and whoever
            # shows its traceback may show those: it starts anew from here, where there is none.
            del headers, authorization, response
            raise asyncio.CancelledError(*cancelled)
        return Failure(kind, detail, None if response is None else response.status)

    def _timeout(self, options: Options, total: float) -> aiohttp.ClientTimeout:
        if options is self._last_options and total == options.attempt_timeout:
            return self._last_timeout
        timeout = _client_timeout(total, options.connect_timeout)
        if total == options.attempt_timeout:
            self._last_options, self._last_timeout = options, timeout
        return timeout


def _client_timeout(total: float, connect: float) -> aiohttp.ClientTimeout:
    # Below the total, so that a server which cannot be reached is told apart from one that took
    # the request and is silent. No rounding up to whole seconds: a deadline is a deadline.
    return aiohttp.ClientTimeout(
        total=total, connect=min(connect, total * 0.9), ceil_threshold=math.inf
    )


async def _read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """Read a body of unknown length; None if it is longer than ``limit``."""
    try:
        if response.content_length is not None:
            return None
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        # Of a body that was read to its end the connection is back already.
        response.close()


def _decompressed(
    response: aiohttp.ClientResponse, body: bytes, encoding: str, limit: int
) -> Answer | Failure:
    """Undo a compression that was not asked for, never past ``limit`` bytes."""
    window = _DECOMPRESSORS.get(encoding)
    if window is None:
        return Failure(
            FailureKind.MALFORMED, f"cannot decompress {encoding[:20]!r}", response.status
        )
    decompressor = zlib.decompressobj(window)
    try:
        plain = decompressor.decompress(body, limit + 1)
    except zlib.error:
        return Failure(FailureKind.MALFORMED, "the compressed body is damaged", response.status)
    if len(plain) > limit:
        return _too_large(limit, response.status)
    if body and not decompressor.eof:
        return Failure(FailureKind.BROKEN, "the compressed body ends too early", response.status)
    return Answer(response.status, response.headers, plain)


def _too_large(limit: int, status: int) -> Failure:
    return Failure(
        FailureKind.TOO_LARGE, f"the body is longer than max_response_bytes ({limit})", status
    )


def _reason(error: Exception) -> str:
    """Say why in a few words; the exception's own text may hold the URL and more."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    text = getattr(cause, "strerror", None)
    return text if isinstance(text, str) and text else type(cause).__name__
