"""Exit codes, and which of them an error or a report ends in."""

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
  1    error; bulk: also a ledger that another process is running on, that is damaged or no
       ledger at all, or that cannot be written any more
  2    usage: nothing was sent; bulk: also a ledger that was begun for another input, job,
       environment, settings or version of this program
  3    some rows failed, were invalid or were skipped
  4    authentication: no credentials, or they were refused
  5    some outcomes are in doubt
  130  interrupted; a bulk run tells how to go on
"""
"""For ``--help``; the first character keeps click from wrapping it."""


class NoCredentialsError(click.ClickException):
    """The environment holds no credentials."""

    exit_code = AUTHENTICATION


def of_error(error: FronteggError) -> int:
    """Return the exit code of a call that ended in ``error``."""
    if isinstance(error, AuthenticationError):
        return AUTHENTICATION
    if isinstance(error, LedgerError):
        # A ledger that belongs to something else is a matter of how the command was called.
        return USAGE if isinstance(error, LedgerMismatchError) else ERROR
    if isinstance(error, OutcomeUnknownError):
        return IN_DOUBT
    # An answer has a status: without one, it was the arguments or the settings.
    refused_here = error.status is None and error.attempts == 0
    if refused_here and isinstance(error, InvalidRequestError | ConfigurationError):
        return USAGE
    return ERROR


def of_report(report: Report) -> int:
    """Return the exit code of a bulk run: the gravest thing that it ended in."""
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
