"""The recogniser of plain heads accepts nothing that aiohttp's parser reads differently."""

from __future__ import annotations

import pytest

from frontegg_async._core.plain_head import PlainHeads, seconds_kept
from frontegg_async._core.transport import MAX_HEAD_BYTES

from ..support.heads_at_random import accepted

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n"


def test_the_parser_reads_the_same() -> None:
    """Status, headers, body and the time to keep the connection are those of the parser."""
    assert 1_000 < accepted(range(5_000)) < 4_000


def test_lines_are_remembered_and_forgotten() -> None:
    """However many different lines a server sends, few are remembered, and no cookie is."""
    heads = PlainHeads()
    for number in range(5_000):
        lines = b"X: %d\r\nSet-Cookie: canary=%d\r\n" % (number, number)
        read = heads.read(HEAD % lines)
        assert read is not None
        assert read.headers["x"] == str(number)
        assert len(read.headers) == 3
        assert read.headers.getall("SET-COOKIE") == [f"canary={number}"]
    remembered = heads._checked  # pyright: ignore[reportPrivateUsage]
    assert 0 < len(remembered) <= 1_000
    assert not any(b"canary" in line for line in remembered)


def test_a_long_head_is_for_the_parser() -> None:
    """A head over 64 KiB is left to the parser, which rejects it."""
    assert PlainHeads().read(HEAD % (b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n")) is None


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("timeout=5", 4.0),
        (" Timeout=5, max=100", 4.0),
        ("timeout=1", 0.5),
        ("timeout=0", 0.0),
        ("timeout=900", 30.0),
        ("max=100, timeout=5", 4.0),
        ('max=100,timeout = "5"', 4.0),
        ("timeout=5.5", 4.0),
        ("max=100", 30.0),
        ("idle-timeout=5", 30.0),
        ("timeout=99999999999", 30.0),
        ("timeout=x", 30.0),
        ("", 30.0),
    ],
)
def test_the_time_that_a_server_keeps_a_connection(stated: str, kept: float) -> None:
    """A stated time is cut by a second, or by half, and never extends ours."""
    assert seconds_kept(stated) == kept
