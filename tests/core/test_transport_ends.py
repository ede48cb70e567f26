"""Calls of both transports that end early: at the deadline, cancelled, or closed."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Generator
from pathlib import Path
from typing import Any, Final

import pytest

from frontegg_async._core.connection import Connection
from frontegg_async._core.response import Failure, FailureKind, Response
from frontegg_async._core.transport import timed_out

from ..support.clocks import LoopTime, spin
from ..support.frames import shown
from ..support.servers import OK, Certificate, Peer, answer_all, serving
from ..support.transports import (
    KINDS,
    TOKEN,
    connector_of,
    in_use,
    request_to,
    seen,
    send,
    socket_transport,
    transport_of,
    until,
)

pytestmark = pytest.mark.anyio
LARGE: Final = 12 << 20
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


# Deadlines

SILENCES: Final[dict[str, tuple[bytes, bytes, int | None]]] = {
    "nothing": (b"", b"", None),
    "part of a head": (b"HTTP/1.1 200", b"", None),
    "hints": (b"HTTP/1.1 103 Early Hints\r\n\r\n", b"", None),
    "head": (HEAD, b"", 200),
    "head and part": (HEAD + b"{", b"", 200),
    "head, then part": (HEAD, b"{", 200),
    "chunk": (CHUNKED, b"", 200),
    "no length": (b"HTTP/1.1 500 Oh\r\n\r\n", b"{", 500),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SILENCES)
async def test_an_answer_that_does_not_end(
    kind: str, name: str, loop_time: LoopTime, arrived: bytearray
) -> None:
    """A response that stops at any point is ended by the deadline, with its connection."""
    *pieces, status = SILENCES[name]
    said = asyncio.Event()

    async def stop(peer: Peer) -> None:
        await peer.request()
        if peer.number == 1:
            await peer.say(*pieces)
            said.set()
            await peer.gone()
        else:
            await peer.say(OK)

    async with serving(stop) as server, transport_of(kind, server.url) as transport:
        request = request_to(server.url, "POST", b"{}")
        call = asyncio.create_task(send(transport, request, timeout=7.0))
        await said.wait()
        await until(lambda: bytes(arrived) == b"".join(pieces))
        await loop_time.run_out(call, 7.0)
        assert seen(await call) == (FailureKind.TIMED_OUT, status)
        assert not in_use(transport)
        assert isinstance(await send(transport, request_to(server.url)), Response)
        await until(lambda: server.open <= 1)


async def test_a_request_that_nobody_reads(loop_time: LoopTime) -> None:
    """A server that does not take the body runs into the deadline as well."""
    over = asyncio.Event()

    async def ignore(peer: Peer) -> None:
        await over.wait()

    async with serving(ignore) as server, socket_transport(server.url) as transport:
        request = request_to(server.url, "POST", bytes(LARGE))
        call = asyncio.create_task(send(transport, request, timeout=7.0))
        await until(lambda: server.open == 1 and in_use(transport) == 1)
        await loop_time.run_out(call, 7.0)
        assert seen(await call) == (FailureKind.TIMED_OUT, None)
        assert not in_use(transport)
        over.set()


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("socket", {"connect_timeout": 0.05}),
        ("aiohttp", {"connect_timeout": 0.05}),
        # On a busy machine aiohttp's two timers go off together.
        ("socket", {"timeout": 0.05}),
    ],
)
async def test_a_server_that_cannot_be_reached(kind: str, times: dict[str, float]) -> None:
    """A handshake that does not end is a connection that was never there: nothing was sent."""

    async def say_nothing(peer: Peer) -> None:
        await peer.gone()

    async with (
        serving(say_nothing) as server,
        transport_of(kind, server.url.replace("http://", "https://")) as transport,
    ):
        outcome = await send(transport, request_to(), **times)
        assert isinstance(outcome, Failure)
        assert outcome.kind is FailureKind.NOT_SENT
        address = server.url.removeprefix("http://")
        assert outcome.detail == f"cannot connect to {address} (no connection in time)"
        assert not in_use(transport)
        await until(lambda: not server.open)


async def test_each_call_has_its_own_deadline(loop_time: LoopTime) -> None:
    """One timer serves all deadlines: the nearest is met, whenever its call began."""
    heard: list[bytes] = []
    over = asyncio.Event()

    async def wait(peer: Peer) -> None:
        heard.append(await peer.request())
        await over.wait()
        await peer.say(OK)

    async with serving(wait) as server, socket_transport(server.url) as transport:
        calls: dict[float, asyncio.Task[Any]] = {}
        for timeout in (30.0, float("inf"), 3.0, 1.0, 2.0):
            request = request_to(server.url)
            calls[timeout] = asyncio.create_task(send(transport, request, timeout=timeout))
            await until(lambda: len(heard) == len(calls))
        patient = {calls[30.0], calls[float("inf")]}
        waiting = set(calls.values())
        await loop_time.advance(0.5)
        assert not any(call.done() for call in waiting)
        for timeout in (1.0, 2.0, 3.0):
            await loop_time.advance(1.0)
            waiting.remove(calls[timeout])
            assert {call for call in calls.values() if not call.done()} == waiting
            assert (await calls[timeout]).kind is FailureKind.TIMED_OUT
        assert waiting == patient
        assert in_use(transport) == 2
        over.set()
        assert all(isinstance(outcome, Response) for outcome in await asyncio.gather(*patient))
        assert not in_use(transport)
        timer = transport._deadlines._timer
        assert timer is not None
        await transport.close()
        assert timer.cancelled()


async def test_the_deadline_after_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline that passes in the moment in which the head has come is no lost one."""
    feed = Connection.data_received

    def feed_late(self: Connection, data: bytes) -> None:
        feed(self, data)
        self.fail(timed_out(self.status))

    monkeypatch.setattr(Connection, "data_received", feed_late)

    async def stop(peer: Peer) -> None:
        await peer.request()
        await peer.say(HEAD)
        await peer.gone()

    async with serving(stop) as server, socket_transport(server.url) as transport:
        outcome = await send(transport, request_to(server.url))
        assert seen(outcome) == (FailureKind.TIMED_OUT, 200)
        assert not in_use(transport)


# Cancellation


class CancelAt:
    """Awaits something, and cancels the task that does so at the n-th suspension."""

    def __init__(self, awaited: Awaitable[Any], at: int) -> None:
        self._awaited = awaited
        self._at = at
        self.suspended = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        """Yield the futures of the awaited object, as ``await`` itself does."""
        steps = self._awaited.__await__()
        error: BaseException | None = None
        while True:
            try:
                waiting = next(steps) if error is None else steps.throw(error)
            except StopIteration as stop:
                return stop.value
            self.suspended += 1
            if self.suspended == self._at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            error = None
            try:
                yield waiting
            except BaseException as raised:  # noqa: BLE001  # thrown into the steps above
                error = raised


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("chunks", [False, True], ids=["length", "chunks"])
async def test_cancelled_at_every_await(kind: str, warm: bool, chunks: bool) -> None:
    """Wherever a call is cancelled, no connection is lost or kept half-read, and no token shows."""
    hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    pieces = (
        [hint, CHUNKED, b"2\r\n{}\r\n", b"0\r\n\r\n"] if chunks else [hint, HEAD, b"{}", b" " * 7]
    )

    async def answer(peer: Peer) -> None:
        while head := await peer.request():
            if b" /slow " in head:
                await peer.say(*pieces)
            else:
                await peer.say(OK)

    at = 0
    for at in range(1, 50):
        async with serving(answer) as server, transport_of(kind, server.url) as transport:
            if warm:
                await send(transport, request_to(server.url))
            call = CancelAt(send(transport, request_to(f"{server.url}/slow")), at)

            async def run(call: CancelAt = call) -> Any:
                return await call

            task = asyncio.create_task(run())
            await asyncio.wait((task,))
            assert task.cancelled() == (call.suspended >= at)
            if task.cancelled():
                with pytest.raises(asyncio.CancelledError) as caught:
                    await task
                assert TOKEN not in shown(caught.value)
            assert not in_use(transport)
            after = await send(transport, request_to(server.url))
            assert isinstance(after, Response)
            assert after.body == b"{}"
        if not task.cancelled():
            break
    assert 1 < at < 49


async def test_cancelled_as_the_handshake_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is cancelled when TLS is ready ends its connection, and no socket but that.

    The number of a socket that is closed goes to the next one that is opened, which may be of
    anybody in the program.
    """
    certificate = Certificate(tmp_path)
    made = Connection.connection_made
    over = asyncio.Event()

    async def ignore(peer: Peer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await over.wait()

    async with (
        serving(ignore, certificate.for_server()) as server,
        socket_transport(server.url, ssl_context=certificate.for_client()) as transport,
    ):
        call = asyncio.create_task(send(transport, request_to()))

        def made_and_cancelled(self: Connection, wire: asyncio.BaseTransport) -> None:
            made(self, wire)
            call.cancel()

        monkeypatch.setattr(Connection, "connection_made", made_and_cancelled)
        await asyncio.wait((call,))
        assert call.cancelled()
        wires = [wire for _ in range(5) for wire in socket.socketpair()]
        loop = asyncio.get_running_loop()
        for wire in wires:
            wire.setblocking(False)
            receiving = asyncio.create_task(loop.sock_recv(wire, 1))
            await spin(2)
            # The loop would say that it is in use by a transport.
            assert not receiving.done()
            receiving.cancel()
            await asyncio.wait((receiving,))
        for wire in wires:
            wire.close()
        await spin(20)
        assert not transport._open  # without a goodbye, which may take half a minute
        over.set()


async def test_a_cancelled_request_is_not_written_to_its_end() -> None:
    """The rest of a request body is not sent after its call was cancelled."""
    here, over = asyncio.Event(), asyncio.Event()
    read: list[int] = []

    async def take(peer: Peer) -> None:
        await peer.head()
        here.set()
        await over.wait()
        read.append(await peer.gone())

    async with serving(take) as server, socket_transport(server.url) as transport:
        request = request_to(server.url, "POST", bytes(LARGE))
        call = asyncio.create_task(send(transport, request))
        await here.wait()
        call.cancel()
        await asyncio.wait((call,))
        assert call.cancelled()
        assert not in_use(transport)
        over.set()
        await until(lambda: not server.open)
    assert read[0] < LARGE


# Closing


@pytest.mark.parametrize("name", ["nothing", "head", "chunk", "upload"])
async def test_closed_under_way(name: str) -> None:
    """Closing ends calls in flight at once, at any point, and leaves no connection."""
    here = asyncio.Event()
    pieces = SILENCES[name][:2] if name in SILENCES else ()
    body = bytes(LARGE) if name == "upload" else b"{}"

    async def stop(peer: Peer) -> None:
        await (peer.head() if name == "upload" else peer.request())
        await peer.say(*pieces)
        here.set()
        await asyncio.Event().wait()

    async with serving(stop) as server, socket_transport(server.url) as transport:
        request = request_to(server.url, "POST", body)
        calls = [asyncio.create_task(send(transport, request)) for _ in range(3)]
        await here.wait()
        await until(lambda: server.open == 3)
        await transport.close()
        for outcome in await asyncio.gather(*calls):
            assert isinstance(outcome, Failure)
            assert outcome.kind is FailureKind.BROKEN
        assert transport.closed


@pytest.mark.parametrize("cancelled", [False, True], ids=["all", "one cancelled"])
async def test_closed_twice_at_once(cancelled: bool) -> None:
    """Each call of ``close`` returns when all is closed, though another of them is cancelled."""
    async with serving(answer_all) as server, socket_transport(server.url) as transport:
        await send(transport, request_to(server.url))
        closings = [asyncio.create_task(transport.close()) for _ in range(3)]
        await asyncio.sleep(0)
        assert transport._open
        if cancelled:
            closings[0].cancel()
        await spin()
        assert not transport._open
        assert [task.done() for task in closings] == [True] * 3
        assert [task.cancelled() for task in closings] == [cancelled, False, False]


async def test_closed_when_a_hint_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing at the very moment at which a part of a response is there ends the call, too."""
    feed = Connection.data_received
    closing: list[asyncio.Task[None]] = []

    async def hint(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await peer.gone()

    async with serving(hint) as server, socket_transport(server.url) as transport:

        def feed_and_close(self: Connection, data: bytes) -> None:
            feed(self, data)
            closing.append(asyncio.create_task(transport.close()))

        monkeypatch.setattr(Connection, "data_received", feed_and_close)
        outcome = await send(transport, request_to(server.url))
        assert seen(outcome) == (FailureKind.BROKEN, None)
        await asyncio.gather(*closing)
        assert not transport._open


async def test_closed_as_soon_as_it_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new connection that is gone before anything could be written has carried nothing."""
    made = Connection.connection_made

    def made_and_lost(self: Connection, transport: asyncio.BaseTransport) -> None:
        made(self, transport)
        self.abort()

    monkeypatch.setattr(Connection, "connection_made", made_and_lost)
    async with serving(answer_all) as server, socket_transport(server.url) as transport:
        outcome = await send(transport, request_to(server.url))
        assert seen(outcome) == (FailureKind.NOT_SENT, None)
        await until(lambda: not transport._open)


async def test_closed_as_soon_as_it_was_there_with_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over aiohttp's session such a connection is a broken one."""
    async with serving(answer_all) as server, transport_of("aiohttp", server.url) as transport:
        connector = connector_of(transport)
        connect = connector.connect

        async def connect_and_lose(*arguments: Any, **more: Any) -> Any:
            connection = await connect(*arguments, **more)
            connection.transport.abort()
            await until(lambda: connection.transport is None)
            return connection

        monkeypatch.setattr(connector, "connect", connect_and_lose)
        outcome = await send(transport, request_to(server.url))
        assert seen(outcome) == (FailureKind.BROKEN, None)
        assert not in_use(transport)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_closed_while_nothing_is_read(tls: bool, tmp_path: Path, loop_time: LoopTime) -> None:
    """Closing does not wait for a server that reads nothing more, not even a goodbye of TLS.

    aiohttp's session is not tested: it waits until the server has taken the rest of the request.
    """
    here = asyncio.Event()
    certificate = Certificate(tmp_path) if tls else None

    async def ignore(peer: Peer) -> None:
        await peer.head()
        here.set()
        await asyncio.Event().wait()

    async with (
        serving(ignore, None if certificate is None else certificate.for_server()) as server,
        socket_transport(
            server.url, ssl_context=None if certificate is None else certificate.for_client()
        ) as transport,
    ):
        call = asyncio.create_task(send(transport, request_to("/", "POST", bytes(LARGE))))
        await here.wait()
        # The time of the loop stands still: neither ends by a timer.
        await transport.close()
        assert not transport._open
        assert seen(await call) == (FailureKind.BROKEN, None)


async def test_closed_while_connecting(loop_time: LoopTime) -> None:
    """A call that is still connecting when all is closed ends as a failure, too."""

    async def say_nothing(peer: Peer) -> None:
        await peer.gone()

    async with (
        serving(say_nothing) as server,
        socket_transport(server.url.replace("http://", "https://")) as transport,
    ):
        call = asyncio.create_task(send(transport, request_to(), connect_timeout=7.0))
        await until(lambda: server.open == 1)
        await transport.close()
        await loop_time.advance(0.0)
        assert call.done()
        assert seen(await call) == (FailureKind.BROKEN, None)
        await until(lambda: not server.open)
