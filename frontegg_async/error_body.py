"""The body that says what went wrong: how it is read, and how to tell it from an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec

_MEMBERS: Final = frozenset(
    {
        "code",
        "detail",
        "error",
        "errorCode",
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

_JWT: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")


def read_error_body(body: bytes) -> tuple[tuple[str, ...], str | None]:
    """Return messages and code of an error body, as far as it has the shape of one.

    Frontegg writes ``errors`` and ``errorCode``; its gateways write ``message``, HTML, or nothing
    (docs/frontegg.md). What is of another type is passed over: the status has to do.
    """
    found = _object_in(body) or {}
    code = found.get("errorCode")
    usable = isinstance(code, str | int) and not isinstance(code, bool)
    messages = _texts(found.get("errors")) or _texts(found.get("message"))
    return messages, str(code) if usable else None


def body_spells_error(body: bytes) -> bool:
    """Whether a body is an object that reports an error, whatever its status was."""
    found = _object_in(body)
    return found is not None and spells_error(found)


def spells_error(found: Mapping[str, object]) -> bool:
    """Whether an object reports an error. An empty list of errors reports none."""
    status = found.get("statusCode")
    return bool(
        found.get("errors")
        or found.get("error")
        or found.get("errorCode")
        or found.get("success") is False
        or (isinstance(status, int) and status >= 400)
    )


def is_nothing_but_error(found: Mapping[str, object]) -> bool:
    """Whether an object reports an error and nothing else."""
    return spells_error(found) and found.keys() <= _MEMBERS


def looks_like_markup(body: bytes) -> bool:
    """Whether a body is a page of HTML or XML, as firewalls and proxies write them."""
    return body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``***`` in place of secrets, and of anything that looks like a JWT."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _JWT.sub("***", text)


def _object_in(body: bytes) -> dict[str, object] | None:
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(item for item in cast("list[object]", value) if isinstance(item, str))
