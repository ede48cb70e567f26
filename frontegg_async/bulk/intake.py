"""Rows from the ledger for the workers: their users looked up, and compared with each other."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ..errors import FronteggError
from .addresses import Addresses, InThread
from .ledger.ledger import Ledger
from .ledger.records import LedgerRow, address_of
from .loader import Loader

CHUNK_ROWS: Final = 1_000
"""Rows that are taken from the ledger at a time: ten blocks to read."""


class Chunk(msgspec.Struct, frozen=True):
    """Rows to be done next.

    Args:
        rows: in the order of the source, without those that repeat another row.
        errors: why the user of a row is not known, by line.
        last: the last line that was looked at.
        repeated: rows that were found to repeat another one.
    """

    rows: list[LedgerRow[Any]]
    errors: dict[int, FronteggError]
    last: int
    repeated: int


class Intake:
    """Takes the pending rows of a ledger, each with its user and its place among that user's."""

    def __init__(
        self,
        ledger: Ledger,
        in_thread: InThread,
        addresses: Addresses,
        loader: Loader | None = None,
    ) -> None:
        """Take rows of a ledger, and wait for those that ``loader`` still enters."""
        self._ledger: Final = ledger
        self._in_thread: Final = in_thread
        self._addresses: Final = addresses
        self._loader: Final = loader

    async def take(self, after: int) -> Chunk | None:
        """Return the next rows behind line ``after``; wait for them, or None if no more come.

        Raises:
            FronteggError: users cannot be looked up at all, or the ledger cannot be written.
        """
        loader = self._loader
        while True:
            version = 0 if loader is None else loader.version
            if pending := await self._in_thread(self._ledger.pending, after, CHUNK_ROWS):
                break
            if loader is None or not await loader.more(version):
                return None
        found = await self._addresses.find(pending)
        rows = await self._in_thread(self._ledger.take_turns, found.rows)
        errors = {
            row.line: found.errors[address_of(row.row.email)] for row in rows if row.who is None
        }
        return Chunk(rows, errors, found.rows[-1].line, len(found.rows) - len(rows))
