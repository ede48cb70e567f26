"""Ways for a request to go wrong, to be injected into the emulator.

Each fault strikes before or after the *commit*, the point where the service has done the work.
Before it, a retry is safe; after it, the client cannot tell and has to find out. A fault changes
no more of a response than its own part: a malformed body arrives with a proper head, a trace id and
the real status.
"""

import struct
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, cast

import msgspec
from msgspec.structs import replace

from .http.response import HangUp, Response
from .injection import Fault, Injection

__all__ = [
    "AnswerStatus",
    "CutAfterCommit",
    "CutBeforeCommit",
    "CutMidBody",
    "Drip",
    "EmptyBody",
    "ExtraFields",
    "GzipBomb",
    "HugeBody",
    "LateCommit",
    "MalformedJson",
    "NullRiddled",
    "Redirect",
    "ReusedConnectionDrop",
    "SetCookie",
    "Stall",
    "TruncatedJson",
    "WrongContentLength",
]

_BLOCK_BYTES: Final = 1 << 20
_ENUMS: Final = frozenset({"provider", "managedBy", "status"})
_NEW_ENUM_VALUE: Final = "emulator-has-a-new-one"


@dataclass(frozen=True, slots=True)
class AnswerStatus(Fault):
    """Answer this status; nothing is done, unless it strikes ``after_commit``."""

    status: int
    body: bytes = b"<html><body><h1>The gateway is not amused</h1></body></html>"
    content_type: str | None = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after_commit: bool = False

    def __post_init__(self) -> None:
        _check_status(self.status)
        for name, value in self.headers.items():
            _check_header("a name of headers", name)
            _check_header(f"headers[{name!r}]", value)
        _check_header("content_type", self.content_type or "")

    async def before(self, injection: Injection) -> Response | None:
        """Answer, if nothing is to be done."""
        return None if self.after_commit else self._answer()

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Answer for the service: an upstream that worked, a gateway that gave up."""
        return self._answer()

    def _answer(self) -> Response:
        return Response(self.status, self.body, self.content_type, self.headers)


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """Send the client elsewhere; nothing is done."""

    location: str
    status: int = 302

    def __post_init__(self) -> None:
        _check_status(self.status)
        _check_header("location", self.location)

    async def before(self, injection: Injection) -> Response | None:
        """Answer with a ``Location``."""
        return Response(self.status, content_type=None, headers={"Location": self.location})


@dataclass(frozen=True, slots=True)
class CutBeforeCommit(Fault):
    """Close the connection; nothing is done. ``reset`` sends a TCP reset instead of an end."""

    reset: bool = False

    async def before(self, injection: Injection) -> Response | None:
        """Hang up."""
        raise HangUp(reset=self.reset)


@dataclass(frozen=True, slots=True)
class CutAfterCommit(Fault):
    """Do the work, then close the connection without an answer."""

    reset: bool = False

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Hang up."""
        raise HangUp(reset=self.reset)


@dataclass(frozen=True, slots=True)
class LateCommit(Fault):
    """Let another fault answer at once, and do the work some seconds later, by the clock.

    Args:
        seconds: Seconds from the response to the work.
        answer: The fault that the client sees; a cut connection by default.
    """

    seconds: float
    answer: Fault = field(default_factory=CutBeforeCommit)

    @property
    def commits_after(self) -> float:
        """Return the seconds from the response to the work."""
        return self.seconds

    async def before(self, injection: Injection) -> Response | None:
        """Answer as the other fault does before the work."""
        return await self.answer.before(injection)


@dataclass(frozen=True, slots=True)
class ReusedConnectionDrop(Fault):
    """Do nothing and close, but only a connection that has served before: a stale keep-alive."""

    needs_reused_connection: ClassVar[bool] = True

    async def before(self, injection: Injection) -> Response | None:
        """Hang up."""
        raise HangUp(reset=False)


@dataclass(frozen=True, slots=True)
class CutMidBody(Fault):
    """Do the work, send the head and half of the body, and close."""

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Announce the whole body, send half."""
        whole = answer.body or b"nothing"
        return replace(answer, body=whole[: len(whole) // 2], announced=len(whole), cut=True)


@dataclass(frozen=True, slots=True)
class WrongContentLength(Fault):
    """Do the work, then announce a length that is ``off`` by some bytes, and close.

    Too long, and the client waits for bytes that never come; too short, and the JSON ends early
    with the rest of it where the head of the next response should be.
    """

    off: int = -7

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Announce a wrong length."""
        return replace(answer, announced=max(0, len(answer.body) + self.off), cut=True)


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """Say nothing for some seconds, or until the fault is cleared or the client leaves (None).

    After that the request goes on as if nothing had been. It waits before the work is done, or
    ``after_commit``; a client that leaves before leaves nothing behind.
    """

    seconds: float | None = None
    after_commit: bool = False

    async def before(self, injection: Injection) -> Response | None:
        """Wait with the work."""
        if not self.after_commit:
            await injection.hold(self.seconds)
        return None

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Wait with the answer."""
        if self.after_commit:
            await injection.hold(self.seconds)
        return answer


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """Do the work, then send a blank every ``interval`` seconds until cleared: a chunked body.

    No single read takes long enough for a read timeout to notice; only a total deadline does.
    """

    interval: float = 0.05

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Replace the body by the endless one."""

        async def drops() -> AsyncIterator[bytes]:
            while not injection.cleared:
                yield b" "
                await injection.hold(self.interval)

        return replace(answer, body=b"", stream=drops)


@dataclass(frozen=True, slots=True)
class TruncatedJson(Fault):
    """Do the work, then send the first half of the JSON as if it were all of it."""

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Halve the body."""
        return replace(answer, body=answer.body[: len(answer.body) // 2] or b"{")


@dataclass(frozen=True, slots=True)
class MalformedJson(Fault):
    """Do the work, then send something that claims to be JSON."""

    body: bytes = b'{"id": oops, \xff}'

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Replace the body."""
        return replace(answer, body=self.body)


@dataclass(frozen=True, slots=True)
class NullRiddled(Fault):
    """Do the work, then send the same JSON with every field of its objects null.

    Of a list it is the fields of the objects within; a list does not become a list of nulls.
    """

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Riddle the body."""
        return _reshaped(answer, _riddled)


@dataclass(frozen=True, slots=True)
class ExtraFields(Fault):
    """Do the work, then send fields and enum values that are in no specification."""

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Enrich the body."""
        return _reshaped(answer, _enriched)


@dataclass(frozen=True, slots=True)
class EmptyBody(Fault):
    """Do the work, then send the status and no body."""

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Drop the body."""
        return replace(answer, body=b"", content_type=None)


@dataclass(frozen=True, slots=True)
class GzipBomb(Fault):
    """Do the work, then send a small gzip body that unpacks to ``size`` bytes of JSON blanks."""

    size: int = 1 << 30

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Replace the body by the bomb."""
        headers = {**answer.headers, "Content-Encoding": "gzip"}
        return replace(answer, body=b"", headers=headers, stream=lambda: _bomb(self.size))


@dataclass(frozen=True, slots=True)
class HugeBody(Fault):
    """Do the work, then send ``size`` bytes of one JSON string, without compression."""

    size: int = 1 << 30

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Replace the body by the huge one."""
        size = max(2, self.size)

        async def body() -> AsyncIterator[bytes]:
            yield b'"'
            left = size - 2
            while left:
                piece = min(left, _BLOCK_BYTES)
                yield b"x" * piece
                left -= piece
            yield b'"'

        return replace(answer, body=b"", announced=size, stream=body)


@dataclass(frozen=True, slots=True)
class SetCookie(Fault):
    """Do the work and respond properly, with an unrequested cookie."""

    cookie: str = "emulator=crumbs; Path=/"

    def __post_init__(self) -> None:
        _check_header("cookie", self.cookie)

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Add the cookie."""
        return replace(answer, headers={**answer.headers, "Set-Cookie": self.cookie})


def _check_status(status: int) -> None:
    if not 200 <= status <= 999:
        raise ValueError(f"status must be between 200 and 999, got {status}")


def _check_header(name: str, text: str) -> None:
    """Raise ValueError for a text that no header can carry, rather than strike with nothing."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be Latin-1, as headers are, got {text!a}") from None
    if "\r" in text or "\n" in text:
        raise ValueError(f"{name} must be one line, got {text!a}")


def _reshaped(answer: Response, reshape: Callable[[object], object]) -> Response:
    if not answer.body:
        return answer
    return replace(answer, body=msgspec.json.encode(reshape(msgspec.json.decode(answer.body))))


def _riddled(value: object) -> object:
    if isinstance(value, dict):
        return dict.fromkeys(cast("dict[str, object]", value))
    if isinstance(value, list):
        return [_riddled(item) for item in cast("list[object]", value)]
    return value


def _enriched(value: object) -> object:
    if isinstance(value, dict):
        fields = {
            name: _NEW_ENUM_VALUE if name in _ENUMS else _enriched(item)
            for name, item in cast("dict[str, object]", value).items()
        }
        return {
            **fields,
            "emulatorUnknown": {"deep": [1, None, {"er": True}]},
            "": "",
            "__proto__": 0,
        }
    if isinstance(value, list):
        return [_enriched(item) for item in cast("list[object]", value)]
    return value


async def _bomb(size: int) -> AsyncIterator[bytes]:
    """Yield a gzip stream of ``size`` blanks, holding one packed block of them in memory.

    After a full flush a deflate block depends on nothing before it, so the same packed block can be
    repeated; only the checksum has to walk over every byte.
    """
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    blanks = b" " * min(size, _BLOCK_BYTES)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    left = size
    while left >= len(blanks) > 0:
        checksum = zlib.crc32(blanks, checksum)
        left -= len(blanks)
        yield packed
    rest = blanks[:left]
    yield packer.compress(rest) + packer.flush()
    yield struct.pack("<II", zlib.crc32(rest, checksum), size & 0xFFFFFFFF)
