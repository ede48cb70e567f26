"""Rate limits of the server side, and the headers that announce them.

Each route template has a counter of its own (doc: limits are per route family), unless a limit is
shared. Limits are checked before anything else, the token included (guess). Which of four kinds
(``counters.py``) Frontegg has is not known, nor if a refused request counts. Headers by form, and
the responses that carry them:

==================  =====  ====  ===============================================================
RESET               doc    429   ``X-Rate-Limit-Reset``, an RFC 3339 date-time, alone
RESET_EPOCH         guess  429   the same header in seconds since the epoch, rounded up
RESET_SECONDS       seen   429   the same header in seconds from now, rounded up
X_RATE_LIMIT        seen   all   ``X-Rate-Limit-Limit``, ``-Remaining`` and ``-Reset`` in seconds
X_RATELIMIT         guess  all   ``X-RateLimit-…``, the same three, the reset since the epoch
RATELIMIT_DRAFT     guess  all   ``RateLimit-…``, the same three, of drafts 00 to 06 of the IETF
RATELIMIT           guess  429   ``RateLimit`` and ``RateLimit-Policy`` of later drafts
POLICIES            guess  all   the same with a second policy, of a day, that never runs out
NOTHING             doc    429   a 429 passed through from an upstream carries nothing
RETRY_AFTER         guess  429   ``Retry-After`` in whole seconds, rounded up
RETRY_AFTER_DATE    guess  429   ``Retry-After`` as an HTTP date, rounded up to a second
GARBAGE             guess  429   several of them, with values that make no sense
==================  =====  ====  ===============================================================

A reset is when the limit lets more through than now: the end of a window, or the next free place
of a sliding window or bucket.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, datetime
from email.utils import formatdate
from enum import Enum
from typing import Final, Literal, NamedTuple, Self, get_args

import msgspec

from .counters import AlignedWindows, Counter, FixedWindows, SlidingWindow, TokenBucket
from .http.response import Response, error_response

__all__ = ["Announce", "Limiter", "RateLimit"]

Kind = Literal["fixed", "aligned", "sliding", "bucket"]


class Announce(Enum):
    """The headers by which a 429 states the wait, and other responses the remaining calls."""

    RESET = "reset"
    RESET_EPOCH = "reset-epoch"
    RESET_SECONDS = "reset-seconds"
    X_RATE_LIMIT = "x-rate-limit"
    X_RATELIMIT = "x-ratelimit"
    RATELIMIT_DRAFT = "ratelimit-draft"
    RATELIMIT = "ratelimit"
    POLICIES = "policies"
    NOTHING = "nothing"
    RETRY_AFTER = "retry-after"
    RETRY_AFTER_DATE = "retry-after-date"
    GARBAGE = "garbage"


_FAMILIES: Final = {
    Announce.X_RATE_LIMIT: "X-Rate-Limit",
    Announce.X_RATELIMIT: "X-RateLimit",
    Announce.RATELIMIT_DRAFT: "RateLimit",
}
_ON_EVERY_ANSWER: Final = frozenset({*_FAMILIES, Announce.POLICIES})


class _Policy(NamedTuple):
    """A limit as the drafts from 08 on write it."""

    name: str
    quota: int
    window: float
    remaining: int
    wait: float


_DAY: Final = _Policy("day", 1_000_000, 86_400.0, 999_999, 86_400.0)
"""A limit that never runs out; its reset is the wrong one to wait for."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``limit`` requests per ``window`` seconds, on one route, on several or on each.

    Args:
        limit: Requests that a window lets through.
        window: Its length in seconds.
        on: ``"METHOD /template"``, or a set of them; None is every route.
        announce: The headers of the responses.
        kind: ``"fixed"`` windows open with the first request in them; ``"aligned"`` ones begin at
            whole multiples of their length on the wall clock; a ``"sliding"`` window always looks
            back from now; a ``"bucket"`` fills evenly, and each request takes a token out.
        burst: The tokens that a bucket holds; ``limit`` if None.
        counts_refused: Count refused requests too, whichever limit of the route refuses them. In
            a sliding window they keep out later ones.
        used: Calls that others have made before the server starts, on each counter.
        elapsed: Seconds before the start at which they made them; a fixed window opened then.
            Aligned windows know by the clock when they began.
        shared: Count all routes of the limit together, instead of each by itself.
        per_address: Count the calls from each IP address by themselves.

    Raises:
        ValueError: If an argument is out of range, or is not for this kind.

    """

    limit: int
    window: float
    on: str | frozenset[str] | None = None
    announce: Announce = Announce.RESET
    kind: Kind = "fixed"
    _: KW_ONLY
    burst: int | None = None
    counts_refused: bool = False
    used: int = 0
    elapsed: float = 0.0
    shared: bool = False
    per_address: bool = False

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError(f"limit must not be negative, got {self.limit}")
        if not 0 < self.window < math.inf:
            raise ValueError(f"window must be a positive number of seconds, got {self.window}")
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, got {self.kind!r}")
        self._check_bucket()
        self._check_past()

    def _check_bucket(self) -> None:
        if self.burst is not None:
            if self.kind != "bucket":
                raise ValueError(f"burst is for buckets, not for {self.kind} windows")
            if self.burst < 1:
                raise ValueError(f"burst must be a positive integer, got {self.burst}")
        if self.counts_refused and self.kind == "bucket":
            raise ValueError("counts_refused is for windows, not for buckets")

    def _check_past(self) -> None:
        if not 0 <= self.used <= self.size:
            raise ValueError(f"used must be from 0 to {self.size}, got {self.used}")
        if self.elapsed and self.kind == "aligned":
            raise ValueError("elapsed is not for aligned windows: set the wall clock instead")
        if not 0 <= self.elapsed < self.window:
            raise ValueError(f"elapsed must be from 0 to below {self.window:g}, got {self.elapsed}")

    @property
    def size(self) -> int:
        """Return the most requests that are let through at once."""
        return self.limit if self.burst is None else self.burst

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

    def naming(self, known: Callable[[str], str]) -> Self:
        """Return the same limit, with routes under the names that ``known`` gives them."""
        if self.on is None:
            return self
        on = known(self.on) if isinstance(self.on, str) else frozenset(map(known, self.on))
        return replace(self, on=on)

    def applies(self, route: str) -> bool:
        """Return whether the limit is on a route."""
        on = self.on
        return on is None or (route == on if isinstance(on, str) else route in on)


class _Tally(NamedTuple):
    """One counter of a limit, and the clock that it lives by."""

    limit: RateLimit
    counter: Counter
    clock: Callable[[], float]


class Limiter:
    """Lets requests through, or refuses them with a 429."""

    def __init__(
        self,
        limits: Iterable[RateLimit],
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._limits = tuple(limits)
        self._clock = clock
        self._wall_clock = wall_clock
        self._began = clock()
        self._began_at = wall_clock()
        self._by_address = any(limit.per_address for limit in self._limits)
        self._tallies: dict[tuple[str, str], tuple[_Tally, ...]] = {}
        self._kept: dict[tuple[int, str, str], _Tally] = {}
        """By the number of the limit, and the route and the address that it tells apart."""

    def start(self) -> None:
        """Begin counting now, unless requests have been counted already."""
        if not self._tallies:
            self._began = self._clock()
            self._began_at = self._wall_clock()

    def admit(self, route: str, address: str = "") -> Response | Mapping[str, str]:
        """Count a request on ``route``: return its 429, or the headers for its answer."""
        key = (route, address if self._by_address else "")
        tallies = self._tallies.get(key)
        if tallies is None:
            tallies = self._tallies[key] = tuple(self._tallies_of(*key))
        asked = [(tally, now := tally.clock(), tally.counter.remaining(now)) for tally in tallies]
        for tally, now, remaining in asked:
            if not remaining:
                for each, at, _ in asked:
                    each.counter.refuse(at)
                headers = self._headers(tally, now, 0)
                return msgspec.structs.replace(
                    error_response(429, "Too many requests"), headers=headers
                )
        for tally, now, _ in asked:
            tally.counter.take(now)
        said = [each for each in asked if each[0].limit.announce in _ON_EVERY_ANSWER]
        # Of two with the same header, the one that leaves less is written last.
        said.sort(key=lambda each: each[2], reverse=True)
        return {
            name: value
            for tally, now, remaining in said
            for name, value in self._headers(tally, now, remaining - 1).items()
        }

    def _tallies_of(self, route: str, address: str) -> Iterator[_Tally]:
        """Yield the counter of each limit on a route for the calls from an address."""
        for number, limit in enumerate(self._limits):
            if limit.applies(route):
                of_route = "" if limit.shared else route
                key = (number, of_route, address if limit.per_address else "")
                tally = self._kept.get(key)
                if tally is None:
                    tally = self._kept[key] = self._tally(limit)
                yield tally

    def _tally(self, limit: RateLimit) -> _Tally:
        calls, window, used, refused = limit.limit, limit.window, limit.used, limit.counts_refused
        earlier = self._began - limit.elapsed
        counter: Counter
        match limit.kind:
            case "fixed":
                opened = earlier if used or limit.elapsed else None
                counter = FixedWindows(
                    calls, window, counts_refused=refused, opened=opened, used=used
                )
            case "aligned":
                counter = AlignedWindows(
                    calls, window, self._began_at, counts_refused=refused, used=used
                )
                return _Tally(limit, counter, self._wall_clock)
            case "sliding":
                counter = SlidingWindow(
                    calls, window, counts_refused=refused, called=earlier, used=used
                )
            case "bucket":
                counter = TokenBucket(calls, window, limit.size, earlier, filled=limit.size - used)
        return _Tally(limit, counter, self._clock)

    def _headers(self, tally: _Tally, now: float, remaining: int) -> dict[str, str]:
        wait = tally.counter.reset(now)
        return _announcement(tally.limit, remaining, wait, self._wall_clock() + wait)


def _announcement(limit: RateLimit, remaining: int, wait: float, reset: float) -> dict[str, str]:
    """Return the headers that announce a limit.

    Args:
        limit: The limit, with the form of its headers.
        remaining: Requests that it still lets through.
        wait: Seconds until it lets through more.
        reset: The same moment in seconds since the epoch.

    """
    seconds, epoch = str(math.ceil(wait)), str(math.ceil(reset))
    match limit.announce:
        case Announce.RESET:
            # Milliseconds are a guess: RFC 3339 allows them, and servers in Node write them.
            when = datetime.fromtimestamp(reset, UTC).isoformat(timespec="milliseconds")
            return {"X-Rate-Limit-Reset": when.replace("+00:00", "Z")}
        case Announce.RESET_EPOCH:
            return {"X-Rate-Limit-Reset": epoch}
        case Announce.RESET_SECONDS:
            return {"X-Rate-Limit-Reset": seconds}
        case Announce.X_RATE_LIMIT | Announce.X_RATELIMIT | Announce.RATELIMIT_DRAFT:
            family = _FAMILIES[limit.announce]
            return {
                f"{family}-Limit": str(limit.size),
                f"{family}-Remaining": str(remaining),
                f"{family}-Reset": epoch if limit.announce is Announce.X_RATELIMIT else seconds,
            }
        case Announce.RATELIMIT:
            return _policies(_Policy("default", limit.limit, limit.window, remaining, wait))
        case Announce.POLICIES:
            own = _Policy("default", limit.limit, limit.window, remaining, wait)
            return _policies(_DAY, own)
        case Announce.NOTHING:
            return {}
        case Announce.RETRY_AFTER:
            return {"Retry-After": seconds}
        case Announce.RETRY_AFTER_DATE:
            return {"Retry-After": formatdate(math.ceil(reset), usegmt=True)}
        case Announce.GARBAGE:
            return {
                "X-Rate-Limit-Reset": "0000-13-32T25:61:61Z",
                "Retry-After": "-99999999999999999999; banana",
                "RateLimit": '";r=NaN;t=1e999',
                "RateLimit-Policy": ",,,=",
            }


def _policies(*policies: _Policy) -> dict[str, str]:
    return {
        "RateLimit": ", ".join(
            f'"{each.name}";r={each.remaining};t={math.ceil(each.wait)}' for each in policies
        ),
        "RateLimit-Policy": ", ".join(
            f'"{each.name}";q={each.quota};w={math.ceil(each.window)}' for each in policies
        ),
    }
