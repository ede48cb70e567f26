"""Invalid rows as they stood in their source, kept so that they can be mended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from ...errors import LedgerDamagedError

MAX_TEXT_CHARS: Final = 1_000
"""Characters that are kept of a value or a line that is too long to be mended in a file of rows."""
ORIGINALS_SCHEMA: Final = """
CREATE TABLE originals (line INTEGER PRIMARY KEY, original TEXT NOT NULL, seal INTEGER NOT NULL)
"""

Cells: TypeAlias = dict[str, str | bool]


class Original(msgspec.Struct, frozen=True, gc=False):
    """An invalid row as it stood in its source.

    Args:
        cells: those of its fields that could be read, by their names.
        text: the row as a whole, where not all of it could be read as fields.
    """

    cells: Cells = {}
    text: str | None = None

    def encode(self) -> str:
        """Return it in ASCII, because SQLite takes no lone surrogates."""
        return json.dumps([self.cells, self.text])

    @classmethod
    def decode(cls, encoded: str) -> Original:
        """Return the row that ``encode`` wrote.

        Raises:
            LedgerDamagedError: it is something else.
        """
        try:
            # With the standard library, because msgspec takes no lone surrogates either.
            return msgspec.convert(json.loads(encoded), _Encoded).original()
        except (ValueError, RecursionError):
            raise LedgerDamagedError("the original text of an invalid row is damaged") from None


class _Encoded(msgspec.Struct, frozen=True, array_like=True):
    cells: Cells
    text: str | None

    def original(self) -> Original:
        return Original(self.cells, self.text)


def cells_of(values: Mapping[str, object]) -> Cells:
    """Return the values of fields that a file of rows has cells for."""
    return {name: value for name, value in values.items() if name and isinstance(value, str | bool)}


def shortened(text: str) -> str:
    """Return a text, or its beginning if it is too long to be kept."""
    return text if len(text) <= MAX_TEXT_CHARS else f"{text[:MAX_TEXT_CHARS]} ..."
