"""An emulator in a thread of its own, for programs and test clients without an event loop."""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Generic, TypeVar

__all__ = ["EmulatorThread"]


_E = TypeVar("_E")


class EmulatorThread(Generic[_E]):
    """A thread with an event loop, in which an emulator runs.

    ::

        with Emulator.in_thread() as emulator:
            emulator.add_user("ada", tenant_ids=["acme"])
            ...  # talk to emulator.url

    :meth:`start` and :meth:`stop` do the same where there is no block, as in cells of a notebook.
    The end of the interpreter stops it as well.
    """

    def __init__(self, emulator: _E) -> None:
        self._emulator = emulator
        # Any: checkers infer no bound of a type from the constructor that ``in_thread`` calls.
        self._server: Any = emulator
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None

    def __enter__(self) -> _E:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> _E:
        """Start the thread, and return the emulator once it listens.

        Raises:
            RuntimeError: If it is running already.
            OSError: If the port is taken.
            CannotSignError: If ``signed_tokens`` are wanted without the extra that signs.
        """
        if self._thread is not None:
            raise RuntimeError("the emulator is already running")
        self._stopping = asyncio.Event()
        self._failure = None
        started: Future[None] = Future()
        # A daemon, or an emulator that is not stopped would keep the interpreter from ending.
        thread = threading.Thread(
            target=self._run, args=(started,), name="frontegg_async emulator", daemon=True
        )
        thread.start()
        try:
            started.result()
        except Exception:
            thread.join()
            raise
        self._thread = thread
        atexit.register(self.stop)
        return self._emulator

    def stop(self) -> None:
        """Stop the emulator and end the thread; a forked process has nothing to stop.

        Raises:
            RuntimeError: If the thread has ended before, by an error, which is its cause.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        atexit.unregister(self.stop)
        if thread.is_alive():
            self._server.home.call(self._stopping.set)
            thread.join()
        if self._failure is not None:
            raise RuntimeError(
                "the thread of the emulator was ended by an error"
            ) from self._failure

    def _run(self, started: Future[None]) -> None:
        failure: BaseException | None = None
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that started it
            if not started.done():
                started.set_exception(error)
            else:
                failure = self._failure = error
        finally:
            self._server.home.leave(failure)

    async def _serve(self, started: Future[None]) -> None:
        await self._server.start()
        started.set_result(None)
        try:
            await self._stopping.wait()
        finally:
            await self._server.stop()
