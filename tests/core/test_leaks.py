"""Thousands of calls of all kinds of ends, many at once: nothing is left or mixed up."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontegg_async._core.response import FailureKind, Response

from ..support.clocks import spin
from ..support.servers import Peer, serving
from ..support.transports import KINDS, in_use, kept, request_to, send, transport_of

pytestmark = pytest.mark.anyio

CALLS = 10_000
AT_ONCE = 32
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b"


async def answer(peer: Peer) -> None:
    """Respond with the path of the request, in the way that its first letter names."""
    while head := await peer.request():
        path = head.split(b" ")[1]
        match path[1:2]:
            case b"l":
                await peer.say(LENGTH % (b"", len(path), path))
            case b"c":
                await peer.say(CHUNKED % (len(path), path))
            case b"e":
                await peer.say(LENGTH % (b"Connection: close\r\n", len(path), path))
                return
            case b"p":
                await peer.say(LENGTH % (b"", len(path), path[:3]), path[3:])
            case b"h":
                await peer.say(LENGTH % (b"", 2, b""))
            case b"x":
                return
            case b"g":
                await peer.say(b"HTTP/1.1 garbage\r\n\r\n")
                return
            case _:
                await peer.gone()


def descriptors() -> int:
    """Return the number of files and sockets that are open; 0 where the system does not say."""
    directory = Path("/dev/fd")
    return sum(1 for _ in directory.iterdir()) if directory.is_dir() else 0


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_left(kind: str) -> None:
    """No connection is in use, few are kept, and each call got its own response or failure.

    The second half of the calls leaves no memory behind, and all of them no task and no descriptor.
    """
    tasks, files = asyncio.all_tasks(), descriptors()
    ends: Counter[str] = Counter()
    async with serving(answer) as server, transport_of(kind, server.url) as transport:

        async def worker(numbers: Iterator[int]) -> None:
            for number in numbers:
                end = "lcephxgs"[number % 8]
                path = f"/{end}{number}"
                request = request_to(path, "HEAD" if end == "h" else "GET")
                call = asyncio.create_task(send(transport, request))
                if end == "s":
                    await spin(number % 5)
                    call.cancel()
                    await asyncio.wait((call,))
                    assert call.cancelled()
                    continue
                outcome = await call
                if isinstance(outcome, Response):
                    assert outcome.body == (b"" if end == "h" else path.encode())
                    ends[end] += 1
                else:
                    ends[f"{end}: {outcome.kind.value}"] += 1

        async def run(numbers: range) -> int:
            shared = iter(numbers)
            await asyncio.gather(*(worker(shared) for _ in range(AT_ONCE)))
            assert not in_use(transport)
            assert kept(transport) <= AT_ONCE
            await spin(200)
            assert server.open <= kept(transport)
            gc.collect()
            return sys.getallocatedblocks()

        half = await run(range(CALLS // 2))
        assert await run(range(CALLS // 2, CALLS)) < half + CALLS // 10
    share = CALLS // 8
    assert ends == {
        **dict.fromkeys("lceph", share),
        f"x: {FailureKind.BROKEN.value}": share,
        f"g: {FailureKind.MALFORMED.value}": share,
    }
    await spin(200)
    assert asyncio.all_tasks() <= tasks
    assert descriptors() <= files
