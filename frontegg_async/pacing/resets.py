"""The resets of a window, as intervals: each one that is seen narrows what is known of the next."""

from __future__ import annotations

from typing import Final

MAX_SHORTENED_SHARE: Final = 0.5
"""Largest share by which a window of uncertain length is taken to be shorter."""
EXACT_S: Final = 0.2
"""Seconds: a length that may be wrong by no more is taken as it is."""


class Resets:
    """The last reset of a window that was seen, and the seconds from one to the next.

    Args:
        at: time of the reset.
        error: seconds by which it may be wrong.
        seconds: length of the window.
        seconds_error: seconds by which that may be wrong.
    """

    __slots__ = ("_at", "_error", "_seconds", "_seconds_error")

    def __init__(self, at: float, error: float, seconds: float, seconds_error: float) -> None:
        self._at: float = at
        self._error: float = error
        self._seconds: float = seconds
        self._seconds_error: float = seconds_error

    @property
    def period(self) -> float:
        """Seconds to count on: rather too short, so that a window is seen to run out."""
        return shortened(self._seconds, self._seconds_error)

    def earliest(self, opened: float) -> float:
        """Return the earliest time of the reset after which a call was taken at ``opened``."""
        windows = self._windows_until(opened)
        return self._at + windows * (self._seconds - self._seconds_error) - self._error

    def see(self, at: float, error: float) -> tuple[float, float]:
        """Narrow all by a reset that was seen; return its time and error, narrowed as well."""
        windows = self._windows_until(at)
        expected = self._at + windows * self._seconds
        at, error = _common(at, error, expected, self._error + windows * self._seconds_error)
        # Never zero, whatever was seen: times are divided by it.
        apart = max(at - self._at, MAX_SHORTENED_SHARE * self._seconds)
        seconds, seconds_error = apart / windows, (self._error + error) / windows
        seconds, seconds_error = _common(seconds, seconds_error, self._seconds, self._seconds_error)
        self._seconds = seconds
        self._seconds_error = seconds_error
        self._at = at
        self._error = error
        return at, error

    def _windows_until(self, at: float) -> int:
        return max(round((at - self._at) / self._seconds), 1)


def shortened(seconds: float, error: float) -> float:
    """Return the length to count on of a window whose length may be wrong by ``error``."""
    if error <= EXACT_S:
        return seconds
    return max(seconds - error, (1.0 - MAX_SHORTENED_SHARE) * seconds)


def _common(
    seen: float, seen_error: float, known: float, known_error: float
) -> tuple[float, float]:
    """Return the middle and half the length of two intervals' common part.

    Without one, the server has changed, and the interval seen is returned.
    """
    low = max(seen - seen_error, known - known_error)
    high = min(seen + seen_error, known + known_error)
    if low > high:
        return seen, seen_error
    return (low + high) / 2.0, (high - low) / 2.0
