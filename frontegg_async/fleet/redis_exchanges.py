"""The limits of a fleet in Redis. Needs the extra ``redis``."""
# pyright: reportUnknownMemberType=false
# redis-py 8.1 leaves the keyword arguments of some commands untyped.

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from .._core.extras import imports_of

with imports_of("redis", __name__):
    from redis.asyncio import Redis

    # One of them has the name of a built-in error, which it is no child of.
    from redis.exceptions import ConnectionError, NoScriptError, RedisError, ResponseError  # noqa: A004

from .news import GateNews, Grant, News
from .script import (
    GATE_BYTES,
    NEWS_BYTES,
    STORED_FORMAT,
    packed_news,
    source,
    unpacked_gate,
    unpacked_grant,
)

_logger: Final = logging.getLogger("frontegg_async.fleet")

KEEP_MS: Final = 600_000
"""Milliseconds after its last exchange for which a limit is kept."""
RECONNECT_S: Final = 1.0
"""Seconds until a lost subscription is made again."""
SILENCE_S: Final = 15.0
"""Seconds without a message after which a subscription is asked for a sign of life."""


@cache
def _script() -> tuple[bytes, bytes]:
    """Return the script and its name in Redis, which is its SHA-1."""
    text = source().encode()
    return text, hashlib.sha1(text, usedforsecurity=False).hexdigest().encode()


def _packed(command: Sequence[bytes]) -> bytes:
    """Return a command as Redis reads it. redis-py's own packing is a tenth of an exchange."""
    parts = [b"*%d\r\n" % len(command)]
    parts += [b"$%d\r\n%b\r\n" % (len(part), part) for part in command]
    return b"".join(parts)


class RedisExchanges:
    """An ``ExchangeStore`` in Redis 6.2 or newer, or Valkey, without modules.

    A limit is one hash, whose name tells neither host nor client id, and which is forgotten ten
    minutes after its last exchange. An exchange is one ``EVALSHA`` on that key; its time is the
    clock of Redis. Gates are published on one channel for all limits of the prefix::

        frontegg_async:limits:3:{<sha-256 in hex>}     the state, and a field for each member
        frontegg_async:limits:3:gates                  the channel

    Args:
        client: a client of redis-py. It is not closed. With ``decode_responses`` it cannot be used.
        prefix: beginning of the names of keys and of the channel.
    """

    def __init__(self, client: Redis, *, prefix: str = "frontegg_async:limits:") -> None:
        self._client: Final = client
        self._prefix: Final = f"{prefix}{STORED_FORMAT}:"
        self._channel: Final = f"{self._prefix}gates"
        self._free: Final[list[Any]] = []  # redis-py leaves the types of responses open
        self._keys: Final[dict[str, bytes]] = {}
        self._commands: Final[dict[tuple[str, str], tuple[bytes, bytes]]] = {}
        self._watchers: Final[dict[bytes, list[Callable[[GateNews], None]]]] = {}
        self._listener: asyncio.Task[None] | None = None

    async def exchange(self, group: str, member: str, news: News) -> Grant:
        """Exchange the news of a member of a group for a grant.

        Raises:
            redis.RedisError: Redis does not answer, or not to this client.
        """
        before, after = self._command(group, member)
        command = before + packed_news(news) + after
        try:
            granted = await self._executed(command)
        except NoScriptError:
            text, _ = _script()
            await self._executed(_packed((b"SCRIPT", b"LOAD", text)))
            granted = await self._executed(command)
        return unpacked_grant(granted)

    def _command(self, group: str, member: str) -> tuple[bytes, bytes]:
        """Return the command of an exchange, as Redis reads it, before and after the news.

        All but the news is packed once: that saves a sixth of an exchange.
        """
        found = self._commands.get((group, member))
        if found is None:
            news = bytes(NEWS_BYTES)
            _, name = _script()
            # With the same arguments, so that one round trip is all that it usually takes.
            arguments = (self._key(group), member.encode(), news, self._channel.encode())
            packed = _packed((b"EVALSHA", name, b"1", *arguments, b"%d" % KEEP_MS, b""))
            before, _, after = packed.partition(news)
            found = self._commands[group, member] = (before, after)
        return found

    async def _executed(self, packed: bytes) -> bytes:
        """Return the response to a command.

        Over connections of its own: the client's way through its pool costs twice as much.
        """
        pool: Any = self._client.connection_pool
        while True:
            kept = bool(self._free)
            connection = self._free.pop() if kept else await pool.get_connection()
            try:
                await connection.send_packed_command(packed, check_health=False)
                response: bytes = await connection.read_response(disable_decoding=True)
            except ResponseError:
                self._free.append(connection)
                raise
            except BaseException as error:
                # Its response may still come, and is nobody's.
                await connection.disconnect(nowait=True)
                await pool.release(connection)
                if kept and isinstance(error, ConnectionError):
                    continue  # it may have been closed while nothing was sent
                raise
            self._free.append(connection)
            return response

    def watch(self, group: str, heard: Callable[[GateNews], None]) -> Callable[[], None]:
        """Call ``heard`` whenever the gate of a group closes or opens; return how to end it."""
        watchers = self._watchers.setdefault(self._key(group), [])
        watchers.append(heard)
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="frontegg_async fleet, gates")

        def end() -> None:
            if heard in watchers:
                watchers.remove(heard)

        return end

    async def aclose(self) -> None:
        """End the subscription, and give all connections back to the client."""
        while self._free:
            await self._client.connection_pool.release(self._free.pop())
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.cancel()
            await asyncio.wait([listener])

    def _key(self, group: str) -> bytes:
        key = self._keys.get(group)
        if key is None:
            name = hashlib.sha256(group.encode()).hexdigest()
            key = self._keys[group] = f"{self._prefix}{{{name}}}".encode()
        return key

    async def _listen(self) -> None:
        """Hear gates, over one connection after another."""
        while True:
            pubsub: Any = self._client.pubsub(ignore_subscribe_messages=True)
            try:
                await pubsub.subscribe(self._channel)
                await self._hear_all(pubsub)
            except (RedisError, OSError) as error:
                # Members hear of gates in their exchanges too, only later.
                _logger.debug("the subscription to gates was lost: %s", type(error).__name__)
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await pubsub.aclose()
            await asyncio.sleep(RECONNECT_S)

    async def _hear_all(self, pubsub: Any) -> None:
        """Hear gates until there is no sign of life any more."""
        silent = False
        while True:
            message = await pubsub.get_message(timeout=SILENCE_S)
            if message is not None:
                silent = False
                if message["type"] == "message":
                    self._hear(message["data"])
            elif silent:
                return
            else:
                silent = True
                await pubsub.ping()

    def _hear(self, data: bytes) -> None:
        watchers = self._watchers.get(data[GATE_BYTES:])
        if not watchers:
            return
        try:
            gate = unpacked_gate(data[:GATE_BYTES])
        except struct.error:
            return  # another program's
        for heard in tuple(watchers):
            heard(gate)
