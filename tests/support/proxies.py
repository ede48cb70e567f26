"""HTTP proxies that make tunnels, and TLS in front of a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from .servers import Certificate, Peer, serving

TUNNEL: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
"""The reply of a proxy that makes a tunnel."""


class Heard:
    """Requests to a proxy, and its replies.

    Attributes:
        url: where the proxy listens.
        heads: the heads of requests.
        passed: the bytes that clients sent through its tunnels.
        replies: replies to the next requests in place of a tunnel; an empty one ends the
            connection.
    """

    def __init__(self) -> None:
        self.url = ""
        self.heads: list[str] = []
        self.passed = bytearray()
        self.replies: list[bytes] = []


@asynccontextmanager
async def connect_proxy(
    certificate: Certificate | None = None, *replies: bytes
) -> AsyncGenerator[Heard]:
    """Run a proxy that makes tunnels to this machine, with TLS of its own if it has a certificate.

    The last of ``replies`` is repeated for ever.
    """
    heard = Heard()
    heard.replies.extend(replies)

    async def serve(peer: Peer) -> None:
        head = (await peer.head()).decode()
        if not head:
            return
        heard.heads.append(head)
        if heard.replies:
            reply = heard.replies.pop(0) if len(heard.replies) > 1 else heard.replies[0]
            if reply != TUNNEL:
                await peer.say(reply)
                return
        port = int(head.split()[1].rpartition(":")[2])
        await peer.say(TUNNEL)
        await relay(peer, port, heard.passed)

    context = None if certificate is None else certificate.for_server()
    async with serving(serve, context) as server:
        heard.url = server.url
        yield heard


@asynccontextmanager
async def behind_tls(url: str, certificate: Certificate) -> AsyncGenerator[str]:
    """Serve an HTTP server of this machine by https, at a host name."""
    port = int(url.rpartition(":")[2])
    async with serving(
        lambda peer: relay(peer, port, bytearray()), certificate.for_server()
    ) as server:
        yield server.url


async def relay(peer: Peer, port: int, passed: bytearray) -> None:
    """Pass bytes on in both directions until one side has ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(
        source: asyncio.StreamReader, target: asyncio.StreamWriter, note: bytearray
    ) -> None:
        try:
            while piece := await source.read(1 << 16):
                note.extend(piece)
                target.write(piece)
        finally:
            target.close()

    try:
        await asyncio.gather(
            pump(peer.reader, writer, passed), pump(reader, peer.writer, bytearray())
        )
    finally:
        writer.close()
