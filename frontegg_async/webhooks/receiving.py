"""A request of a hook, checked and read: first the signature, then the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from .._core.headers import header_of
from .._core.json_text import decode_json, mended
from .._core.secret import Secret
from ..errors import ConfigurationError, InvalidRequestError
from .events import Event, event_of
from .prehooks import Prehook, prehook_of
from .signature import HEADER, Signature, check_settings, check_signature

Body: TypeAlias = bytes | bytearray | memoryview | str
"""Body of a request, as it came."""

MAX_BYTES: Final = 1_048_576
"""Longest body, unless a setting says otherwise. Frontegg's have a few thousand bytes."""
_MAX_DEPTH: Final = 64
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def unwrap(
    headers: Mapping[str, str],
    body: Body,
    *,
    secret: str | Secret,
    signature: Signature = "jwt",
    max_age: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Event:
    """Return the event of a webhook's request, once its signature is checked.

    The signature does not cover the body: read the user or tenant again before you act on it.

    Args:
        headers: headers of the request, in the mapping of any framework or in a plain dict.
        body: body of the request, as it came.
        secret: secret of the hook, as Frontegg's portal has it.
        signature: ``jwt``, or ``plain`` for a header that is the secret itself.
        max_age: seconds since the JWT was made, at most; it is refused if it does not say. None
            for any age.
        max_bytes: size of the body, at most.

    Raises:
        UnauthorizedError: the header is absent, or is not signed with the secret.
        InvalidRequestError: the body is no event; ``status`` is 413 if it is too large.
        ConfigurationError: a setting cannot work, or PyJWT is not installed.
    """
    secret = _as_secret(secret)
    given = header_of(headers, HEADER)
    del headers  # they show the signature in a traceback, which is good for another request
    return event_of(_checked(given, body, secret, signature, max_age, max_bytes))


def unwrap_prehook(
    headers: Mapping[str, str],
    body: Body,
    *,
    secret: str | Secret,
    signature: Signature = "jwt",
    max_age: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> Prehook:
    """Return a prehook, once its signature is checked; respond with a verdict within 5 seconds.

    Arguments and errors are those of ``unwrap``.
    """
    secret = _as_secret(secret)
    given = header_of(headers, HEADER)
    del headers
    return prehook_of(_checked(given, body, secret, signature, max_age, max_bytes))


def _as_secret(secret: str | Secret) -> Secret:
    return secret if isinstance(secret, Secret) else Secret(secret)


def _checked(
    given: Secret | None,
    body: Body,
    secret: Secret,
    signature: Signature,
    max_age: float | None,
    max_bytes: int,
) -> dict[str, Any]:
    check_settings(secret, signature, max_age)
    if isinstance(max_bytes, bool) or max_bytes <= 0:
        raise ConfigurationError(f"max_bytes must be a positive integer, got {max_bytes!r}")
    check_signature(given, secret, signature, max_age)
    return _decoded(body, max_bytes)


def _decoded(body: Body, max_bytes: int) -> dict[str, Any]:
    if len(body) > max_bytes:
        raise InvalidRequestError(f"the body has more than {max_bytes} bytes", status=413)
    data = body.encode(errors="replace") if isinstance(body, str) else bytes(body)
    if len(data) > max_bytes:
        raise InvalidRequestError(f"the body has more than {max_bytes} bytes", status=413)
    try:
        value = decode_json(_OBJECT, mended(data))
    except msgspec.DecodeError as error:
        raise InvalidRequestError(f"the body cannot be read: {error}") from None
    if _is_too_deep(value):
        raise InvalidRequestError("the body cannot be read: JSON is nested too deeply")
    return value


def _is_too_deep(value: dict[str, Any]) -> bool:
    """Return whether JSON is nested so deeply that the code of applications may fail on it."""
    level: list[dict[str, Any] | list[Any]] = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            each
            for container in level
            for each in (container.values() if isinstance(container, dict) else container)
            if isinstance(each, dict | list)
        ]
        if not level:
            return False
    return True
