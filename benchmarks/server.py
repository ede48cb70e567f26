"""The emulator in a process of its own, so that a benchmark measures the client alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from frontegg_async.emulator import AnswerStatus, Emulator, Stall

ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"
AUTH: Final = "POST /auth/vendor"


def processes() -> ForkServerContext | SpawnContext:
    """Return the context for new processes, which inherit nothing that runs.

    A fork server imports the benchmark once, instead of a second of CPU for every process.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("forkserver")
    return multiprocessing.get_context("spawn")


class ServerState(msgspec.Struct, frozen=True):
    """The server's own figures: CPU seconds used so far, requests and memberships.

    Args:
        cpu_s: CPU seconds.
        requests: requests of all kinds,
        tokens: and those for a token.
        memberships: memberships that there are.
        by_tenant: the same by tenant, if they were asked for.
    """

    cpu_s: float
    requests: int
    memberships: int
    tokens: int = 0
    by_tenant: dict[str, int] = {}


class ServerProcess:
    """An emulator with ``options``, where every user exists; use it inside ``with``.

    Args:
        stray_every: refuse each n-th call that adds a user to a tenant, with a 429 that states
            nothing.
        token_seconds: seconds that a request for a token takes, beside the latency.
        options: of the emulator.
    """

    def __init__(
        self, *, stray_every: int | None = None, token_seconds: float = 0.0, **options: Any
    ) -> None:
        context = processes()
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, stray_every, token_seconds, options), daemon=True
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
        return self._ask("state")

    def count_by_tenant(self) -> ServerState:
        """Return the same with the memberships by tenant, which takes the server longer."""
        return self._ask("by tenant")

    def revoke_tokens(self) -> ServerState:
        """Make all tokens worthless; return the figures of before."""
        return self._ask("revoke")

    def _ask(self, question: str) -> ServerState:
        self._pipe.send(question)
        state: ServerState = self._pipe.recv()
        return state


def _serve(
    pipe: Connection, stray_every: int | None, token_seconds: float, options: dict[str, Any]
) -> None:
    asyncio.run(_run(pipe, stray_every, token_seconds, options))


async def _run(
    pipe: Connection, stray_every: int | None, token_seconds: float, options: dict[str, Any]
) -> None:
    async with Emulator(implicit_users=True, keep_record=False, **options) as emulator:
        if stray_every is not None:
            emulator.inject(AnswerStatus(429), on=ADD, times=None, every=stray_every)
        if token_seconds:
            emulator.inject(Stall(token_seconds), on=AUTH, times=None)
        pipe.send((emulator.url, emulator.client_id, emulator.api_key))
        while (question := await asyncio.to_thread(pipe.recv)) is not None:
            memberships = emulator.memberships()
            tenants = Counter(tenant for _, tenant in memberships if question == "by tenant")
            tokens = emulator.count(AUTH)
            pipe.send(
                ServerState(
                    time.process_time(), emulator.count(), len(memberships), tokens, dict(tenants)
                )
            )
            if question == "revoke":
                emulator.revoke_tokens()
