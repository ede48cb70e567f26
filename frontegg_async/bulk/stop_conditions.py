"""Errors that stop a run, because the next rows would meet them as well."""

from __future__ import annotations

from typing import Final

from .._core.sender import NO_ROOM
from ..errors import (
    AuthenticationError,
    CallTimeoutError,
    ClosedError,
    ConfigurationError,
    ConnectionFailedError,
    FronteggError,
    LedgerError,
    RateLimitError,
    ServerError,
)

FATAL: Final = (AuthenticationError, ClosedError, ConfigurationError, LedgerError)
"""Errors that every other row would meet as well."""
_OUTAGE: Final = (ConnectionFailedError, CallTimeoutError, ServerError)
OUTAGE_ROWS: Final = 20
"""Consecutive rows that fail for want of a server, after which the run stops; or the number of
workers, if that is higher."""


def is_limit_used_up(error: FronteggError) -> bool:
    """Return whether the limit is used up for all rows; a 429 to one row is its own failure."""
    return isinstance(error, RateLimitError) and error.message == NO_ROOM


def is_left_to_next_run(error: FronteggError) -> bool:
    """Return whether an error ends the run and leaves the row as it is in the ledger."""
    return isinstance(error, LedgerError | ClosedError) or is_limit_used_up(error)


class OutageWatch:
    """Counts consecutive failures for want of a server."""

    def __init__(self, workers: int) -> None:
        self._most: Final = max(OUTAGE_ROWS, workers)
        self._failing = 0

    def responded(self) -> None:
        """Note that the server responded."""
        self._failing = 0

    def is_outage(self, error: FronteggError, *, in_doubt: bool = False) -> bool:
        """Note a failure; return whether enough came in succession to call it an outage.

        Args:
            error: the failure.
            in_doubt: True if a write got no response that tells its outcome.
        """
        lacks_server = in_doubt or isinstance(error, _OUTAGE)
        self._failing = self._failing + 1 if lacks_server else 0
        return self._failing >= self._most
