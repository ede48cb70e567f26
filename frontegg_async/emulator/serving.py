"""The sockets: starting, stopping, and the way of a request.

A request is recorded; a fault may strike; limits, the token and the headers are checked; the
handler does the work in one synchronous step (the *commit*); a fault may strike again; the
response is written.

The ``latency`` passes between the commit and the response, so a client that gives up during it has
been served all the same (guess). ``service.py`` checks requests, ``_router.py`` gathers the routes
from their modules, and ``world.py`` has all that a reset makes anew.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from .control import Control
from .home import Home
from .http.connections import CountingServer, body_of
from .http.record import RecordedRequest
from .http.request import Call
from .http.response import CommonHeaders, HangUp, RawResponse, Response
from .injection import Injection
from .origins import cross_origin, preflight
from .routes import _router as routes
from .state.keys import Keys
from .world import World

__all__ = ["Serving"]

_GRACE_S: Final = 0.05  # for requests in progress when the server stops
_T = TypeVar("_T")


class Serving:
    """The half of an emulator that serves its world on a socket.

    Args:
        begin: Makes a world.
        keys: The signing keys, for ``signed_tokens``.
        common: The headers of every response.
        clock: The time of the record.
        host: As for ``Emulator``, and so all others.
        port: The port.
        public_url: The URL for clients.
        latency: Seconds between the commit and the response.
        signed_tokens: Make the signing key with the first start.
        access_log: Called with a line for each request.
        keep_record: Keep every request.

    """

    def __init__(
        self,
        begin: Callable[[], World],
        keys: Keys,
        common: CommonHeaders,
        clock: Callable[[], float],
        *,
        host: str,
        port: int,
        public_url: str | None,
        latency: float,
        signed_tokens: bool,
        access_log: Callable[[str], object] | None,
        keep_record: bool,
    ) -> None:
        self.latency = latency
        self.requests: list[RecordedRequest] = []
        self.home = Home()
        """The event loop that it runs in; for its own use."""
        self._begin = begin
        self._keys = keys
        self._common = common
        self._clock = clock
        self._host = host
        self._port = port
        self._public_url = None if public_url is None else public_url.rstrip("/")
        self._first_latency = latency
        self._signed_tokens = signed_tokens
        self._access_log = access_log
        self._keep_record = keep_record
        self._control: Control | None = None
        self._url: str | None = None
        self._server: CountingServer | None = None
        self._runner: web.ServerRunner | None = None
        self._listening: asyncio.Server | None = None
        self._world = begin()

    # Start and stop

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the socket.

        Raises:
            RuntimeError: If it is running already.
            OSError: If the port is taken.
            CannotSignError: If ``signed_tokens`` are wanted without the extra that signs.

        """
        if self._runner is not None:
            raise RuntimeError("the emulator is already running")
        if self._signed_tokens:
            self._keys.make()
        server = CountingServer(self._serve)
        runner = web.ServerRunner(server, shutdown_timeout=_GRACE_S)
        await runner.setup()
        try:
            listening = await asyncio.get_running_loop().create_server(
                server, self._host, self._port, backlog=1024
            )
        except BaseException:
            await runner.cleanup()
            raise
        if self._world.limiter is not None:
            self._world.limiter.start()
        self._server, self._runner, self._listening = server, runner, listening
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = listening.sockets[0].getsockname()[1]
        # Kept, because a forked process has no socket to ask.
        self._url = self._public_url or f"http://{host}:{port}"
        self.home.enter(lambda: _descriptors(listening, server))

    async def stop(self) -> None:
        """Close every connection, also with requests in progress, and stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            if self._listening is not None:
                self._listening.close()
            await runner.cleanup()
            self._server = self._listening = self._url = None
            await self._stopped()
            # Let cancelled handlers and closed sockets run to their end.
            for _ in range(4):
                await asyncio.sleep(0)
            self.home.leave()

    async def _stopped(self) -> None:
        """End what does not belong to a connection."""

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine of the emulator from another thread, and wait for its result.

        ``emulator.run(emulator.webhooks.drain())``, where there is no event loop.

        Raises:
            RuntimeError: If it does not run, or runs in the calling thread.

        """
        return self.home.run(coroutine)

    @property
    def url(self) -> str:
        """Return the base URL, without a slash at the end."""
        if self._url is None:
            raise RuntimeError("the emulator is not running")
        return self._url

    @property
    def open_connections(self) -> int:
        """Return the number of open connections."""
        return 0 if self._server is None else len(self._server.numbers)

    # The way of a request

    async def _serve(self, request: web.BaseRequest) -> RawResponse:
        server, world, requests = self._server, self._world, self.requests
        assert server is not None  # noqa: S101 - no request without a server
        connection = request.protocol
        target = request.raw_path
        path, _, query = target.partition("?")
        headers = request.headers
        if self._control is not None and self._control.owns(path):
            answer = self._control.answer(request.method, path, await body_of(request))
            return RawResponse(answer, self._common)
        asked = preflight(request.method, headers)
        if asked is not None:
            return RawResponse(asked, self._common, cross_origin(world.store, headers))
        began = 0.0 if self._access_log is None else time.perf_counter()
        found = routes.find(request.method, path)
        route, values = (None, ()) if found is None else found
        key = None if route is None else route.key
        world.counts[key] += 1
        body = await body_of(request)
        world.catch_up()
        record: RecordedRequest | None = None
        if self._keep_record:
            record = RecordedRequest(
                request.method,
                target,
                None if route is None else route.template,
                headers,
                body,
                self._clock(),
                server.numbers.get(connection, 0),
            )
            requests.append(record)
        injection = world.strike(key, reused=connection in server.served)
        server.served.add(connection)
        call = Call(values, query, headers, body, world.store)
        if world.limiter is not None:
            call.address = request.remote or ""
        response: Response | HangUp
        end: int | str = "gone"
        try:
            if injection is None:
                response = world.service.answer(route, call, len(target), record)
            else:
                response = await world.answer_under(injection, route, call, len(target), record)
            end = response.status
        except HangUp as hang_up:
            response = hang_up
            end = "cut"
        finally:
            if self._access_log is not None:
                taken = time.perf_counter() - began
                self._access_log(_access_line(request.method, path, end, injection, taken))
        if self.latency:
            await asyncio.sleep(self.latency)
        if record is not None and isinstance(response, Response):
            record.status = response.status
        return RawResponse(response, self._common, cross_origin(world.store, headers))


def _access_line(
    method: str, path: str, end: int | str, injection: Injection | None, seconds: float
) -> str:
    """Return the line of a request, with the status or other end of it, and its fault."""
    # Without the query, where there are addresses and tokens.
    path = path.encode("ascii", "backslashreplace").decode()
    fault = "" if injection is None else f" {type(injection.fault).__name__}"
    return f"{method} {path} {end} {seconds * 1_000:.1f} ms{fault}"


def _descriptors(listening: asyncio.Server, server: CountingServer) -> Iterator[int]:
    """Yield the sockets of a server: those that listen, and those of connections."""
    for listener in listening.sockets:
        yield listener.fileno()
    for connection in server.numbers:
        if connection.transport is not None:
            yield connection.transport.get_extra_info("socket").fileno()
