"""Counters of calls, one class for each kind of limit.

Every method takes the time, in seconds of the counter's clock. For each request ``remaining`` is
called first, and then ``take`` or ``refuse``, with the same time.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from typing import Final

__all__ = ["AlignedWindows", "Counter", "FixedWindows", "SlidingWindow", "TokenBucket"]

_ROUNDING: Final = 1e-9  # of a token, so that filling up in two steps is as good as in one


class Counter(ABC):
    """The calls on one limit."""

    __slots__ = ()

    @abstractmethod
    def remaining(self, now: float) -> int:
        """Return the number of calls that it lets through now."""

    @abstractmethod
    def take(self, now: float) -> None:
        """Count a call that was let through."""

    @abstractmethod
    def refuse(self, now: float) -> None:
        """Count a call that was refused, by this limit or by another."""

    @abstractmethod
    def reset(self, now: float) -> float:
        """Return the seconds until it lets through more than now."""


class FixedWindows(Counter):
    """Counts from zero in every window; the first call after a window opens the next one.

    Args:
        limit: Calls in a window.
        window: Seconds.
        counts_refused: Count refused calls too.
        opened: The time at which the first window opened; None if the next call opens it.
        used: Calls in it.
    """

    __slots__ = ("_count", "_counts_refused", "_end", "_limit", "_window")

    def __init__(
        self,
        limit: int,
        window: float,
        *,
        counts_refused: bool = False,
        opened: float | None = None,
        used: int = 0,
    ) -> None:
        self._limit = limit
        self._window = window
        self._counts_refused = counts_refused
        self._end = -math.inf if opened is None else opened + window
        self._count = used

    def remaining(self, now: float) -> int:
        """Return the calls that are left in the window, which may open now."""
        end = self._end_at(now)
        if end != self._end:
            self._end = end
            self._count = 0
        return max(self._limit - self._count, 0)

    def _end_at(self, now: float) -> float:
        return self._end if now < self._end else now + self._window

    def take(self, now: float) -> None:
        """Count a call that was let through."""
        del now
        self._count += 1

    def refuse(self, now: float) -> None:
        """Count a refused call, if those count."""
        if self._counts_refused:
            self.take(now)

    def reset(self, now: float) -> float:
        """Return the seconds until the window ends."""
        return self._end - now


class AlignedWindows(FixedWindows):
    """Counts from zero at every whole multiple of the window, with or without calls.

    Args:
        limit: Calls in a window.
        window: Seconds.
        now: The time at which counting begins.
        counts_refused: Count refused calls too.
        used: Calls in the window that it begins in.
    """

    __slots__ = ()

    def __init__(
        self, limit: int, window: float, now: float, *, counts_refused: bool = False, used: int = 0
    ) -> None:
        super().__init__(limit, window, counts_refused=counts_refused, used=used)
        self._end = self._end_at(now)

    def _end_at(self, now: float) -> float:
        return (math.floor(now / self._window) + 1) * self._window


class SlidingWindow(Counter):
    """Looks back from now on the calls of a whole window.

    Args:
        limit: Calls in a window.
        window: Seconds.
        counts_refused: Count refused calls too, so that hammering keeps the window shut.
        called: The time of the used calls.
        used: Calls made before counting begins.
    """

    __slots__ = ("_counts_refused", "_limit", "_times", "_window")

    def __init__(
        self,
        limit: int,
        window: float,
        *,
        counts_refused: bool = False,
        called: float = 0.0,
        used: int = 0,
    ) -> None:
        self._limit = limit
        self._window = window
        self._counts_refused = counts_refused
        # More than the limit are never looked at.
        self._times = deque([called] * used, maxlen=limit)

    def remaining(self, now: float) -> int:
        """Return the calls that the last window may still hold."""
        times = self._times
        while times and times[0] <= now - self._window:
            times.popleft()
        return self._limit - len(times)

    def take(self, now: float) -> None:
        """Count a call that was let through."""
        self._times.append(now)

    def refuse(self, now: float) -> None:
        """Count a refused call, if those count."""
        if self._counts_refused:
            self._times.append(now)

    def reset(self, now: float) -> float:
        """Return the seconds until the oldest call is a window old."""
        return (self._times[0] if self._times else now) + self._window - now


class TokenBucket(Counter):
    """Fills evenly up to its size; a call takes a token out.

    Args:
        limit: Tokens that come in a window.
        window: Seconds.
        size: Tokens that it holds.
        now: The time at which counting begins.
        filled: Tokens in it then.
    """

    __slots__ = ("_at", "_limit", "_size", "_tokens", "_window")

    def __init__(self, limit: int, window: float, size: int, now: float, *, filled: float) -> None:
        self._limit = limit
        self._window = window
        self._size = size
        self._tokens = min(filled, float(size))
        self._at = now

    def remaining(self, now: float) -> int:
        """Return the whole tokens in it."""
        tokens = self._tokens + (now - self._at) * self._limit / self._window
        self._tokens = min(tokens, float(self._size))
        self._at = now
        return math.floor(self._tokens + _ROUNDING)

    def take(self, now: float) -> None:
        """Take a token out."""
        del now
        self._tokens -= 1.0

    def refuse(self, now: float) -> None:
        """Count nothing: a bucket has no debts."""

    def reset(self, now: float) -> float:
        """Return the seconds until the next whole token; a window if none ever comes."""
        del now
        if not self._limit:
            return self._window
        missing = math.floor(self._tokens + _ROUNDING) + 1 - self._tokens
        return missing * self._window / self._limit
