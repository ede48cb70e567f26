"""Both transports side by side: the same requests, and the same results of responses."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from frontegg_async import Options
from frontegg_async._core.connection import Connection
from frontegg_async._core.response import FailureKind, Response
from frontegg_async._core.secret import Secret
from frontegg_async._core.socket_transport import SocketTransport
from frontegg_async._core.transport import Origin

from ..support.clocks import LoopTime, spin
from ..support.servers import OK, Peer, answer_all, serving
from ..support.transports import KINDS, in_use, request_to, seen, send, transport_of, until
from ..support.wire_cases import LOOPS, Case, Run, case_of, compare

CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


# Requests

REQUESTS: Final[list[tuple[str, str, bytes | None, dict[str, str]]]] = [
    ("GET", "/", None, {}),
    ("GET", "/a/../b/%2F%2e%2E/%c3%bc?q=a%20b+c&d=%26", None, {}),
    ("GET", "//a//b", None, {"X-Own": "1", "frontegg-tenant-id": "t"}),
    ("HEAD", "/a", None, {}),
    ("DELETE", "/a", None, {}),
    ("OPTIONS", "/a", None, {}),
    *((method, "/a", None, {}) for method in ("POST", "PUT", "PATCH")),
    *((method, "/a", b"{}", {}) for method in ("GET", "DELETE", "POST", "PUT", "PATCH")),
    ("POST", "/a", b'{"a": 1}', {"Content-Type": "application/json"}),
    ("POST", "/a", b"", {"Content-Type": "application/json"}),
    ("POST", "/a", None, {"content-type": "text/plain"}),
    ("GET", "/a", None, {"accept": "text/html", "USER-AGENT": "own", "X-A": "1", "x-a": "2"}),
    ("GET", "/a", None, {"X-Own": "grüße 日本 \x09 tab", "X-Long": "x" * 5_000}),
]


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["{}", "LOCALHOST:{port}"])
@pytest.mark.parametrize(("method", "path", "body", "headers"), REQUESTS)
async def test_the_same_request(
    method: str, path: str, body: bytes | None, headers: dict[str, str], host: str
) -> None:
    """Both transports write the same target, host, headers and body, in whatever order."""
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        heard.append(await peer.request())
        await peer.say(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(listen) as server:
        address = server.url.removeprefix("http://")
        base = "http://" + host.format(address, port=address.partition(":")[2])
        for kind in KINDS:
            async with transport_of(kind, base) as transport:
                outcome = await send(transport, request_to(path, method, body, **headers))
                assert isinstance(outcome, Response)
    own, aiohttps = (request.partition(b"\r\n\r\n") for request in heard)
    start, *lines = own[0].split(b"\r\n")
    assert [start, *sorted(lines)] == [
        *aiohttps[0].split(b"\r\n")[:1],
        *sorted(aiohttps[0].split(b"\r\n")[1:]),
    ]
    assert own[2] == aiohttps[2]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_each_call_carries_its_own_token(kind: str) -> None:
    """Calls with other tokens, and without one, follow each other on one connection."""
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        while request := await peer.request():
            heard.append(request)
            await peer.say(OK)

    tokens = ["Bearer a", "Bearer b", None, "Bearer b", "Bearer a", "Bearer a"]
    async with serving(listen) as server, transport_of(kind, server.url) as transport:
        for token in tokens:
            authorization = None if token is None else Secret(token)
            await transport.send(request_to(), authorization, Options(), 30.0)
        assert server.connections == 1
    for token, request in zip(tokens, heard, strict=True):
        carried = [line for line in request.split(b"\r\n") if line.startswith(b"Authorization")]
        assert carried == ([] if token is None else [b"Authorization: " + token.encode()])


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["a\r\nX-Other: 1", "a\nb", "a\rb"], ids=repr)
async def test_a_header_cannot_hold_another(kind: str, value: str) -> None:
    """A header's value that would begin another header is rejected, and no connection is lost."""
    heard: list[bytes] = []

    async def listen(peer: Peer) -> None:
        heard.append(await peer.head())
        await peer.say(OK)

    async with serving(listen) as server, transport_of(kind, server.url) as transport:
        for where in ("header", "authorization", "method"):
            headers = {"X-Own": value} if where == "header" else {}
            method = value if where == "method" else "GET"
            authorization = Secret(value) if where == "authorization" else None

            async def attempt(
                method: str = method,
                authorization: Secret | None = authorization,
                headers: dict[str, str] = headers,
            ) -> None:
                request = request_to(server.url, method, None, **headers)
                await transport.send(request, authorization, Options(), 30.0)

            with pytest.raises(ValueError, match=r"njection|detected|[Mm]ethod"):
                await attempt()
        assert not in_use(transport)
    assert not any(heard)


# Responses

NAMED: Final = [
    Case("GET", b"", b"", ()),
    Case("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", b"", ()),
    Case("GET", OK, OK, ()),
    Case("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001, b"", ()),
    Case("GET", CHUNKED + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", b"", ()),
    Case("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", b"", ()),
]


@pytest.mark.parametrize("run", LOOPS)
def test_the_same_outcome(run: Run) -> None:
    """Both transports give the same result for any bytes of a server, in any pieces."""
    run(compare([*NAMED, *(case_of(seed) for seed in range(1_000))]))


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_damaged_chunk(kind: str, loop_time: LoopTime, arrived: bytearray) -> None:
    """A body that is no longer HTTP ends the call at once; over aiohttp's session in time."""
    pieces = (CHUNKED, b"zz\r\n{}\r\n")

    async def answer(peer: Peer) -> None:
        await peer.request()
        await peer.say(*pieces)
        await peer.gone()

    async with serving(answer) as server, transport_of(kind, server.url) as transport:
        call = asyncio.create_task(send(transport, request_to(server.url), timeout=7.0))
        await until(lambda: bytes(arrived) == b"".join(pieces))
        if kind == "socket":
            assert seen(await call) == (FailureKind.MALFORMED, 200)
        else:
            await loop_time.run_out(call, 7.0)
            assert seen(await call) == (FailureKind.TIMED_OUT, 200)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", KINDS)
async def test_a_host_that_aiohttp_does_not_take(kind: str) -> None:
    """An address in short form is one to connect to, or none: a request to it was never sent."""
    async with transport_of(kind, "http://127.1:1") as transport:
        outcome = await send(transport, request_to("/", "POST", b"{}"))
        assert seen(outcome) == (FailureKind.NOT_SENT, None)


@pytest.mark.parametrize("run", LOOPS)
def test_cancelled_as_it_was_connected(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is cancelled when its connection is there leaves none, and closing ends."""
    made = Connection.connection_made

    async def cancel_and_close() -> None:
        async with serving(answer_all) as server:
            origin = Origin.of(server.url)
            transport = SocketTransport(origin)
            call = asyncio.create_task(send(transport, request_to()))

            def made_and_cancelled(self: Connection, wire: asyncio.BaseTransport) -> None:
                made(self, wire)
                call.cancel()

            monkeypatch.setattr(Connection, "connection_made", made_and_cancelled)
            await asyncio.wait((call,))
            assert call.cancelled()
            await spin(20)
            assert not transport._open  # on uvloop it stayed, and closing waited for its end
            await transport.close()

    run(cancel_and_close())
