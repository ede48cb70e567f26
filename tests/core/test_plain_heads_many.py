"""The recogniser of plain heads beside aiohttp's parser, for a hundred thousand heads."""

from __future__ import annotations

from ..support.heads_at_random import accepted


def test_the_parser_reads_the_same() -> None:
    """Status, headers, body and the time to keep the connection are those of the parser."""
    assert accepted(range(1_000_000, 1_100_000)) > 20_000
