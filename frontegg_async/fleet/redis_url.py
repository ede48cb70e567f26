"""URLs of Redis: their check before anything is sent, and the client of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from .._core.secret import Secret

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PORTS: Final = {"redis": 6379, "rediss": 6379}
CONNECT_TIMEOUT_S: Final = 1.0
"""Seconds to reach Redis, unless the URL says ``socket_connect_timeout``."""


def client_of(url: Secret, **more: Any) -> Redis:
    """Return a client for a URL without a problem, not connected yet.

    Args:
        url: the URL, whose options beat most arguments.
        more: further arguments of a connection of redis-py.
    """
    from redis.asyncio import ConnectionPool, Redis
    from redis.asyncio.connection import Connection, parse_url

    given: dict[str, Any] = dict(parse_url(url.reveal()))
    kind = given.pop("connection_class", Connection)
    return Redis(connection_pool=ConnectionPool(kind, **_arguments(given), **more))


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a connection; those of the URL beat most of ours."""
    return {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        # Callers have deadlines of their own; a subscription waits for news without one.
        "socket_timeout": None,
        "protocol": 2,  # with 3, a connection begins with one more round trip
        **given,
        # Tokens are JSON, all else is bytes.
        "decode_responses": False,
    }


def problem_of(url: Secret) -> str | None:
    """Say why a URL cannot be that of a Redis, or return None.

    Neither raises nor shows any of it: it may hold a password.

    Raises:
        ImportError: redis-py is not installed.
    """
    text: object = url.reveal()
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not every caller checks types
        return f"must be a string like redis://host:6379/0, got {type(text).__name__}"
    if not text.strip() or not text.isprintable() or any(char.isspace() for char in text):
        return "must be a URL like redis://host:6379/0, without blanks"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:
        return (
            "is not a URL like redis://host:6379/0; in a user name or a password, /, ?, #, @ and : "
            "are percent-encoded"
        )
    problem = _odd_part(parts, host)
    return _odd_option(url) if problem is None else problem


def _odd_part(parts: SplitResult, host: str | None) -> str | None:
    if parts.scheme == "unix":
        return None if parts.path.strip("/") else "must name a socket, like unix:///run/redis.sock"
    if parts.scheme not in _PORTS:
        return "must begin with redis://, rediss:// (TLS) or unix://"
    if not host:
        return "must name a host, like redis://host:6379/0"
    if parts.path.strip("/") and not parts.path.strip("/").isdecimal():
        return "must end in the number of a database, like redis://host:6379/0"
    return "has a fragment, which the URL of Redis has not" if parts.fragment else None


def _odd_option(url: Secret) -> str | None:
    """Say which option redis-py does not take, or return None."""
    from redis.asyncio.connection import Connection, parse_url
    from redis.exceptions import RedisError

    try:
        given: dict[str, Any] = dict(parse_url(url.reveal()))
        # Making one connects nothing; it is the only list of options that there is.
        given.pop("connection_class", Connection)(**_arguments(given))
    except (TypeError, ValueError, AttributeError, RedisError):
        return "has an option after the ? that redis-py does not take, or not with such a value"
    return None


def address_of(url: Secret) -> str:
    """Return a URL without user name, password and options."""
    parts = urlsplit(url.reveal())
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}/{parts.path.strip('/') or 0}"
    )
