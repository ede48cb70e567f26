"""Bodies that arrive in very small pieces."""

from __future__ import annotations

import asyncio
import math
import socket
import tracemalloc
from typing import Any

import pytest

from frontegg_async._core.connection import Connection
from frontegg_async._core.plain_head import PlainHeads
from frontegg_async._core.response import Response

PIECES = 30_000


class Wire(asyncio.Transport):
    """A transport that sends nothing."""

    def __init__(self, wire: socket.socket) -> None:
        super().__init__({"socket": wire})

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send nothing."""

    def abort(self) -> None:
        """End nothing."""

    def get_write_buffer_size(self) -> int:
        """Have nothing left."""
        return 0


class Pool:
    """An owner that keeps nothing."""

    def opened(self, connection: Connection) -> None:
        """Note nothing."""

    def freed(self, connection: Connection) -> None:
        """Note nothing."""

    def lost(self, connection: Connection) -> None:
        """Note nothing."""


@pytest.mark.anyio
@pytest.mark.parametrize("line", [b"X: y", b"X: \xff"], ids=["plain", "for the parser"])
async def test_memory_of_small_pieces(line: bytes) -> None:
    """A body in pieces of two bytes takes the memory of a body, and not of thousands of objects."""
    body = bytes(range(256)) * (PIECES * 2 // 256 + 1)
    heads = PlainHeads()
    heads.expect_news()
    with socket.socket() as wire:
        connection = Connection(Pool(), asyncio.get_running_loop(), heads)
        connection.connection_made(Wire(wire))
        waiter = connection.send(b"", math.inf, bodiless=False, limit=len(body))
        connection.data_received(
            b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n" % (line, len(body))
        )
        tracemalloc.start()
        try:
            for start in range(0, len(body), 2):
                connection.data_received(body[start : start + 2])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    outcome = await waiter
    assert isinstance(outcome, Response)
    assert outcome.body == body
    assert peak < 5 * len(body)
