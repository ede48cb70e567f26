"""Exceptions of the caller's own code that end a run, and the report that goes with them."""

from __future__ import annotations

from typing import Any, Final

from .report.report import Report

_KEY: Final = "_frontegg_async_bulk_report"


def with_report(error: Exception, report: Report[Any]) -> Exception:
    """Return an exception that has the report of the run that it ended."""
    # Not by setattr, which an exception may refuse or take for something of its own.
    error.__dict__[_KEY] = report
    files = (("ledger", report.ledger_path), ("failures", report.failures_path))
    left = "".join(f"; {name}: {path}" for name, path in files if path is not None)
    error.add_note(f"The bulk run ended here: {report!r}{left}")
    return error


def report_of(error: BaseException) -> Report[Any] | None:
    """Return the report of the bulk run that an exception has ended, or None.

    The source of a run, or its ``on_progress``, may raise anything. The run then ends, and the
    exception is raised as it is. What was done until then is in this report.
    """
    found: Report[Any] | None = error.__dict__.get(_KEY)
    return found
