"""How fast bulk calls go: three phases, from knowing nothing to knowing a window.

    Seeking ──a limit is met──▶ Stream ──a long window is seen──▶ Windowed
       ▲                          │  ▲                               │
       └──refusals that no rate ──┘  └──the window was none──────────┘
          avoids

Each phase has a rate, and answers with the phase that follows.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from .cycle import Cycle

START_RATE: Final = 200.0
"""Calls a second before anything is known."""
START_AGAIN: Final = 1000 / 60
"""Calls a second after a refusal at least: the general published limit. A quota that somebody else
used up tells nothing of its size."""
DOUBLING: Final = 0.05
"""Seconds between two doublings at least; and two round trips, so that a refusal is heard."""
AGAIN: Final = 0.5
"""Seconds between two doublings after a refusal at least,"""
CAREFUL: Final = 0.35
"""and as a share of the time that the gate was closed: a window is at least as long."""
MAX_RATE: Final = 1e5
MIN_RATE: Final = 1 / 60
"""Calls a second: bounds against nonsense; one call a minute still finds out what has changed."""

CUT: Final = 0.02
"""How much slower after a refusal: less is refused again, more gives calls away."""
MISS: Final = 0.02
"""A measured limit counts if it is this much below the rate; closer, measuring errs as much."""
FEW: Final = 2.5
"""Calls, likewise: one or two are chance."""
CALM: Final = 5.0
"""Seconds to come back to a refused rate: at 100/s two calls in 500 are refused."""
CALM_CALLS: Final = 60.0
"""Calls, likewise: a limit of few calls a second must not be tried every five seconds."""
LONGEST_CALM: Final = 12.0
"""Seconds: a small share of a limit must grow as fast as the larger ones of others."""
CALM_PERIODS: Final = 1.5
"""Periods, likewise: in a long window a refusal costs little time but is heard late."""
CALM_TRIPS: Final = 15.0
"""Round trips, likewise: what is in flight when a limit is met is refused as well."""
STEP: Final = 0.5
"""Calls a period: the first excess over a rate that was refused before; it doubles from there. The
same for all, so that those with a small share of a limit gain on those with a large one."""
RISE: Final = 0.6
"""Periods in which the excess doubles: slower loses a raised limit, faster overshoots it."""
ENOUGH: Final = 30.0
"""Calls that make a period even if the server's own is shorter: fewer tell nothing of a rate."""
ODD_CALMS: Final = 3
"""Calms with refusals, one after another, that show that no rate avoids them."""

LONG: Final = 5.0
"""Seconds of a window from which on its reset is aimed at."""
WHOLE: Final = 0.1
"""A cycle whose gate was closed for this share ends with a window."""
SPRINT: Final = 0.012
"""Share of a window, at its end, in which it is tried whether there is more than its quota."""
SPRINT_DOUBLINGS: Final = 16.0
"""How often the rate doubles in it at most: after a window of which little is known it is long."""
EARLY: Final = 0.03
"""Share of a window by which a quota may be used up before it: clocks and counts are a bit off."""
LEAST_PART: Final = 0.1
"""Share of an expected quota that is left at least after a window that others used up."""
WORTH: Final = 60.0
"""Calls that are worth a refusal or two: a window of fewer is used up only now and then."""
LATE: Final = 0.3
"""Share of a cycle that the gate was closed for, below which it may be more than one window."""
TRIPS: Final = 4.0
"""Round trips that this takes at least."""
STRIDE: Final = 4.0
"""How many times as long this is after a window in which nothing was refused."""
LONGEST_SPRINT: Final = 0.5
"""Share of a window that it is at most."""
ASTRAY: Final = 0.1
"""Share of a window by which a reset may come too early or too late."""
BLINKS: Final = 3
"""Short refusals within a window that show that it is none."""
MORE: Final = 0.05
"""Share of a quota by which a window must exceed it to be more than chance: others come and go."""
PROBE: Final = 0.2
"""Share of a quota that is sent at once where a window took more than its quota: if the server
refuses a part of that, its windows are shorter. Otherwise the rest of the quota is still spread."""
DISPROVED: Final = 2.0
"""Quotas taken within one window that show that an expected limit does not exist: a window of the
server may end within ours, but no more than one."""
GUESSED: Final = 0.5
"""Share of a quota that was never met which the last calls of a run may use at once."""


class Seeking:
    """No limit was met: the rate doubles as long as it is what holds bulk calls back."""

    __slots__ = ("_again_at", "_doubling", "period", "rate")

    limited = False

    def __init__(
        self, rate: float = START_RATE, doubling: float = DOUBLING, period: float = 1.0
    ) -> None:
        self.rate = rate
        self.period = period
        self._doubling = doubling
        self._again_at = -math.inf

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        return self.rate

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Phase:
        """Hear that calls are taken while others are held back."""
        if sent_at > self._again_at:
            self.rate = min(self.rate * 2.0, MAX_RATE)
            self._again_at = now + max(self._doubling, 2.0 * round_trip)
        return self

    def refused(self, sent_at: float, now: float, lately: float, seconds: float) -> Phase:
        """Hear of a refusal that closed the gate."""
        return self

    def opened(self, cycle: Cycle) -> Phase:
        """Hear that a refusal has passed."""
        if cycle.stray:
            return self
        if not cycle.whole or not cycle.held:
            # Who used up what we found used up, nobody knows.
            return Seeking(
                min(self.rate, START_AGAIN),
                max(AGAIN, CAREFUL * cycle.shut),
                max(self.period, cycle.shut),
            )
        return measured(cycle, self.period)


class Stream:
    """A limit was met: the rate rests a little below it, returns, and goes beyond it.

    Every refusal is paid for by calm: the rate creeps back to where it was refused. Nothing
    happens there if the limit is still the same, except one refusal; if it has gone up, the
    excess over the old limit doubles until it is met again.
    """

    __slots__ = (
        "_base",
        "_calm",
        "_doublings",
        "_grown",
        "_odd",
        "_peak",
        "_rested_at",
        "_seen_in_calm",
        "_tick_at",
        "_windows",
        "period",
        "rate",
    )

    limited = True

    def __init__(self, peak: float, now: float, period: float, *, windows: bool = True) -> None:
        self.period = period
        self._windows = windows  # whether what looks like a long window may be one
        self._tick_at = now
        self._odd = 0
        self._rest(peak, now)

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        return self.rate

    def _rest(self, peak: float, now: float) -> None:
        self._peak = min(max(peak, MIN_RATE), MAX_RATE)
        self._base = self.rate = min(max(self._peak * (1.0 - CUT), MIN_RATE), MAX_RATE)
        calls = min(CALM_CALLS / self.rate, LONGEST_CALM)
        self._calm = max(CALM, calls, CALM_PERIODS * self.period)
        self._grown = self._doublings = 0.0
        self._rested_at = now
        self._seen_in_calm = False

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Phase:
        """Hear that calls are taken while others are held back."""
        scale = max(self.period, min(ENOUGH / self.rate, 0.5 * LONGEST_CALM), 4.0 * round_trip)
        self._calm = max(self._calm, CALM_TRIPS * round_trip)
        step = max(scale / 16.0, 0.05)
        passed = min(max(now - self._tick_at, 0.0), 2.0 * step)
        self._tick_at = now
        self._grown += passed
        if self._grown < self._calm:
            rate = self._base + (self._peak - self._base) * self._grown / self._calm
        else:
            self._doublings += passed / (RISE * scale)
            rate = self._peak + STEP / self.period * (_doubled(self._doublings) - 1.0)
        self.rate = min(max(self.rate, rate), MAX_RATE)
        return self

    def refused(self, sent_at: float, now: float, lately: float, seconds: float) -> Phase:
        """Hear of a refusal that closed the gate."""
        if sent_at <= self._rested_at:
            return self
        if now > self._rested_at + self._calm:
            if not self._seen_in_calm:
                self._odd = 0
            self._rest(min(self.rate, lately + 1.0 / seconds), now)
        elif self._grown < 0.5 * self._calm:
            self._seen_in_calm = True
        return self

    def opened(self, cycle: Cycle) -> Phase:
        """Hear that the gate was opened again."""
        if not cycle.held:
            return self
        if cycle.shut > self.period:
            self.period = cycle.shut
        if not cycle.whole or cycle.seconds <= 0.5 * self.period:
            return self
        found = measured(cycle, self.period)
        if isinstance(found, Windowed):
            return found if self._windows else self
        self.period = max(self.period, found.period)
        # What was taken, of all that the rate would have sent; and, as a rate that grows is higher
        # than its average and long answers keep the gate closed, what was taken a second.
        missed = cycle.refused + self.rate * cycle.shut
        limit = max(self.rate * cycle.taken / (cycle.taken + missed), cycle.lately)
        if cycle.seconds < 3.0 * self.period:
            limit = max(limit, cycle.taken / cycle.seconds)
        if limit < (1.0 - MISS) * self.rate and missed > FEW:
            self._odd = self._odd + 1 if self._seen_in_calm and cycle.blink else 0
            if self._odd >= ODD_CALMS:
                return Seeking(self.rate, 1.0)
            self._rest(limit, cycle.end)
        return self


class Windowed:
    """A window is known, with its reset: go evenly, and use up what is left at its end.

    What is left of a quota at its reset is lost, so the last moments of a window are the time to
    find out whether there is more than was known, and harm nobody for long.
    """

    __slots__ = (
        "_astray",
        "_before",
        "_doubt",
        "_ease",
        "_met",
        "_over_at",
        "_probe_until",
        "_probed_at",
        "_proof",
        "_quota",
        "_reset",
        "_skip",
        "_stride",
        "_taken",
        "period",
        "spread",
    )

    def __init__(
        self,
        quota: float,
        seconds: float,
        *,
        reset: float,
        taken: int,
        doubt: float = 0.0,
        spread: float = 0.0,
        met: bool = True,
        rising: bool = False,
    ) -> None:
        self.period = seconds
        self.spread = spread
        self._quota = quota
        self._proof = DISPROVED * quota  # more in one window shows that it is none
        self._met = met
        self._astray = 0
        self._stride = STRIDE * STRIDE if rising else 1.0
        self._skip = 0
        self._taken = taken
        self._probe_until = 0.0
        self._probed_at = math.nan
        self._begin(reset, taken, doubt)

    def _begin(self, reset: float, taken: int, doubt: float) -> None:
        # A window of few calls is used up now and then only: a refusal is too large a part of it.
        self._skip = self._skip - 1 if self._skip else int(WORTH / self._quota) if self._met else 0
        self._reset = reset
        self._before, self._taken = self._taken, taken
        self._doubt = doubt
        self._ease = 1.0  # the share of the rate that a probe has left for the rest of the window
        self._over_at = math.inf

    @property
    def limited(self) -> bool:
        """Whether the limit was met, and not only expected."""
        return self._met

    @property
    def rate(self) -> float:
        """Calls a second, until the quota is used up."""
        rate = self._quota / ((1.0 - SPRINT) * self.period)
        return min(max(rate, MIN_RATE), MAX_RATE)

    @property
    def quota(self) -> float:
        """Calls in a window."""
        return self._quota

    @property
    def reset(self) -> float:
        """When the present window began; NaN before the first call."""
        return self._reset

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        if self._reset != self._reset:
            self._reset = now  # the first call
        into = now - self._reset
        probing = sent < self._probe_until
        if not probing and self._probe_until:
            self._probe_until = 0.0
            used, gone = (sent - self._taken) / self._quota, into / self.period
            self._ease = min(max((1.0 - used) / max(1.0 - gone, 0.1), 0.1), 1.0)
        # Calls caught up at its beginning do not bring its end forward: others would wait.
        span = self._span(round_trip)
        early = not 0.0 <= self.period - into < span + EARLY * self.period
        within = early or self._skip or sent - self._taken < self._quota
        if within and not probing:
            self._over_at = math.inf
            return self._ease * self._rate(round_trip)
        # More than the quota, and nothing was refused: find out how much there is.
        self._over_at = min(self._over_at, now)
        trips = (now - self._over_at) / max(round_trip, 0.025, span / SPRINT_DOUBLINGS)
        return self._rate(round_trip) * _doubled(trips)

    def _rate(self, round_trip: float) -> float:
        if self._skip:
            return max((1.0 - MISS) * self._quota / self.period, MIN_RATE)
        return max(self._quota / (self.period - self._span(round_trip)), MIN_RATE)

    def _span(self, round_trip: float) -> float:
        """Return the seconds at the end of the window in which more than the quota is tried."""
        span = max(SPRINT * self.period, min(TRIPS * round_trip, 0.1 * self.period))
        return min(self._stride * span, LONGEST_SPRINT * self.period)

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Phase:
        """Hear that calls are taken while others are held back: count the windows that passed."""
        if math.isnan(self._reset):
            return self  # what was taken was sent before anything was expected
        passed = math.floor((now - self._reset) / self.period)
        if passed >= 1:
            found = taken - self._taken
            if not self._met and found > self._proof:
                return Seeking(found / self.period, AGAIN)
            if passed == 1 and not self._skip:
                # Nothing was refused at its end either: look earlier the next time.
                self._stride = STRIDE * self._stride if found > self._quota else 1.0
                self._quota = max(self._quota, found)
            self._begin(self._reset + passed * self.period, taken, self._doubt)
        return self

    def left(self, now: float, taken: int) -> float:
        """Return the calls that are left in this window."""
        fresh = self._reset != self._reset or now >= self._reset + self.period
        used = 0 if fresh else taken - self._taken
        return self._quota * (1.0 if self._met else GUESSED) - used

    def refused(self, sent_at: float, now: float, lately: float, seconds: float) -> Phase:
        """Hear of a refusal that closed the gate."""
        return self

    def opened(self, cycle: Cycle) -> Phase:
        """Hear that the gate was opened again."""
        # The first refusal that lasts: its end is a reset, and its length is chance.
        first = not (self._met or cycle.whole or cycle.blink)
        used_up = WHOLE * self.period <= cycle.shut < self.period and cycle.taken < self._quota
        if first and used_up:
            # All of us together are too fast by the share of it that was shut. Squared: interactive
            # calls do not slow down, and those that waited come on top.
            self._proof = (1.0 + MORE) * self._quota + FEW
            self._quota *= max((1.0 - cycle.shut / self.period) ** 2, LEAST_PART)
            self._stride = STRIDE * STRIDE
            self._begin(cycle.end, cycle.taken_in_all, cycle.doubt)
            return self
        self._stride = 1.0
        if self._probed_at == cycle.start and cycle.held and not cycle.stray:
            part = max(cycle.taken / self._quota, cycle.seconds / self.period)
            if part < 0.5:
                return measured(cycle, 0.0)  # it has shorter windows
        windows = round(cycle.seconds / self.period)
        off = abs(cycle.seconds - windows * self.period)
        into = (cycle.end - self._reset) % self.period
        if windows < 1 and min(into, self.period - into) < ASTRAY * self.period:
            return self  # at the edge of a window the gate may open more than once
        if not first and (windows < 1 or off > max(ASTRAY * self.period, cycle.doubt, 1.0)):
            self._astray += 1
            if self._astray <= BLINKS or not cycle.held:
                return self
            return Stream(_limit_of(cycle, self.period), cycle.end, self.period, windows=False)
        self._astray = 0
        found = float(cycle.taken_in_all - self._start_of(cycle))
        more = found > (1.0 + MORE) * self._quota + FEW
        if more and windows == 1 and cycle.shut < ASTRAY * self.period:
            self._probe_until = cycle.taken_in_all + PROBE * found
            self._probed_at = cycle.end
        if cycle.held and cycle.whole:
            self._quota = max(found, 1.0)
            self._met = True
            spread = (self._doubt + cycle.doubt) / windows
            if spread <= self.spread or off > windows * self.spread:
                self.spread = spread
                seconds = cycle.seconds / windows
                self.period = max(seconds - (spread if spread > 0.2 else 0.0), 0.5 * seconds)
        if not self._met:  # from now on it is known where windows begin
            self._proof = min(self._proof, (1.0 + MORE) * self._quota + FEW)
        self._begin(cycle.end, cycle.taken_in_all, cycle.doubt)
        return self

    def _start_of(self, cycle: Cycle) -> int:
        """Return the calls that had been taken when the window began that a cycle ended with."""
        if cycle.seconds < 1.5 * self.period:
            return cycle.taken_in_all - cycle.taken
        # The clock may just have begun the next window a little early.
        return self._before if cycle.end - self._reset < 0.5 * self.period else self._taken


Phase: TypeAlias = Seeking | Stream | Windowed


def _doubled(times: float) -> float:
    return float(2.0 ** min(times, 12.0))


def measured(cycle: Cycle, period: float) -> Stream | Windowed:
    """Return what a whole cycle shows, in which the server alone decided how much it took."""
    if cycle.shut >= WHOLE * cycle.seconds and cycle.seconds >= max(LONG, cycle.long):
        # Rather too short than too long: then it is seen to run out, and where it ends.
        spread = 2.0 * cycle.doubt
        return Windowed(
            cycle.taken,
            max(cycle.seconds - (spread if spread > 0.2 else 0.0), 0.5 * cycle.seconds),
            reset=cycle.end,
            taken=cycle.taken_in_all,
            doubt=cycle.doubt,
            spread=spread,
            rising=cycle.shut < LATE * cycle.seconds,
        )
    whole = cycle.shut >= WHOLE * cycle.seconds and cycle.seconds >= 0.5 * period
    limit = _limit_of(cycle, period)
    return Stream(limit, cycle.end, max(cycle.seconds if whole else cycle.shut, period, 1.0))


def _limit_of(cycle: Cycle, period: float) -> float:
    """Return the calls a second that a cycle shows: over all of it, or lately if that is more."""
    if cycle.shut >= WHOLE * cycle.seconds and cycle.seconds >= 0.5 * period:
        return max(cycle.taken / cycle.seconds, cycle.lately)
    return cycle.lately


def remembered(calls: float, seconds: float) -> Phase:
    """Return the phase to begin with where a limit is likely, of which nothing was seen yet."""
    if seconds >= LONG:
        return Windowed(calls, seconds, reset=math.nan, taken=0, met=False)
    return Stream(calls / seconds, -math.inf, seconds)
