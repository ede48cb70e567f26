"""The emulator in a process of its own, so that a benchmark measures the client alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import msgspec

from frontegg_async.emulator import Emulator


class ServerState(msgspec.Struct, frozen=True):
    """What the server says of itself: CPU seconds used so far, requests and memberships."""

    cpu_s: float
    requests: int
    memberships: int


class ServerProcess:
    """An emulator with ``options``, where every user exists; use it inside ``with``."""

    def __init__(self, **options: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, options), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.url, self.client_id, self.api_key = self._pipe.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pipe.send(None)
        self._process.join()

    def state(self) -> ServerState:
        """Ask the server how it is."""
        self._pipe.send("state")
        state: ServerState = self._pipe.recv()
        return state


def _serve(pipe: Connection, options: dict[str, Any]) -> None:
    asyncio.run(_run(pipe, options))


async def _run(pipe: Connection, options: dict[str, Any]) -> None:
    async with Emulator(implicit_users=True, keep_record=False, **options) as emulator:
        pipe.send((emulator.url, emulator.client_id, emulator.api_key))
        while await asyncio.to_thread(pipe.recv) is not None:
            pipe.send(
                ServerState(time.process_time(), emulator.count(), len(emulator.memberships()))
            )
