"""Takes pending rows from the ledger, looks up their users and compares them with each other."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ..errors import FronteggError
from .ledger.ledger import Ledger
from .ledger.records import LedgerRow, address_of
from .loader import Loader
from .user_lookup import InThread, UserLookup

CHUNK_ROWS: Final = 1_000
"""Rows that are taken from the ledger at a time: ten blocks to read."""


class Chunk(msgspec.Struct, frozen=True):
    """Rows to be sent next.

    Args:
        rows: in the order of the source, without duplicates.
        errors: the reason that the user of a row is not known, by line.
        last: the last line that was looked at.
        repeated: number of duplicates that were left out.
    """

    rows: list[LedgerRow[Any]]
    errors: dict[int, FronteggError]
    last: int
    repeated: int


class ChunkReader:
    """Takes pending rows from a ledger, each with its user and its turn among the user's rows."""

    def __init__(
        self,
        ledger: Ledger,
        in_thread: InThread,
        addresses: UserLookup,
        loader: Loader | None = None,
    ) -> None:
        """Take rows of a ledger, and wait for rows that ``loader`` still enters."""
        self._ledger: Final = ledger
        self._in_thread: Final = in_thread
        self._lookup: Final = addresses
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
        found = await self._lookup.find(pending)
        rows = await self._in_thread(self._ledger.take_turns, found.rows)
        errors = {
            row.line: found.errors[address_of(row.row.email)] for row in rows if row.user_id is None
        }
        return Chunk(rows, errors, found.rows[-1].line, len(found.rows) - len(rows))
