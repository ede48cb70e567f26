"""Requests of megabytes, with both transports."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import pytest

from frontegg_async._core.response import Failure, FailureKind, Response

from ..support.servers import OK, Certificate, Peer, serving
from ..support.transports import (
    KINDS,
    in_use,
    kept,
    request_to,
    seen,
    send,
    socket_transport,
    transport_of,
    until,
)

LARGE: Final = 12 << 20
SAID: Final[dict[str, tuple[bytes, tuple[object, ...]]]] = {
    "response": (b"HTTP/1.1 413 Large\r\n\r\n{}", (413, [], b"{}")),
    "part": (
        b"HTTP/1.1 413 Large\r\nContent-Length: 9\r\n\r\n{}",
        (FailureKind.BROKEN, 413),
    ),
    "nothing": (b"", (FailureKind.BROKEN, None)),
}
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


@pytest.mark.anyio
async def test_an_answer_over_tls_before_the_end_of_the_request(tmp_path: Path) -> None:
    """A connection whose server reads no more of a large request serves no other call.

    Over TLS the transport does not say that a part of the request is still to be sent.
    """
    certificate = Certificate(tmp_path)
    over = asyncio.Event()

    async def refuse(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.say(OK)
        await over.wait()

    async with (
        serving(refuse, certificate.for_server()) as server,
        socket_transport(server.url, ssl_context=certificate.for_client()) as transport,
    ):
        assert isinstance(await send(transport, request_to("/", "POST", bytes(LARGE))), Response)
        assert isinstance(await send(transport, request_to("/", "POST", b"{}")), Response)
        assert server.connections == 2
        over.set()


@pytest.mark.anyio
@pytest.mark.parametrize("name", SAID)
async def test_the_server_says_no_more_during_the_request(name: str) -> None:
    """The end of what a server says ends the call, though it has not read the request.

    aiohttp's session is not tested: it waits until the rest of the request is sent.
    """
    said, expected = SAID[name]
    over = asyncio.Event()

    async def refuse(peer: Peer) -> None:
        await peer.head()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.say(said)
        peer.writer.write_eof()
        await over.wait()

    async with serving(refuse) as server, socket_transport(server.url) as transport:
        outcome = await send(transport, request_to("/", "POST", bytes(LARGE)))
        assert seen(outcome) == expected
        assert not in_use(transport)
        over.set()


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
