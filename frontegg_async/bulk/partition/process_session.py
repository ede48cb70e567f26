"""One event loop and one session in a process, for engines that call plain functions in threads.

    any thread ──run(coroutine)──▶ loop thread: session, connections, claims ──result──▶ the thread

All partitions with the same settings share one, so that a worker with eight threads has one token,
one pacing and one pool of connections. A forked child knows none of its parent's, and makes its
own. It is closed when the process exits.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from typing import Any, Final, TypeVar

from ...errors import ClosedError
from ...session import Session
from .claims import ClaimStore, PartitionClaims

T = TypeVar("T")

CLOSE_S: Final = 10.0
"""Seconds that closing may take at the exit of a process."""


class ProcessSession:
    """A session that is open in a thread of its own.

    Args:
        make_session: returns a session, not opened yet.
        claims: the place of claims, or None.

    Raises:
        FronteggError: the session cannot be made.
    """

    def __init__(self, make_session: Callable[[], Session], claims: PartitionClaims | None) -> None:
        self._session: Final = make_session()
        self._store: Final = None if claims is None else claims.open()
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(
            target=self._work, name="frontegg_async partitions", daemon=True
        )
        self._thread.start()
        try:
            self._result(self._session.open())
        except BaseException:
            self.close()
            raise

    def run(self, work: Callable[[Session, ClaimStore | None], Coroutine[Any, Any, T]]) -> T:
        """Await a coroutine in the loop's thread, and return its result; for any other thread.

        Args:
            work: called with the session and the open claims.
        """
        return self._result(work(self._session, self._store))

    def close(self) -> None:
        """Cancel the work, close session and claims, and end the thread."""
        with suppress(TimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CLOSE_S)
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)

    def _result(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise ClosedError(
                "a partition was called in the event loop that runs partitions: await its run()"
            )
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            coroutine.close()
            raise ClosedError("the process is about to exit, and runs no more partitions") from None
        try:
            return future.result()
        except BaseException:
            # Of the waiting thread, such as Ctrl-C; where the work itself raised, it has ended.
            future.cancel()
            raise

    def _work(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S / 2)
        if self._store is not None:
            await self._store.aclose()
        await self._session.aclose()
        with suppress(RuntimeError):  # late in the exit of a process, no thread is started
            await self._loop.shutdown_default_executor()


class _Registry:
    """The open sessions of this process, by their settings."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[Hashable, ProcessSession] = {}
        # Of the parent process. Collecting them would close what the parent still uses.
        self._inherited: list[ProcessSession] = []

    def get(self, settings: Hashable, make: Callable[[], ProcessSession]) -> ProcessSession:
        """Return the session of some settings; make it if there is none."""
        with self._lock:
            found = self._open.get(settings)
            if found is None:
                found = self._open[settings] = make()
            return found

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            sessions, self._open = list(self._open.values()), {}
        for session in sessions:
            session.close()

    def forget(self) -> None:
        """Leave the sessions of the parent process to it, in a forked child."""
        self._lock = threading.Lock()
        self._inherited += self._open.values()
        self._open = {}


_REGISTRY: Final = _Registry()
get_process_session: Final = _REGISTRY.get
"""Return the session of the process for some settings; make it if there is none."""
close_process_sessions: Final = _REGISTRY.close
"""Close the sessions of the process. The next partition makes a new one."""
atexit.register(close_process_sessions)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_REGISTRY.forget)
