"""Sends with aiohttp: takes a request, returns a response or a failure.

The transport here works over any ``aiohttp.ClientSession``, such as one that is handed in;
``direct.py`` has one without it, for sessions that make their own connections.
"""

from __future__ import annotations

import copy
import errno
import math
import os
import socket
import ssl
import zlib
from collections.abc import Mapping
from typing import Any, Final, NoReturn, Protocol

import aiohttp
import msgspec
from aiohttp import hdrs
from aiohttp.connector import Connection
from yarl import URL

from .._version import __version__
from ..options import Options
from .proxies import Proxy
from .response import Failure, FailureKind, Response
from .secret import Secret, without_frames

KEEPALIVE_S: Final = 30.0
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

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Request may hold secrets and is not pickled")

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return for rich, which would otherwise read all fields, as much as ``repr`` shows."""
        return [("method", self.method)]


class Transport(Protocol):
    """Network interface of a session."""

    @property
    def closed(self) -> bool:
        """True if it can no longer be used."""
        ...

    async def send(
        self, request: Request, authorization: Secret | None, options: Options, timeout: float
    ) -> Response | Failure:
        """Send once; never raise for a failure of the network or the server.

        Args:
            request: the request.
            authorization: value of the header, or None.
            options: ``connect_timeout`` and ``max_response_bytes`` apply.
            timeout: seconds from here to the end of the response.
        """
        ...

    async def close(self) -> None:
        """Close the connections, if they are the transport's own."""
        ...


class AiohttpTransport:
    """Sends with an ``aiohttp.ClientSession``: its own, or one handed in, which stays open."""

    def __init__(
        self,
        http: aiohttp.ClientSession | None,
        *,
        max_connections: int,
        proxy: Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._proxy: Final = proxy
        self._given: Final = http
        self._owned: Final = http is None
        self._http: Final = (
            without_credentials(http)
            if http
            else aiohttp.ClientSession(
                connector=connector_for(max_connections, ssl_context, proxy),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=DEFAULT_HEADERS,
                auto_decompress=False,
                trust_env=False,
            )
        )
        if self._owned:
            # aiohttp would send GET, PUT and DELETE a second time by itself, beyond
            # ``max_attempts`` and the budget. There is no public switch for it.
            self._http._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        # A session that was handed in has other defaults: then ours go with every request.
        self._extra_headers: Final = {} if self._owned else DEFAULT_HEADERS
        # Nearly every call has the timeout of the one before it.
        self._last_options: Options | None = None
        self._last_timeout = aiohttp.ClientTimeout()

    @property
    def closed(self) -> bool:
        """True if an aiohttp session that was handed in has been closed by its owner."""
        return self._given is not None and self._given.closed

    async def close(self) -> None:
        """Close the aiohttp session, unless it was handed in."""
        if self._owned:
            await self._http.close()
        else:
            self._http.detach()  # the connections are its owner's

    async def send(
        self, request: Request, authorization: Secret | None, options: Options, timeout: float
    ) -> Response | Failure:
        """Send once; a failure tells if the server can have seen the request."""
        headers = {**self._extra_headers, **request.headers}
        proxy = self._proxy
        if authorization is not None:
            headers[hdrs.AUTHORIZATION] = authorization.reveal()
        response: aiohttp.ClientResponse | None = None
        try:
            # Not ``async with``: a response that is read to its end has given its connection
            # back, others are closed below, and four more coroutines would do no more.
            response = await self._http.request(
                request.method,
                request.url,
                data=request.body,
                headers=headers,
                timeout=self._timeout(options, timeout),
                allow_redirects=False,
                auto_decompress=False,
                raise_for_status=False,
                proxy=None if proxy is None else proxy.url,
                proxy_headers=None if proxy is None else _proxy_headers(proxy),
            )
            found = response.headers
            limit = options.max_response_bytes
            length = found.get(hdrs.CONTENT_LENGTH)
            # On the way of nearly every call: the length is known and within the limit.
            if length is not None and length.isdecimal() and int(length) <= limit:
                body = await response.read()
            else:
                try:
                    read = await read_bounded(response.content, length, limit)
                finally:
                    # Of a body that was read to its end the connection is back already.
                    response.close()
                if read is None:
                    return too_large(limit, response.status)
                body = read
            return answer_of(response.status, found, body, limit)
        except (aiohttp.ClientError, OSError) as error:
            status = None if response is None else response.status
            return failure_of(error, status, request.url, proxy)
        except BaseException as error:  # noqa: BLE001  # raised again
            raised = without_frames(error)
        finally:
            # The error below is raised from this frame, and tracebacks may show its variables.
            del headers, response
        raise raised

    def _timeout(self, options: Options, total: float) -> aiohttp.ClientTimeout:
        if options is self._last_options and total == options.attempt_timeout:
            return self._last_timeout
        timeout = client_timeout(total, options.connect_timeout)
        if total == options.attempt_timeout:
            self._last_options, self._last_timeout = options, timeout
        return timeout


def without_credentials(http: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session like ``http``, on the same connections, without cookies and credentials.

    A cookie jar belongs to one user, and a session sends for many: the refresh token that one
    user's login sets would go out with the calls of all others, and instead of theirs. Default
    credentials of its owner would go to the auth route.
    """
    # There is no public way to copy a session, nor to leave these out of a request.
    copied = copy.copy(http)
    copied._cookie_jar = aiohttp.DummyCookieJar()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    copied._default_auth = None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    # With ``trust_env`` it would look for credentials in ~/.netrc for each request: newer versions
    # of aiohttp here, older ones where a request is made.
    object.__setattr__(copied, "_get_netrc_auth", _no_netrc)
    if http.trust_env:
        copied._request_class = _without_netrc(http._request_class)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    headers = http.headers.copy()
    for name in (hdrs.AUTHORIZATION, hdrs.COOKIE):
        headers.popall(name, None)
    copied._default_headers = headers  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return copied


def _no_netrc(host: str) -> None:
    """Know no credentials for a host."""


def _without_netrc(kind: type[aiohttp.ClientRequest]) -> type[aiohttp.ClientRequest]:
    # Of the class that the session has, which may be its user's own: no type checker knows it.
    class Request(kind):  # type: ignore[misc, valid-type]
        def update_auth(self, auth: Any, trust_env: bool = False) -> None:
            super().update_auth(auth, trust_env=False)

    return Request


def client_timeout(total: float, connect: float) -> aiohttp.ClientTimeout:
    """Return the two timeouts of an attempt, as aiohttp wants them.

    The one for connecting is below the total, so that a server which cannot be reached is told
    apart from one that took the request and is silent.
    """
    # No rounding up to whole seconds: a deadline is a deadline.
    return aiohttp.ClientTimeout(
        total=total, connect=min(connect, total * 0.9), ceil_threshold=math.inf
    )


async def read_bounded(
    content: aiohttp.StreamReader, length: str | None, limit: int
) -> bytes | None:
    """Read a body of unknown length; None if it is longer than ``limit``, or is said to be."""
    if length is not None:
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def answer_of(
    status: int, headers: Mapping[str, str], body: bytes, limit: int
) -> Response | Failure:
    """Return the response, decompressed if it is compressed although that was not asked for."""
    encoding = headers.get(hdrs.CONTENT_ENCODING)
    if encoding is not None and encoding.lower() != "identity":
        return _decompressed(status, headers, body, encoding.lower(), limit)
    return Response(status, headers, body)


def _decompressed(
    status: int, headers: Mapping[str, str], body: bytes, encoding: str, limit: int
) -> Response | Failure:
    """Undo a compression, never past ``limit`` bytes."""
    window = _DECOMPRESSORS.get(encoding)
    if window is None:
        # The value of the header is not repeated: it may be the token.
        return Failure(
            FailureKind.MALFORMED, "the body is compressed in a way that was not asked for", status
        )
    decompressor = zlib.decompressobj(window)
    try:
        plain = decompressor.decompress(body, limit + 1)
    except zlib.error:
        return Failure(FailureKind.MALFORMED, "the compressed body is damaged", status)
    if len(plain) > limit:
        return too_large(limit, status)
    if body and not decompressor.eof:
        return Failure(FailureKind.BROKEN, "the compressed body ends too early", status)
    return Response(status, headers, plain)


def too_large(limit: int, status: int) -> Failure:
    """Return the failure of a response that is longer than allowed."""
    return Failure(
        FailureKind.TOO_LARGE, f"the body is longer than max_response_bytes ({limit})", status
    )


def failure_of(
    error: Exception, status: int | None, url: URL, proxy: Proxy | None = None
) -> Failure:
    """Return the failure for an error of aiohttp: it tells if the server can have seen the request.

    Args:
        error: an ``aiohttp.ClientError`` or an ``OSError``.
        status: status of the response, if that much had arrived.
        url: where the request was to go.
        proxy: the proxy on the way.
    """
    at_proxy = _failure_of_proxy(error, url, proxy)
    if at_proxy is not None:
        return at_proxy
    # Most particular first: aiohttp's own timeouts and connection errors overlap.
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
        target = f"{url.raw_host}:{url.port}"
        if proxy is not None:
            target = f"{target} through the proxy {proxy.address}"
        return Failure(
            FailureKind.NOT_SENT, f"cannot connect to {target} ({_reason(error)})", status
        )
    name = type(error).__name__
    if isinstance(error, TimeoutError):
        return Failure(FailureKind.TIMED_OUT, "no complete response in time", status)
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(FailureKind.MALFORMED, f"the response is not HTTP ({name})", status)
    return Failure(FailureKind.BROKEN, f"the connection broke ({name})", status)


def _reason(error: Exception) -> str:
    """Return the reason in a few words; the exception's own text may hold the URL and more."""
    untrusted = getattr(error, "certificate_error", None)
    if isinstance(untrusted, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {untrusted.verify_message}; ssl_context or "
            "SSL_CERT_FILE say which are"
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "no connection in time"
    # Some of aiohttp's have none, and some versions of it raise on being asked.
    cause = getattr(error, "os_error", error)
    if (
        isinstance(cause, OSError)
        # Numbers of their own, which os.strerror() would take for others.
        and not isinstance(cause, ssl.SSLError | socket.gaierror)
        and cause.errno is not None
        and cause.errno in errno.errorcode
    ):
        # asyncio's own text has the address once more: "Connect call failed ('127.0.0.1', 1)".
        return os.strerror(cause.errno)
    text = getattr(cause, "strerror", None)
    return text if isinstance(text, str) and text else type(cause).__name__


# Proxies

_PASSING: Final = frozenset({408, 425, 429})
"""Statuses below 500 of a proxy that may connect later."""


class _TunnelError(aiohttp.ClientConnectionError):
    """The way through the proxy ended before there was a connection; the text says how."""


class _TunnelConnector(aiohttp.TCPConnector):
    """Tells failures between here and the proxy apart from failures of the server.

    Both look the same to a caller: a connection that ends, a response that is not HTTP.
    """

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a connection to the server, by way of the proxy."""
        try:
            return await super().connect(req, traces, timeout)
        except (TimeoutError, aiohttp.ClientHttpProxyError, aiohttp.ClientConnectorError):
            raise  # these say it themselves
        except (aiohttp.ClientError, OSError) as error:
            ended = type(error).__name__
        raise _TunnelError(f"it ended the connection ({ended})")


def _failure_of_proxy(error: Exception, url: URL, proxy: Proxy | None) -> Failure | None:
    """Return the failure if the way to the server ended at the proxy: nothing was sent."""
    name = "the proxy" if proxy is None else f"the proxy {proxy.address}"
    server = f"{url.raw_host}:{url.port}"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = 400 <= error.status < 500 and error.status not in _PASSING
        advice = " for its user name and password" if error.status == 407 else ""
        return Failure(
            FailureKind.PROXY_REFUSED if refused else FailureKind.NOT_SENT,
            f"{name} refused a connection to {server}: it answered {error.status}{advice}. "
            "Nothing was sent",
        )
    if isinstance(error, _TunnelError | aiohttp.ClientProxyConnectionError):
        reason = str(error) if isinstance(error, _TunnelError) else _reason(error)
        return Failure(
            FailureKind.NOT_SENT,
            f"{name} made no connection to {server}: {reason}. Nothing was sent",
        )
    return None


def connector_for(
    max_connections: int, ssl_context: ssl.SSLContext | None, proxy: Proxy | None = None
) -> aiohttp.TCPConnector:
    """Return a pool of connections."""
    settings: dict[str, Any] = {
        # As many as the session's own semaphore lets through: aiohttp's queue stays empty.
        "limit": max_connections,
        "keepalive_timeout": KEEPALIVE_S,
        "ssl": True if ssl_context is None else ssl_context,
    }
    kind = aiohttp.TCPConnector if proxy is None else _TunnelConnector
    return kind(**settings)


def _proxy_headers(proxy: Proxy) -> dict[str, str]:
    """Return the headers of a CONNECT. In no variable that stays: it holds the password."""
    if proxy.authorization is None:
        return {}
    return {hdrs.PROXY_AUTHORIZATION: proxy.authorization.reveal()}
