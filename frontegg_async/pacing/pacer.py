"""The pacing of one limit group as arithmetic: no clock, no loop, no chance."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import msgspec

START_RATE: Final = 50.0
"""Calls a second before anything is known: above most limits' harm, below most workers' speed."""
START_BURST: Final = 0.4
"""Seconds: a group that was never refused may send twenty calls at once, as applications do."""
DOUBLING: Final = 0.5
"""Seconds between two doublings at the start: several round trips, so a refusal is heard."""
MAX_RATE: Final = 1e5
MIN_RATE: Final = 1 / 60
"""Calls a second: bounds against nonsense; one call a minute still finds out what has changed."""

LAG: Final = 0.02
"""Seconds that a late timer may catch up; more would bunch the calls that should be even."""
CUT: Final = 0.02
"""How much slower after a refusal: less is refused again, more gives calls away."""
MISS: Final = 0.02
"""A measured limit counts if it is this much below the rate; closer, measuring errs as much."""
CALM: Final = 5.0
"""Seconds to come back to a refused rate: at 100/s two calls in 500 are refused."""
CALM_CALLS: Final = 60.0
"""Calls, likewise: a limit of few calls a second must not be tried every five seconds."""
CALM_PERIODS: Final = 2.5
"""Periods, likewise: in a long window a refusal costs little time but is heard late."""
STEP: Final = 0.01
"""The first excess over a rate that was refused before; it doubles from there."""
RISE: Final = 0.6
"""Periods in which the excess doubles: slower loses a raised limit, faster overshoots it."""
ENOUGH: Final = 30.0
"""Calls that make a period even if the server's own is shorter: fewer tell nothing of a rate."""

FIRST_LOOK: Final = 0.08
"""Seconds after a refusal until a call looks whether the gate is open; one slot if that is longer,
one second at most."""
LATER_LOOKS: Final = 0.25
"""The next looks, as a share of the time that the gate has been closed: some
25 for a minute."""
VAGUE: Final = 2.0
"""Seconds: a shorter stated wait says little, because ``Date`` and most resets have whole seconds.
The gate looks for itself then, unless a window is so long that a second does not matter."""
LONG: Final = 20.0
"""Seconds of a period from which on a second does not matter."""
CAP: Final = 60.0
"""Seconds that nothing a server states can keep a gate closed beyond, before a call looks."""

WHOLE: Final = 0.5
"""A cycle whose gate was closed for this share is one window, and not several."""
PARTIAL: Final = 0.1
"""The same after the first cycle, whose rate was too high because it began within a window: so the
next window is sure to run out."""
FAR: Final = 2.0
"""A cycle longer than this many periods tells of the past; its last period tells of now."""
SURVEY: Final = 10.0
"""Calms after which bulk calls use more than their share, until refused: how else would a raised
limit be found?"""

_TINY: Final = 1e-4
_MARKS: Final = 16


class FixedRate(msgspec.Struct, frozen=True):
    """A limit that the user sets: at most ``calls`` in any ``seconds``.

    Raises:
        ValueError: if either is not a positive number.
    """

    calls: int
    seconds: float

    def __post_init__(self) -> None:
        if self.calls < 1 or not 0.0 < self.seconds < math.inf:
            raise ValueError("a rate is at least one call in a positive number of seconds")


class PaceState(msgspec.Struct, frozen=True):
    """What is known of a group, for display.

    Args:
        rate: calls a second that may be sent now.
        limited: whether the server has refused a call; before, ``rate`` is only a start.
        quota: calls in a window, or None as long as no window was seen to run out.
        window: its seconds, or None.
        closed_for: seconds until the next call may be tried.
        taken: calls that the server let through.
        refused: calls that it did not.
        shut: seconds during which the gate was closed.
    """

    rate: float
    limited: bool
    quota: int | None
    window: float | None
    closed_for: float
    taken: int
    refused: int
    shut: float


class GroupPacer:
    """When calls of one limit group may be sent.

    Times are monotonic seconds. ``admit`` asks, the other three say what came back.

    Args:
        fixed: the user's own limit; what is learned only counts below it.
        share: the part of the learned limit that bulk calls may use.
        cap: the longest time, in seconds, that a gate stays closed without a look.
    """

    __slots__ = (
        "_anchor",
        "_anchor_before",
        "_base",
        "_bulk_next",
        "_calm",
        "_cap",
        "_closed",
        "_closed_at",
        "_cut_at",
        "_double_at",
        "_fixed_seconds",
        "_gap",
        "_grown",
        "_lag",
        "_limited",
        "_marks",
        "_max_rate",
        "_next",
        "_partial",
        "_peak",
        "_period",
        "_pushed",
        "_quota",
        "_rate",
        "_refused",
        "_refused_sent",
        "_reopened_at",
        "_rested_at",
        "_sent",
        "_share",
        "_shut",
        "_stated",
        "_surveying",
        "_taken",
        "_tick_at",
        "_until",
        "_window",
    )

    def __init__(
        self, *, fixed: FixedRate | None = None, share: float = 1.0, cap: float = CAP
    ) -> None:
        self._cap = cap
        self._sent: deque[float] | None = None
        self._fixed_seconds = 0.0
        self._max_rate = MAX_RATE
        if fixed is not None:
            self._sent = deque(maxlen=fixed.calls)
            self._fixed_seconds = fixed.seconds
            self._max_rate = min(MAX_RATE, fixed.calls / fixed.seconds)
        self._rate = min(START_RATE, self._max_rate)
        self._limited = False
        # Slots: the next one, the bulk calls' own next one, and how late a slot may be used.
        self._next = -math.inf
        self._bulk_next = -math.inf
        self._lag = START_BURST
        self._pushed = False
        # The gate.
        self._closed = False
        self._closed_at = 0.0
        self._until = 0.0
        self._gap = 0.0
        self._stated = -math.inf
        self._refused_sent = -math.inf
        self._reopened_at = -math.inf
        self._cut_at = -math.inf
        # Growth: from base to peak over the calm, beyond it after.
        self._base = self._peak = self._rate
        self._calm = CALM
        self._grown = 0.0
        self._double_at = -math.inf
        self._tick_at = -math.inf
        # Counting: (when, taken by then) at the last opening, the one before, and lately.
        self._anchor: tuple[float, int] | None = None
        self._anchor_before: tuple[float, int] | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self._period = 1.0
        self._window: float | None = None
        self._quota: int | None = None
        self._partial = False
        self._taken = 0
        self._refused = 0
        self._shut = 0.0
        self.set_share(share)

    def set_share(self, share: float) -> None:
        """Let bulk calls use no more than ``share`` of what is learned, from now on."""
        if not 0.0 < share <= 1.0:
            raise ValueError("a share is more than 0 and at most 1")
        self._share = share
        self._surveying = share == 1.0 or not self._limited
        self._rested_at = self._tick_at

    def admit(self, now: float, *, bulk: bool = False) -> float:
        """Return 0.0 if a call may be sent, which then counts as sent, else seconds to wait."""
        if self._closed:
            if now < self._until:
                return max(self._until - now, _TINY)
        elif bulk and not self._surveying and self._bulk_next > max(now, self._next):
            return max(self._bulk_next - now, _TINY)
        elif self._next > now and (bulk or self._limited):
            self._pushed = True
            if self._limited:
                self._lag = LAG  # what was missed while the gate was closed is caught up
            return max(self._next - now, _TINY)
        sent = self._sent
        if sent is not None:
            if len(sent) == sent.maxlen and now - sent[0] < self._fixed_seconds:
                return max(sent[0] + self._fixed_seconds - now, _TINY)
            sent.append(now)
        if self._closed:
            # One look at a time: the next if nothing was heard of this one.
            self._gap = max(self._gap, (now - self._closed_at) * LATER_LOOKS)
            self._until = now + min(self._gap, self._cap)
        elif bulk or self._limited:
            self._next = max(self._next, now - self._lag) + 1.0 / self._rate
            if bulk and not self._surveying:
                self._bulk_next = max(self._bulk_next, now - LAG) + 1.0 / (self._share * self._rate)
        return 0.0

    def give_back(self, admitted_at: float, now: float, *, bulk: bool = False) -> None:
        """Take back an ``admit``: the call is not sent after all."""
        if not self._closed:
            if bulk or self._limited:
                self._next -= 1.0 / self._rate
            if bulk:
                self._bulk_next -= 1.0 / (self._share * self._rate)
        elif self._stated <= now:
            self._until = min(self._until, now)
        if self._sent and admitted_at in self._sent:
            self._sent.remove(admitted_at)

    def succeeded(self, sent_at: float, now: float) -> bool:
        """Hear that the limiter let a call through; return whether that opened the gate."""
        if self._anchor is None:
            self._anchor = (sent_at, 0)
        self._taken += 1
        opens = self._closed and sent_at > self._refused_sent
        if opens:
            self._open(sent_at, now)
        if now >= self._tick_at:
            self._tick(sent_at, now)
        return opens

    def throttled(self, sent_at: float, now: float, wait: float | None) -> None:
        """Hear that a call was refused, to be tried again after ``wait`` seconds if stated."""
        if self._anchor is None:
            self._anchor = (sent_at, 0)
        self._refused += 1
        self._refused_sent = max(self._refused_sent, sent_at)
        if not self._closed:
            self._closed = True
            if sent_at > self._reopened_at:
                self._closed_at = now
            else:
                # It was not open: answers overtake each other.
                self._anchor = self._anchor_before or self._anchor
                self._shut -= self._reopened_at - self._closed_at
            if sent_at > self._cut_at:
                self._limited = True
                self._cut_at = now
                self._rest(self._rate, now)
            self._gap = min(max(FIRST_LOOK, 1.0 / self._rate), 1.0, self._cap)
            self._until = now + self._gap
        if wait is not None and wait > (VAGUE if self._period < LONG else 0.0):  # false for NaN
            self._stated = now + min(wait, self._cap)
            self._until = max(self._until, self._stated)

    def failed(self, sent_at: float, now: float) -> None:
        """Hear of a call that says nothing about limits: a server error, a cut connection."""

    def wait_at(self, now: float) -> float:
        """Return the seconds until a call may be tried, without asking for it."""
        at = self._until if self._closed else self._next
        if self._sent and len(self._sent) == self._sent.maxlen:
            at = max(at, self._sent[0] + self._fixed_seconds)
        return max(at - now, 0.0)

    def stated_wait(self, now: float) -> float:
        """Return the seconds that the server has asked everybody to wait, 0.0 if none."""
        return max(self._stated - now, 0.0) if self._closed else 0.0

    def state(self, now: float) -> PaceState:
        """Return what is known, for display."""
        shut = self._shut + (max(now - self._closed_at, 0.0) if self._closed else 0.0)
        return PaceState(
            rate=self._rate,
            limited=self._limited,
            quota=self._quota,
            window=self._window,
            closed_for=max(self._until - now, 0.0) if self._closed else 0.0,
            taken=self._taken,
            refused=self._refused,
            shut=shut,
        )

    def _open(self, sent_at: float, now: float) -> None:
        """Open the gate, and measure the cycle that ends with it."""
        self._closed = False
        # The reset was between the last call refused, or the time stated, and the first taken.
        # Counted in times of answers, as the successes are.
        last_refused = min(max(self._refused_sent, self._stated - 1.0), sent_at)
        doubt = (sent_at - last_refused) / 2.0
        reset = max(now - doubt, self._closed_at)
        shut = reset - self._closed_at
        self._shut += now - self._closed_at
        self._anchor_before = anchor = self._anchor or (sent_at, 0)
        cycle = reset - anchor[0]
        if cycle > 0.5 and shut > (PARTIAL if self._partial else WHOLE) * cycle:
            # We came in the middle of the first window: it lasted longer than we saw of it.
            self._partial = self._window is None
            self._period = max(cycle, 1.0)
            self._window, self._quota = cycle, self._taken - anchor[1]
        elif cycle > 0.5 * self._period:
            self._partial = False
        self._period = max(self._period, shut)
        if cycle > 0.5 * self._period:
            limit = self._taken_lately(anchor, reset, max(self._period, 1.5 * shut))
            if limit < (1.0 - MISS) * self._rate:
                self._rest(limit, now)
                # The reset may have been earlier, and the limit higher.
                self._peak = min(limit * cycle / max(cycle - doubt, 0.1 * cycle), self._max_rate)
            self._anchor = (reset, self._taken)
        self._cut_at = max(self._cut_at, self._refused_sent)
        self._reopened_at = now
        # What could have been sent since the call that opened it is caught up.
        self._lag = max(LAG, now - sent_at)
        self._next = max(self._next, sent_at)

    def _taken_lately(self, anchor: tuple[float, int], now: float, span: float) -> float:
        """Return calls taken a second since ``anchor``, or in ``span`` if that is long ago."""
        at, count = anchor
        if now - at > FAR * span:
            for mark in self._marks:
                if mark[0] > now - span:
                    break
                if mark[0] > at:
                    at, count = mark
        return max(self._taken - count, 1) / max(now - at, 1e-3)

    def _rest(self, peak: float, now: float) -> None:
        """Go a little below ``peak``, and stay calm."""
        self._peak = min(max(peak, MIN_RATE), self._max_rate)
        self._base = self._rate = min(max(self._peak * (1.0 - CUT), MIN_RATE), self._max_rate)
        self._calm = max(CALM, CALM_CALLS / self._rate, CALM_PERIODS * self._period)
        self._grown = 0.0
        self._rested_at = now
        self._surveying = self._share == 1.0

    def _tick(self, sent_at: float, now: float) -> None:
        """Remember the count, and grow if the rate is what holds the calls back."""
        scale = max(self._period, ENOUGH / self._rate)
        step = max(scale / _MARKS, 0.05)
        passed = min(max(now - self._tick_at, 0.0) + step, 2.0 * step)
        self._tick_at = now + step
        marks = self._marks
        marks.append((now, self._taken))
        while len(marks) > 2 * _MARKS or (len(marks) > 2 and marks[1][0] <= now - scale):
            marks.popleft()
        if not self._surveying and now - self._rested_at > SURVEY * self._calm:
            self._surveying = True
            self._grown = max(self._grown, self._calm)
        if not self._pushed or self._closed:
            return
        self._pushed = False
        if not self._limited:
            if sent_at > self._double_at:
                self._rate = min(self._rate * 2.0, self._max_rate)
                self._double_at = now + DOUBLING
            return
        self._grown += passed
        beyond = self._grown - self._calm
        if beyond < 0.0:
            rate = self._base + (self._peak - self._base) * self._grown / self._calm
        else:
            excess = STEP * (2.0 ** min(beyond / (RISE * scale), 40.0) - 1.0)
            rate = self._peak * (1.0 + excess)
        self._rate = min(max(self._rate, rate), self._max_rate)
