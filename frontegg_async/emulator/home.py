"""The event loop that an emulator runs in, and the way to it from other threads.

State, faults and webhooks are changed by the thread of this loop alone, so that they need no locks
and a request is served in one step. A method that another thread calls runs in the loop, while
that thread waits. While no loop runs, there is nothing to wait for, and methods run at once.

A forked process has the memory of its parent and not its threads. There the sockets are closed, so
that connections end when the parent ends them, and methods that need the loop raise.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar
from weakref import WeakSet

__all__ = ["Home", "Resident", "at_home"]

_PATIENCE_S: Final = 60.0
"""Seconds in which a loop that works answers: a method does one step of it."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Resident(Protocol):
    """An object that the loop of an emulator changes."""

    @property
    def home(self) -> Home:
        """Return the loop that it belongs to."""
        ...


_R = TypeVar("_R", bound=Resident)


def at_home(method: Callable[Concatenate[_R, _P], _T]) -> Callable[Concatenate[_R, _P], _T]:
    """Make a method run in the loop of its object, whichever thread calls it."""

    @wraps(method)
    def call(self: _R, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self.home.is_here:
            return method(self, *args, **kwargs)
        return self.home.call(partial(method, self, *args, **kwargs))

    return call


class Home:
    """The loop of one emulator, while it runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: int | None = None
        self._descriptors: Callable[[], Iterable[int]] = tuple
        self._pending: set[Future[Any]] = set()
        self._failure: BaseException | None = None
        self._forked = False

    @property
    def is_here(self) -> bool:
        """Return whether the calling thread may touch the emulator by itself."""
        return self._thread is None or self._thread == threading.get_ident()

    def enter(self, descriptors: Callable[[], Iterable[int]]) -> None:
        """Make the running loop the home.

        Args:
            descriptors: Returns the open sockets, for a forked process to close.
        """
        with self._lock:
            self._loop = asyncio.get_running_loop()
            self._descriptors = descriptors
            self._failure = None
            self._forked = False
            self._thread = threading.get_ident()
        _homes.add(self)

    def leave(self, failure: BaseException | None = None) -> None:
        """End the home; calls from other threads that were not served yet raise.

        Args:
            failure: The error that ended the loop, for all calls from now on.
        """
        with self._lock:
            self._loop = None
            self._failure = failure
            self._thread = None if failure is None else -1
            left, self._pending = self._pending, set()
        _homes.discard(self)
        for future in left:
            future.cancel()

    def call(self, function: Callable[[], _T]) -> _T:
        """Run a function in the loop, and return its result or raise its error.

        Raises:
            RuntimeError: If the loop has failed, is blocked, or is that of a parent process.
        """
        future: Future[_T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it is raised in the calling thread
                future.set_exception(error)

        def begin(loop: asyncio.AbstractEventLoop) -> Future[_T]:
            loop.call_soon_threadsafe(run)
            return future

        if self._submit(begin) is None:
            return function()
        try:
            return future.result(_PATIENCE_S)
        except CancelledError:
            raise self._gone() from self._failure
        except TimeoutError:
            if future.done():
                raise
            raise RuntimeError(
                f"the event loop of the emulator has been blocked for {_PATIENCE_S:g} seconds"
            ) from None
        finally:
            self._pending.discard(future)

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the loop, and return its result or raise its error.

        Raises:
            RuntimeError: If there is no loop, or it is that of the calling thread.
        """
        if self._thread == threading.get_ident():
            coroutine.close()
            raise RuntimeError("this thread runs the emulator: await the coroutine instead")
        try:
            future = self._submit(partial(asyncio.run_coroutine_threadsafe, coroutine))
        except RuntimeError:
            coroutine.close()
            raise
        if future is None:
            coroutine.close()
            raise RuntimeError("the emulator is not running")
        try:
            return future.result()
        except CancelledError:
            raise self._gone() from self._failure
        finally:
            future.cancel()
            self._pending.discard(future)

    async def wait(self, function: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Await a coroutine function in the loop, from whichever loop."""
        if self.is_here:
            return await function()

        def begin(loop: asyncio.AbstractEventLoop) -> Future[_T]:
            return asyncio.run_coroutine_threadsafe(function(), loop)

        future = self._submit(begin)
        if future is None:
            return await function()
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._gone() from self._failure
        finally:
            self._pending.discard(future)

    def _submit(
        self, begin: Callable[[asyncio.AbstractEventLoop], Future[_T]]
    ) -> Future[_T] | None:
        """Begin something in the loop, or return None if none runs any more."""
        if self._forked or self._failure is not None:
            raise self._gone() from self._failure
        with self._lock:
            if self._loop is None:
                return None
            future = begin(self._loop)
            self._pending.add(future)
            return future

    def _gone(self) -> RuntimeError:
        if self._forked:
            return RuntimeError(
                "the emulator runs in the parent of this process, which reaches it by its url only"
            )
        return RuntimeError("the emulator has stopped")

    def fork(self) -> None:
        """Give up everything, in a process that has just been forked."""
        self._lock = threading.Lock()  # another thread may have held the old one
        self._pending = set()
        self._forked = True
        nothing = os.open(os.devnull, os.O_RDWR)
        # Closed in effect, while their numbers stay taken until their owners close them.
        for descriptor in self._descriptors():
            os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)


_homes: Final[WeakSet[Home]] = WeakSet()


def _fork_all() -> None:
    for home in list(_homes):
        home.fork()
    _homes.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork_all)
