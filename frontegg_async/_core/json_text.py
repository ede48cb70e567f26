"""JSON of servers and files: decoded with one kind of error, and mended where it is broken."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
"""Replaces a broken character in mended JSON."""

_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair is one character
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)


def decode_json(decoder: msgspec.json.Decoder[T], body: bytes | str | msgspec.Raw) -> T:
    """Decode untrusted JSON; every problem with it is a ``msgspec.DecodeError``."""
    try:
        return decoder.decode(body)
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except RecursionError:
        problem = "is nested too deeply"
    raise msgspec.DecodeError(f"JSON {problem}")


def mended(body: bytes) -> bytes:
    r"""Return JSON without a byte order mark, lone surrogates, and bytes that are not UTF-8.

    JavaScript writes half a pair (``\ud83d``) where it cut a string in the middle of an emoji, and
    decoders reject the document for it. U+FFFD stands in their place. A byte order mark is no part
    of JSON, and some servers write it (RFC 8259, section 8.1).
    """
    body = body.removeprefix(BOM_UTF8)
    text = _ESCAPE.sub(_mend, body) if b"\\u" in body else body
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="replace").encode()
    return text


def _mend(found: re.Match[bytes]) -> bytes:
    return REPLACEMENT.encode() if found[1] else found[0]
