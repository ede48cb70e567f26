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
    codings = [coding.strip().lower() for coding in encoding.split(",")]
    try:
        # The last one was applied last.
        for coding in reversed(codings):
            if coding in _PLAIN or not body:
                continue
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
    room = limit
    for _ in range(_MAX_MEMBERS):
        piece, body = _inflated(body, 16 + zlib.MAX_WBITS, room)
        plain.append(piece)
        room -= len(piece)
        if not body.startswith(_GZIP_MAGIC):
            return b"".join(plain)  # what follows is padding
    raise zlib.error("too many members")


def _without_deflate(body: bytes, limit: int) -> bytes:
    """Undo deflate: with a zlib header (RFC 9110), or without, as some servers send it."""
    try:
        return _inflated(body, zlib.MAX_WBITS, limit)[0]
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS, limit)[0]


def _inflated(body: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """Return a decompressed stream, and the bytes after it."""
    decompressor = zlib.decompressobj(window)
    plain = decompressor.decompress(body, limit + 1)
    if len(plain) > limit:
        raise _TooLongError
    if not decompressor.eof:
        raise _CutError
    return plain, decompressor.unused_data
