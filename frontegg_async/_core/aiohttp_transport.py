"""Sends with an ``aiohttp.ClientSession``: one that is handed in, or one of its own.

For sessions with ``http=``, with a proxy, or with ``over_aiohttp``; ``socket_transport`` serves the
others.
"""

from __future__ import annotations

import copy
import math
import ssl
from collections.abc import Awaitable, Callable
from inspect import signature
from typing import Any, Final

import aiohttp
from aiohttp import hdrs
from aiohttp.connector import Connection
from yarl import URL

from ..options import Options
from .content_coding import too_large
from .proxies import Proxy
from .response import Failure, FailureKind, Response
from .secret import Secret, without_frames
from .transport import (
    DEFAULT_HEADERS,
    KEEPALIVE_S,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    Origin,
    Request,
    answer_of,
    broken,
    connect_timeout,
    not_connected,
    not_http,
    reason_of,
    timed_out,
)

_LONG_HEADS: Final[dict[str, Any]] = {
    name: bound
    for name, bound in {
        "max_line_size": MAX_HEAD_BYTES,
        "max_field_size": MAX_HEAD_BYTES,
        "max_headers": MAX_HEADERS,
    }.items()
    # Older versions of aiohttp do not limit the number.
    if name in signature(aiohttp.ClientSession).parameters
}


class AiohttpTransport:
    """Sends with an ``aiohttp.ClientSession``: its own, or one handed in, which stays open."""

    def __init__(
        self,
        http: aiohttp.ClientSession | None,
        origin: Origin,
        *,
        max_connections: int,
        proxy: Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._origin: Final = origin
        self._base: Final = f"{origin.scheme}://{origin.authority}"
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
                **_LONG_HEADS,
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

    def abandon(self, pending: Awaitable[Response | Failure]) -> None:
        """Do nothing: aiohttp ends the connection of a call that is cancelled."""

    async def close(self) -> None:
        """Close the aiohttp session, unless it was handed in."""
        if self._owned:
            await self._http.close()
        else:
            self._http.detach()  # the connections are its owner's

    async def send(
        self,
        request: Request,
        authorization: Secret | None,
        options: Options,
        timeout: float,
        confirm: Callable[[], None] | None = None,
    ) -> Response | Failure:
        """Send once; a failure tells if the server can have seen the request."""
        headers = {**self._extra_headers, **request.headers.own}
        proxy = self._proxy
        if authorization is not None:
            headers[hdrs.AUTHORIZATION] = authorization.reveal()
        response: aiohttp.ClientResponse | None = None
        try:
            # Not ``async with``: a response that is read to its end has given its connection
            # back, others are closed below, and four more coroutines would do no more.
            response = await self._http.request(
                request.method,
                URL(self._base + request.target, encoded=True),
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
                    read = await _read_bounded(response.content, length, limit)
                finally:
                    # Of a body that was read to its end the connection is back already.
                    response.close()
                if read is None:
                    return too_large(limit, response.status)
                body = read
            return answer_of(response.status, found, body, limit)
        except (aiohttp.ClientError, OSError) as error:
            status = None if response is None else response.status
            return _failure_of(error, status, self._origin, proxy)
        except BaseException as error:  # noqa: BLE001  # raised again
            raised = without_frames(error)
        finally:
            # The error below is raised from this frame, and tracebacks may show its variables.
            del headers, response
        raise raised

    def _timeout(self, options: Options, total: float) -> aiohttp.ClientTimeout:
        if options is self._last_options and total == options.attempt_timeout:
            return self._last_timeout
        timeout = _client_timeout(options, total)
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


def _client_timeout(options: Options, total: float) -> aiohttp.ClientTimeout:
    """Return the two timeouts of an attempt, as aiohttp wants them."""
    # No rounding up to whole seconds: a deadline is a deadline.
    return aiohttp.ClientTimeout(
        total=total, connect=connect_timeout(options, total), ceil_threshold=math.inf
    )


async def _read_bounded(
    content: aiohttp.StreamReader, length: str | None, limit: int
) -> bytes | None:
    """Read a body of unknown length; None if it is longer than ``limit``, or is said to be.

    That of a HEAD has a length and no bytes.
    """
    if length is not None and not content.at_eof():
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _failure_of(
    error: Exception, status: int | None, origin: Origin, proxy: Proxy | None
) -> Failure:
    """Return the failure for an error of aiohttp: it tells if the server can have seen the request.

    Args:
        error: an ``aiohttp.ClientError`` or an ``OSError``.
        status: status of the response, if that much had arrived.
        origin: the server.
        proxy: the proxy on the way.
    """
    at_proxy = _failure_of_proxy(error, origin, proxy)
    if at_proxy is not None:
        return at_proxy
    # Most particular first: aiohttp's own timeouts and connection errors overlap.
    if isinstance(
        error,
        # The last one is of a host that it does not take, such as 127.1.
        aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError | aiohttp.InvalidURL,
    ):
        return not_connected(origin, error, None if proxy is None else proxy.address)
    name = type(error).__name__
    if isinstance(error, TimeoutError):
        return timed_out(status)
    if isinstance(error, aiohttp.ClientResponseError):
        return not_http(name, status)
    return broken(name, status)


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


def _failure_of_proxy(error: Exception, origin: Origin, proxy: Proxy | None) -> Failure | None:
    """Return the failure if the way to the server ended at the proxy: nothing was sent."""
    name = "the proxy" if proxy is None else f"the proxy {proxy.address}"
    server = origin.address
    if isinstance(error, aiohttp.ClientHttpProxyError):
        refused = 400 <= error.status < 500 and error.status not in _PASSING
        advice = " for its user name and password" if error.status == 407 else ""
        return Failure(
            FailureKind.PROXY_REFUSED if refused else FailureKind.NOT_SENT,
            f"{name} refused a connection to {server}: it answered {error.status}{advice}. "
            "Nothing was sent",
        )
    if isinstance(error, _TunnelError | aiohttp.ClientProxyConnectionError):
        reason = str(error) if isinstance(error, _TunnelError) else reason_of(error)
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
