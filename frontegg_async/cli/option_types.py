"""Option types of several commands: functions that click calls with the argument."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from ..emulator import RateLimit
    from ..pacing import FixedRate

_DURATION: Final = re.compile(r"(\d+\.?\d*|\.\d+)\s*(ms|s|m|h|d)?", re.ASCII).fullmatch
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, None: 1.0}


def duration_or_zero(text: str) -> float:
    """Return seconds from ``80ms``, ``1.5s``, ``2m``, ``1h``, ``1d`` or a number of seconds.

    Raises:
        click.BadParameter: the argument is no duration.
    """
    match = _DURATION(str(text).strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is not a duration such as 80ms, 1.5s, 2m or 1h.")
    seconds = float(match[1]) * _SECONDS[match[2]]
    if not math.isfinite(seconds):
        raise click.BadParameter(f"{text!r} is too long.")
    return seconds


def duration(text: str) -> float:
    """Return seconds, as ``duration_or_zero`` does, from a duration above 0."""
    seconds = duration_or_zero(text)
    if seconds == 0:
        raise click.BadParameter(f"{text!r} must be longer than 0.")
    return seconds


def rate_limit(text: str) -> RateLimit:
    """Return a limit from ``1000/60``: 1,000 requests in 60 seconds on a route. Also ``1000/1m``.

    Raises:
        click.BadParameter: the argument is no limit.
    """
    # Imported here: most commands with this option never start an emulator.
    from ..emulator import RateLimit

    return RateLimit(*_calls_and_seconds(text))


def fixed_rate(text: str) -> FixedRate:
    """Return a rate from ``900/60``: at most 900 calls in any 60 seconds. Also ``900/1m``.

    Raises:
        click.BadParameter: the argument is no rate, or one of 0 calls.
    """
    from ..pacing import FixedRate

    calls, seconds = _calls_and_seconds(text)
    if calls == 0:
        raise click.BadParameter(f"{text!r} must allow at least one call.")
    return FixedRate(calls, seconds)


def _calls_and_seconds(text: str) -> tuple[int, float]:
    calls, _, seconds = text.partition("/")
    if not (calls.isascii() and calls.isdigit() and _DURATION(seconds.strip())):
        example = f"{calls}/60s" if calls.isascii() and calls.isdigit() else "900/60s"
        raise click.BadParameter(
            f"{text!r} is not a number of requests per time, such as {example} or {example[:-3]}1m."
        )
    return int(calls), duration(seconds)
