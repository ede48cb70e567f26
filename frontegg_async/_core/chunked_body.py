"""Reads the plainest body in chunks; one that is not plain is left to the parser.

    578 CRLF             size of the chunk: one to eight hexadecimal digits, the first of them not 0
    content CRLF
    0 CRLF CRLF          no trailer

No extension, no blank, no bare CR or LF. Nearly all servers that send chunks send them like this.
``tests/core/test_plain_chunks.py`` shows that the parser reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NEW_LINE: Final = b"\r\n"
# The line end before a size is that of the content before it, or of the head.
_SIZE: Final = re.compile(rb"\r\n([1-9A-Fa-f][0-9A-Fa-f]{0,7})\r\n").match
_SIZE_CUT: Final = re.compile(rb"\r\n[1-9A-Fa-f][0-9A-Fa-f]{0,7}\r?").fullmatch
_END: Final = b"\r\n0\r\n\r\n"
_PIECE_BYTES: Final = 262_144
"""Bytes given to the parser at once: as many as the event loop gives."""


class ChunkedBody:
    """The body of one response as far as it has come.

    Args:
        data: the response as far as it has come, with all of its head.
        size: bytes of the head.

    Attributes:
        content: the content of the chunks: in one buffer, because a piece may be a single byte.
        is_odd: True if the body is not plain, and all of it is for the parser.
    """

    __slots__ = ("_begun", "_cut", "_head_size", "_missing", "content", "is_odd")

    def __init__(self, data: bytes, size: int) -> None:
        self._begun: Final = data
        self._head_size: Final = size
        self._missing = 0  # bytes of a chunk that has begun
        self._cut = b""  # bytes between two chunks that are not all there
        self.content: Final = bytearray()
        self.is_odd = False

    def begin(self) -> bytes | None:
        """Take what has come with the head; see ``feed``."""
        return self._take(self._begun, self._head_size - len(_NEW_LINE))

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes; return what comes after the body, once that is complete.

        If the body is odd, no more is to be fed.
        """
        return self._take(self._cut + data, 0)

    def _take(self, data: bytes, at: int) -> bytes | None:
        """Take bytes from a place on."""
        content, missing = self.content, self._missing
        while True:
            if missing:
                end = at + missing
                content += data[at:end]
                if end > len(data):
                    self._missing = end - len(data)
                    self._cut = b""
                    return None
                at = end
            if data.startswith(_END, at):
                return data[at + len(_END) :]
            size = _SIZE(data, at)
            if size is None:
                break
            missing = int(size[1], 16)
            at = size.end()
        self._missing = 0
        cut = self._cut = data[at:]
        self.is_odd = not (_END.startswith(cut) or _SIZE_CUT(cut))
        return None

    def unread(self) -> Iterator[bytes]:
        """Yield the response as far as it has come, with its whole chunks in one.

        What was yielded is not kept: the parser keeps it, too.
        """
        content = self.content
        head = self._begun[: self._head_size]
        # Up to the line end after the last whole chunk, where the rest begins.
        yield head + b"%x\r\n" % len(content) if content else head[: -len(_NEW_LINE)]
        while len(content) > _PIECE_BYTES:
            yield bytes(content[:_PIECE_BYTES])
            del content[:_PIECE_BYTES]
        yield bytes(content) + self._cut
