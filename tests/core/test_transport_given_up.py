"""Calls over connections of the session's own whose outcome nobody waits for to the end."""

from __future__ import annotations

import asyncio

import pytest

from frontegg_async._core.connection import Connection
from frontegg_async._core.response import Response

from ..support.frames import shown
from ..support.servers import OK, Peer, serving
from ..support.transports import TOKEN, in_use, request_to, send, socket_transport, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
async def test_an_error_while_a_request_is_written(
    warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever raises while a request is written, no variable of the error's frames holds it."""

    async def answer(peer: Peer) -> None:
        while await peer.request():
            await peer.say(OK)

    def interrupted(self: Connection, request: bytes, deadline: float, **_: object) -> None:
        raise TimeoutError("by a signal")

    async with serving(answer) as server, socket_transport(server.url) as transport:
        if warm:
            await send(transport, request_to(server.url))
        with monkeypatch.context() as patch:
            patch.setattr(Connection, "send", interrupted)
            with pytest.raises(TimeoutError) as caught:
                await send(transport, request_to(server.url))
        assert TOKEN not in shown(caught.value)
        assert not in_use(transport)
        assert isinstance(await send(transport, request_to(server.url)), Response)


async def test_a_call_that_is_given_up_ends_its_own_connection_alone() -> None:
    """Of many calls in flight, the one that is not awaited any more loses its connection."""
    release = asyncio.Event()

    async def answer(peer: Peer) -> None:
        while await peer.request():
            await release.wait()
            await peer.say(OK)

    async with serving(answer) as server, socket_transport(server.url) as transport:
        calls = [asyncio.create_task(send(transport, request_to(server.url))) for _ in range(9)]
        await until(lambda: in_use(transport) == 9)
        calls[4].cancel()
        await asyncio.wait(calls[4:5])
        assert in_use(transport) == 8
        release.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert [isinstance(each, Response) for each in outcomes] == [n != 4 for n in range(9)]
