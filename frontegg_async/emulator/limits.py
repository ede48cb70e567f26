"""Rate limits of the server side, and the ways a 429 speaks about them.

Each route template has a bucket of its own (doc: limits are per route family). A refused request
does not count against the limit, and limits are looked at before anything else, the token
included (guess). What a 429 announces:

==================  =====  ==========================================================
RESET               doc    ``X-Rate-Limit-Reset``, an RFC 3339 date-time, alone
NOTHING             doc    a 429 passed through from an upstream carries nothing
RETRY_AFTER         guess  ``Retry-After`` in whole seconds, rounded up
RETRY_AFTER_DATE    guess  ``Retry-After`` as an HTTP date, rounded up to a second
RATELIMIT           guess  ``RateLimit`` and ``RateLimit-Policy`` of the IETF draft
GARBAGE             guess  all of them, with values that make no sense
==================  =====  ==========================================================
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from enum import Enum
from typing import Literal, Self

import msgspec

from .wire import Answer, failure

__all__ = ["Announce", "Limiter", "RateLimit"]


class Announce(Enum):
    """The headers by which a 429 says how long to stay away."""

    RESET = "reset"
    RETRY_AFTER = "retry-after"
    RETRY_AFTER_DATE = "retry-after-date"
    RATELIMIT = "ratelimit"
    NOTHING = "nothing"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``limit`` requests per ``window`` seconds, for one route or for each of them.

    Args:
        limit: How many requests a window lets through.
        window: Its length in seconds.
        on: ``"METHOD /template"``; None gives every route a bucket of this size.
        announce: What a 429 says.
        kind: ``"fixed"`` windows open with the first request in them; a ``"sliding"`` window
            always looks back from now.

    """

    limit: int
    window: float
    on: str | None = None
    announce: Announce = Announce.RESET
    kind: Literal["fixed", "sliding"] = "fixed"

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError(f"limit must not be negative: {self.limit}")
        if not 0 < self.window < math.inf:
            raise ValueError(f"window must be a positive number of seconds: {self.window}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"1000/60"``: a thousand requests per 60 seconds.

        Raises:
            ValueError: If the text is anything else.

        """
        limit, slash, window = text.partition("/")
        try:
            if slash:
                return cls(int(limit), float(window))
        except ValueError as error:
            raise ValueError(f"not a rate limit: {text!r} ({error})") from None
        raise ValueError(f"not a rate limit: {text!r} (expected LIMIT/SECONDS)")


class _Bucket:
    """The count of one limit on one route; ``reset`` is when it will let a request through."""

    __slots__ = ("_count", "_times", "limit", "reset")

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.reset = -math.inf
        self._count = 0
        self._times: deque[float] = deque()

    def full(self, now: float) -> bool:
        limit = self.limit
        if limit.kind == "fixed":
            if now >= self.reset:
                self.reset = now + limit.window
                self._count = 0
            return self._count >= limit.limit
        times = self._times
        while times and times[0] <= now - limit.window:
            times.popleft()
        self.reset = (times[0] if times else now) + limit.window
        return len(times) >= limit.limit

    def take(self, now: float) -> None:
        if self.limit.kind == "fixed":
            self._count += 1
        else:
            self._times.append(now)


class Limiter:
    """Lets a request through, or says by what answer it is refused."""

    def __init__(
        self,
        limits: Iterable[RateLimit],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._limits = tuple(limits)
        self._clock = clock
        self._wall_clock = wall_clock
        self._buckets: dict[str, tuple[_Bucket, ...]] = {}

    def refuse(self, route: str) -> Answer | None:
        """Count a request on ``route``, or return its 429."""
        buckets = self._buckets.get(route)
        if buckets is None:
            buckets = tuple(_Bucket(limit) for limit in self._limits if limit.on in (None, route))
            self._buckets[route] = buckets
        now = self._clock()
        for bucket in buckets:
            if bucket.full(now):
                return self._refusal(bucket.limit, bucket.reset - now)
        for bucket in buckets:
            bucket.take(now)
        return None

    def _refusal(self, limit: RateLimit, wait: float) -> Answer:
        answer = failure(429, "Too many requests")
        headers = _announcement(limit, wait, self._wall_clock() + wait)
        return msgspec.structs.replace(answer, headers=headers)


def _announcement(limit: RateLimit, wait: float, reset: float) -> dict[str, str]:
    match limit.announce:
        case Announce.RESET:
            # Milliseconds are a guess: RFC 3339 allows them, and servers in Node write them.
            when = datetime.fromtimestamp(reset, UTC).isoformat(timespec="milliseconds")
            return {"X-Rate-Limit-Reset": when.replace("+00:00", "Z")}
        case Announce.RETRY_AFTER:
            return {"Retry-After": str(math.ceil(wait))}
        case Announce.RETRY_AFTER_DATE:
            return {"Retry-After": formatdate(math.ceil(reset), usegmt=True)}
        case Announce.RATELIMIT:
            return {
                "RateLimit": f'"default";r=0;t={math.ceil(wait)}',
                "RateLimit-Policy": f'"default";q={limit.limit};w={math.ceil(limit.window)}',
            }
        case Announce.NOTHING:
            return {}
        case Announce.GARBAGE:
            return {
                "X-Rate-Limit-Reset": "0000-13-32T25:61:61Z",
                "Retry-After": "-99999999999999999999; banana",
                "RateLimit": '";r=NaN;t=1e999',
                "RateLimit-Policy": ",,,=",
            }
