"""Metadata: a JSON document of the application's own, kept in a string.

Frontegg takes and gives ``metadata`` as a string that holds JSON; some answers hold null, some the
document itself, and the document need not be an object (docs/frontegg.md: spec, seen). So models
keep the value as it came, and offer it decoded beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, overload

import msgspec
from msgspec import UnsetType

from .._core.finite import NOT_FINITE, lost_number
from ..errors import InvalidRequestError

Metadata: TypeAlias = str | Mapping[str, Any]
"""Argument of coroutines: the string as it is sent, or an object to be encoded."""


@overload
def encode_metadata(metadata: Metadata) -> str: ...


@overload
def encode_metadata(metadata: Metadata | UnsetType) -> str | UnsetType: ...


@overload
def encode_metadata(metadata: Metadata | UnsetType | None) -> str | UnsetType | None: ...


def encode_metadata(metadata: Metadata | UnsetType | None) -> str | UnsetType | None:
    """Return the string to send; strings, UNSET and None stay as they are.

    Raises:
        InvalidRequestError: it holds something that JSON has no form for.
    """
    if metadata is None or isinstance(metadata, str | UnsetType):
        return metadata
    try:
        encoded = msgspec.json.encode(metadata)
        if not lost_number(encoded, metadata):
            return encoded.decode()
        problem = NOT_FINITE
    except (TypeError, UnicodeEncodeError, RecursionError) as error:
        problem = str(error)
    raise InvalidRequestError(f"metadata cannot be written as JSON: {problem}")


def decode_metadata(metadata: str | dict[str, Any] | None) -> Any:
    """Return the value of a JSON string; the string itself if it is no JSON."""
    if not isinstance(metadata, str):
        return metadata
    try:
        return msgspec.json.decode(metadata)
    except (ValueError, RecursionError):
        return metadata
