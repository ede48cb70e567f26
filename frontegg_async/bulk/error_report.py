"""Exceptions of the caller's own code that end a run, and the report that goes with them."""

from __future__ import annotations

from typing import Any, Final

from .report.report import Report

_KEY: Final = "_frontegg_async_bulk_report"


def with_report(error: Exception, report: Report[Any]) -> Exception:
    """Attach the report of a run to the exception that ended it, and return the exception."""
    # Not by setattr, which the class of an exception may override.
    error.__dict__[_KEY] = report
    files = (("ledger", report.ledger_path), ("failures", report.failures_path))
    left = "".join(f"; {name}: {path}" for name, path in files if path is not None)
    error.add_note(f"The bulk run ended here: {report!r}{left}")
    return error


def report_of(error: BaseException) -> Report[Any] | None:
    """Return the report of the bulk run that an exception has ended, or None.

    The source of a run, or its ``on_progress``, may raise anything. The run then ends, and the
    exception is raised as it is. This report covers the rows until then.
    """
    found: Report[Any] | None = error.__dict__.get(_KEY)
    return found
