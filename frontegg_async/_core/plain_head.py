"""Reads the plainest head of a response; whatever is not that is left to the parser.

    HTTP/1.1 200 OK
    Content-Length: 2          exactly one, of digits; or Transfer-Encoding: chunked, exactly one
    Name: value                a token, a colon, printable ASCII

No other version, no 1xx, 204 or 304, no other ``Transfer-Encoding``, no ``Content-Encoding``,
``Upgrade`` or anything else that changes what a body is, no line that is folded, no NUL, no bare CR
or LF. Nearly all responses of real servers are like this.

The heads of one server differ in few values, such as the date and an id. So a head that was checked
line by line becomes an expression, the layout, which matches the next ones in one go, at a fifth of
the parser's time. ``tests/core/test_plain_heads.py`` shows that the parser reads the same.
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
_LENGTH: Final = re.compile(rb"([^:]+: ?)[0-9]{1,15}").fullmatch
_DIGITS: Final = rb"(?P<length>[0-9]{1,15}+)"
_VALUE: Final = rb"[ -~]*+"
_KEEP_ALIVE: Final = re.compile(r"(?<![^ \t,;])timeout[ \t]*=[ \t]*\"?([0-9]{1,9})(?![0-9])").search

_FOR_THE_PARSER: Final = frozenset(
    {
        b"content-encoding",
        b"proxy-connection",
        b"sec-websocket-key1",
        b"upgrade",
    }
)
"""Names of headers that make a response one for the parser, by changing what its body is."""
_DECIDING: Final = frozenset({b"connection", b"keep-alive", b"transfer-encoding"})
"""Names of headers whose other values make another layout."""
_SECRET: Final = frozenset({b"set-cookie", b"www-authenticate"})
"""Names of headers whose values may be secret, and are not remembered."""
_BODILESS: Final = frozenset({204, 304})
CHUNKED: Final = -1
"""Length of a body in chunks, which is known at its end."""
_MAX_LAYOUTS: Final = 8
"""A server has a layout for each status, and for each set of headers."""
_LESSONS: Final = 50
"""Heads that are checked line by line for each new connection, at most: that costs as much as the
parser, and a server whose heads are never plain, or never settle, is left to it."""


class PlainHead(msgspec.Struct, frozen=True, gc=False):
    """A head that was read.

    Args:
        status: HTTP status.
        headers: the headers.
        size: bytes of the head.
        length: bytes of the body, or ``CHUNKED``.
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
        self._lessons_left = 0

    def expect_news(self) -> None:
        """Check heads again that fit no layout: those of a new connection may be others."""
        # With ``-X dev`` the parser is strict, and rejects more.
        if not sys.flags.dev_mode:
            self._lessons_left = _LESSONS

    def read(self, data: bytes) -> PlainHead | None:
        """Read the head at the beginning of ``data``, or return None if it is for the parser."""
        for layout in self._layouts:
            head = layout.read(data)
            if head is not None:
                return head
        learned = self._learn(data) if self._lessons_left else None
        return None if learned is None else learned.read(data)

    def _learn(self, data: bytes) -> _Layout | None:
        """Return the layout of a head that none of those known fits; None if it is not plain."""
        self._lessons_left -= 1
        end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        found = None if end < 0 else _parts_of(data[:end])
        if found is None:
            return None
        for place, layout in enumerate(self._layouts):
            wider = layout.parts.widened(found)
            if wider is not None:
                self._layouts[place] = _Layout(wider)
                return self._layouts[place]
        self._layouts.insert(0, _Layout(found))
        del self._layouts[_MAX_LAYOUTS:]
        return self._layouts[0]


class _Field(NamedTuple):
    """A line of a head.

    Args:
        name: its beginning up to the value, as it is sent, with the end of the line before.
        value: the value, or None if it varies.
        says: True if the value decides about the connection: another value is another layout.
    """

    name: bytes
    value: bytes | None
    says: bool = False


class _Parts(NamedTuple):
    """The lines of heads that differ in nothing but values, none of which decides anything.

    Args:
        start: status line.
        before: lines before the length.
        length: the line of the length up to its digits; empty if the body comes in chunks.
        after: lines after the length.
        keep: seconds for which the connection may be kept.
        states_limit: True if a header states a rate limit.
    """

    start: bytes
    before: tuple[_Field, ...]
    length: bytes
    after: tuple[_Field, ...]
    keep: float
    states_limit: bool

    def widened(self, other: _Parts) -> _Parts | None:
        """Return the parts of the heads of both, or None if they differ in more than values."""
        before = _widened(self.before, other.before)
        after = _widened(self.after, other.after)
        if before is None or after is None:
            return None
        wider = self._replace(before=before, after=after)
        return wider if wider == other._replace(before=before, after=after) else None


def _widened(ours: tuple[_Field, ...], others: tuple[_Field, ...]) -> tuple[_Field, ...] | None:
    if len(ours) != len(others):
        return None
    fields: list[_Field] = []
    for own, other in zip(ours, others, strict=True):
        if own.name != other.name or (own.says and own.value != other.value):
            return None
        fields.append(own if own.value == other.value else own._replace(value=None))
    return tuple(fields)


class _Layout:
    """Reads heads that have the same parts.

    The expression finds values that vary, and steps over the text between them by its length: that
    text is compared afterwards, which an expression does letter by letter.

    Attributes:
        parts: those parts.
    """

    __slots__ = (
        "_has_length",
        "_keep",
        "_match",
        "_places",
        "_states_limit",
        "_status",
        "_texts",
        "parts",
    )

    def __init__(self, parts: _Parts) -> None:
        self.parts: Final = parts
        self._status: Final = _status_in(parts.start)
        self._keep: Final = parts.keep
        self._states_limit: Final = parts.states_limit
        self._has_length: Final = bool(parts.length)
        length = _Field(b"\r\n" + parts.length, None)
        lengths = (length,) if self._has_length else ()
        texts, expression = [parts.start], b""
        for field in (*parts.before, *lengths, *parts.after):
            texts[-1] += field.name
            if field.value is not None:
                texts[-1] += field.value
                continue
            expression += _text(texts[-1]) + (_DIGITS if field is length else _VALUE)
            texts.append(b"")
        texts[-1] += b"\r\n\r\n"
        self._match: Final = re.compile(expression + _text(texts[-1])).match
        # As ``group`` returns them.
        self._texts: Final = tuple(texts) if len(texts) > 1 else texts[0]
        # Groups of the texts: that of the length is among them, or after them if there is none.
        length_at = 1 + sum(field.value is None for field in parts.before) + 1
        self._places: Final = tuple(n + (n >= length_at) for n in range(1, len(texts) + 1))

    def read(self, data: bytes) -> PlainHead | None:
        """Read the head at the beginning of ``data``, or return None if it is another one."""
        found = self._match(data, 0, MAX_HEAD_BYTES)
        if found is None or found.group(*self._places) != self._texts:
            return None
        headers = LazyHeaders(found[0], self._states_limit)
        length = int(found["length"]) if self._has_length else CHUNKED
        return PlainHead(self._status, headers, found.end(), length, self._keep)


def _text(text: bytes) -> bytes:
    return b"((?s:.{%d}+))" % len(text)


def _parts_of(head: bytes) -> _Parts | None:
    """Return the parts of one head, without its last empty line, or None if it is not plain."""
    start, *lines = head.split(b"\r\n")
    names = [line.partition(b":")[0].lower() for line in lines]
    if (
        _HEAD(head) is None
        or _status_in(start) in _BODILESS
        or names.count(b"content-length") + names.count(b"transfer-encoding") != 1
        or names.count(b"connection") > 1
        or not _FOR_THE_PARSER.isdisjoint(names)
    ):
        return None
    fields: list[_Field] = []
    length, length_at = b"", len(lines)
    keep = KEEPALIVE_S
    states_limit = False
    for name, line in zip(names, lines, strict=True):
        if name == b"content-length":
            found = _LENGTH(line)
            if found is None:
                return None
            length, length_at = found[1], len(fields)
            continue
        beginning, colon, value = line.partition(b":")
        says = name in _DECIDING
        if says:
            left = _kept_by(name, value)
            if left is None:
                return None
            keep = min(keep, left)
        states_limit |= b"ratelimit" in name.replace(b"-", b"")
        fields.append(_Field(b"\r\n" + beginning + colon, None if name in _SECRET else value, says))
    before, after = tuple(fields[:length_at]), tuple(fields[length_at:])
    return _Parts(start, before, length, after, keep, states_limit)


def _kept_by(name: bytes, value: bytes) -> float | None:
    """Return the seconds for which a header that decides allows to keep the connection.

    None if its value is one for the parser.
    """
    if name == b"keep-alive":
        return seconds_kept(value.decode("ascii"))
    stated = value.strip(b" ").lower()
    if name == b"connection":
        return {b"close": 0.0, b"keep-alive": KEEPALIVE_S}.get(stated)
    return KEEPALIVE_S if stated == b"chunked" else None


def _status_in(start: bytes) -> int:
    return int(start[9:12])


def seconds_kept(keep_alive: str) -> float:
    """Return the seconds for which a server keeps an idle connection, by its ``Keep-Alive``.

    One less than it says, or half, so that no request meets its end on the way.
    """
    found = _KEEP_ALIVE(keep_alive.lower())
    if found is None:
        return KEEPALIVE_S
    stated = float(found[1])
    return min(KEEPALIVE_S, stated - min(1.0, stated / 2.0))
