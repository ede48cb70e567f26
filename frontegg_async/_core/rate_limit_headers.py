"""Limits as a server states them: pure functions that read a response's headers.

    header                                               meaning
    ──────────────────────────────────────────────────   ──────────────────────────────────────────
    Retry-After                                          the wait (RFC 9110, section 10.2.3)
    X-Rate-Limit-Reset, X-Rate-Limit-Remaining           a reset, and the requests left until it:
                                                         Frontegg's gateway (docs/frontegg.md)
    X-RateLimit-Reset, X-RateLimit-Remaining             the same, as most other servers spell it
    RateLimit-Reset, RateLimit-Remaining                 the same, in drafts 00 to 06 of the IETF's
                                                         "RateLimit header fields for HTTP"
    RateLimit: limit=9, remaining=0, reset=3             draft 07 of it
    RateLimit: "burst";r=0;t=3, "daily";r=512;t=40000    drafts 08 to 11: several policies

A wait or a reset takes any of these forms, because servers write all of them under the same names:

    30    1.5    30s                        seconds from now: a number below 1e9 (31 years)
    1700000030    1700000030.5              seconds since the epoch: below 1e12
    1700000030000                           milliseconds since the epoch
    2023-11-14T22:13:50Z                    RFC 3339
    Tue, 14 Nov 2023 22:13:50 GMT           HTTP date (RFC 9110, section 5.6.7)

Times of day are compared with the server's own ``Date``, because clocks differ. A header that
cannot be read counts as missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final, NamedTuple

# In lower case, in which ``multidict`` finds a name three times as fast as in any other.
_FAMILIES: Final = (
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)
_COUNTS: Final = (*(remaining for remaining, _ in _FAMILIES), "ratelimit")

_EPOCH_SECONDS: Final = 1e9
"""Numbers from here on are seconds since the epoch: 2001, and no wait is 31 years long."""
_EPOCH_MILLISECONDS: Final = 1e12
"""Numbers from here on are milliseconds since the epoch: 2001 again."""
_MAX_WAIT_S: Final = 10 * 365 * 86_400.0
"""Seconds: no wait is read as longer."""

_MAX_CHARS: Final = 512
"""Longer lines are not read: parsing has to stay cheap for any response."""
_MAX_LINES: Final = 4
"""Further lines of the same header are not read."""

_NUMBER: Final = re.compile(r"(\d{1,13}(?:\.\d{1,9})?) ?s?", re.IGNORECASE | re.ASCII)
_COUNT: Final = re.compile(r"(\d{1,15})(?:\.\d{1,9})?", re.ASCII)
_MAYBE_ZERO: Final = re.compile(r'(?:^|[\s,="])0')
"""Found in every header that states a count of 0, and in few others."""
# Lists and parameters of structured fields (RFC 9651): quoted strings may hold any separator.
_MEMBER: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|[^",])+')
_PART: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|[^";])+')


class _Limit(NamedTuple):
    """One of the limits that a header names.

    Args:
        remaining: whole requests left, or None if that is not stated.
        reset: the value that states its reset; empty if there is none.
    """

    remaining: int | None
    reset: str


def is_throttled(status: int, stated: float | None) -> bool:
    """Return whether a response rejects a request because of a rate limit.

    This is the one rule for retries, for the pacing, and for every count of throttled responses:
    a 429, or a 503 that states a wait. ``Retry-After`` on anything else (a 404, a 500) is none.
    ``Response.throttled`` applies it.

    Args:
        status: of the response.
        stated: its ``parse_retry_after``.
    """
    return status == 429 or (status == 503 and stated is not None)


def parse_retry_after(
    headers: Mapping[str, str], now: float, *, offset: float = 0.0
) -> float | None:
    """Return the seconds that a response (429, 503) asks to wait, or None if it names no time.

    ``Retry-After`` takes precedence, as the IETF's draft demands. After it come the resets in the
    order of the table above; the first that can be read counts. Of a header with several limits,

    - limits that are used up count, and the longest of their waits,
    - or else limits that state no count, and the shortest of their waits.

    A limit with a count above 0 does not count: the rejection is due to another one, whose reset is
    not known. GitHub documents its own headers like this.

    Args:
        headers: of the answer, looked up without regard to case.
        now: seconds since the epoch on our clock.
        offset: seconds that the server's clock is ahead of ours, for an answer that has no
            readable ``Date``.
    """
    server_time = _server_time(headers, now, offset)
    for line in _lines(headers, "retry-after"):
        wait = _wait(line, server_time)
        if wait is not None:
            return wait
    return _first_wait(_sources(headers), server_time)


def exhausted_wait(headers: Mapping[str, str], now: float, *, offset: float = 0.0) -> float | None:
    """Return the seconds until a limit is fresh again that a successful answer has used up.

    None if no header states that 0 requests remain, or if none names a reset. The reset is taken
    from the header that states the 0, or else from one in another spelling. Less than one request
    counts as 0; a negative number does not, because servers write -1 for "no limit".

    An answer from a cache gives None: its numbers are old (the IETF's draft, "Caching").

    Args:
        headers: of the answer, looked up without regard to case.
        now: seconds since the epoch on our clock.
        offset: seconds that the server's clock is ahead of ours, for an answer that has no
            readable ``Date``.
    """
    # Every successful call comes here, and nearly every one returns at once: no loop, no helper.
    if not (
        "x-rate-limit-remaining" in headers
        or "x-ratelimit-remaining" in headers
        or "ratelimit-remaining" in headers
        or "ratelimit" in headers
    ):
        return None
    # A server may write its counts into every answer: they are parsed only if they may be 0.
    if not any(
        _MAYBE_ZERO.search(line)
        for name in _COUNTS
        if name in headers
        for line in _lines(headers, name)
    ):
        return None
    sources = _sources(headers)
    if not any(map(_is_used_up, sources)) or _is_cached(headers):
        return None
    sources.sort(key=_is_used_up, reverse=True)
    return _first_wait(sources, _server_time(headers, now, offset))


def clock_offset(headers: Mapping[str, str], now: float) -> float | None:
    """Return the server's clock minus ours in seconds, or None without a readable ``Date``.

    ``Date`` is truncated to whole seconds and some milliseconds old on arrival. The offset is too
    low by as much, and a wait computed with it too long, which is the safe side.

    An answer from a cache gives None: its ``Date`` is old (RFC 9111, section 5.1).

    Args:
        headers: of the answer, looked up without regard to case.
        now: seconds since the epoch on our clock, at the arrival of the answer.
    """
    date = _date(headers)
    return None if date is None or _is_cached(headers) else date - now


def _sources(headers: Mapping[str, str]) -> list[list[_Limit]]:
    """Return the limits that the headers name, one list for each spelling, in their order."""
    found = [
        _paired(_values(headers, remaining), _values(headers, reset))
        for remaining, reset in _FAMILIES
        if remaining in headers or reset in headers
    ]
    if "ratelimit" in headers:
        found.append([limit for line in _lines(headers, "ratelimit") for limit in _policies(line)])
    return found


def _first_wait(sources: Iterable[list[_Limit]], server_time: float) -> float | None:
    for limits in sources:
        used_up = _waits(limits, 0, server_time)
        if used_up:
            return max(used_up)
        unstated = _waits(limits, None, server_time)
        if unstated:
            return min(unstated)
    return None


def _waits(limits: list[_Limit], remaining: int | None, server_time: float) -> list[float]:
    """Return the readable waits of the limits of which so much remains."""
    waits = (_wait(each.reset, server_time) for each in limits if each.remaining == remaining)
    return [wait for wait in waits if wait is not None]


def _is_used_up(limits: list[_Limit]) -> bool:
    return any(each.remaining == 0 for each in limits)


def _is_cached(headers: Mapping[str, str]) -> bool:
    return headers.get("age", "0").strip() != "0"


def _lines(headers: Mapping[str, str], name: str) -> list[str]:
    """Return the values of a header, one for each line that has its name."""
    first = headers.get(name)
    if first is None:
        return []
    # A gateway and the server behind it may write a line each; ``multidict`` keeps both.
    getall: Callable[[str], list[str]] | None = getattr(headers, "getall", None)
    lines = [first] if getall is None else getall(name)
    return [line.strip() for line in lines[:_MAX_LINES] if len(line) <= _MAX_CHARS]


def _values(headers: Mapping[str, str], name: str) -> list[str]:
    """Return the values of a header that may be a list with one for each limit.

    Brave documents ``X-RateLimit-Remaining: 1, 0`` and ``X-RateLimit-Reset: 1, 1419704`` for a
    second and a month.
    """
    return [
        value.strip()
        for line in _lines(headers, name)
        # An HTTP date has a comma too, and it alone begins with a letter.
        for value in ([line] if line[:1].isalpha() else line.split(","))
    ]


def _paired(counts: list[str], resets: list[str]) -> list[_Limit]:
    if len(counts) == len(resets):
        return [_Limit(_count(count), reset) for count, reset in zip(counts, resets, strict=True)]
    # Which belongs to which is not known.
    return [
        *(_Limit(_count(count), "") for count in counts),
        *(_Limit(None, reset) for reset in resets),
    ]


def _policies(line: str) -> list[_Limit]:
    """Return the limits of a ``RateLimit`` line: one of draft 07, or the list of later drafts."""
    found: list[_Limit] = []
    together: dict[str, str] = {}
    for member in _findall(_MEMBER, line):
        parts = _findall(_PART, member)
        own = {
            name.strip().lower(): value.strip(' "')
            for name, _, value in (part.partition("=") for part in parts)
        }
        if any(map(_is_dictionary_member, parts[:1])):
            together.update(own)
        else:
            found.append(_policy(own))
    if together:
        found.append(_policy(together))
    return found


def _findall(pattern: re.Pattern[str], text: str) -> list[str]:
    return [found[0] for found in pattern.finditer(text)]


def _is_dictionary_member(head: str) -> bool:
    return "=" in head and not head.lstrip().startswith('"')


def _policy(parameters: Mapping[str, str]) -> _Limit:
    count = parameters.get("r", parameters.get("remaining", ""))
    return _Limit(_count(count), parameters.get("t", parameters.get("reset", "")))


def _count(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    return None if found is None else int(found[1])


def _wait(text: str, server_time: float) -> float | None:
    """Return the seconds to a point in time that is written in any of the forms, or None."""
    number = _NUMBER.fullmatch(text)
    if number is not None:
        value = float(number[1])
        if value >= _EPOCH_MILLISECONDS:
            value = value / 1_000 - server_time
        elif value >= _EPOCH_SECONDS:
            value -= server_time
        return _bounded(value)
    at = _rfc3339(text)
    if at is None:
        at = _http_date(text)
    return None if at is None else _bounded(at - server_time)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _MAX_WAIT_S)


def _server_time(headers: Mapping[str, str], now: float, offset: float) -> float:
    date = _date(headers)
    return now + offset if date is None else date


def _date(headers: Mapping[str, str]) -> float | None:
    text = headers.get("date")
    return None if text is None or len(text) > _MAX_CHARS else _http_date(text.strip())


# All answers of a second have the same ``Date``, and reading it takes longer than all else here.
@lru_cache(maxsize=8)
def _http_date(text: str) -> float | None:
    if not text[:1].isalpha():
        return None  # the parser makes a date of any digits; every form begins with a weekday
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _timestamp(parsed)


def _rfc3339(text: str) -> float | None:
    try:
        parsed = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    # A date alone is no time of day, although the parser accepts it.
    return _timestamp(parsed) if len(text) > len("2026-01-01") else None


def _timestamp(parsed: datetime) -> float | None:
    try:
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError, OSError):
        return None
