"""Undoes the compression of a body: ours is never asked for, and some servers compress anyway."""

from __future__ import annotations

import zlib
from typing import Final

from .response import Failure, FailureKind

_PLAIN: Final = frozenset({"", "identity", "none"})
"""Values of ``Content-Encoding`` that mean none; the last is no coding, and still is sent."""
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_GZIP_MAGIC: Final = b"\x1f\x8b"
_MAX_MEMBERS: Final = 10_000
"""Most members of one gzip body: a member of 20 bytes costs as much time as a large one."""
_MAX_CODINGS: Final = 5
"""Most codings of one body: each may cost as much time as its longest result."""
_PIECE_BYTES: Final = 16_384
"""Bytes given to zlib at once: of the last of them it copies those after the end of the stream."""


class _TooLongError(Exception):
    """The decompressed body is longer than allowed."""


class _CutError(Exception):
    """The compressed body ends too early."""


def decompressed(body: bytes, encoding: str, limit: int, status: int) -> bytes | Failure:
    """Return a body without its compression.

    Args:
        body: the body as received.
        encoding: value of ``Content-Encoding``.
        limit: the longest result, in bytes; nothing beyond it is decompressed.
        status: status of the response, for a failure.
    """
    named = [coding.strip().lower() for coding in encoding.split(",")]
    codings = [coding for coding in named if coding not in _PLAIN]
    if len(codings) > _MAX_CODINGS:
        return Failure(FailureKind.MALFORMED, "the body is compressed too many times", status)
    try:
        # The last one was applied last.
        for coding in reversed(codings):
            if not body:
                break
            if coding in _GZIP:
                body = _without_gzip(body, limit)
            elif coding == "deflate":
                body = _without_deflate(body, limit)
            else:
                # The value of the header is not repeated: it may be the token.
                return Failure(
                    FailureKind.MALFORMED,
                    "the body is compressed in a way that was not asked for",
                    status,
                )
    except zlib.error:
        return Failure(FailureKind.MALFORMED, "the compressed body is damaged", status)
    except _CutError:
        return Failure(FailureKind.BROKEN, "the compressed body ends too early", status)
    except _TooLongError:
        return too_large(limit, status)
    return body


def too_large(limit: int, status: int) -> Failure:
    """Return the failure of a response that is longer than allowed."""
    return Failure(
        FailureKind.TOO_LARGE, f"the body is longer than max_response_bytes ({limit})", status
    )


def _without_gzip(body: bytes, limit: int) -> bytes:
    """Undo gzip. A body may have several members, as from servers that compress in blocks."""
    plain: list[bytes] = []
    room, end = limit, 0
    for _ in range(_MAX_MEMBERS):
        piece, end = _inflated(body, end, 16 + zlib.MAX_WBITS, room)
        plain.append(piece)
        room -= len(piece)
        if not body.startswith(_GZIP_MAGIC, end):
            return b"".join(plain)  # what follows is padding
    raise zlib.error("too many members")


def _without_deflate(body: bytes, limit: int) -> bytes:
    """Undo deflate: with a zlib header (RFC 9110), or without, as some servers send it."""
    try:
        return _inflated(body, 0, zlib.MAX_WBITS, limit)[0]
    except zlib.error:
        return _inflated(body, 0, -zlib.MAX_WBITS, limit)[0]


def _inflated(body: bytes, start: int, window: int, limit: int) -> tuple[bytes, int]:
    """Return the stream at ``start``, decompressed, and the place of its end."""
    decompressor = zlib.decompressobj(window)
    plain: list[bytes] = []
    room = limit + 1
    with memoryview(body) as view:
        while start < len(body) and not decompressor.eof:
            piece = decompressor.decompress(view[start : start + _PIECE_BYTES], room)
            start = min(start + _PIECE_BYTES, len(body))
            plain.append(piece)
            room -= len(piece)
            if not room:
                raise _TooLongError
    if not decompressor.eof:
        raise _CutError
    return b"".join(plain), start - len(decompressor.unused_data)
