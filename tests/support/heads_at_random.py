"""Heads of responses at random, and what the recogniser and aiohttp's parser make of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from random import Random
from typing import Final

from frontegg_async._core.plain_head import CHUNKED, PlainHeads
from frontegg_async._core.response import Response
from frontegg_async._core.response_reader import ResponseReader

_STATUS_LINES: Final = [
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 201 Created", b"HTTP/1.1 404 ", b"HTTP/1.1 599 ~ "),
    *(b"HTTP/1.1 204 No", b"HTTP/1.1 304 Not", b"HTTP/1.1 199 x", b"HTTP/1.0 200 OK"),
    *(b"HTTP/1.1 200", b"HTTP/1.1  200 OK", b"http/1.1 200 OK", b"HTTP/1.1 2000 OK", b"HTTP/2 200"),
]
_LINES: Final = [
    *(b"Content-Length: 2", b"content-length:7", b"CONTENT-LENGTH: 007", b"Content-Length:  2"),
    *(b"Content-Length: 2 ", b"Content-Length: +2", b"Content-Length: 2,2", b"Content-Length:"),
    *(b"Content-Length : 2", b"Content-Length: 0x2", b"Content-Length: " + b"9" * 25),
    *(b"Connection: keep-alive", b"connection: Close", b"Connection: close, x", b"Connection:"),
    *(b"Connection: upgrade", b"Proxy-Connection: close", b"Keep-Alive: timeout=5, max=9"),
    *(
        b"keep-alive: TIMEOUT=1",
        b"Keep-Alive: timeout=0",
        b"Keep-Alive: timeout=-1",
        b"Keep-Alive:",
    ),
    *(b"Keep-Alive: max=9", b"Upgrade: h2c", b"Transfer-Encoding: chunked", b"Trailer: X"),
    *(b"Transfer-Encoding: identity", b"Content-Encoding: gzip", b"Content-Encoding:"),
    *(b"transfer-encoding:  Chunked ", b"Transfer-Encoding: chunked, chunked", b"TE: chunked"),
    *(b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:", b"Transfer-Encoding: chunked;a"),
    *(b"Transfer-Encoding:\tchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunke"),
    *(b"Sec-WebSocket-Key1: x", b"X-RateLimit-Remaining: 0", b"Set-Cookie: a=b; Path=/"),
    *(b"Set-Cookie: c=d", b"Date: Mon, 03 Mar 2025 09:15:27 GMT", b"Content-Type: a/b; c=d"),
    *(b"Server: \xff", b"X: \x7f", b"X:\ty", b"X:  y  ", b"X:", b": y", b"X", b" X: y", b"X\t: y"),
    *(
        b"X: a\tb",
        b"(X): y",
        b"X@Y: z",
        b"X!#$%&'*+.^_`|~9: y",
        b"X: a\x00b",
        b"X: a\rb",
        b"X: a\nb",
    ),
    *(b"X: y\r\n folded", b"X: y\r\n\tfolded", b"X: y\r\n", b"\xc3\xbc: y", b"X: \xc3\xbc"),
]
_PLAIN: Final = [
    *(b"Connection: keep-alive", b"Set-Cookie: a=b; Path=/", b"X-RateLimit-Remaining: 0"),
    *(b"Date: Mon, 03 Mar 2025 09:15:27 GMT", b"Content-Type: a/b; c=d", b"Set-Cookie: c=d"),
    *(b"Old-Date: never", b"Old: Date: never"),
]
_FRAMES: Final = [*_LINES[:3], b"Transfer-Encoding: chunked", b"TRANSFER-ENCODING:chunked"]
"""Lines that say where a body ends."""
_CHUNKS: Final = b"2\r\n{}\r\n1\r\n \r\n0\r\n\r\n"
_ODD_BYTES: Final = b"\x00\t\n\r :,\x7f\x80\xff-_aA09"


def head_of(seed: int) -> bytes:
    """Return a head at random with a few bytes after it: often plain, or nearly so."""
    draw = Random(seed)  # no secret depends on it
    if draw.random() < 0.7:
        lines = [draw.choice(_STATUS_LINES[:3]), draw.choice(_FRAMES)]
        lines += draw.sample(_PLAIN, draw.randint(0, len(_PLAIN)))
        if draw.random() < 0.6:
            lines.insert(draw.randint(1, len(lines)), draw.choice(_LINES))
    else:
        lines = [draw.choice(_STATUS_LINES), *draw.choices(_LINES, k=draw.randint(0, 6))]
    dated = b"\r\n".join(lines).replace(b"15:27", b"15:%02d" % draw.randrange(60))
    head = bytearray(dated + b"\r\n\r\n")
    if draw.random() < 0.4:
        place = draw.randrange(len(head))
        change = draw.choice(["replace", "insert", "remove"])
        head[place : place + (change != "insert")] = (
            b"" if change == "remove" else bytes([draw.choice(_ODD_BYTES)])
        )
    return bytes(head) + draw.choice([b"", b"{}", b"\x00" * 7, b"HTTP/1.1 200 OK\r\n\r\n"])


def accepted(seeds: Iterable[int]) -> int:
    """Return how many heads the recogniser accepts; the parser must read each of them the same."""
    loop = asyncio.new_event_loop()
    heads = PlainHeads()
    found = 0
    for number, seed in enumerate(seeds):
        if number % 10 == 0:
            heads.expect_news()
        data = head_of(seed)
        plain = heads.read(data)
        if plain is None or plain.length > 100_000:
            continue  # the latter would be too large in any case
        found += 1
        if plain.length == CHUNKED:
            sent, body = _CHUNKS, b"{} "
        else:
            sent = body = data[plain.size :].ljust(plain.length, b"y")[: plain.length]
        reader = ResponseReader(loop)
        reader.begin(bodiless=False, limit=1 << 60)
        read = reader.feed(data[: plain.size] + sent)
        assert read is not None, (seed, data)
        assert isinstance(read.outcome, Response), (seed, data)
        assert (read.outcome.status, read.keep) == (plain.status, plain.keep), (seed, data)
        assert read.outcome.body == body, (seed, data)
        # Before the headers are taken apart.
        for name, value in {
            "X-Absent": None,
            **dict([*read.outcome.headers.items()][::-1]),
        }.items():
            assert plain.headers.get(name.upper()) == value, (seed, data, name)
        assert lowered(read.outcome.headers.items()) == lowered(plain.headers.items()), (seed, data)
        states = any("ratelimit" in name.replace("-", "").lower() for name in plain.headers)
        assert plain.headers.states_limit == states, (seed, data)
    loop.close()
    return found


def lowered(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers without the case of their names, which the parser changes."""
    return [(name.lower(), value) for name, value in items]
