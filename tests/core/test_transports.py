"""Both transports side by side: the same requests, and the same results of responses."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frontegg_async import Options
from frontegg_async._core.response import FailureKind, Response
from frontegg_async._core.secret import Secret

from ..support.clocks import LoopTime
from ..support.servers import OK, Peer, serving
from ..support.transports import KINDS, pool_of, request_to, seen, send, transport_of, until

LIMIT: Final = 1_000
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def run_uvloop(main: Coroutine[Any, Any, None]) -> None:
    import uvloop  # there is none for Windows

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


LOOPS: Final = [
    pytest.param(asyncio.run, id="asyncio"),
    pytest.param(
        run_uvloop,
        id="uvloop",
        marks=pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for it"),
    ),
]


# Requests

REQUESTS: Final[list[tuple[str, str, bytes | None, dict[str, str]]]] = [
    ("GET", "/", None, {}),
    ("GET", "", None, {}),
    ("GET", "/a/../b/%2F%2e%2E/%c3%bc?q=a%20b+c&d=%26#fragment", None, {}),
    ("GET", "//a//b?", None, {"X-Own": "1", "frontegg-tenant-id": "t"}),
    ("HEAD", "/a", None, {}),
    ("DELETE", "/a", None, {}),
    ("OPTIONS", "/a", None, {}),
    *((method, "/a", None, {}) for method in ("POST", "PUT", "PATCH")),
    *((method, "/a", b"{}", {}) for method in ("GET", "DELETE", "POST", "PUT", "PATCH")),
    ("POST", "/a", b'{"a": 1}', {"Content-Type": "application/json"}),
    ("POST", "/a", b"", {"Content-Type": "application/json"}),
    ("POST", "/a", None, {"content-type": "text/plain"}),
    ("GET", "/a", None, {"accept": "text/html", "USER-AGENT": "own", "X-A": "1", "x-a": "2"}),
    ("POST", "/a", None, {"content-length": "0"}),
    ("GET", "/a", None, {"authorization": "own", "Host": "own.test", "Content-Length": "0"}),
    ("GET", "/a", None, {"X-Own": "grüße 日本 \x09 tab", "X-Long": "x" * 5_000}),
]


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["{}", "LOCALHOST:{port}"])
@pytest.mark.parametrize(("method", "path", "body", "headers"), REQUESTS)
async def test_the_same_request(
    method: str, path: str, body: bytes | None, headers: dict[str, str], host: str
) -> None:
    """Both transports write a request in the same bytes, host, target, headers and body."""
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        heard.append(await peer.request())
        await peer.say(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(listen) as server:
        address = server.url.removeprefix("http://")
        base = "http://" + host.format(address, port=address.partition(":")[2])
        for kind in KINDS:
            async with transport_of(kind) as transport:
                outcome = await send(transport, request_to(base + path, method, body, **headers))
                assert isinstance(outcome, Response)
    assert len(heard) == 2
    assert heard[0] == heard[1]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["a\r\nX-Other: 1", "a\nb", "a\rb"], ids=repr)
async def test_a_header_cannot_hold_another(kind: str, value: str) -> None:
    """A header's value that would begin another header is rejected, and no connection is lost."""
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        heard.append(await peer.head())
        await peer.say(OK)

    async with serving(listen) as server, transport_of(kind) as transport:
        for where in ("header", "authorization", "method"):
            headers = {"X-Own": value} if where == "header" else {}
            method = value if where == "method" else "GET"
            authorization = Secret(value) if where == "authorization" else None
            request = request_to(server.url, method, None, **headers)
            with pytest.raises(ValueError, match=r"njection|detected|[Mm]ethod"):
                await transport.send(request, authorization, Options(), 30.0)
        assert not pool_of(transport)._acquired
    assert not any(heard)


# Responses

HEADS: Final = [
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
INTERIM: Final = [
    b"",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    b"\r\n",
]
HEADERS: Final = [
    b"Content-Type: application/json",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: upgrade\r\nUpgrade: x",
    b"Set-Cookie: a=b",
    b"X-Odd: \xff\xfe \x80",
    b"X-Odd: a\x00b",
    b"X-Folded: a\r\n b",
    b"X-Empty:",
    b"X-Long: " + b"y" * 9_000,
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
    *(b"X-%d: 1\r\n" % number * 60 for number in range(3)),
]
PLAIN: Final = [b"", b"{}", b"x" * 999, b"x" * LIMIT, b"x" * (LIMIT + 1), b"\x00\xff" * 50]
BODIES: Final = [*PLAIN, gzip.compress(b"{}"), gzip.compress(b"x" * 2_000), zlib.compress(b"{}")]
AFTER: Final = [b"", b"", b"", b"x", b"\r\n", OK, b"HTTP/1.1 200", b"0\r\n\r\n"]


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, ...]:
    """Give the pieces in which a response arrives: mostly well made, often not."""
    head = draw(st.sampled_from(HEADS[:7] * 10 + HEADS))
    headers = draw(st.lists(st.sampled_from(HEADERS[:6] * 3 + HEADERS), max_size=4))
    ended = True
    body = draw(st.sampled_from(BODIES))
    how = draw(st.sampled_from(["length"] * 3 + ["chunked"] * 3 + ["end", "longer", "shorter"]))
    if how == "chunked":
        headers.append(b"Transfer-Encoding: chunked")
        size = draw(st.integers(1, 700))
        parts = [body[start : start + size] for start in range(0, len(body), size)]
        extension = draw(st.sampled_from([b"", b"", b";a=b"]))
        trailer = draw(st.sampled_from([b"", b"", b"X-Trailer: 1\r\n"]))
        body = b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts)
        ended = draw(st.sampled_from([True, True, True, False]))
        body += b"0\r\n" + trailer + b"\r\n" if ended else draw(st.sampled_from([b"", b"0\r\n"]))
    elif how != "end":
        off = {"length": 0, "longer": 3, "shorter": -1}[how]
        headers.append(b"Content-Length: %d" % max(len(body) + off, 0))
    newline = draw(st.sampled_from([b"\r\n"] * 8 + [b"\n"]))
    whole = draw(st.sampled_from([b""] * 6 + INTERIM)) + newline.join([head, *headers, b"", body])
    if ended:  # or both would wait for the deadline, as ``test_a_damaged_chunk`` shows
        whole += draw(st.sampled_from(AFTER))
    cuts = draw(st.lists(st.integers(0, len(whole)), max_size=5).map(sorted))
    return tuple(
        whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)
    )


async def compare(pieces: Sequence[bytes], method: str) -> None:
    """Compare the results of both transports for a response and the end of the connection."""

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(*pieces)

    found: list[tuple[object, ...]] = []
    async with serving(answer) as server:
        for kind in KINDS:
            async with transport_of(kind) as transport:
                request = request_to(server.url, method, None if method == "HEAD" else b"{}")
                outcome = await send(transport, request, max_response_bytes=LIMIT)
                found.append(seen(outcome))
                assert not pool_of(transport)._acquired
    assert found[0] == found[1]


@pytest.mark.parametrize("run", LOOPS)
@given(pieces=answers(), method=st.sampled_from(["GET", "POST", "HEAD"]))
@settings(max_examples=250)
@example(pieces=(b"",), method="GET")
@example(pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",), method="GET")
@example(pieces=(OK + OK,), method="GET")
@example(pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,), method="GET")
@example(pieces=(CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",), method="GET")
@example(pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",), method="HEAD")
def test_the_same_outcome(
    run: Callable[[Coroutine[Any, Any, None]], None], pieces: tuple[bytes, ...], method: str
) -> None:
    """Both transports give the same result for any bytes of a server, in any pieces."""
    run(compare(pieces, method))


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_damaged_chunk(kind: str, loop_time: LoopTime, arrived: bytearray) -> None:
    """A body that is no longer HTTP is broken off at the deadline, with aiohttp, by both."""
    pieces = (CHUNKED, b"zz\r\n{}\r\n")

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(*pieces)
        await peer.gone()

    async with serving(answer) as server, transport_of(kind) as transport:
        call = asyncio.create_task(send(transport, request_to(server.url), timeout=7.0))
        await until(lambda: bytes(arrived) == b"".join(pieces))
        await loop_time.run_out(call, 7.0)
        assert seen(await call) == (FailureKind.TIMED_OUT, "no complete response in time", 200)
