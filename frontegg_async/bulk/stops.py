"""Errors that say more than that one row failed: the next row would run into the same thing."""

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
"""What the next row would run into as well."""
_OUTAGE: Final = (ConnectionFailedError, CallTimeoutError, ServerError)
OUTAGE_ROWS: Final = 20
"""Rows in a row that fail for want of a server, after which the run stops; as many as there are
workers, if those are more."""


def leaves_no_room(error: FronteggError) -> bool:
    """Whether the limit is used up for all rows; a row that alone is refused has failed."""
    return isinstance(error, RateLimitError) and error.message == NO_ROOM


def is_for_the_next_run(error: FronteggError) -> bool:
    """Whether the run ends here, and the row stays as the ledger has it.

    So it is if the limit is used up for all rows; a row that alone is refused has failed.
    """
    return isinstance(error, LedgerError | ClosedError) or leaves_no_room(error)


class OutageWatch:
    """Counts failures that follow each other for want of a server."""

    def __init__(self, workers: int) -> None:
        self._most: Final = max(OUTAGE_ROWS, workers)
        self._failing = 0

    def worked(self) -> None:
        """Note that the server answered."""
        self._failing = 0

    def is_outage(self, error: FronteggError, *, in_doubt: bool = False) -> bool:
        """Note a failure; return whether so many followed each other that the server is gone.

        Args:
            error: the failure.
            in_doubt: whether a write got no answer that says what became of it.
        """
        lacks_server = in_doubt or isinstance(error, _OUTAGE)
        self._failing = self._failing + 1 if lacks_server else 0
        return self._failing >= self._most
