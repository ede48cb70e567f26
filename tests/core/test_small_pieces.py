"""Bodies that arrive in very small pieces."""

from __future__ import annotations

import asyncio
import math
import socket
import tracemalloc
from collections.abc import Iterable
from itertools import chain, repeat

import pytest

from frontegg_async._core.connection import Connection
from frontegg_async._core.plain_head import PlainHeads
from frontegg_async._core.response import Failure, Response

from ..support.wires import Pool, Wire

PIECES = 30_000


async def taken(head: bytes, pieces: Iterable[bytes], limit: int) -> tuple[Response | Failure, int]:
    """Return the outcome of a call whose response comes in pieces, and their memory in bytes."""
    heads = PlainHeads()
    heads.expect_news()
    with socket.socket() as wire:
        connection = Connection(Pool(), asyncio.get_running_loop(), heads)
        connection.connection_made(Wire(wire))
        waiter = connection.send(b"", math.inf, bodiless=False, limit=limit)
        connection.data_received(head)
        tracemalloc.start()
        try:
            for piece in pieces:
                connection.data_received(piece)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    return await waiter, peak


@pytest.mark.anyio
@pytest.mark.parametrize("line", [b"X: y", b"X: \xff"], ids=["plain", "for the parser"])
async def test_memory_of_small_pieces(line: bytes) -> None:
    """A body in pieces of two bytes takes the memory of a body, and not of thousands of objects."""
    body = bytes(range(256)) * (PIECES * 2 // 256 + 1)
    head = b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n" % (line, len(body))
    pieces = (body[start : start + 2] for start in range(0, len(body), 2))
    outcome, peak = await taken(head, pieces, len(body))
    assert isinstance(outcome, Response)
    assert outcome.body == body
    assert peak < 5 * len(body)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "end", [b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n"], ids=["plain", "for the parser"]
)
async def test_memory_of_small_chunks(end: bytes) -> None:
    """A body in chunks of two bytes takes the memory of a body, also if its end is not plain."""
    body = bytes(range(256)) * (PIECES * 2 // 256 + 1)
    chunks = (b"2\r\n%b\r\n" % body[start : start + 2] for start in range(0, len(body), 2))
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    outcome, peak = await taken(head, chain(chunks, [end]), len(body))
    assert isinstance(outcome, Response)
    assert outcome.body == body
    assert peak < 6 * len(body)


@pytest.mark.anyio
async def test_memory_of_a_large_chunk() -> None:
    """A large body whose end is for the parser takes no more memory than the parser by itself."""
    piece = bytes(1 << 18)
    size = 32 * len(piece)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % size
    end = b"\r\n0\r\nX: y\r\n\r\n"
    outcome, peak = await taken(head, chain(repeat(piece, 32), [end]), size)
    assert isinstance(outcome, Response)
    assert len(outcome.body) == size
    assert peak < 3 * size
