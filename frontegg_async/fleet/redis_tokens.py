"""A token store in Redis, which a ``RedisFleet`` has as well. Needs the extra ``redis``."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final

import msgspec

from .._core.extras import imports_of

with imports_of("redis", __name__):
    from redis.asyncio import Redis
    from redis.exceptions import ResponseError

from ..auth.token_stores import StoredToken

# In one step, so that a token that another process saves meanwhile is never the one deleted.
# A value that is no token, or of another Redis type, is left alone: the next save replaces it.
_DISCARD: Final = """
local read, token = pcall(cjson.decode, redis.pcall('GET', KEYS[1]))
if read and type(token) == 'table' and token.value == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""

_RELEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(StoredToken).decode


class RedisTokenStore:
    """A ``TokenStore`` in Redis, for ``FronteggSession(token_store=...)``.

    ::

        async with (
            Redis(host="redis.internal", socket_timeout=1) as redis,
            FronteggSession.from_env(token_store=RedisTokenStore(redis)) as frontegg,
        ):
            ...

    One string is kept for each pair of host and credentials, until its token expires by the
    clock of Redis::

        frontegg_async:token:<sha-256 in hex>  {"value":"<token>","issued_at":…,"expires_at":…}

    **The token stands there in plain text, and is a live credential**: any reader of the key can
    act as the environment until the token expires. ``MONITOR`` and the slow log show it too.
    Use a Redis that only the application reaches, with a password and, beyond the machine, TLS.
    The api key is not stored, and the name of the key does not tell it.

    Sessions that start in the same moment fetch one token: a second key, ``<key>:lease``, says for
    five seconds at most which session is fetching it, and the others wait for it to be stored.

    A Redis that fails, or takes longer than half a second, is logged and left out for 2 seconds:
    the session fetches its token itself. No call that has a token waits for Redis.

    Args:
        client: a client of redis-py, ``decode_responses`` or not. It is not closed.
        prefix: beginning of the names of keys.
    """

    def __init__(self, client: Redis, *, prefix: str = "frontegg_async:token:") -> None:
        self._client: Final = client
        self._prefix: Final = prefix

    async def load(self, key: str) -> StoredToken | None:
        """Return the token under ``key``; None if there is no value, or one that is no token.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        try:
            found = await self._client.get(self._prefix + key)
            return None if found is None else _decode(found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # msgspec raises the last one for nested brackets without end.
            return None
        except ResponseError as error:
            # A list or a hash under the key is no token either.
            if str(error).startswith("WRONGTYPE"):
                return None
            raise

    async def save(self, key: str, token: StoredToken) -> None:
        """Keep ``token`` under ``key`` until its ``expires_at``, in place of any other value.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        await self._client.set(
            self._prefix + key, _encode(token), pxat=int(token.expires_at * 1_000)
        )

    async def discard(self, key: str, value: str) -> None:
        """Forget ``key`` if its token is still ``value``, in one step; leave a newer one alone.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        discarding = self._evaluate(_DISCARD, self._prefix + key, value)
        del value  # the variables of this frame may be shown, if Redis fails
        await discarding

    async def lease(self, key: str, holder: str, seconds: float) -> bool:
        """Return whether ``holder`` may fetch the token of ``key``; one at a time may.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        name = f"{self._prefix}{key}:lease"
        return bool(await self._client.set(name, holder, nx=True, px=int(seconds * 1_000)))

    async def release(self, key: str, holder: str) -> None:
        """End the lease of ``key`` if it is ``holder``'s.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        await self._evaluate(_RELEASE, f"{self._prefix}{key}:lease", holder)

    def _evaluate(self, script: str, key: str, argument: str) -> Awaitable[Any]:
        # Whole and not by its hash: it is short, and takes one round trip, also the first time.
        client: Any = self._client  # redis-py leaves the types of commands open
        evaluated: Awaitable[Any] = client.eval(script, 1, key, argument)
        return evaluated
