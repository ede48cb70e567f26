"""Responses in chunks at random, and what a connection makes of them, with ``PlainHeads`` or not.

Nearly all are plain up to some byte, for there the reader of plain chunks hands over to the parser.
"""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Iterable
from random import Random
from typing import Final, NamedTuple

from frontegg_async._core.connection import Connection
from frontegg_async._core.plain_head import PlainHeads
from frontegg_async._core.response import Failure

from .transports import seen
from .wires import Pool, Wire

LIMIT: Final = 1_000

_HEADS: Final = [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 404 No\r\nDate: x\r\ntransfer-encoding:chunked\r\nServer: y\r\n\r\n",
    b"HTTP/1.1 201 Created\r\nConnection: close\r\nTRANSFER-ENCODING:  Chunked\r\n\r\n",
    b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\nTrailer: X\r\n\r\n",
]
_ODD_HEADS: Final = [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
    b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
]
_ODD_SIZES: Final = [b"0%x", b"%x ", b"%x;a=b", b"%x\t", b" %x", b"+%x", b"0x%x", b"-%x", b"%x_0"]
_ODD_SIZES_OF_NONE: Final = [b"00", b"0 ", b"0;a", b"+0", b"-0", b"0x0", b"", b"00000000000"]
_TRAILERS: Final = [b"X: 1\r\n", b"X: 1\n", b" x", b"\n", b"\r\n", b"X: " + b"y" * 70_000 + b"\r\n"]
_AFTER: Final = [
    b"x",
    b"\r\n",
    b"0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
]
_CONTENT: Final = [b"\r\n", b"\n\r\n", b"0\r\n\r\n", b"\r\n2\r\n{}", b"{}", b"\x00\xff", b"x" * 97]
_ODD_BYTES: Final = b"\x00\t\n\r :;,\x7f\x80\xff-+_0123456789aAfFgGxX"


class Ended(NamedTuple):
    """The end of a call.

    Args:
        left: number of pieces that had not come.
        outcome: contents of the outcome.
        detail: words of a failure.
        keep: seconds for which the connection is kept, 0 if it is closed.
    """

    left: int
    outcome: tuple[object, ...]
    detail: str
    keep: float


def pieces_of(seed: int) -> list[bytes]:
    """Return a response at random in pieces, before the server closes the connection."""
    draw = Random(seed)  # no secret depends on it
    said = bytearray(draw.choice(_HEADS if draw.random() < 0.95 else _ODD_HEADS))
    head_size = len(said)
    for _ in range(draw.choice([0, 1, 1, 1, 2, 3, 9])):
        content = b"".join(draw.choices(_CONTENT, k=draw.choice([1, 2, 3, 12])))
        size = b"%x" % len(content)
        if draw.random() < 0.05:
            size = draw.choice(_ODD_SIZES) % len(content)
        elif draw.random() < 0.05:
            size = b"%x" % draw.choice([len(content) + 1, len(content) - 1, 1 << 32, 1 << 70])
        said += (size.upper() if draw.random() < 0.3 else size) + b"\r\n" + content
        said += draw.choice([b"\n", b"", b"\r", b"x\r\n"]) if draw.random() < 0.03 else b"\r\n"
    said += draw.choice(_ODD_SIZES_OF_NONE) if draw.random() < 0.1 else b"0"
    said += b"\r\n"
    said += draw.choice(_TRAILERS) if draw.random() < 0.1 else b""
    said += b"\r\n"
    said += draw.choice(_AFTER) if draw.random() < 0.2 else b""
    if draw.random() < 0.2:
        place = draw.randrange(head_size, len(said))
        change = draw.choice(["replace", "insert", "remove"])
        said[place : place + (change != "insert")] = (
            b"" if change == "remove" else bytes([draw.choice(_ODD_BYTES)])
        )
    if draw.random() < 0.1:
        del said[draw.randrange(head_size, len(said)) :]
    # The head comes whole: the first part of one is for the parser in any case.
    places = range(head_size, len(said))
    if draw.random() < 0.1:
        cuts = list(places)[:300]
    else:
        cuts = sorted(draw.sample(places, min(draw.choice([0, 1, 2, 3, 9]), len(places))))
    ends = [*cuts, len(said)]
    return [bytes(said[start:end]) for start, end in zip([0, *cuts], ends, strict=True)]


def end_of(pieces: list[bytes], heads: PlainHeads, wire: socket.socket) -> tuple[Ended, bool]:
    """Return the end of the call that gets the pieces; True if it was read without the parser."""
    pool = Pool()
    loop = asyncio.get_running_loop()
    connection = Connection(pool, loop, heads)
    connection.connection_made(Wire(wire))
    begun = loop.time()
    waiter = connection.send(b"", math.inf, bodiless=False, limit=LIMIT)
    given = iter(pieces)
    while not waiter.done() and (piece := next(given, None)) is not None:
        connection.data_received(piece)
    left = len(list(given))
    connection.eof_received()
    outcome = waiter.result()
    detail = outcome.detail if isinstance(outcome, Failure) else ""
    keep = connection.kept_until - begun if pool.freed_ones else 0.0
    return Ended(left, seen(outcome), detail, float(round(keep))), connection._reader is None


def compare(seeds: Iterable[int]) -> int:
    """Return how many responses are read without the parser; it must read all of them the same."""
    return asyncio.run(_compare(seeds))


async def _compare(seeds: Iterable[int]) -> int:
    plain_ones = 0
    with socket.socket() as wire:
        for seed in seeds:
            pieces = pieces_of(seed)
            heads = PlainHeads()
            by_parser, is_plain = end_of(pieces, heads, wire)
            assert not is_plain
            heads.expect_news()
            found, is_plain = end_of(pieces, heads, wire)
            # The parser takes line ends after a response for some before the next one; here they
            # are bytes that were not asked for.
            taken = b"".join(pieces[: len(pieces) - found.left])
            closed = found.keep == 0 and len(taken) - len(taken.rstrip(b"\r\n")) > len(b"\r\n\r\n")
            assert found == (by_parser._replace(keep=0.0) if closed else by_parser), (seed, pieces)
            plain_ones += is_plain
    return plain_ones
