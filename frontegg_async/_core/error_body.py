"""Error bodies: reads their messages and codes, and tells them from other bodies."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final, cast

import msgspec

from .json_text import decode_json, mended

_MEMBERS: Final = frozenset(
    {
        "code",
        "detail",
        "error",
        "errorCode",
        "errorCodes",
        "error_description",
        "errors",
        "message",
        "messages",
        "path",
        "status",
        "statusCode",
        "success",
        "timestamp",
        "title",
        "traceId",
        "type",
    }
)
"""Members of an error body, of Frontegg's and of the frameworks and gateways before it."""

_MESSAGE_MEMBERS: Final = (
    "errors",
    "message",
    "messages",
    "error_description",
    "detail",
    "error",
    "title",
)
"""Members that hold messages, the best one first."""
_CODE_MEMBERS: Final = ("errorCode", "errorCodes", "code")
"""Members that hold a code, the best one first."""
_MAX_MESSAGES: Final = 10
_MAX_DEPTH: Final = 4
"""Most messages that are read from an error, and the depth to which they are searched."""

_CODE: Final = re.compile(r"\bER-[0-9A-Fa-f]{5,10}\b")
"""Frontegg's codes have five digits, or ten of hexadecimal where a field was not valid (doc)."""
_SEARCHED_CHARS: Final = 1_000
_MEMBERS_OF: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANYTHING: Final = msgspec.json.Decoder()


def read_error_body(body: bytes) -> tuple[tuple[str, ...], str | None]:
    """Return messages and code of an error body, as far as it has the shape of one.

    Frontegg writes ``errors`` and ``errorCode``; its gateways and token routes write ``message``,
    ``error_description``, objects, HTML, or nothing (docs/frontegg.md). Without a message and a
    code, only the status is known.
    """
    found = _object_in(body) or {}
    messages = next((texts for name in _MESSAGE_MEMBERS if (texts := _texts(found.get(name)))), ())
    return messages, _code_in(found, messages)


def body_reports_error(body: bytes) -> bool:
    """Return whether a body is an object that reports an error, with any status."""
    found = _object_in(body)
    return found is not None and reports_error(found)


def body_is_nothing_but_error(body: bytes) -> bool:
    """Return whether a body is an object that reports an error and nothing else."""
    found = _object_in(body)
    return found is not None and is_nothing_but_error(found)


def reports_error(found: Mapping[str, object]) -> bool:
    """Return whether an object reports an error. An empty list of errors reports none."""
    return bool(
        found.get("errors")
        or found.get("error")
        or found.get("error_description")
        or found.get("errorCode")
        or found.get("errorCodes")
        or found.get("success") is False
        or _is_error_status(found.get("statusCode"))
        or _is_error_status(found.get("status"))
    )


def _is_error_status(value: object) -> bool:
    if isinstance(value, str) and value.isdecimal() and len(value) == 3:
        value = int(value)
    return isinstance(value, int) and 400 <= value < 600


def is_nothing_but_error(found: Mapping[str, object]) -> bool:
    """Return whether an object reports an error and nothing else."""
    return reports_error(found) and found.keys() <= _MEMBERS


def looks_like_markup(body: bytes) -> bool:
    """Return whether a body is a page of HTML or XML, as firewalls and proxies write them."""
    return body[:256].removeprefix(BOM_UTF8).lstrip(b" \t\r\n").startswith(b"<")


def _object_in(body: bytes) -> dict[str, object] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        members = decode_json(_MEMBERS_OF, mended(body))
    except msgspec.DecodeError:
        return None
    return {name: _readable(raw) for name, raw in members.items()}


def _readable(raw: msgspec.Raw) -> object:
    """Return a member's value, or its text if it is such as a number that no program can hold."""
    try:
        return decode_json(_ANYTHING, raw)
    except msgspec.DecodeError:
        return bytes(raw).decode()


def _texts(value: object) -> tuple[str, ...]:
    """Return the strings in an error of any shape: a string, a number, objects, lists."""
    return tuple(islice(_each_text(value, _MAX_DEPTH), _MAX_MESSAGES))


def _each_text(value: object, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(ValueError):  # an integer too long to be written
            yield str(value)
    elif depth and isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _each_text(item, depth - 1)
    elif depth and isinstance(value, dict):
        found = cast("dict[str, object]", value)
        said = next((name for name in _MESSAGE_MEMBERS if found.get(name)), None)
        if said is not None:
            yield from _each_text(found[said], depth - 1)
            return
        for name, item in found.items():
            # A field and its problem.
            yield from (f"{name}: {text}" for text in _each_text(item, depth - 1))


def _code_in(found: Mapping[str, object], messages: tuple[str, ...]) -> str | None:
    """Return the code of an error: its own, one of the errors inside it, or one in a message."""
    inside = found.get("errors") or found.get("error")
    several = cast("list[object]", inside) if isinstance(inside, list) else [inside]
    objects = [cast("dict[str, object]", each) for each in several if isinstance(each, dict)]
    for each in (found, *objects[:_MAX_MESSAGES]):
        for name in _CODE_MEMBERS:
            value = each.get(name)
            code = next(iter(_texts(value)), None) if not isinstance(value, dict) else None
            if code is not None:
                return code
    error = found.get("error")
    if isinstance(error, str) and error and found.get("error_description"):
        return error  # as in OAuth, where it is a code
    shown = (_CODE.search(text[:_SEARCHED_CHARS]) for text in messages)
    return next((match[0] for match in shown if match), None)
