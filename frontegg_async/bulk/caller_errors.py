"""Exceptions of the caller's own code: those that end a run, and those that mean something else."""

from __future__ import annotations

import asyncio

from ..errors import BulkCallerError


def of_caller(error: BaseException, who: str) -> Exception:
    """Return the exception that ends a run for one that the caller's own code has raised.

    It is the exception itself, unless that would say something else where the run is awaited: a
    ``CancelledError`` that this task was cancelled, a ``SystemExit`` of the source's thread that
    the process ends here.

    Args:
        error: what was raised.
        who: the code that raised it, in words.
    """
    return error if isinstance(error, Exception) else stopped_by(error, who)


def is_cancelled() -> bool:
    """Whether the task that runs is cancelled itself, and not something that it waited for."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def stopped_by(error: BaseException, who: str) -> BulkCallerError:
    """Return what a report has as ``stopped``; arguments as for ``of_caller``."""
    if isinstance(error, BulkCallerError):
        return error
    problem = f": {error}" if str(error) else ""
    stopped = BulkCallerError(f"{who} raised {type(error).__name__}{problem}")
    stopped.__cause__ = error
    return stopped
