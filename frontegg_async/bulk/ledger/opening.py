"""Opens files in a thread that is left behind if it hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import anyio


class Closable(Protocol):
    """An open file or connection."""

    def close(self) -> None:
        """Close it."""
        ...


OpenedT = TypeVar("OpenedT", bound=Closable)

_GRACE_S: Final = 1.0
"""Seconds that opening gets to end after it was cancelled, so that the next try finds it closed."""


async def opened_in_thread(function: Callable[[], OpenedT]) -> OpenedT:
    """Call a function that opens a file, in a thread; if cancelled, leave closing to the thread.

    A network drive that does not respond can hold a thread for any time. It must hold neither the
    run nor the end of the process, as a thread of an executor would.
    """
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[OpenedT] = loop.create_future()
    given_up = False

    def settle(found: OpenedT | None, error: BaseException | None) -> None:
        if given_up and found is not None:
            found.close()
        elif found is not None:
            opened.set_result(found)
        elif error is not None and not given_up:
            opened.set_exception(error)

    def work() -> None:
        found, failed = None, None
        try:
            found = function()
        except BaseException as error:  # noqa: BLE001  # raised in the task that waits
            failed = error
        try:
            loop.call_soon_threadsafe(settle, found, failed)
        except RuntimeError:  # the loop has ended, and with it the waiting task
            if found is not None:
                found.close()

    threading.Thread(target=work, name="frontegg_async open", daemon=True).start()
    try:
        return await asyncio.shield(opened)
    except asyncio.CancelledError:
        with anyio.CancelScope(shield=True):
            await asyncio.wait((opened,), timeout=_GRACE_S)
        given_up = True
        if opened.done() and opened.exception() is None:
            opened.result().close()
        raise
