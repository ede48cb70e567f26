"""The one place that touches aiohttp: a request goes in, an answer or a failure comes out."""

from __future__ import annotations

import asyncio
import math
import zlib
from typing import Final, Protocol

import aiohttp
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


class Request:
    """One request, ready to be sent as often as need be. Its ``repr`` shows no values."""

    __slots__ = ("body", "headers", "method", "url")

    def __init__(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> None:
        self.method = method
        # Encoded by us, to the letter: yarl would normalise `..` and `%2F` once more.
        self.url = URL(url, encoded=True)
        self.headers = headers
        self.body = body

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
        self._timeouts: Final[dict[tuple[float, float], aiohttp.ClientTimeout]] = {}

    @property
    def closed(self) -> bool:
        """Whether the aiohttp session can no longer be used."""
        return self._http.closed

    async def close(self) -> None:
        """Close the aiohttp session, unless it was handed in."""
        if self._owned:
            await self._http.close()

    async def send(
        self, request: Request, authorization: str | None, options: Options, timeout: float
    ) -> Answer | Failure:
        """Send once, and tell by the failure whether the server can have seen it."""
        sending = self._send(request, authorization, options, timeout)
        # A cancellation passes frames that hold the token in their variables, and whoever shows
        # its traceback may show those: it starts anew from here, where there is none.
        del authorization
        try:
            return await sending
        except asyncio.CancelledError as cancelled:
            reasons = cancelled.args
        raise asyncio.CancelledError(*reasons)

    async def _send(
        self, request: Request, authorization: str | None, options: Options, timeout: float
    ) -> Answer | Failure:
        headers = {**self._extra_headers, **request.headers}
        if authorization is not None:
            headers[hdrs.AUTHORIZATION] = authorization
        status: int | None = None
        try:
            async with self._http.request(
                request.method,
                request.url,
                data=request.body,
                headers=headers,
                timeout=self._timeout(options, timeout),
                allow_redirects=False,
                auto_decompress=False,
                raise_for_status=False,
            ) as response:
                status = response.status
                limit = options.max_response_bytes
                # On the way of nearly every call: the length is known and within the limit.
                length = response.content_length
                if length is not None and length <= limit:
                    body = await response.read()
                else:
                    read = await _read_bounded(response, limit)
                    if read is None:
                        return _too_large(limit, status)
                    body = read
                encoding = response.headers.get(hdrs.CONTENT_ENCODING)
                if encoding is not None and encoding.lower() != "identity":
                    return _decompressed(response, body, encoding.lower(), limit)
                return Answer(status, response.headers, body)
        # Most particular first: aiohttp's own timeouts and connection errors overlap.
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            kind, detail = FailureKind.NOT_SENT, f"cannot connect ({_reason(error)})"
        except TimeoutError:
            kind, detail = FailureKind.TIMED_OUT, "no whole answer in time"
        except aiohttp.ClientResponseError as error:
            kind, detail = FailureKind.MALFORMED, f"the answer is not HTTP ({type(error).__name__})"
        except (aiohttp.ClientError, OSError) as error:
            kind, detail = FailureKind.BROKEN, f"the connection broke ({type(error).__name__})"
        return Failure(kind, detail, status)

    def _timeout(self, options: Options, total: float) -> aiohttp.ClientTimeout:
        if total != options.attempt_timeout:
            return _client_timeout(total, options.connect_timeout)
        key = (total, options.connect_timeout)
        found = self._timeouts.get(key)
        if found is None:
            found = self._timeouts[key] = _client_timeout(*key)
        return found


def _client_timeout(total: float, connect: float) -> aiohttp.ClientTimeout:
    # Below the total, so that a server which cannot be reached is told apart from one that took
    # the request and is silent. No rounding up to whole seconds: a deadline is a deadline.
    return aiohttp.ClientTimeout(
        total=total, connect=min(connect, total * 0.9), ceil_threshold=math.inf
    )


async def _read_bounded(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """Read a body of unknown length; None if it is longer than ``limit``."""
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
