"""Ctrl-C and SIGTERM during a bulk run: the first lets rows in flight end, the second does not."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from ...bulk import BulkRun, Report

PATIENCE_S: Final = 9.0
"""Seconds after the first signal until a run that has not ended is stopped at once."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STOPPING: Final = (
    "Stopping: no more rows are sent; waiting for rows in flight. Ctrl-C again stops at once."
)


class StoppableRun:
    """A run in a task of its own, stopped by signals inside ``with``.

    Args:
        run: the run.
        say: prints a message to the user.
    """

    def __init__(self, run: BulkRun, say: Callable[[str], None]) -> None:
        self._run: Final = run
        self._say: Final = say
        self._loop: Final = asyncio.get_running_loop()
        self._task: Final[asyncio.Task[Report]] = asyncio.create_task(run.wait())
        self._signals = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._former: dict[signal.Signals, Any] = {}

    async def ended(self) -> Report | None:
        """Wait for the end, and return the report, or None if the run was stopped at once."""
        await asyncio.wait((self._task,))
        return None if self._task.cancelled() else self._task.result()

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            try:
                self._loop.add_signal_handler(number, self._signalled)
            except NotImplementedError:  # Windows
                self._former[number] = signal.signal(number, self._from_outside)
            except (ValueError, RuntimeError):
                break  # only the main thread can handle signals
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        for number in _SIGNALS:
            if number in self._former:
                signal.signal(number, self._former[number])
            else:
                self._loop.remove_signal_handler(number)

    def _from_outside(self, _number: int, _frame: object) -> None:
        self._loop.call_soon_threadsafe(self._signalled)

    def _signalled(self) -> None:
        self._signals += 1
        if self._signals == 1:
            self._say(_STOPPING)
            self._run.stop()
            self._deadline = self._loop.call_later(PATIENCE_S, self._task.cancel)
        elif self._signals == 2:
            # Only once: another cancellation would interrupt the closing of the ledger.
            self._task.cancel()
