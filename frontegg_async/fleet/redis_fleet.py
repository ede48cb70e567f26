"""A fleet in Redis, named by a URL. Redis is imported when a fleet is made."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from .._core.extras import install
from .._core.secret import Secret
from ..errors import ConfigurationError
from .redis_url import address_of, client_of, problem_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from .redis_exchanges import RedisExchanges
    from .redis_tokens import RedisTokenStore

_OWN: Final = "the URL of the fleet (FRONTEGG_FLEET_URL)"
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
        url: object = self.url
        if not isinstance(url, Secret):  # pyright: ignore[reportUnnecessaryIsInstance]  # likewise
            raise ConfigurationError("a fleet is made from its URL by RedisFleet.from_url")
        try:
            problem = problem_of(url)
            # Imported here and not when a session is opened, where calls may be waiting already.
            from . import redis_exchanges, redis_tokens  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except ModuleNotFoundError:
            raise ConfigurationError(f"RedisFleet needs redis: {install('redis')}") from None
        if problem is not None:
            raise ConfigurationError(f"{_OWN} {problem}")

    def new_member(self) -> RedisMember:
        """Return a member for one session, of the running event loop. Sends nothing yet."""
        return RedisMember(_client(self.url), self.prefix)

    @property
    def address(self) -> str:
        """The URL without user name, password and options."""
        return address_of(self.url)

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
    """Return a client, not connected yet. Every command of it has its own deadline."""
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    # A Redis that fails is left out for a while instead of being asked again.
    return client_of(url, retry=Retry(NoBackoff(), 0))
