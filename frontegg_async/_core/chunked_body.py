"""Reads the plainest body in chunks; one that is not plain is left to the parser.

    578 CRLF             size of the chunk: one to eight hexadecimal digits, the first of them not 0
    content CRLF
    0 CRLF CRLF          no trailer

No extension, no blank, no bare CR or LF. Nearly all servers that send chunks send them like this.
``tests/core/test_plain_chunks.py`` shows that the parser reads the same.
"""

from __future__ import annotations

import re
from typing import Final

_NEW_LINE: Final = b"\r\n"
# The line end before a size is that of the content before it, or of the head.
_SIZE: Final = re.compile(rb"\r\n([1-9A-Fa-f][0-9A-Fa-f]{0,7})\r\n").match
_SIZE_CUT: Final = re.compile(rb"\r\n[1-9A-Fa-f][0-9A-Fa-f]{0,7}\r?").fullmatch
_END: Final = b"\r\n0\r\n\r\n"


class ChunkedBody:
    """The body of one response as far as it has come.

    Args:
        data: the response as far as it has come, with all of its head.
        size: bytes of the head.

    Attributes:
        content: the content of the chunks: in one buffer, because a piece may be a single byte.
        unread: the response as far as it has come, for the parser; None as long as it is plain.
    """

    __slots__ = ("_begun", "_cut", "_head_size", "_missing", "content", "unread")

    def __init__(self, data: bytes, size: int) -> None:
        self._begun: Final = data
        self._head_size: Final = size
        self._missing = 0  # bytes of a chunk that has begun
        self._cut = b""  # bytes between two chunks that are not all there
        self.content: Final = bytearray()
        self.unread: bytes | None = None

    def begin(self) -> bytes | None:
        """Take what has come with the head; see ``feed``."""
        return self._take(self._begun, self._head_size - len(_NEW_LINE))

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes; return what comes after the body, once that is complete.

        If the body is not plain, no more is to be fed, and ``unread`` is set.
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
        if not (_END.startswith(cut) or _SIZE_CUT(cut)):
            self.unread = self._in_one_chunk() + cut
        return None

    def _in_one_chunk(self) -> bytes:
        """Return the response up to the line end after its last whole chunk."""
        head = self._begun[: self._head_size]
        if not self.content:
            return head[: -len(_NEW_LINE)]
        return b"".join((head, b"%x\r\n" % len(self.content), self.content))
