"""The reader of plain chunks beside aiohttp's parser, for fifty thousand responses."""

from __future__ import annotations

from ..support.chunks_at_random import compare


def test_the_parser_reads_the_same() -> None:
    """Outcome, the piece with which it comes, and the time to keep the connection are the same."""
    assert compare(range(1_000_000, 1_050_000)) > 20_000
