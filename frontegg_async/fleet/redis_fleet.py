"""A fleet in Redis, named by a URL. Redis is imported when a fleet is made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import SplitResult, urlsplit

import msgspec

from .._core.secret import Secret
from ..errors import ConfigurationError

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from .redis_exchanges import RedisExchanges
    from .redis_tokens import RedisTokenStore

_OWN: Final = "the URL of the fleet (FRONTEGG_FLEET_URL)"
_PORTS: Final = {"redis": 6379, "rediss": 6379}
CONNECT_TIMEOUT_S: Final = 1.0
"""Seconds to reach Redis, unless the URL says ``socket_connect_timeout``."""
CLOSE_TIMEOUT_S: Final = 1.0
"""Seconds that closing the connections may take."""


class RedisFleet(msgspec.Struct, frozen=True):
    """A fleet of all sessions that name the same Redis and the same credentials; see ``Fleet``.

    ::

        fleet = RedisFleet.from_url("rediss://:password@redis.internal:6379/0")
        async with FronteggSession.from_env(fleet=fleet) as frontegg:
            ...

    A value: it can be pickled, and its pickle holds the password. Each session opens connections
    of its own, on its own event loop and in its own process, and closes them. Needs
    ``pip install frontegg-async[redis]``, and Redis 6.2 or newer, or Valkey. A Redis Cluster is
    not supported, although all keys of a limit are in one slot.

    Args:
        url: see ``from_url``.
        prefix: beginning of the names of all keys.

    Raises:
        ConfigurationError: the URL cannot work, or redis-py is not installed.
    """

    url: Secret
    prefix: str = "frontegg_async:"

    @classmethod
    def from_url(cls, url: str | Secret, *, prefix: str = "frontegg_async:") -> Self:
        """Make a fleet from a URL like ``redis://host:6379/0``; nothing is sent.

        Args:
            url: ``redis://``, ``rediss://`` for TLS, or ``unix:///path``, with user name, password,
                number of the database, and options of redis-py such as ``?ssl_ca_certs=FILE``.
            prefix: beginning of the names of all keys.

        Raises:
            ConfigurationError: the URL cannot work, or redis-py is not installed.
        """
        return cls(url if isinstance(url, Secret) else Secret(url), prefix)

    def __post_init__(self) -> None:
        prefix: object = self.prefix  # not every caller checks types
        if not isinstance(prefix, str) or "{" in prefix or "}" in prefix:  # pyright: ignore[reportUnnecessaryIsInstance]
            # Braces would choose the slot of a cluster, instead of those of the keys.
            raise ConfigurationError("the prefix of a fleet must be a string without { and }")
        problem = _problem_of(self.url)
        if problem is not None:
            raise ConfigurationError(f"{_OWN} {problem}")

    def new_member(self) -> RedisMember:
        """Return a member for one session, of the running event loop. Sends nothing yet."""
        return RedisMember(_client(self.url), self.prefix)

    @property
    def address(self) -> str:
        """The URL without user name, password and options."""
        return _address(urlsplit(self.url.reveal()))

    def __reduce__(self) -> tuple[object, ...]:
        return (_made_again, (self.url.reveal(), self.prefix))

    def __repr__(self) -> str:
        return f"RedisFleet({self.address!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than ``repr``."""
        return [("url", self.address)]


def _made_again(url: str, prefix: str) -> RedisFleet:
    return RedisFleet.from_url(url, prefix=prefix)


class RedisMember:
    """The part of one open session in a fleet in Redis: its connections."""

    def __init__(self, client: Redis, prefix: str) -> None:
        from .redis_exchanges import RedisExchanges
        from .redis_tokens import RedisTokenStore

        self._client: Final = client
        self.token_store: Final[RedisTokenStore] = RedisTokenStore(client, prefix=f"{prefix}token:")
        self.exchanges: Final[RedisExchanges] = RedisExchanges(client, prefix=f"{prefix}limits:")

    async def aclose(self) -> None:
        """Close the connections, also to a Redis that does not answer."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self.exchanges.aclose()
                await self._client.aclose(close_connection_pool=True)
        except Exception:  # noqa: BLE001, S110  # of a connection that was lost: it is closed then
            pass


def _client(url: Secret) -> Redis:
    """Return a client, not connected yet."""
    from redis.asyncio import ConnectionPool, Redis
    from redis.asyncio.connection import Connection, parse_url

    given: dict[str, Any] = dict(parse_url(url.reveal()))
    kind = given.pop("connection_class", Connection)
    return Redis(connection_pool=ConnectionPool(kind, **_arguments(given)))


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a connection; those of the URL beat most of ours."""
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        # Every command has its own deadline; a subscription waits for news without one.
        "socket_timeout": None,
        "protocol": 2,  # with 3, a connection begins with one more round trip
        **given,
        "decode_responses": False,
        # A Redis that fails is left out for a while instead.
        "retry": Retry(NoBackoff(), 0),
    }


def _problem_of(url: Secret) -> str | None:
    """Say why a URL cannot be that of a fleet, or return None.

    Neither raises nor shows any of it: it may hold a password.

    Raises:
        ConfigurationError: redis-py is not installed.
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
    try:
        from redis.asyncio.connection import Connection, parse_url
        from redis.exceptions import RedisError

        # Imported here and not when a session is opened, where calls may be waiting already.
        from . import redis_exchanges, redis_tokens  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        missing = "RedisFleet needs redis: pip install 'frontegg-async[redis]'"
        raise ConfigurationError(missing) from None
    try:
        given: dict[str, Any] = dict(parse_url(url.reveal()))
        # Making one connects nothing; it is the only list of options that there is.
        given.pop("connection_class", Connection)(**_arguments(given))
    except (TypeError, ValueError, AttributeError, RedisError):
        return "has an option after the ? that redis-py does not take, or not with such a value"
    return None


def _address(parts: SplitResult) -> str:
    if parts.scheme == "unix":
        return f"unix://{parts.path}"
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        f"{parts.scheme}://{host}:{parts.port or _PORTS[parts.scheme]}/{parts.path.strip('/') or 0}"
    )
