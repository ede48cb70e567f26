"""Connections of both transports: kept, shared, replaced."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gzip
from typing import Final

import pytest

from frontegg_async import FronteggSession, Operation
from frontegg_async._core.response import Failure, FailureKind, Response
from frontegg_async.operation import JSON, TokenKind

from ..support.servers import OK, Peer, answer_all, serving
from ..support.transports import (
    KINDS,
    connector_of,
    in_use,
    kept,
    request_to,
    seen,
    send,
    socket_transport,
    transport_of,
    until,
)

LIMIT: Final = 1_000
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


FIVE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]"
WHOLE: Final = {
    "length": FIVE,
    "chunks": CHUNKED + b"2\r\n[1\r\n3\r\n,2]\r\n0\r\n\r\n",
    "chunks, not plain": CHUNKED + b"2\r\n[1\r\n3;x=y\r\n,2]\r\n0\r\nX: 1\r\n\r\n",
    "hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + FIVE,
    "none": b"HTTP/1.1 204 No Content\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"
    + gzip.compress(b"[1,2]", mtime=0),
}


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", WHOLE)
async def test_an_answer_in_two_pieces(kind: str, name: str) -> None:
    """A response in two packets, cut at any byte, is read whole; its connection is kept."""
    whole = WHOLE[name]

    async def answer(peer: Peer) -> None:
        for offset in range(len(whole) + 1):
            await peer.request()
            await peer.say(whole[:offset], whole[offset:])
        await peer.gone()

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        for _ in range(len(whole) + 1):
            outcome = await send(transport, request_to(server.url))
            assert isinstance(outcome, Response)
            assert outcome.body == (b"" if name == "none" else b"[1,2]")
        assert server.connections == 1


KEPT: Final[dict[str, tuple[str, bytes, bool]]] = {
    "length": ("GET", OK, True),
    "chunks": ("GET", WHOLE["chunks"], True),
    "chunks, not plain": ("GET", WHOLE["chunks, not plain"], True),
    "chunks to the last": (
        "GET",
        CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + b"0\r\n\r\n",
        False,
    ),
    "no content": ("GET", WHOLE["none"], True),
    "not modified": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", True),
    "head": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", True),
    "hints": ("GET", WHOLE["hints"], True),
    "close": ("GET", b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", False),
    "1.0": ("GET", b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", False),
    "1.0 kept": (
        "GET",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
        True,
    ),
    "two answers": ("GET", OK + OK, False),
    "damaged": (
        "GET",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        True,
    ),
    "error": ("GET", b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}", True),
    "upgrade": (
        "GET",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        False,
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", KEPT)
async def test_which_connections_are_kept(kind: str, name: str) -> None:
    """A response that was read to its end gives its connection back, unless it says otherwise."""
    method, answer, kept = KEPT[name]

    async def twice(peer: Peer) -> None:
        while await peer.request():
            await peer.say(answer)

    async with serving(twice) as server, transport_of(kind, server.url) as transport:
        first = await send(transport, request_to(server.url, method), max_response_bytes=LIMIT)
        second = await send(transport, request_to(server.url, method), max_response_bytes=LIMIT)
        assert seen(first) == seen(second)
        assert server.connections == (1 if kept else 2)
        assert not in_use(transport)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_no_more_connections_than_allowed(kind: str) -> None:
    """More calls than a session may have connections share them, and each gets a response."""
    async with (
        serving(answer_all) as server,
        FronteggSession.for_users(
            base_url=server.url, max_connections=3, over_aiohttp=kind == "aiohttp"
        ) as session,
    ):
        operation = Operation("test.get", "GET", "/a", JSON, token=TokenKind.NONE)
        await asyncio.gather(*(session.call(operation) for _ in range(20)))
        assert server.connections == 3


UNASKED: Final = {
    "answer": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    "timeout": b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "hint": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "part": b"HTTP/1.1 2",
    "letter": b"H",
    "line": b"\r\n",
    "garbage": b"\x00\xff",
}


@pytest.mark.anyio
@pytest.mark.parametrize("closing", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("name", UNASKED)
async def test_what_comes_unasked(name: str, closing: bool) -> None:
    """Bytes on an idle connection are no response: the next call uses another connection.

    aiohttp's session is not tested: it takes them for the response of the next call.
    """
    idle = asyncio.Event()

    async def answer(peer: Peer) -> None:
        while await peer.request():
            await peer.say(OK)
            if peer.number == 1:
                await idle.wait()
                peer.writer.write(UNASKED[name])
                if closing:
                    return

    async with serving(answer) as server, socket_transport(server.url) as transport:
        await send(transport, request_to(server.url))
        idle.set()
        await until(lambda: not kept(transport))
        outcome = await send(transport, request_to(server.url))
        assert isinstance(outcome, Response)
        assert outcome.body == b"{}"
        assert server.connections == 2
        assert not in_use(transport)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_closed_while_idle(kind: str) -> None:
    """A kept connection that is known to be closed is replaced before anything is sent."""
    ended = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        ended.set()

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        await send(transport, request_to(server.url))
        await ended.wait()
        if kind == "socket":
            await until(lambda: not kept(transport))
        else:
            (pooled,) = connector_of(transport)._conns.values()
            (protocol, _), *_ = pooled
            await until(lambda: not protocol.is_connected())
        assert isinstance(await send(transport, request_to(server.url)), Response)
        assert server.connections == 2


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_closed_with_the_request(kind: str, method: str, reset: bool) -> None:
    """A kept connection that ends where a response was due is broken, and nothing is sent again."""
    heard: list[bytes] = []

    async def once(peer: Peer) -> None:
        heard.append(await peer.request())
        await peer.say(OK)
        heard.append(await peer.request())
        if reset:
            peer.writer.transport.abort()

    async with serving(once) as server, transport_of(kind, server.url) as transport:
        await send(transport, request_to(server.url, method))
        outcome = await send(transport, request_to(server.url, method))
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.status) == (FailureKind.BROKEN, None)
    assert outcome.detail.startswith("the connection broke (")
    assert len(heard) == 2
