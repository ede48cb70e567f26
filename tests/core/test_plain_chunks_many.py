"""The reader of plain chunks beside aiohttp's parser, for fifty thousand responses."""

from __future__ import annotations

from typing import Final

import pytest

from ..support.chunks_at_random import compare

CASES: Final = 10_000


@pytest.mark.parametrize("part", range(1, 6))
def test_the_parser_reads_the_same(part: int) -> None:
    """Outcome, the piece with which it comes, and the time to keep the connection are the same."""
    assert compare(range(part * 1_000_000, part * 1_000_000 + CASES)) > CASES / 3
