"""Responses of unknown length: their connection is kept unless they exceed the limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from frontegg_async import FronteggError, FronteggSession, Operation, Options
from frontegg_async.operation import JSON, TokenKind

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("either_transport")]

GET = Operation("test.get", "GET", "/a", JSON, token=TokenKind.NONE)
ENDLESS = Operation("test.endless", "GET", "/endless", JSON, token=TokenKind.NONE)
POST = Operation("test.post", "POST", "/a", JSON, token=TokenKind.NONE)


class ChunkedServer:
    """Answers everything in chunks, without a length, and counts the connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection, whose bodies are ``{}`` or nothing."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b"content-length: 2" in head.lower():
                    await reader.readexactly(2)
                self.requests += 1
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                if b" /endless " in head:
                    writer.write(b"64\r\n" + b" " * 100 + b"\r\n4\r\n[1, \r\n")
                else:
                    writer.write(b"4\r\n[1, \r\n" + b"2\r\n2]\r\n" + b"0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def session_on(
    server: ChunkedServer, options: Options | None = None
) -> AsyncGenerator[FronteggSession]:
    """Give a session on the server."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, FronteggSession.for_users(base_url=url, options=options) as opened:
        yield opened


@pytest.mark.parametrize("operation", [GET, POST], ids=["GET", "POST"])
async def test_the_connection_is_kept(operation: Operation[Any]) -> None:
    """Responses in chunks are read to their end, and one connection serves them all."""
    server = ChunkedServer()
    async with session_on(server) as session:
        body: dict[str, Any] | None = None if operation is GET else {}
        for _ in range(5):
            assert await session.call(operation, body=body) == [1, 2]
    assert (server.requests, server.connections) == (5, 1)


async def test_the_connection_of_one_that_is_too_long_is_not() -> None:
    """A response beyond ``max_response_bytes`` is an error, and its connection is not kept."""
    server = ChunkedServer()
    async with session_on(server, Options(max_response_bytes=100, max_attempts=1)) as session:
        with pytest.raises(FronteggError, match="max_response_bytes"):
            await session.call(ENDLESS)
        assert await session.call(GET) == [1, 2]
    assert server.connections == 2
