"""Phrases for numbers and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ..bulk.report.figures import Figures
    from ..bulk.report.statistics import LimitWait

RETRY: Final = "To run rows that failed or are in doubt again"

SHORTEST_WAIT_S: Final = 0.05
"""Shorter waits, in seconds, are not mentioned."""


def rows(count: int) -> str:
    """Return ``1 row``, ``2 rows``."""
    return "1 row" if count == 1 else f"{count:,} rows"


def rate(per_second: float) -> str:
    """Return a rate a second, with one decimal below 100."""
    return f"{per_second:,.1f}" if per_second < 100 else f"{per_second:,.0f}"


def elapsed(seconds: float) -> str:
    """Return a duration in seconds, minutes or hours, with two units at most."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def waits(found: Sequence[LimitWait]) -> str:
    """Return the time that calls waited for each limit, the longest first; "" if they did not."""
    parts = [
        f"{elapsed(wait.seconds)} because of the limit of {wait.operation}"
        for wait in found
        if wait.seconds >= SHORTEST_WAIT_S
    ]
    return f"Calls waited {', and '.join(parts)}" if parts else ""


def traffic(figures: Figures) -> str:
    """Return the number of requests sent, and of those throttled if there are any."""
    throttled = f", {figures.throttled:,} of them throttled" if figures.throttled else ""
    return f"{counted(figures.requests, 'request')}{throttled}"


def duplicates(count: int) -> str:
    """Return the sentence about duplicates: their number, and how they are counted."""
    repeat = "row repeats" if count == 1 else "rows repeat"
    return f"{count:,} {repeat} another one: sent once, counted like that one."


def counted(count: int, noun: str) -> str:
    """Return ``1 request``, ``2 requests``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
