"""Exit codes, and the one for each error or report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from ..errors import (
    AuthenticationError,
    ConfigurationError,
    FronteggError,
    InvalidRequestError,
    LedgerError,
    LedgerMismatchError,
    OutcomeUnknownError,
)

if TYPE_CHECKING:
    from ..bulk import Report

DONE: Final = 0
ERROR: Final = 1
USAGE: Final = 2
ROWS_FAILED: Final = 3
AUTHENTICATION: Final = 4
IN_DOUBT: Final = 5
INTERRUPTED: Final = 130

TABLE: Final = """\b
Exit codes:
  0    all done
  1    error; bulk: also a ledger that another process is using, that is damaged, that is no
       ledger, or that cannot be written any more
  2    usage: nothing was sent; bulk: also a ledger of another input, job, environment, settings
       or version of this program
  3    some rows failed, were invalid or were skipped
  4    authentication: credentials missing or rejected
  5    some outcomes are in doubt
  130  interrupted; a bulk run prints the command that continues it
"""
"""Shown by ``--help``; the first character keeps click from wrapping it."""


class NoCredentialsError(click.ClickException):
    """The environment holds no credentials."""

    exit_code = AUTHENTICATION


def of_error(error: FronteggError) -> int:
    """Return the exit code of a call that ended in ``error``."""
    if isinstance(error, AuthenticationError):
        return AUTHENTICATION
    if isinstance(error, LedgerError):
        # A mismatch is wrong usage: the command names a ledger of another input or job.
        return USAGE if isinstance(error, LedgerMismatchError) else ERROR
    if isinstance(error, OutcomeUnknownError):
        return IN_DOUBT
    # A response has a status: without one, the arguments or the settings were rejected.
    rejected_here = error.status is None and error.attempts == 0
    if rejected_here and isinstance(error, InvalidRequestError | ConfigurationError):
        return USAGE
    return ERROR


def of_report(report: Report) -> int:
    """Return the exit code of a bulk run, by its gravest result."""
    if isinstance(report.stopped, AuthenticationError):
        return AUTHENTICATION
    if report.interrupted:
        return INTERRUPTED
    if isinstance(report.stopped, LedgerError):
        return of_error(report.stopped)
    if report.unknown:
        return IN_DOUBT
    if not report.done:
        return ROWS_FAILED
    return DONE if report.stopped is None else ERROR
