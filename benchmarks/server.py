"""The emulator in a process of its own, so that a benchmark measures the client alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from frontegg_async.emulator import AnswerStatus, Emulator

ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"


def processes() -> ForkServerContext | SpawnContext:
    """Return the context for new processes, which inherit nothing that runs.

    A fork server imports the benchmark once, instead of a second of CPU for every process.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


class ServerState(msgspec.Struct, frozen=True):
    """The server's own figures: CPU seconds used so far, requests and memberships."""

    cpu_s: float
    requests: int
    memberships: int


class ServerProcess:
    """An emulator with ``options``, where every user exists; use it inside ``with``.

    Args:
        stray_every: refuse each n-th call that adds a user to a tenant, with a 429 that states
            nothing.
        options: of the emulator.
    """

    def __init__(self, *, stray_every: int | None = None, **options: Any) -> None:
        context = processes()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, stray_every, options), daemon=True
        )

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
        """Return the server's own figures."""
        self._pipe.send("state")
        state: ServerState = self._pipe.recv()
        return state


def _serve(pipe: Connection, stray_every: int | None, options: dict[str, Any]) -> None:
    asyncio.run(_run(pipe, stray_every, options))


async def _run(pipe: Connection, stray_every: int | None, options: dict[str, Any]) -> None:
    async with Emulator(implicit_users=True, keep_record=False, **options) as emulator:
        if stray_every is not None:
            emulator.inject(AnswerStatus(429), on=ADD, times=None, every=stray_every)
        pipe.send((emulator.url, emulator.client_id, emulator.api_key))
        while await asyncio.to_thread(pipe.recv) is not None:
            pipe.send(
                ServerState(time.process_time(), emulator.count(), len(emulator.memberships()))
            )
