"""Reads the plainest head of a response; whatever is not that is left to the parser.

    HTTP/1.1 200 OK
    Content-Length: 2          exactly one, of digits
    Name: value                a token, a colon, printable ASCII

No other version, no 1xx, 204 or 304, no ``Transfer-Encoding``, ``Content-Encoding``, ``Upgrade`` or
anything else that changes what a body is, no line that is folded, no NUL, no bare CR or LF. Nearly
all responses of real servers are like this.

The heads of one server differ in few values, such as the date and an id. So a head that was checked
line by line is remembered as a layout, and the next one is compared with that in pieces: this costs
a tenth of the parser's time. ``tests/core/test_plain_heads.py`` shows that the parser reads the
same.
"""

from __future__ import annotations

import re
import sys
from typing import Final, NamedTuple

import msgspec

from .lazy_headers import LazyHeaders
from .transport import KEEPALIVE_S, MAX_HEAD_BYTES

_HEAD: Final = re.compile(
    rb"HTTP/1\.1 [2-9][0-9][0-9] [ -~]*+(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]++:[ -~]*+)*+"
).fullmatch
_LENGTH: Final = re.compile(rb"( ?)[0-9]{1,15}").fullmatch
_MAX_DIGITS: Final = 15
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_KEEP_ALIVE: Final = re.compile(r"timeout=([0-9]{1,9})(?:[ ,;].*)?").fullmatch

_FOR_THE_PARSER: Final = frozenset(
    {
        b"content-encoding",
        b"proxy-connection",
        b"sec-websocket-key1",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Names of headers that make a response one for the parser, by changing what its body is."""
_CONTENT_LENGTH: Final = b"content-length"
_VARYING: Final = frozenset({_CONTENT_LENGTH, b"set-cookie", b"www-authenticate"})
"""Names of headers whose values vary from the first head on; they may be secret."""
_BODILESS: Final = frozenset({204, 304})
_MAX_LAYOUTS: Final = 8
"""A server has a layout for each status, and for each set of headers."""


class PlainHead(msgspec.Struct, frozen=True, gc=False):
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
    """Reads heads, and remembers their layouts."""

    def __init__(self) -> None:
        self._layouts: Final[list[_Layout]] = []
        # With ``-X dev`` the parser is strict, and rejects more.
        self._enabled: Final = not sys.flags.dev_mode

    def read(self, data: bytes) -> PlainHead | None:
        """Read the head at the beginning of ``data``, or return None if it is for the parser."""
        for layout in self._layouts:
            head = layout.read(data)
            if head is not None:
                return head
        layout = self._learn(data) if self._enabled else None
        return None if layout is None else layout.read(data)

    def _learn(self, data: bytes) -> _Layout | None:
        """Return the layout of a head that none of those known fits; None if it is not plain."""
        end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        found = None if end < 0 else _layout_of(data[:end])
        if found is None:
            return None
        for place, layout in enumerate(self._layouts):
            wider = layout.widened(found)
            if wider is not None:
                self._layouts[place] = wider
                return wider
        self._layouts.insert(0, found)
        del self._layouts[_MAX_LAYOUTS:]
        return found


class _Field(NamedTuple):
    """A line of a layout.

    Args:
        name: its beginning up to the value, as it is sent.
        value: the value, or None if it varies.
        says: True if the value decides about the connection: another value is another layout.
    """

    name: bytes
    value: bytes | None
    says: bool = False


class _Layout:
    """Heads that differ in some values, none of which decides about the connection."""

    __slots__ = (
        "_end",
        "_fields",
        "_keep",
        "_length_at",
        "_pieces",
        "_start",
        "_states_limit",
        "_status",
    )

    def __init__(
        self, start: bytes, fields: list[_Field], keep: float, *, states_limit: bool
    ) -> None:
        self._start: Final = start
        self._status: Final = _status_in(start)
        self._fields: Final = fields
        self._keep: Final = keep
        self._states_limit: Final = states_limit
        # All that comes before each of the values that vary, and after the last one.
        self._pieces: Final[list[bytes]] = []
        self._length_at = 0
        piece = start
        for field in fields:
            piece += b"\r\n" + field.name
            if field.value is not None:
                piece += field.value
                continue
            if _name_of(field.name) == _CONTENT_LENGTH:
                self._length_at = len(self._pieces)
            self._pieces.append(piece)
            piece = b""
        self._end: Final = piece + b"\r\n\r\n"

    def read(self, data: bytes) -> PlainHead | None:
        """Read the head at the beginning of ``data``, or return None if it is another one."""
        end = 0
        values: list[bytes] = []
        for piece in self._pieces:
            if not data.startswith(piece, end):
                return None
            begin = end + len(piece)
            end = data.find(b"\r", begin)  # -1 is the beginning of no piece
            values.append(data[begin:end])
        size = end + len(self._end)
        digits = values[self._length_at]
        if (
            not data.startswith(self._end, end)
            or size > MAX_HEAD_BYTES
            or not digits.isdigit()
            or len(digits) > _MAX_DIGITS
            or b"".join(values).translate(None, _PRINTABLE)
        ):
            return None
        headers = LazyHeaders(data[:size], states_limit=self._states_limit)
        return PlainHead(self._status, headers, size, int(digits), self._keep)

    def widened(self, other: _Layout) -> _Layout | None:
        """Return the layout of the heads of both, or None if they differ in more than values."""
        if self._start != other._start or len(self._fields) != len(other._fields):
            return None
        fields: list[_Field] = []
        for own, others in zip(self._fields, other._fields, strict=True):
            if own.name != others.name or (own.says and own.value != others.value):
                return None
            fields.append(own if own.value == others.value else own._replace(value=None))
        return _Layout(self._start, fields, self._keep, states_limit=self._states_limit)


def _layout_of(head: bytes) -> _Layout | None:
    """Return the layout of one head, without its last empty line, or None if it is not plain."""
    start, *lines = head.split(b"\r\n")
    if _HEAD(head) is None or _status_in(start) in _BODILESS:
        return None
    fields: list[_Field] = []
    lengths = connections = 0
    keep = KEEPALIVE_S
    states_limit = False
    for line in lines:
        name, _, value = line.partition(b":")
        beginning = name + b":"
        name = name.lower()
        says = False
        if name == _CONTENT_LENGTH:
            found = _LENGTH(value)
            if found is None:
                return None
            lengths += 1
            beginning += found[1]
        elif name == b"connection":
            connections += 1
            says = True
            stated = value.strip(b" ").lower()
            if stated == b"close":
                keep = 0.0
            elif stated != b"keep-alive":
                return None
        elif name == b"keep-alive":
            says = True
            keep = min(keep, seconds_kept(value.decode("ascii")))
        elif name in _FOR_THE_PARSER:
            return None
        elif b"ratelimit" in name.replace(b"-", b""):
            states_limit = True
        varies = name in _VARYING
        fields.append(_Field(beginning, None if varies else value, says))
    if lengths != 1 or connections > 1:
        return None
    return _Layout(start, fields, keep, states_limit=states_limit)


def _status_in(start: bytes) -> int:
    return int(start[9:12])


def _name_of(beginning: bytes) -> bytes:
    return beginning.partition(b":")[0].lower()


def seconds_kept(keep_alive: str) -> float:
    """Return the seconds for which a server keeps an idle connection, by its ``Keep-Alive``.

    One less than it says, or half, so that no request meets its end on the way.
    """
    found = _KEEP_ALIVE(keep_alive.strip().lower())
    if found is None:
        return KEEPALIVE_S
    stated = float(found[1])
    return min(KEEPALIVE_S, stated - min(1.0, stated / 2.0))
