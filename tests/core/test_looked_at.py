"""A connection is looked at before it is used: what the loop has not heard yet counts."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import select
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from frontegg_async._core.connection import _TAKES_BYTES, Connection, _poll_of
from frontegg_async._core.response import FailureKind, Response
from frontegg_async._core.transport import KEEPALIVE_S

from ..support.clocks import LoopTime, spin
from ..support.servers import OK, Certificate, Peer, answer_all, serving
from ..support.transports import kept, request_to, seen, send, socket_transport, until
from ..support.wire_cases import LOOPS, Run

pytestmark = pytest.mark.anyio

TIMEOUT: Final = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BlockingServer:
    """A server in a thread, so that it goes on while the event loop of the client is blocked."""

    def __init__(self, listening: socket.socket, context: ssl.SSLContext | None) -> None:
        self._listening: Final = listening
        self._context: Final = context
        self.said: Final = threading.Event()
        self.go_on: Final = threading.Event()
        self.ending = b""
        self.requests = 0

    def run(self) -> None:
        """Answer one request; then, when told to, say ``ending`` and close; and so on."""
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            with (
                plain
                if self._context is None
                else self._context.wrap_socket(plain, server_side=True) as wire
            ):
                while wire.recv(65_536):
                    self.requests += 1
                    wire.sendall(OK)
                    if self.requests > 1:
                        continue
                    self.go_on.wait()
                    wire.sendall(self.ending)
                    break
            self.said.set()


@contextmanager
def blocking_server(context: ssl.SSLContext | None, ending: bytes) -> Generator[BlockingServer]:
    """Run such a server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = BlockingServer(listening, context)
        server.ending = ending
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.go_on.set()
            listening.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("ending", [b"", TIMEOUT], ids=["closed", "408"])
async def test_ended_while_the_loop_was_blocked(tls: bool, ending: bytes, tmp_path: Path) -> None:
    """A connection that ended while the program blocked its loop costs a write nothing."""
    certificate = Certificate(tmp_path) if tls else None
    with blocking_server(
        None if certificate is None else certificate.for_server(), ending
    ) as server:
        port = server._listening.getsockname()[1]
        url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
        context = None if certificate is None else certificate.for_client()
        async with socket_transport(url, ssl_context=context) as transport:
            await send(transport, request_to("/", "POST", b"{}"))
            assert kept(transport) == 1
            connection = transport._idle[-1]
            # The loop is blocked from here until the next call.
            server.go_on.set()
            server.said.wait()
            select.select([connection._transport.get_extra_info("socket").fileno()], [], [])
            outcome = await send(transport, request_to("/", "POST", b"{}"))
            assert isinstance(outcome, Response)
            assert (outcome.status, outcome.body) == (200, b"{}")
        assert server.requests == 2


@pytest.mark.parametrize("stated", [b"timeout=5", None], ids=["stated", "ours"])
async def test_kept_as_long_as_the_server_says(stated: bytes | None, loop_time: LoopTime) -> None:
    """An idle connection is used until its time is up, and not later; then it is closed."""
    lines = b"" if stated is None else b"Keep-Alive: %b\r\n" % stated
    response = OK.replace(b"\r\nContent", b"\r\n" + lines + b"Content")

    async def answer(peer: Peer) -> None:
        while await peer.request():
            await peer.say(response)

    seconds = KEEPALIVE_S if stated is None else 4.0
    async with serving(answer) as server, socket_transport(server.url) as transport:
        await send(transport, request_to())
        await loop_time.advance(seconds - 0.5)
        await send(transport, request_to())
        assert server.connections == 1
        await loop_time.advance(seconds + 0.5)
        await send(transport, request_to())
        assert server.connections == 2
        await loop_time.advance(2 * KEEPALIVE_S)
        await spin(200)
        assert not transport._open


EARLY: Final = {
    "response": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    "408": TIMEOUT,
    "hint": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "line": b"\r\n",
    "end": b"",
}


@pytest.mark.parametrize("run", LOOPS)
@pytest.mark.parametrize("name", EARLY)
def test_a_server_that_speaks_first(name: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes on a new connection before the request is no response: nothing is sent there."""
    made = Connection.connection_made
    peers: list[socket.socket] = []

    async def connect() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def made_and_spoken(self: Connection, wire: asyncio.BaseTransport) -> None:
                made(self, wire)
                # The loop is blocked from here, and the first request is what it does next.
                peer, _ = listening.accept()
                peers.append(peer)
                peer.sendall(EARLY[name])
                if not EARLY[name]:
                    peer.shutdown(socket.SHUT_WR)
                select.select([wire.get_extra_info("socket").fileno()], [], [])

            monkeypatch.setattr(Connection, "connection_made", made_and_spoken)
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            async with socket_transport(url) as transport:
                outcome = await send(transport, request_to("/", "POST", b"{}"))
                assert seen(outcome) == (FailureKind.NOT_SENT, None)
                await until(lambda: not transport._open)
        (peer,) = peers
        with peer:
            try:
                heard = peer.recv(65_536)
            except ConnectionResetError:
                heard = b""
        assert not heard

    run(connect())


@pytest.mark.parametrize("state", ["quiet", "spoken", "ended", "closed"])
def test_a_system_without_poll(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket is looked at in the same way where Python has no ``poll``, as on Windows."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        fileno = ours.fileno()
        asks = [_poll_of(fileno)]
        monkeypatch.delattr(select, "poll", raising=False)
        asks.append(_poll_of(fileno))
        if state == "spoken":
            theirs.send(b"x")
        elif state == "ended":
            theirs.close()
        elif state == "closed":
            ours.close()
        quiet = [(fileno, _TAKES_BYTES)]
        assert [ask(0) == quiet for ask in asks] == [state == "quiet"] * 2


async def test_a_socket_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ``select`` does not take the number of a socket, calls are sent all the same."""
    monkeypatch.delattr(select, "poll", raising=False)

    def refuse(*_: object) -> None:
        raise ValueError("filedescriptor out of range in select()")

    async with serving(answer_all) as server, socket_transport(server.url) as transport:
        monkeypatch.setattr(select, "select", refuse)
        for _ in range(2):
            assert isinstance(await send(transport, request_to()), Response)
        assert server.connections == 1
