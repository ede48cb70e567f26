"""Connects: aiohttp resolves names, aiohappyeyeballs chooses an address, asyncio does TLS."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from typing import Final

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]
from aiohttp import DefaultResolver
from aiohttp.abc import AbstractResolver

from .connection import Connection
from .transport import Origin

Address = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""Family, type, protocol, canonical name and address of a socket, as of ``getaddrinfo``."""

_ADDRESSES_FOR_S: Final = 10.0
"""Seconds for which resolved addresses are used again."""
_NEXT_ADDRESS_AFTER_S: Final = 0.25
"""Seconds after which another address is tried beside one that is silent (RFC 8305)."""


class Connector:
    """Connects to one server."""

    def __init__(self, origin: Origin, ssl_context: ssl.SSLContext | None) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._origin: Final = origin
        self._context = ssl_context
        self._resolver: AbstractResolver | None = None
        self._looking_up: asyncio.Task[None] | None = None
        self._addresses: list[Address] = []
        self._resolved_until = -math.inf
        try:
            version = ip_address(origin.host).version
        except ValueError:
            pass  # a name
        else:
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            self._addresses = [_address(family, 0, origin.host, origin.port)]
            self._resolved_until = math.inf

    async def connect(self, make: Callable[[], Connection]) -> Connection:
        """Return a new connection.

        Raises:
            OSError: there is none; of TLS an ``ssl.SSLError``.
        """
        origin = self._origin
        if origin.scheme == "https" and self._context is None:
            # Reading the system's certificates takes a while, the first time.
            self._context = await asyncio.to_thread(_default_context)
        addresses = await self._resolve()
        connected = await start_connection(
            addresses, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER_S, loop=self._loop
        )
        taken: Connection | None = None

        def take() -> Connection:
            nonlocal taken
            taken = make()
            return taken

        try:
            _, protocol = await self._loop.create_connection(
                take,
                sock=connected,
                ssl=self._context if origin.scheme == "https" else None,
                server_hostname=origin.host.rstrip(".") if origin.scheme == "https" else None,
            )
        except BaseException:
            if taken is None:
                connected.close()
            else:
                # The loop has the socket and looks at it until its end: closed here, its number
                # would soon be that of another. That end may be a long goodbye of TLS.
                taken.break_off()
            raise
        return protocol

    async def close(self) -> None:
        """End the resolver."""
        if self._looking_up is not None:
            self._looking_up.cancel()
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    async def _resolve(self) -> list[Address]:
        """Return the addresses of the server, another one first each time."""
        if self._loop.time() >= self._resolved_until:
            # Once for all calls that wait, and for all of them in vain if there is none.
            if self._looking_up is None:
                self._looking_up = self._loop.create_task(self._look_up())
                self._looking_up.add_done_callback(self._looked_up)
            await asyncio.shield(self._looking_up)
        addresses = self._addresses
        self._addresses = [*addresses[1:], addresses[0]]
        return addresses

    async def _look_up(self) -> None:
        if self._resolver is None:
            self._resolver = DefaultResolver()
        origin = self._origin
        found = await self._resolver.resolve(origin.host, origin.port, family=socket.AF_UNSPEC)
        if not found:
            raise OSError("the name has no address")
        self._addresses = [
            _address(each["family"], each["proto"], each["host"], each["port"]) for each in found
        ]
        self._resolved_until = self._loop.time() + _ADDRESSES_FOR_S

    def _looked_up(self, task: asyncio.Task[None]) -> None:
        self._looking_up = None
        if not task.cancelled():
            task.exception()  # it may be that no call waits for it any more


def _address(family: int, proto: int, host: str, port: int) -> Address:
    where = (host, port, 0, 0) if family == socket.AF_INET6 else (host, port)
    return (family, socket.SOCK_STREAM, proto, "", where)


@cache
def _default_context() -> ssl.SSLContext:
    """Return the context that trusts what Python trusts, or ``SSL_CERT_FILE`` names."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
