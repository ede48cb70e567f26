"""Responses at random, mostly well made and often not, and what both transports make of them."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections.abc import Callable, Coroutine, Sequence
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

import pytest

from frontegg_async._core.response import FailureKind

from .servers import OK, Peer, serving
from .transports import KINDS, in_use, request_to, seen, send, transport_of

LIMIT: Final = 1_000

Run: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


def _run_uvloop(main: Coroutine[Any, Any, None]) -> None:
    import uvloop  # there is none for Windows

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


LOOPS: Final = [
    pytest.param(asyncio.run, id="asyncio"),
    pytest.param(
        _run_uvloop,
        id="uvloop",
        marks=pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for it"),
    ),
]

_HEADS: Final = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 201 Created",
    b"HTTP/1.1 204 No Content",
    b"HTTP/1.1 205 Reset",
    b"HTTP/1.1 302 Found",
    b"HTTP/1.1 304 Not Modified",
    b"HTTP/1.1 404",
    b"HTTP/1.1 429 Too Many",
    b"HTTP/1.1 500 \xff\xfe",
    b"HTTP/1.1 999 What",
    b"HTTP/1.1 101 Switching",
    b"HTTP/2 200 OK",
    b"HTTP/1.1 20 Short",
    b"HTTP/1.1 OK",
    b"http/1.1 200 ok",
    b"200 OK",
    b"\x16\x03\x01",
    b"",
]
_INTERIM: Final = [
    b"",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    b"\r\n",
]
_HEADERS: Final = [
    b"Content-Type: application/json",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: upgrade\r\nUpgrade: x",
    b"Set-Cookie: a=b",
    b"Keep-Alive: timeout=5, max=100",
    b"X-RateLimit-Remaining: 0",
    b"X-Odd: \xff\xfe \x80",
    b"X-Odd: a\x00b",
    b"X-Folded: a\r\n b",
    b"X-Empty:",
    b"X-Long: " + b"y" * 9_000,
    b"X-Longest: " + b"y" * 70_000,
    b"No colon",
    b"Spaced : 1",
    b": no name",
    b"Content-Encoding: gzip",
    b"Content-Encoding: Deflate",
    b"Content-Encoding: identity",
    b"Content-Encoding: br",
    b"Content-Length: 99999999",
    b"Content-Length: -1",
    b"Content-Length: +2",
    b"Content-Length: 2, 2",
    b"Transfer-Encoding: identity",
    b"Retry-After: 1",
    b"Location: http://elsewhere.test/",
    b"\r\n".join([b"X: 1"] * 60),
    b"\r\n".join(b"X-%d: 1" % number for number in range(200)),
]
_PLAIN: Final = [b"", b"{}", b"x" * 999, b"x" * LIMIT, b"x" * (LIMIT + 1), b"\x00\xff" * 50]
_BODIES: Final = [*_PLAIN, gzip.compress(b"{}"), gzip.compress(b"x" * 2_000), zlib.compress(b"{}")]
_AFTER: Final = [b"", b"", b"", b"x", b"\r\n", OK, b"HTTP/1.1 200", b"0\r\n\r\n"]


class Case(NamedTuple):
    """A response of a server, and the bytes with which it arrives.

    Args:
        method: method of the request.
        response: bytes of the response.
        after: bytes that follow it, at once.
        cuts: places at which both are cut into pieces.
    """

    method: str
    response: bytes
    after: bytes
    cuts: tuple[int, ...]

    @property
    def pieces(self) -> list[bytes]:
        """The pieces in which all of it arrives."""
        whole = self.response + self.after
        cuts = [cut for cut in self.cuts if cut < len(whole)]
        return [
            whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)
        ]


def case_of(seed: int) -> Case:
    """Return a response at random: mostly well made, often not."""
    draw = Random(seed)  # no secret depends on it
    head = draw.choice(_HEADS[:7] * 10 + _HEADS)
    headers = draw.choices(_HEADERS[:7] * 3 + _HEADERS, k=draw.randint(0, 4))
    ended = True
    body = draw.choice(_BODIES)
    how = draw.choice(["length"] * 3 + ["chunked"] * 3 + ["end", "longer", "shorter"])
    if how == "chunked":
        headers.append(b"Transfer-Encoding: chunked")
        size = draw.randint(1, 700)
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        extension = draw.choice([b"", b"", b";a=b"])
        trailer = draw.choice([b"", b"", b"X-Trailer: 1\r\n"])
        body = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
        ended = draw.choice([True, True, True, False])
        body += b"0\r\n" + trailer + b"\r\n" if ended else draw.choice([b"", b"0\r\n"])
    elif how != "end":
        off = {"length": 0, "longer": 3, "shorter": -1}[how]
        headers.append(b"Content-Length: %d" % max(len(body) + off, 0))
        ended = how != "longer"
    newline = draw.choice([b"\r\n"] * 8 + [b"\n"])
    response = draw.choice([b""] * 6 + _INTERIM) + newline.join([head, *headers, b"", b""])
    method = draw.choice(["GET", "POST", "HEAD"])
    after = draw.choice(_AFTER) if ended else b""
    if method == "HEAD" or b" 204 " in head or b" 304 " in head:
        after = body + after  # it has no body, whatever its head says
    elif how == "shorter":
        response, after = response + body[:-1], body[-1:] + after
    else:
        response += body
    cuts = sorted(draw.sample(range(len(response)), min(draw.randint(0, 5), len(response))))
    return Case(method, response, after, tuple(cuts))


async def compare(cases: Sequence[Case]) -> None:
    """Compare the results of both transports for responses that end with their connection.

    Each transport serves all of them one after the other, so none gets a response of another.
    """
    shown: list[bytes] = []

    async def answer(peer: Peer) -> None:
        if await peer.request():
            await peer.say(*shown)

    async with (
        serving(answer) as server,
        transport_of(KINDS[0], server.url) as own,
        transport_of(KINDS[1], server.url) as other,
    ):
        for number, case in enumerate(cases):
            found: list[tuple[object, ...]] = []
            for transport, pieces in (
                (own, case.pieces),
                (other, case.pieces),
                (other, [case.response]),
            ):
                if len(found) == 2 and (not case.after or found[0] == found[1]):
                    break
                shown[:] = pieces
                request = request_to("/", case.method, None if case.method == "HEAD" else b"{}")
                found.append(seen(await send(transport, request, max_response_bytes=LIMIT)))
                assert not in_use(transport)
            assert agree(*found), f"case {number}: {case!r:.3000}\n{found!r:.3000}"


def agree(own: tuple[object, ...], *others: tuple[object, ...]) -> bool:
    """Return whether a result is right, going by those of aiohttp's session.

    Args:
        own: the result with own connections.
        others: those of aiohttp's session, the last one without the bytes after the response: it
            takes them for a part of it, and own connections do not.
    """
    if own in others:
        return True
    # Of a body that is no HTTP, own connections say so, and aiohttp's wait for its end.
    kinds = {result[0] for result in others}
    return (
        own[0] is FailureKind.MALFORMED
        and kinds
        <= {
            FailureKind.BROKEN,
            FailureKind.MALFORMED,
        }
        and own[1] == others[-1][-1]
    )
