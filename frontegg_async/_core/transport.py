"""The network interface of a session: a request goes in, a response or a failure comes out.

    own connections       ``socket_transport``     every session, unless it says otherwise
    aiohttp's session     ``aiohttp_transport``    with ``http=``, a proxy, or ``over_aiohttp``

Both send the same requests, and give the same responses and failures. What they share is here.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NoReturn, Protocol
from urllib.parse import urlsplit

import msgspec
from multidict import CIMultiDict

from .._version import __version__
from ..options import Options
from .content_coding import decompressed
from .response import Failure, FailureKind, Response
from .secret import Secret

KEEPALIVE_S: Final = 30.0
"""Seconds an idle connection is kept: a new one over TLS costs as much CPU as several calls."""
MAX_HEAD_BYTES: Final = 65_536
"""The longest head of a response, and the longest line in it."""
MAX_HEADERS: Final = MAX_HEAD_BYTES // 4
"""As many as a head of that length can hold: its length is the bound."""

DEFAULT_HEADERS: Final[dict[str, str]] = {
    # Named so that aiohttp has nothing left to generate for each request.
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": f"frontegg-async/{__version__}",
}
_PORTS: Final = {"http": 80, "https": 443}


class Origin(msgspec.Struct, frozen=True):
    """The server of a session.

    Args:
        scheme: http or https.
        host: name or address, an IPv6 address without its brackets.
        port: TCP port.
        authority: value of the header ``Host``.
        prefix: path that every path begins with, mostly empty.
    """

    scheme: str
    host: str
    port: int
    authority: str
    prefix: str

    @classmethod
    def of(cls, base_url: str) -> Origin:
        """Return the origin of a base URL that ``resolve_base_url`` has checked."""
        parts = urlsplit(base_url)
        scheme, host = parts.scheme.lower(), parts.hostname or ""
        default = _PORTS[scheme]
        port = default if parts.port is None else parts.port
        authority = f"[{host}]" if ":" in host else host
        if port != default:
            authority = f"{authority}:{port}"
        return cls(scheme, host, port, authority, parts.path)

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class RequestHeaders:
    """The headers of requests without host, authorization and length: encoded once.

    Attributes:
        own: those besides ``DEFAULT_HEADERS``.
        encoded: the lines of all of them.
        has_type: True if a content type is among them.
    """

    __slots__ = ("encoded", "has_type", "own")

    def __init__(self, own: Mapping[str, str]) -> None:
        headers = CIMultiDict(DEFAULT_HEADERS)
        for name, value in own.items():
            headers[name] = value
        self.own: Final = dict(own)
        self.encoded: Final = b"".join(header_line(name, value) for name, value in headers.items())
        self.has_type: Final = "Content-Type" in headers

    def with_more(self, more: Mapping[str, str]) -> RequestHeaders:
        """Return these headers and others."""
        return RequestHeaders({**self.own, **more})

    def __repr__(self) -> str:
        return "<RequestHeaders>"  # their values may be secret


def header_line(name: str, value: str) -> bytes:
    """Return the line of a header.

    Raises:
        ValueError: its value would end it and begin another.
    """
    return one_line(f"{name}: {value}")


def one_line(text: str) -> bytes:
    """Return a line of a request's head.

    Raises:
        ValueError: it would end and begin another.
    """
    if "\r" in text or "\n" in text or "\0" in text:
        raise ValueError("control character detected in the head of a request")
    return f"{text}\r\n".encode()


class Request(msgspec.Struct, eq=False):
    """One request, ready to be sent as often as need be. Its ``repr`` shows no values.

    Args:
        method: HTTP method.
        target: path and query, encoded by us, to the letter.
        headers: all but host, authorization and length.
        body: JSON, or None.
    """

    method: str
    target: str
    headers: RequestHeaders
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

    def send(
        self,
        request: Request,
        authorization: Secret | None,
        options: Options,
        timeout: float,
        confirm: Callable[[], None] | None = None,
    ) -> Awaitable[Response | Failure]:
        """Send once; return an awaitable of the outcome.

        A failure of the network or the server is not raised. Who cannot await the outcome to its
        end calls ``abandon``.

        Args:
            request: the request.
            authorization: value of the header, or None.
            options: ``connect_timeout`` and ``max_response_bytes`` apply.
            timeout: seconds from here to the end of the response.
            confirm: called between the wait for a new connection and the request; what it raises
                is raised, and nothing is sent. ``AiohttpTransport`` cannot, and does not call it.
        """
        ...

    def abandon(self, pending: Awaitable[Response | Failure]) -> None:
        """End the connection of a call whose outcome is not awaited any more."""
        ...

    async def close(self) -> None:
        """Close the connections, if they are the transport's own."""
        ...


def answer_of(
    status: int, headers: Mapping[str, str], body: bytes, limit: int
) -> Response | Failure:
    """Return the response, decompressed if it is compressed although that was not asked for."""
    encoding = headers.get("Content-Encoding")
    if encoding is not None:
        plain = decompressed(body, encoding, limit, status)
        if isinstance(plain, Failure):
            return plain
        body = plain
    return Response(status, headers, body)


# Failures


def connect_timeout(options: Options, timeout: float) -> float:
    """Return the seconds for connecting.

    They are below those of the attempt, so that a server which cannot be reached is told apart
    from one that took the request and is silent.
    """
    return min(options.connect_timeout, timeout * 0.9)


def not_connected(origin: Origin, error: Exception, proxy: str | None = None) -> Failure:
    """Return the failure of an attempt that got no connection."""
    target = origin.address if proxy is None else f"{origin.address} through the proxy {proxy}"
    return Failure(FailureKind.NOT_SENT, f"cannot connect to {target} ({reason_of(error)})")


def spoken_first(origin: Origin) -> Failure:
    """Return the failure of an attempt whose new connection was not silent before the request."""
    return Failure(
        FailureKind.NOT_SENT,
        f"cannot use a connection to {origin.address} (the server sent something, or ended it, "
        "before the request)",
    )


def timed_out(status: int | None) -> Failure:
    """Return the failure of an attempt whose time is up."""
    return Failure(FailureKind.TIMED_OUT, "no complete response in time", status)


def broken(reason: str, status: int | None) -> Failure:
    """Return the failure of an attempt whose connection ended."""
    return Failure(FailureKind.BROKEN, f"the connection broke ({reason})", status)


def not_http(reason: str, status: int | None) -> Failure:
    """Return the failure of a response that is not HTTP."""
    return Failure(FailureKind.MALFORMED, f"the response is not HTTP ({reason})", status)


def reason_of(error: Exception) -> str:
    """Return the reason in a few words; the exception's own text may hold the URL and more."""
    untrusted = getattr(error, "certificate_error", error)
    if isinstance(untrusted, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: {untrusted.verify_message}; ssl_context or "
            "SSL_CERT_FILE say which are"
        )
    if isinstance(error, TimeoutError):
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
