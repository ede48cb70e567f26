"""The rate of bulk calls: three phases, from no knowledge of a limit to a known window.

    Seeking ──a limit is met──▶ Stream ──a long window is seen──▶ Windowed
       ▲                          │  ▲                               │
       └──refusals that no rate ──┘  └──the window was none──────────┘
          avoids

Each phase has a rate, and returns the phase that follows: itself, or another one.

    Stream     two rates: ``_refused_rate``, and ``_rested_rate`` a little below it. In a calm the
               rate goes from the second to the first; after it the excess over the first doubles
    Windowed   window: ``_reset``, at which it began, ``period``, calls ``_taken`` by then, and
               ``_resets``, the knowledge of both
               quota: ``_quota``, which is only expected until it ``_was_met``
               sprint at its end, in which more is tried: ``_sprint_factor`` times as long as usual,
               but not in the next ``_sprints_to_skip`` windows
               burst after more than the quota was taken: calls at once, until ``_burst_until``
"""

from __future__ import annotations

import math
from typing import TypeAlias

from .cycle import WINDOW_CLOSED_SHARE, Cycle
from .rate import MAX_RATE, MIN_RATE, doubled
from .resets import Resets
from .seeking import Seeking
from .tuning import (
    ASTRAY_SHARE,
    BURST_SHARE,
    CALM_CALLS,
    CALM_PERIODS,
    CALM_S,
    CALM_TRIPS,
    CAREFUL_DOUBLING_S,
    CAREFUL_DOUBLING_SHARE,
    CONFIRMED_SHARE,
    CONFIRMED_STEP,
    CUT_SHARE,
    DISPROVED_QUOTAS,
    EARLY_SHARE,
    ENOUGH_CALLS,
    EXPECTED_SHARE,
    FEW_CALLS,
    GAIN_CALLS,
    KEPT_SHARE,
    LEADS,
    LONG_WINDOW_S,
    MAX_ASTRAY,
    MAX_CALLS_CALM_S,
    MAX_LEAD_SHARE,
    MAX_SPRINT_SHARE,
    MIN_QUOTA_SHARE,
    MISS_SHARE,
    MORE_SHARE,
    ODD_CALMS,
    RISE_PERIODS,
    SEVERAL_CLOSED_SHARE,
    SPRINT_DOUBLINGS,
    SPRINT_GROWTH,
    SPRINT_SHARE,
    SPRINT_TRIPS,
    SPRINT_WORTH_CALLS,
    STEP_CALLS,
    USUAL_DOUBLINGS,
    VAST_TRIPS,
)


class Stream:
    """A limit was met: the rate rests a little below it, returns, and goes beyond it.

    A calm follows every refusal: the rate creeps back to the one that was refused. If the limit is
    still the same, one call is refused there; if it has gone up, the excess over the old limit
    doubles until it is met again. A single refusal costs its call and closes no gate, so that the
    calls after it stay even.
    """

    __slots__ = (
        "_calm_passed",
        "_calm_seconds",
        "_doublings",
        "_grown_at",
        "_may_be_window",
        "_odd_calms",
        "_refused_in_calm",
        "_refused_rate",
        "_refused_since_rest",
        "_rested_at",
        "_rested_rate",
        "_taken_at_rest",
        "period",
        "rate",
    )

    limited = True

    def __init__(
        self, peak: float, now: float, taken: int, period: float, *, may_be_window: bool = True
    ) -> None:
        self.period = period
        self._may_be_window = may_be_window  # False: long windows were disproved
        self._grown_at = now
        self._odd_calms = 0
        self._rest(peak, now, taken)

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        return self.rate

    def _rest(self, peak: float, now: float, taken: int) -> None:
        self._refused_rate = min(max(peak, MIN_RATE), MAX_RATE)
        self._rested_rate = self.rate = min(
            max(self._refused_rate * (1.0 - CUT_SHARE), MIN_RATE), MAX_RATE
        )
        calls = min(CALM_CALLS / self.rate, MAX_CALLS_CALM_S)
        self._calm_seconds = max(CALM_S, calls, CALM_PERIODS * self.period)
        self._calm_passed = self._doublings = 0.0
        self._rested_at = now
        self._taken_at_rest = taken
        self._refused_since_rest = 0
        self._refused_in_calm = False

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Phase:
        """Let the rate grow: calls are taken while others are held back."""
        scale = max(
            self.period, min(ENOUGH_CALLS / self.rate, 0.5 * MAX_CALLS_CALM_S), 2.0 * round_trip
        )
        self._calm_seconds = max(self._calm_seconds, CALM_TRIPS * round_trip)
        step = max(scale / 16.0, 0.05)
        passed = min(max(now - self._grown_at, 0.0), 2.0 * step)
        self._grown_at = now
        self._calm_passed += passed
        if self._calm_passed < self._calm_seconds:
            rate = (
                self._rested_rate
                + (self._refused_rate - self._rested_rate) * self._calm_passed / self._calm_seconds
            )
        else:
            self._doublings += passed / (RISE_PERIODS * scale)
            rate = self._refused_rate + STEP_CALLS / self.period * (doubled(self._doublings) - 1.0)
        self.rate = min(max(self.rate, rate), MAX_RATE)
        return self

    def refused(
        self, sent_at: float, now: float, lately: float, seconds: float, taken: int
    ) -> Phase:
        """Return the phase after a refusal."""
        if sent_at <= self._rested_at:
            return self
        found = taken - self._taken_at_rest
        if now > self._rested_at + self._calm_seconds:
            limit = min(self.rate, lately + 1.0 / seconds)
            beyond = found - self._refused_rate * (now - self._rested_at)
            excess = self.rate - self._refused_rate
            if beyond <= FEW_CALLS and excess <= CONFIRMED_SHARE * self._refused_rate:
                limit = min(limit, self._refused_rate + CONFIRMED_STEP * excess)
            return self._met(limit, now, taken)
        self._refused_since_rest += 1
        if self._calm_passed < 0.5 * self._calm_seconds:
            self._refused_in_calm = True
        refused = self._refused_since_rest
        enough = now > self._rested_at + 0.5 * self.period
        if enough and refused > FEW_CALLS and refused > MISS_SHARE * (found + refused):
            return self._met(self.rate * found / (found + refused), now, taken)
        return self

    def _met(self, limit: float, now: float, taken: int) -> Phase:
        self._odd_calms = self._odd_calms + 1 if self._refused_in_calm else 0
        if self._odd_calms >= ODD_CALMS:
            doubling = max(1.0, CAREFUL_DOUBLING_SHARE * self._calm_seconds)
            return Seeking(self.rate, doubling, self.period)
        self._rest(limit, now, taken)
        return self

    def opened(self, cycle: Cycle) -> Phase:
        """Return the phase after the gate was opened again."""
        self._odd_calms = 0
        if not cycle.server_limited:
            return self
        if cycle.closed_seconds > self.period:
            self.period = cycle.closed_seconds
        if not cycle.from_opening or cycle.seconds <= 0.5 * self.period:
            return self
        found = measured(cycle, self.period)
        if isinstance(found, Windowed):
            return found if self._may_be_window else self
        self.period = max(self.period, found.period)
        # The share taken of all calls that the rate would have sent; and, as a rate that grows is
        # higher than its average and long answers keep the gate closed, the calls taken a second.
        taken, refused = cycle.taken, cycle.refused
        if self._rested_at > cycle.start:
            if cycle.brief and self._rested_at >= cycle.end - cycle.closed_seconds:
                return self  # the refusal that closed the gate has told as much
            taken, refused = cycle.taken_ever - self._taken_at_rest, self._refused_since_rest
        missed = refused + self.rate * cycle.closed_seconds
        limit = max(self.rate * taken / (taken + missed), cycle.recent_rate)
        if cycle.seconds < 3.0 * self.period:
            limit = max(limit, cycle.taken / cycle.seconds)
        if limit < (1.0 - MISS_SHARE) * self.rate and missed > FEW_CALLS:
            self._rest(limit, cycle.end, cycle.taken_ever)
        return self


class Windowed:
    """A window is known, with its reset: go evenly, and use up the rest of it at its end.

    The rest of a quota is lost at the reset, so the last moments of a window are the time to find
    out whether there is more than was known. Other clients do not wait long for the reset then.
    """

    __slots__ = (
        "_astray_resets",
        "_burst_at",
        "_burst_until",
        "_disproving_quota",
        "_eased_share",
        "_over_quota_at",
        "_quota",
        "_reset",
        "_reset_error",
        "_resets",
        "_sprint_factor",
        "_sprints_to_skip",
        "_taken",
        "_taken_before",
        "_was_met",
        "period",
    )

    def __init__(
        self,
        quota: float,
        seconds: float,
        *,
        reset: float,
        taken: int,
        reset_error: float = 0.0,
        resets: Resets | None = None,
        rising: bool = False,
    ) -> None:
        self.period = seconds
        self._resets = resets
        self._quota = quota
        self._disproving_quota = DISPROVED_QUOTAS * quota
        self._was_met = resets is not None
        self._astray_resets = 0
        self._sprint_factor = SPRINT_GROWTH * SPRINT_GROWTH if rising else 1.0
        self._sprints_to_skip = 0
        self._taken = taken
        self._burst_until = 0.0
        self._burst_at = math.nan
        self._begin(reset, taken, reset_error)

    def _begin(self, reset: float, taken: int, reset_error: float) -> None:
        # A window of few calls is used up now and then only: a refusal is too large a part of it.
        if self._sprints_to_skip:
            self._sprints_to_skip -= 1
        elif self._was_met:
            self._sprints_to_skip = int(SPRINT_WORTH_CALLS / self._quota)
        self._reset = reset
        self._taken_before, self._taken = self._taken, taken
        self._reset_error = reset_error
        self._eased_share = 1.0
        self._over_quota_at = math.inf

    @property
    def limited(self) -> bool:
        """True if the limit was met, and not only expected."""
        return self._was_met

    @property
    def rate(self) -> float:
        """Calls a second, until the quota is used up."""
        rate = self._quota / ((1.0 - SPRINT_SHARE) * self.period)
        return min(max(rate, MIN_RATE), MAX_RATE)

    @property
    def quota(self) -> float:
        """Calls in a window."""
        return self._quota

    def spare(self) -> bool:
        """Leave out the sprint of the present window; return whether it would have had one."""
        sprints, self._sprints_to_skip = not self._sprints_to_skip, max(self._sprints_to_skip, 1)
        return sprints

    @property
    def reset(self) -> float:
        """Time at which the present window began; NaN before the first call."""
        return self._reset

    def rate_at(self, now: float, round_trip: float, sent: int) -> float:
        """Return the calls a second that may be sent now."""
        if self._reset != self._reset:
            self._reset = now  # the first call
        into = now - self._reset
        bursting = sent < self._burst_until
        if not bursting and self._burst_until:
            self._burst_until = 0.0
            used, gone = (sent - self._taken) / self._quota, into / self.period
            self._eased_share = min(max((1.0 - used) / max(1.0 - gone, 0.1), 0.1), 1.0)
        # Calls caught up at its beginning do not bring its end forward: others would wait.
        span = self._span(round_trip)
        early = not 0.0 <= self.period - into < span + EARLY_SHARE * self.period
        within = early or self._sprints_to_skip or sent - self._taken < self._quota
        if within and not bursting:
            self._over_quota_at = math.inf
            return self._eased_share * self._rate(round_trip)
        # The sprint: more than the quota, until a call is refused.
        self._over_quota_at = min(self._over_quota_at, now)
        usual = USUAL_DOUBLINGS if self._was_met else SPRINT_DOUBLINGS
        doublings = min(usual * self._sprint_factor, SPRINT_DOUBLINGS)
        trips = (now - self._over_quota_at) / max(round_trip, 0.025, span / doublings)
        return self._rate(round_trip) * doubled(trips)

    def _rate(self, round_trip: float) -> float:
        if self._sprints_to_skip:
            return max((1.0 - MISS_SHARE) * self._quota / self.period, MIN_RATE)
        calls = self._quota
        if self._was_met:
            calls += GAIN_CALLS * min(self.period / 60.0, 1.0)
        return max(calls / (self.period - self._span(round_trip)), MIN_RATE)

    def reset_after(self, now: float, round_trip: float) -> float:
        """Return the time of the reset if the window was used up about when expected, else ``now``.

        A look before it would be a call lost.
        """
        lead = self.period - self._quota / self._rate(round_trip)
        reset = self._reset + self.period
        waits = reset - now < min(LEADS * lead, MAX_LEAD_SHARE * self.period)
        return reset if self._was_met and waits else now

    def earliest_reset(self, refused: float, taken: float) -> float:
        """Return the earliest time of a reset between a call refused and a call taken."""
        if self._resets is None:
            return refused
        earliest = self._resets.earliest(taken)
        return earliest if refused < earliest < taken else refused

    def _span(self, round_trip: float) -> float:
        """Return the seconds at the end of the window in which more than the quota is tried."""
        span = max(SPRINT_SHARE * self.period, min(SPRINT_TRIPS * round_trip, 0.1 * self.period))
        return min(self._sprint_factor * span, MAX_SPRINT_SHARE * self.period)

    def grow(self, sent_at: float, now: float, round_trip: float, taken: int) -> Phase:
        """Count the windows that passed: calls are taken while others are held back."""
        if math.isnan(self._reset):
            return self  # the calls taken were sent before anything was expected
        passed = math.floor((now - self._reset) / self.period)
        if passed >= 1:
            found = taken - self._taken
            if not self._was_met and found > self._disproving_quota:
                return Seeking(found / self.period, CAREFUL_DOUBLING_S)
            if passed == 1 and not self._sprints_to_skip:
                # Nothing was refused at its end either: begin earlier the next time.
                self._sprint_factor = (
                    SPRINT_GROWTH * self._sprint_factor if found > self._quota else 1.0
                )
                self._quota = max(self._quota, found)
            self._begin(self._reset + passed * self.period, taken, self._reset_error)
        return self

    def calls_left(self, now: float, taken: int) -> float:
        """Return the calls that are left in this window."""
        used = 0 if not now < self._reset + self.period else taken - self._taken
        return self._quota * (1.0 if self._was_met else EXPECTED_SHARE) - used

    def refused(
        self, sent_at: float, now: float, lately: float, seconds: float, taken: int
    ) -> Phase:
        """Return the phase after a refusal that closed the gate."""
        return self

    def opened(self, cycle: Cycle) -> Phase:
        """Return the phase after the gate was opened again."""
        # The first refusal that lasts: its end is a reset, and its length is chance.
        first = not (self._was_met or cycle.from_opening or cycle.brief)
        used_up = (
            WINDOW_CLOSED_SHARE * self.period <= cycle.closed_seconds < self.period
            and cycle.taken < self._quota
        )
        if first and used_up:
            # All clients together are too fast by the share for which the gate was closed. Squared:
            # interactive calls do not slow down, and the calls that waited come on top.
            self._disproving_quota = self._beyond_chance()
            self._quota *= max((1.0 - cycle.closed_seconds / self.period) ** 2, MIN_QUOTA_SHARE)
            self._sprint_factor = SPRINT_GROWTH * SPRINT_GROWTH
            self._begin(cycle.end, cycle.taken_ever, cycle.end_error)
            return self
        self._sprint_factor = 1.0
        if self._sprints_to_skip and not cycle.brief:
            self._sprints_to_skip = 1  # others use up the window: skipping leaves it to them
        if self._burst_at == cycle.start and cycle.server_limited and not cycle.stray:
            part = max(cycle.taken / self._quota, cycle.seconds / self.period)
            if part < 0.5:
                return measured(cycle, 0.0)  # it has shorter windows
        windows = round(cycle.seconds / self.period)
        off = abs(cycle.seconds - windows * self.period)
        into = (cycle.end - self._reset) % self.period
        if windows < 1 and min(into, self.period - into) < ASTRAY_SHARE * self.period:
            return self  # at the edge of a window the gate may open more than once
        tolerance = ASTRAY_SHARE * self.period
        if self.period > VAST_TRIPS * cycle.round_trip:
            tolerance += self._reset_error + cycle.end_error
        if not first and (windows < 1 or off > max(tolerance, cycle.end_error, 1.0)):
            self._astray_resets += 1
            if self._astray_resets <= MAX_ASTRAY or not cycle.server_limited:
                return self
            rate, taken = cycle.rate(self.period), cycle.taken_ever
            return Stream(rate, cycle.end, taken, self.period, may_be_window=False)
        self._astray_resets = 0
        found = float(cycle.taken_ever - self._taken_at_start_of(cycle))
        more = found > self._beyond_chance()
        if more and windows == 1 and cycle.closed_seconds < ASTRAY_SHARE * self.period:
            self._burst_until = cycle.taken_ever + BURST_SHARE * found
            self._burst_at = cycle.end
        if cycle.server_limited and cycle.from_opening:
            kept = KEPT_SHARE * self._quota if self._was_met else 0.0
            self._quota = max(found, kept, 1.0)
            self._was_met = True
        reset, error = self._narrowed(cycle, windows)
        if not self._was_met:  # from now on it is known where windows begin
            self._disproving_quota = min(self._disproving_quota, self._beyond_chance())
        self._begin(reset, cycle.taken_ever, error)
        return self

    def _narrowed(self, cycle: Cycle, windows: int) -> tuple[float, float]:
        """Return the reset that ended a cycle, and the seconds by which that may be wrong."""
        reset, error = cycle.end, cycle.end_error
        seen_error = error + 0.5 * cycle.round_trip
        if self._resets is not None:
            reset, error = self._resets.see(reset, seen_error)
            self.period = self._resets.period
        elif self._was_met:
            seconds_error = (self._reset_error + error) / windows
            self._resets = Resets(reset, seen_error, cycle.seconds / windows, seconds_error)
            self.period = self._resets.period
        return reset, error

    def _beyond_chance(self) -> float:
        """Return the calls in one window that are more than its quota by more than chance."""
        return (1.0 + MORE_SHARE) * self._quota + FEW_CALLS

    def _taken_at_start_of(self, cycle: Cycle) -> int:
        """Return the calls that had been taken at the beginning of the last window of a cycle."""
        if cycle.seconds < 1.5 * self.period:
            return cycle.taken_ever - cycle.taken
        # The clock may just have begun the next window a little early.
        return self._taken_before if cycle.end - self._reset < 0.5 * self.period else self._taken


Phase: TypeAlias = Seeking | Stream | Windowed


def measured(cycle: Cycle, period: float) -> Stream | Windowed:
    """Return the phase after a whole cycle in which the server alone decided the calls taken."""
    if cycle.ends_window and cycle.seconds >= max(LONG_WINDOW_S, cycle.long_seconds):
        error = cycle.end_error
        resets = Resets(cycle.end, error + 0.5 * cycle.round_trip, cycle.seconds, 2.0 * error)
        return Windowed(
            cycle.taken,
            resets.period,
            reset=cycle.end,
            taken=cycle.taken_ever,
            reset_error=error,
            resets=resets,
            rising=cycle.closed_seconds < SEVERAL_CLOSED_SHARE * cycle.seconds,
        )
    seconds = cycle.closed_seconds
    if cycle.tells_all(period) and seconds >= SEVERAL_CLOSED_SHARE * cycle.seconds:
        seconds = cycle.seconds
    return Stream(cycle.rate(period), cycle.end, cycle.taken_ever, max(seconds, period, 1.0))


def remembered(calls: float, seconds: float) -> Phase:
    """Return the phase to begin with for a likely limit of which nothing was seen yet."""
    if seconds >= LONG_WINDOW_S:
        return Windowed(calls, seconds, reset=math.nan, taken=0)
    return Stream(calls / seconds, -math.inf, 0, seconds)
