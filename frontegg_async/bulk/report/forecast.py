"""The time that a run still needs, by the limits that hold it up.

While a gate is closed, the estimate of the end stays where it is, so that the time left falls by a
second each second: rates are taken over the time in which the gates were open, or up to the time
at which they open, and neither of the two grows meanwhile. Where a window is known, or the time
between two openings of a gate looks like one, whole windows are counted: rows that do not fit into
one wait for the next, and the last ones go at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Final

from ...pacing import PaceState
from ...pacing.gate import MAX_LOOK_GAP_S

FEW_ROWS: Final = 10
"""Rows from which on a run tells how fast it is."""
RECENT: Final = 15.0
"""Seconds with the gates open over which the speed of a run is taken, at least."""
_FEW_CALLS: Final = 20
"""Calls from which on they tell how many rows a call ends."""
_NEARLY_ONE: Final = 0.1
"""As near to one row a call counts as one: some of the calls are still on their way."""
_OWN_SPEED: Final = 0.9
"""Share of a limit below which the run itself is slower than the limit."""
_LONG: Final = 5.0
"""Seconds of a window that is assumed, at least."""
_SHUT: Final = 0.1
"""Share of a window for which the gate was closed at its end, at least."""
_LATE: Final = 1.0
"""Seconds after which a gate that is still closed opens at an unknown time."""
_SOON: Final = 0.25
"""Seconds of a run of which no rate is taken."""


class _LimitForecast:
    """The end of rows that one limit holds up.

    A limit counts calls and a forecast counts rows: a call may end a hundred rows, or none. As
    long as the pacing knows of no window, the time between two openings of the gate is assumed to
    be one.
    """

    __slots__ = (
        "_closed_at",
        "_known",
        "_opens_at",
        "_rate",
        "_rows_before",
        "_share",
        "_taken_before",
        "_window",
        "_window_at",
        "_window_rows",
    )

    def __init__(self, at: float, rows: int, taken: int, share: float) -> None:
        self._rows_before: Final = rows
        self._taken_before: Final = taken
        self._share: Final = share
        self._known = False
        self._rate = math.inf
        # Rows that end in a window, and its seconds; when the present one began, and at which row.
        self._window: tuple[float, float] | None = None
        self._window_at = at
        self._window_rows = rows
        self._closed_at = 0.0
        self._opens_at: float | None = None

    @property
    def opens_at(self) -> float | None:
        """The time at which the closed gate should open, as last told; None if it is open."""
        return self._opens_at

    @property
    def holds_up(self) -> bool:
        """True if the limit is known to hold rows up."""
        return self._known or self._window is not None or self._opens_at is not None

    def silent(self, now: float) -> bool:
        """Return whether the gate is closed and nothing tells for how long."""
        opens_at = self._opens_at
        blind = not self._known and self._window is None
        return blind and opens_at is not None and now > opens_at + _LATE

    def hear(self, now: float, rows: int, state: PaceState) -> None:
        """Take in the pacing's state of the limit."""
        if state.limited:
            share = self._rows_per_call(rows, state.taken)
            self._rate = share * state.rate
            self._window = None
            if state.quota is not None and state.window is not None:
                self._window = (share * state.quota, state.window)
        elif self._known:
            self._rate, self._window = math.inf, None
        self._known = state.limited
        if state.closed_for > 0.0:
            self._closed(now, state.closed_for)
        elif self._opens_at is not None:
            self._opened(now, rows)
        else:
            self._passed(now, rows)

    def _rows_per_call(self, rows: int, taken: int) -> float:
        ended, calls = rows - self._rows_before, taken - self._taken_before
        if ended < FEW_ROWS or calls < _FEW_CALLS or abs(ended / calls - 1.0) < _NEARLY_ONE:
            return 1.0
        return ended / calls

    def _closed(self, now: float, closed_for: float) -> None:
        if self._opens_at is None:
            window = self._window
            reset = -math.inf if window is None else self._window_at + window[1]
            self._closed_at = now
            self._opens_at = max(now + closed_for, reset)
        # Anything nearer may be nothing but the next look, and an end that moves from look to look
        # makes the time left climb.
        if closed_for > MAX_LOOK_GAP_S:
            self._opens_at = now + closed_for

    def _opened(self, now: float, rows: int) -> None:
        seconds = now - self._window_at
        shut = now - self._closed_at
        self._opens_at = None
        if self._known and self._window is not None:
            over = seconds >= (1.0 - _SHUT) * self._window[1]
        else:
            over = seconds >= _LONG and shut >= _SHUT * seconds
        if not over:
            return  # a stray refusal
        if not self._known:
            count = rows - self._window_rows
            self._window = (count, seconds) if count >= FEW_ROWS else None
        self._window_at, self._window_rows = now, rows

    def _passed(self, now: float, rows: int) -> None:
        """Go on to the window that is now, if one has passed that was not used up."""
        if self._window is None:
            return
        seconds = self._window[1]
        windows = (now - self._window_at) // seconds
        if windows >= 1.0:
            self._window_at += windows * seconds
            self._window_rows = rows
            if not self._known:
                self._window = None  # it was none

    def left(
        self, now: float, rows: int, more: int, *, so_far: float, reached: float, peak: float
    ) -> float:
        """Return the seconds until ``more`` rows have ended.

        Args:
            now: the time.
            rows: rows that have ended.
            more: rows that have not.
            so_far: rows a second of the whole run.
            reached: the same lately, over the time in which no gate was closed.
            peak: the highest value that it had.
        """
        opens_at, window = self._opens_at, self._window
        wait = 0.0 if opens_at is None else max(opens_at - now, 0.0)
        if window is None:
            rate = min(self._share * self._rate, reached) if self._known else self._share * so_far
            return wait + more / rate
        quota, seconds = window
        own = min(reached, self._share * quota / seconds)
        if self._share < 1.0 or own < _OWN_SPEED * quota / seconds:
            return wait + more / own
        room = 0.0
        if opens_at is None:
            wait = max(self._window_at + seconds - now, 0.0)
            room = max(quota - (rows - self._window_rows), 0.0)
        if more <= room:
            return more / peak
        # Windows that are used up, and the rest in the last one, which is sent at once.
        whole = math.ceil((more - room) / quota) - 1
        return wait + whole * seconds + (more - room - whole * quota) / peak


class Forecast:
    """The time that a run still needs. Fed in the event loop, and may be asked in any thread.

    Args:
        now: time of the first call.
        rows: rows that had ended before.
        taken: calls that each limit group had taken before.
        share: the part of a limit that the run may use.
    """

    def __init__(
        self, now: float, rows: int, taken: Mapping[str, int], *, share: float = 1.0
    ) -> None:
        self._began: Final = now
        self._rows_before: Final = rows
        self._taken_before: Final = taken
        self._share: Final = share
        self._limits: dict[str, _LimitForecast] = {}
        self._closed_at: float | None = None
        self._shut = 0.0
        self._peak = 0.0
        # (seconds with the gates open, rows ended): the speed is taken from the first of them.
        self._marks: Final = deque([(0.0, rows)])

    @property
    def closed(self) -> bool:
        """True if a gate is closed."""
        return self._closed_at is not None

    def hear(self, now: float, rows: int, states: Mapping[str, PaceState]) -> None:
        """Take in the pacing's state of each limit group."""
        for name, state in states.items():
            limit = self._limits.get(name)
            if limit is None:
                taken = self._taken_before.get(name, 0)
                limit = _LimitForecast(self._began, self._rows_before, taken, self._share)
                # A new dictionary: another thread may be going through this one.
                self._limits = {**self._limits, name: limit}
            limit.hear(now, rows, state)
        closed_at = self._closed_at
        if any(limit.opens_at is not None for limit in self._limits.values()):
            self._closed_at = now if closed_at is None else closed_at
        elif closed_at is not None:
            self._shut += now - closed_at
            self._closed_at = None
        marks = self._marks
        marks.append((self._open_seconds(now), rows))
        while marks[1][0] <= marks[-1][0] - RECENT and marks[1][1] <= rows - FEW_ROWS:
            marks.popleft()
        if rows - self._rows_before >= FEW_ROWS:
            self._peak = max(self._peak, self._reached(now, rows))

    def left(self, now: float, rows: int, total: int | None) -> float | None:
        """Return the seconds that the run still needs, or None if nothing tells."""
        if total is None:
            return None
        more, ended = total - rows, rows - self._rows_before
        if more <= 0:
            return 0.0
        limits = [limit for limit in self._limits.values() if limit.holds_up]
        if ended < FEW_ROWS or any(limit.silent(now) for limit in limits):
            return None
        opens = [at for limit in limits if (at := limit.opens_at) is not None]
        seconds = max(opens, default=now) - self._began
        if seconds < _SOON:
            return None
        so_far = ended / seconds
        reached = self._reached(now, rows)
        peak = max(self._peak, reached)
        return max(
            (
                limit.left(now, rows, more, so_far=so_far, reached=reached, peak=peak)
                for limit in limits
            ),
            default=more / so_far,
        )

    def _open_seconds(self, now: float) -> float:
        """Return the seconds of the run in which no gate was closed."""
        closed_at = self._closed_at
        return (now if closed_at is None else closed_at) - self._began - self._shut

    def _reached(self, now: float, rows: int) -> float:
        """Return the rows a second that the run does by itself, lately."""
        since, before = self._marks[0]
        return max(rows - before, 1) / max(self._open_seconds(now) - since, _SOON)
