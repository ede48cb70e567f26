"""Exceptions of the caller's own code that end a run, wrapped if they would mislead there."""

from __future__ import annotations

import asyncio

from ..errors import BulkCallerError


def of_caller(error: BaseException, who: str) -> Exception:
    """Return the exception to end a run with after the caller's own code has raised one.

    It is that exception, unless it would mislead the task that awaits the run: a
    ``CancelledError`` would say that this task was cancelled, a ``SystemExit`` of the source's
    thread that the process ends here.

    Args:
        error: the exception that was raised.
        who: the code that raised it, in words.
    """
    return error if isinstance(error, Exception) else stopped_by(error, who)


def is_cancelled() -> bool:
    """Return whether the current task itself was cancelled, and not a task that it awaits."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def stopped_by(error: BaseException, who: str) -> BulkCallerError:
    """Return the error that a report has as ``stopped``; arguments as for ``of_caller``."""
    if isinstance(error, BulkCallerError):
        return error
    problem = f": {error}" if str(error) else ""
    stopped = BulkCallerError(f"{who} raised {type(error).__name__}{problem}")
    stopped.__cause__ = error
    return stopped
