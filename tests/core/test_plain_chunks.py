"""The reader of plain chunks reads nothing that aiohttp's parser reads differently."""

from __future__ import annotations

from ..support.chunks_at_random import compare


def test_the_parser_reads_the_same() -> None:
    """Outcome, the piece with which it comes, and the time to keep the connection are the same."""
    assert 800 < compare(range(2_000)) < 1_600
