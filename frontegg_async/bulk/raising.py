"""Exceptions of the caller's own code that end a run, and the report that goes with them."""

from __future__ import annotations

import asyncio
from typing import Final

from ..errors import BulkCallerError
from .report.report import Report

_KEY: Final = "_frontegg_async_bulk_report"


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


def with_report(error: Exception, report: Report) -> Exception:
    """Return an exception that has the report of the run that it ended."""
    # Not by setattr, which an exception may refuse or take for something of its own.
    error.__dict__[_KEY] = report
    files = (("ledger", report.ledger_path), ("failures", report.failures_path))
    left = "".join(f"; {name}: {path}" for name, path in files if path is not None)
    error.add_note(f"The bulk run ended here: {report!r}{left}")
    return error


def report_of(error: BaseException) -> Report | None:
    """Return the report of the bulk run that an exception has ended, or None.

    The source of a run, or its ``on_progress``, may raise anything. The run then ends, and the
    exception is raised as it is. What was done until then is in this report.
    """
    found = error.__dict__.get(_KEY)
    return found if isinstance(found, Report) else None
