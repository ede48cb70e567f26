"""Numbers without a form in JSON: msgspec writes NaN and the infinities as null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec

NOT_FINITE: Final = "it holds NaN or an infinite number, which would be sent as null"


def lost_number(encoded: bytes, value: Any) -> bool:
    """Return whether a number in ``value`` has become null in its JSON.

    Nearly every body is without a null, and then nothing else is checked.
    """
    return b"null" in encoded and _holds_lost_number(msgspec.to_builtins(value))


def _holds_lost_number(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(map(_holds_lost_number, cast("Mapping[str, object]", value).values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_lost_number, cast("list[object]", value)))
    return False
