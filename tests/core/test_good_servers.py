"""Odd responses that good servers send: they are taken, by both transports where aiohttp can."""

from __future__ import annotations

import gzip
import random
import zlib
from typing import Any, Final

import pytest

from frontegg_async import FronteggSession, Operation, Options
from frontegg_async._core import content_coding
from frontegg_async._core.response import Failure, FailureKind, Response
from frontegg_async._core.transport import MAX_HEAD_BYTES
from frontegg_async.errors import PermissionDeniedError
from frontegg_async.operation import JSON, TokenKind

from ..support.servers import OK, Peer, serving
from ..support.transports import KINDS, request_to, seen, send, transport_of

pytestmark = pytest.mark.anyio

JSON_BODY: Final = b'{"a": [1, 2, 3]}'
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"


def plain(*headers: bytes, body: bytes = JSON_BODY) -> bytes:
    """Return a response with further headers."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return HEAD % len(body) + lines + b"\r\n" + body


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def encoded(coding: bytes, body: bytes) -> bytes:
    return plain(b"Content-Encoding: " + coding, body=body)


CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TWO_MEMBERS: Final = gzip.compress(JSON_BODY[:5]) + gzip.compress(JSON_BODY[5:])
NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"

TAKEN: Final[dict[str, tuple[bytes, bytes]]] = {
    "204 in chunks": (NO_CONTENT, b""),
    "long line": (plain(b"Content-Security-Policy: " + b"x" * 60_000), JSON_BODY),
    "many lines": (plain(*(b"X-%d: 1" % number for number in range(200))), JSON_BODY),
    "gzip, two members": (encoded(b"gzip", TWO_MEMBERS), JSON_BODY),
    "gzip, padded": (encoded(b"gzip", gzip.compress(JSON_BODY) + bytes(9)), JSON_BODY),
    "x-gzip": (encoded(b"x-gzip", gzip.compress(JSON_BODY)), JSON_BODY),
    "deflate": (encoded(b"Deflate", zlib.compress(JSON_BODY)), JSON_BODY),
    "raw deflate": (encoded(b"deflate", raw_deflate(JSON_BODY)), JSON_BODY),
    "no coding": (encoded(b"none", JSON_BODY), JSON_BODY),
    "empty coding": (encoded(b"", JSON_BODY), JSON_BODY),
    "two codings": (encoded(b"identity, gzip", gzip.compress(JSON_BODY)), JSON_BODY),
}
TAKEN_BY_OWN: Final[dict[str, tuple[bytes, bytes]]] = {
    "204 in chunks, with an end": (NO_CONTENT + b"0\r\n\r\n", b""),
    "body after a 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}", b""),
    "another response": (plain() + OK, JSON_BODY),
    "garbage after it": (plain() + b"\x00\xff", JSON_BODY),
    "garbage after chunks": (
        CHUNKED + b"2\r\n{}\r\n0\r\n\r\ngarbage",
        b"{}",
    ),
    "part of a response after chunks": (
        CHUNKED + b"2\r\n{}\r\n0\r\n\r\nHTTP/1.1 200\r\n",
        b"{}",
    ),
}


async def connections_for(kind: str, response: bytes, body: bytes) -> int:
    """Let a server send a response twice; return the number of connections that this took."""

    async def answer(peer: Peer) -> None:
        while await peer.request():
            await peer.say(response)

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        for _ in range(2):
            outcome = await send(transport, request_to("/", "POST", b"{}"))
            assert isinstance(outcome, Response), outcome
            assert outcome.body == body
        return server.connections


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TAKEN)
async def test_taken_by_both(kind: str, name: str) -> None:
    """A response that is unusual and right is read, and its connection is kept."""
    assert await connections_for(kind, *TAKEN[name]) == 1


@pytest.mark.parametrize("name", TAKEN_BY_OWN)
async def test_bytes_after_a_response(name: str) -> None:
    """Bytes after a response end the connection, and not the response: the server did the work."""
    assert await connections_for("socket", *TAKEN_BY_OWN[name]) == 2


ENDLESS: Final = {
    "line": b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES,
    "hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" * (MAX_HEAD_BYTES // 28 + 1),
    "lines": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MAX_HEAD_BYTES // 6),
    "trailer": CHUNKED + b"0\r\n" + b"X: y\r\n" * (MAX_HEAD_BYTES // 6 + 1),
    "extension": CHUNKED + b"1;" + b"x" * (MAX_HEAD_BYTES + 1),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_a_head_without_end(name: str) -> None:
    """A head with its hints, a trailer or a chunk's extension over 64 KiB ends the call."""

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(ENDLESS[name])
        await peer.gone()

    async with serving(answer) as server, transport_of("socket", server.url) as transport:
        outcome = await send(transport, request_to())
        assert isinstance(outcome, Failure)
        assert outcome.kind is FailureKind.MALFORMED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "length",
    [b"Content-Length: 9", b"Content-Length : 9", b"Transfer-Encoding: chunked"],
    ids=["length", "blank before the colon", "chunks"],
)
async def test_a_body_that_is_cut(kind: str, length: bytes) -> None:
    """A body whose end was stated is not whole at the end of its connection."""

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n", b"2\r\n{}\r\n")

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        outcome = await send(transport, request_to("/", "POST", b"{}"))
        assert seen(outcome) == (FailureKind.BROKEN, 200)


BOMBS: Final = {
    "one member": (gzip.compress(bytes(2_000)), FailureKind.TOO_LARGE),
    "two members": (gzip.compress(bytes(900)) * 2, FailureKind.TOO_LARGE),
    "many members": (gzip.compress(b"") * 10_001, FailureKind.MALFORMED),
    "second member cut": (TWO_MEMBERS[:-9], FailureKind.BROKEN),
    "no gzip": (JSON_BODY, FailureKind.MALFORMED),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BOMBS)
async def test_compressed_and_not_right(kind: str, name: str) -> None:
    """A compressed body that is too long in all, damaged or cut is the failure that it is."""
    body, expected = BOMBS[name]

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(encoded(b"gzip", body))

    limit = len(body) + 1 if len(body) > 1_000 else 1_000
    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        outcome = await send(transport, request_to(), max_response_bytes=limit)
        assert isinstance(outcome, Failure)
        assert (outcome.kind, outcome.status) == (expected, 200)


class CountingZlib:
    """Stands in for ``zlib``, and counts the bytes that are to be decompressed."""

    error = zlib.error
    MAX_WBITS = zlib.MAX_WBITS

    def __init__(self) -> None:
        self.given = 0

    def decompressobj(self, wbits: int) -> Any:
        """Return a decompressor that counts."""
        counting = self
        decompressor = zlib.decompressobj(wbits)

        class Counting:
            def decompress(self, data: bytes, max_length: int) -> bytes:
                counting.given += len(data)
                return decompressor.decompress(data, max_length)

            def __getattr__(self, name: str) -> Any:
                return getattr(decompressor, name)

        return Counting()


def test_many_members_before_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small member takes a small part of what follows: else 10,000 block the loop for minutes."""
    members, large = 1_000, random.Random(1).randbytes(1 << 20)
    body = gzip.compress(b"") * members + gzip.compress(large)
    counting = CountingZlib()
    monkeypatch.setattr(content_coding, "zlib", counting)
    assert content_coding.decompressed(body, "gzip", 2 << 20, 200) == large
    assert counting.given < len(body) + members * 20_000


def test_a_body_of_many_codings() -> None:
    """A body may be compressed a few times, and not once for every word that fits in a header."""
    body = JSON_BODY
    for _ in range(5):
        body = gzip.compress(body)
    assert content_coding.decompressed(body, "gzip, " * 5, 1_000, 200) == JSON_BODY
    again = content_coding.decompressed(gzip.compress(body), "gzip, " * 6, 1_000, 200)
    assert isinstance(again, Failure)
    assert again.kind is FailureKind.MALFORMED


GET: Final = Operation("test.get", "GET", "/a", JSON, token=TokenKind.NONE)


async def call(response: bytes) -> Any:
    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(response)

    async with (
        serving(answer) as server,
        FronteggSession.for_users(base_url=server.url, options=Options(max_attempts=1)) as session,
    ):
        return await session.call(GET)


async def test_a_byte_order_mark() -> None:
    """A byte order mark before JSON is skipped, in results and in errors."""
    assert await call(plain(body=b"\xef\xbb\xbf" + JSON_BODY)) == {"a": [1, 2, 3]}
    refused = b'\xef\xbb\xbf{"errors": ["not yours"]}'
    with pytest.raises(PermissionDeniedError) as caught:
        await call(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(refused) + refused)
    assert caught.value.messages == ("not yours",)
