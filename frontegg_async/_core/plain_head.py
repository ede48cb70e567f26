"""Reads the plainest head of a response; whatever is not that is left to the parser.

    HTTP/1.1 200 OK
    Content-Length: 2          exactly one, of digits
    Name: value                a token, a colon, printable ASCII

No other version, no 1xx, 204 or 304, no ``Transfer-Encoding``, ``Content-Encoding``, ``Upgrade`` or
anything else that changes what a body is, no line that is folded, no NUL, no bare CR or LF. Nearly
all responses of real servers are like this, and reading them costs a third of the parser's time:
most lines of a server are the same in all of its responses, so a line that was checked is
remembered, and a head is a set of lines of which few are new. ``tests/core/test_plain_heads.py``
shows that the parser reads the same.
"""

from __future__ import annotations

import re
import sys
from typing import Final, NamedTuple

from .lazy_headers import LazyHeaders
from .transport import KEEPALIVE_S, MAX_HEAD_BYTES

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.1 ([2-9][0-9][0-9]) [ -~]*+").fullmatch
_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++:[ -~]*+").fullmatch
_LENGTH: Final = re.compile(rb" ?([0-9]{1,15})").fullmatch
_KEEP_ALIVE: Final = re.compile(r"(?<![^ \t,;])timeout[ \t]*=[ \t]*\"?([0-9]{1,9})(?![0-9])").search

_FOR_THE_PARSER: Final = frozenset(
    {
        b"connection",  # a second one
        b"content-encoding",
        b"content-length",  # a second one
        b"proxy-connection",
        b"sec-websocket-key1",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Names of headers that make a response one for the parser, by changing what its body is."""
_NOT_REMEMBERED: Final = frozenset({b"set-cookie", b"www-authenticate"})
"""Names of headers whose values may be secret, or are never the same."""
_MAX_REMEMBERED: Final = 1_000
_BODILESS: Final = frozenset({204, 304})


class PlainHead(NamedTuple):
    """A head that was read.

    Args:
        status: HTTP status.
        headers: the headers.
        size: bytes of the head.
        length: bytes of the body.
        keep: seconds for which the connection may be kept, 0.0 if it is to be closed.
    """

    status: int
    headers: LazyHeaders
    size: int
    length: int
    keep: float


class PlainHeads:
    """Reads heads, and remembers lines that it has checked."""

    def __init__(self) -> None:
        self._checked: Final[set[bytes]] = set()
        # With ``-X dev`` the parser is strict, and rejects more.
        self._enabled: Final = not sys.flags.dev_mode

    def read(self, data: bytes) -> PlainHead | None:
        """Read the head at the beginning of ``data``, or return None if it is for the parser."""
        end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        if end < 0 or not self._enabled:
            return None
        lines = data[:end].split(b"\r\n")
        status_line = _STATUS_LINE(lines[0])
        if status_line is None:
            return None
        status = int(status_line[1])
        del lines[0]
        new = set(lines)
        if len(new) != len(lines) or status in _BODILESS:
            return None  # a repeated line may be a second length
        new -= self._checked
        found = self._read_new(new)
        if found is None:
            return None
        length, keep, states_limit = found
        headers = LazyHeaders(lines, states_limit=states_limit)
        return PlainHead(status, headers, end + 4, length, keep)

    def _read_new(self, lines: set[bytes]) -> tuple[int, float, bool] | None:
        """Check new lines; return what they say, or None if one is not plain.

        Lines that say something are never remembered.
        """
        length: bytes | None = None
        connection = b""
        keep = KEEPALIVE_S
        states_limit = False
        for line in lines:
            if _LINE(line) is None:
                return None
            name, _, value = line.partition(b":")
            name = name.lower()
            if name == b"content-length" and length is None:
                length = value
            elif name == b"connection" and not connection:
                connection = value.strip(b" ").lower()
                if connection not in {b"keep-alive", b"close"}:
                    return None
            elif name in _FOR_THE_PARSER:
                return None
            elif name == b"keep-alive":
                keep = min(keep, seconds_kept(value.decode("ascii")))
            elif b"ratelimit" in name.replace(b"-", b""):
                states_limit = True
            elif name not in _NOT_REMEMBERED:
                self._remember(line)
        digits = None if length is None else _LENGTH(length)
        if digits is None:
            return None
        return int(digits[1]), 0.0 if connection == b"close" else keep, states_limit

    def _remember(self, line: bytes) -> None:
        if len(self._checked) >= _MAX_REMEMBERED:
            self._checked.clear()
        if len(line) < 200:
            self._checked.add(line)


def seconds_kept(keep_alive: str) -> float:
    """Return the seconds for which a server keeps an idle connection, by its ``Keep-Alive``.

    One less than it says, or half, so that no request meets its end on the way.
    """
    found = _KEEP_ALIVE(keep_alive.lower())
    if found is None:
        return KEEPALIVE_S
    stated = float(found[1])
    return min(KEEPALIVE_S, stated - min(1.0, stated / 2.0))
