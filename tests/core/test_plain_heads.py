"""The recogniser of plain heads accepts nothing that aiohttp's parser reads differently."""

from __future__ import annotations

import pytest

from frontegg_async._core.plain_head import CHUNKED, PlainHeads, seconds_kept
from frontegg_async._core.transport import MAX_HEAD_BYTES

from ..support.heads_at_random import accepted

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%b\r\n"


def test_the_parser_reads_the_same() -> None:
    """Status, headers, body and the time to keep the connection are those of the parser."""
    assert 1_000 < accepted(range(5_000)) < 4_000


def test_layouts_are_remembered_and_forgotten() -> None:
    """However many different heads a server sends, few are remembered, and no cookie is."""
    heads = PlainHeads()
    for number in range(5_000):
        heads.expect_news()
        lines = b"X-%d: %d\r\nSet-Cookie: canary=%d\r\n" % (number // 100, number, number)
        read = heads.read(HEAD % lines)
        assert read is not None
        assert read.headers[f"x-{number // 100}"] == str(number)
        assert len(read.headers) == 3
        assert read.headers.getall("SET-COOKIE") == [f"canary={number}"]
    remembered = heads._layouts  # pyright: ignore[reportPrivateUsage]
    assert 1 < len(remembered) <= 8
    assert not any("canary" in repr(layout.parts) for layout in remembered)


def test_what_decides_never_varies() -> None:
    """A layout in which the connection is kept does not read a head that says otherwise."""
    heads = PlainHeads()
    heads.expect_news()
    found = [
        heads.read(HEAD % (b"Connection: %b\r\n" % stated))
        for stated in (b"keep-alive", b"Keep-Alive", b" keep-alive", b"close", b"upgrade", b"")
    ]
    kept = [None if head is None else head.keep for head in found]
    assert kept == [30.0, 30.0, 30.0, 0.0, None, None]


def test_a_body_in_chunks_or_of_a_length() -> None:
    """A layout says where the body ends: that of chunks reads no length, and the other way round.

    A head that says both, or names another coding, is for the parser.
    """
    heads = PlainHeads()
    heads.expect_news()
    chunked = HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")
    for _ in range(2):
        read = [heads.read(head % b"") for head in (HEAD, chunked)]
        assert [head and head.length for head in read] == [2, CHUNKED]
    for line in (b"Transfer-Encoding: chunked", b"Content-Length: 2", b"Transfer-Encoding: gzip"):
        assert heads.read(chunked % (line + b"\r\n")) is None
    for coding in (b"gzip, chunked", b"chunked, chunked", b"chunked;a=b", b"chunke", b""):
        assert heads.read(chunked.replace(b"chunked", coding) % b"") is None


def test_heads_that_never_settle_are_for_the_parser() -> None:
    """A server whose heads are others each time is left to the parser until the next connection."""
    heads = PlainHeads()
    heads.expect_news()
    read = [heads.read(HEAD % (b"X-%d: 1\r\n" % number)) for number in range(1_000)]
    assert read[0] is not None
    assert read[999] is None
    heads.expect_news()
    assert heads.read(HEAD % b"X-999: 1\r\n") is not None


def test_heads_that_are_never_plain_are_for_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose heads are never plain is soon not asked any more if this one is."""
    heads = PlainHeads()
    heads.expect_news()
    gzipped = HEAD % b"Content-Encoding: gzip\r\n"
    assert all(heads.read(gzipped) is None for _ in range(1_000))
    monkeypatch.setattr(PlainHeads, "_learn", pytest.fail)
    assert heads.read(gzipped) is None


def learn_nothing(heads: PlainHeads, data: bytes) -> None:
    """Leave a head that fits no layout to the parser."""


def test_values_that_vary_are_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head of a layout that is known is compared and not checked anew, values apart."""
    heads = PlainHeads()
    heads.expect_news()
    for value in (b"1", b"2"):
        assert heads.read(HEAD % (b"X: %b\r\n" % value)) is not None
    monkeypatch.setattr(PlainHeads, "_learn", learn_nothing)
    for value in (b"", b"3", b" ~" * 99):
        read = heads.read(HEAD % (b"X: %b\r\n" % value))
        assert read is not None
        assert read.headers["X"] == value.decode().strip()
    for odd in (b"\x00", b"\x7f", b"\x80", b"\t", b"a\nb", b"a\rb", b"a\r\n b", b"a\r\nY: b"):
        assert heads.read(HEAD % (b"X: %b\r\n" % odd)) is None
    assert heads.read((HEAD % b"X: 3\r\n").replace(b": 2", b": 0x2")) is None
    assert heads.read((HEAD % b"X: 3\r\n")[:-1]) is None


def test_a_long_head_is_for_the_parser() -> None:
    """A head over 64 KiB is left to the parser, which rejects it."""
    heads = PlainHeads()
    heads.expect_news()
    assert heads.read(HEAD % (b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n")) is None


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
