"""Requests of megabytes, with both transports."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from frontegg_async._core.response import Failure, FailureKind, Response

from ..support.servers import OK, Peer, serving
from ..support.transports import KINDS, in_use, kept, request_to, seen, send, transport_of, until

LARGE: Final = 12 << 20
LARGE_IS_MEANT: Final = pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")


@LARGE_IS_MEANT
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_large_request_arrives_whole(kind: str) -> None:
    """A body of megabytes arrives byte for byte, and its connection serves the next call."""
    body = bytes(range(256)) * (LARGE // 256)
    heard: list[bytes] = []

    async def answer(peer: Peer) -> None:
        while request := await peer.request():
            heard.append(request.partition(b"\r\n\r\n")[2])
            await peer.say(OK)

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        for _ in range(2):
            request = request_to(server.url, "POST", body)
            assert isinstance(await send(transport, request), Response)
        assert server.connections == 1
    assert heard == [body, body]


@LARGE_IS_MEANT
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("close", [b"Connection: close\r\n", b""], ids=["close", "keep"])
async def test_an_answer_before_the_end_of_the_request(kind: str, close: bytes) -> None:
    """A response that comes while the body is being written counts; its connection is not kept."""
    read = asyncio.Event()

    async def refuse(peer: Peer) -> None:
        if await peer.head():
            await peer.say(b"HTTP/1.1 413 Large\r\n" + close + b"Content-Length: 2\r\n\r\n{}")
        await read.wait()
        await peer.gone()

    async with serving(refuse) as server, transport_of(kind, server.url) as transport:
        outcome = await send(transport, request_to(server.url, "POST", bytes(LARGE)))
        assert seen(outcome)[0] == 413
        assert not in_use(transport)
        assert not kept(transport)
        read.set()
        await until(lambda: not server.open)


@LARGE_IS_MEANT
@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_the_connection_ends_during_the_request(kind: str) -> None:
    """A server that goes away while the body is being written is a broken connection."""

    async def leave(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.abort()

    async with serving(leave) as server, transport_of(kind, server.url) as transport:
        outcome = await send(transport, request_to(server.url, "POST", bytes(LARGE)))
        assert isinstance(outcome, Failure)
        assert (outcome.kind, outcome.status) == (FailureKind.BROKEN, None)
        assert not in_use(transport)
