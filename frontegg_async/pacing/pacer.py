"""The pacing of one limit group as arithmetic: no clock, no loop, no chance.

    part          question                                                     state
    ───────────   ──────────────────────────────────────────────────────────   ─────────────────
    gate          May any call be sent?                                        ``Gate``
    spacing       When is the next slot of a bulk call?                        ``Spacing``
    phase         How many slots a second?                                     ``Phase``
    cycle         How many calls did the server take from one opening of the   ``_cycle_…``
                  gate to the next, and was it the server that decided?        ``_held_back…``
    opening       Is the gate open for certain, so that the cycle counts?      ``_opening``
    recent rate   How many calls a second lately? Counts at intervals.         ``_marks``
    answers       How long does an answer take?                                ``AnswerTimes``
    line          How fast does a line of interactive calls move that never    ``_full_cycle``
                  empties?

``admit`` asks gate and spacing. Answers go to the gate first; an opening that turns out to be
certain ends a cycle, and the phase draws its conclusion from that. Between openings the phase grows
at every tick, if bulk calls were held back since the last one.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import msgspec

from .answer_times import AnswerTimes
from .bounds import NO_BOUNDS, Bounds
from .cycle import Cycle
from .gate import FIRST_LOOK_S, MAX_LOOK_GAP_S, Gate
from .member_allowance import MemberAllowance
from .pace_state import PaceState
from .phases import Phase, Stream, Windowed, measured, remembered
from .rate import FixedRate
from .seeking import Seeking
from .spacing import CATCH_UP_S, Spacing

IDLE_SHARE: Final = 0.6
"""Share of its slots that a cycle may leave unused and still tell of the limit."""
RECENT_PERIODS: Final = 2.0
"""Periods: a longer cycle tells of the past, and its last period of now."""

UNWATCHED_S: Final = 2.0 * MAX_LOOK_GAP_S
"""Seconds without a look after which the end of a cycle is unknown."""
CERTAIN_CALLS: Final = 3
"""Calls taken after an opening that make it certain: answers overtake each other."""
CROWD_CALLS: Final = 16
"""Calls in flight from which on a single refusal closes nothing: the next answers come soon."""
SURVEY_S: Final = 60.0
"""Seconds after a refusal until runs with a share exceed it, until refused: a raised limit is not
found otherwise."""
SURVEY_PERIODS: Final = 20.0
"""The same in periods."""
COUNTED_CALLS: Final = 20.0
"""Least calls over which a rate is measured: fewer are chance."""

_MIN_DELAY_S: Final = 1e-4
_MARKS_A_PERIOD: Final = 16


class Opening(msgspec.Struct, frozen=True):
    """An opening of the gate that is not certain yet: answers overtake each other."""

    closed_at: float
    last_refused: float
    sent_at: float
    reset: float
    at: float
    taken: int
    recent_rate: float


class GroupPacer:
    """Decides when calls of one limit group may be sent. Times are monotonic seconds.

    Args:
        expected: a likely limit, of which nothing was seen yet.
    """

    __slots__ = (
        "_answers",
        "_certain_calls",
        "_closed_seconds",
        "_cycle_from_opening",
        "_cycle_start",
        "_full_cycle",
        "_gate",
        "_has_bulk",
        "_held_back",
        "_held_back_in_cycle",
        "_in_flight",
        "_interactive_idle",
        "_marks",
        "_next_tick_at",
        "_one_refused",
        "_opening",
        "_phase",
        "_refused",
        "_refused_at_cycle_start",
        "_spacing",
        "_survey_at",
        "_taken",
        "_taken_at_opening",
    )

    def __init__(self, *, expected: FixedRate | None = None) -> None:
        self._gate: Final = Gate()
        self._spacing: Final = Spacing()
        self._phase: Phase = Seeking()
        if expected is not None:
            self._phase = Windowed(expected.calls, expected.seconds, reset=math.nan, taken=0)
        # Demand.
        self._has_bulk = False  # no bulk call yet: the rate does not matter
        self._held_back = False  # bulk calls were held back since the last tick
        self._held_back_in_cycle = False  # the same since the gate was opened
        self._in_flight = 0
        self._one_refused = False  # the last answer was a refusal
        # Totals.
        self._taken = 0
        self._refused = 0
        self._closed_seconds = 0.0
        # The cycle: its start, with the calls taken by then, or None before the first answer.
        self._cycle_start: tuple[float, int] | None = None
        self._cycle_from_opening = False
        self._refused_at_cycle_start = 0
        self._opening: Opening | None = None
        self._certain_calls: float = CERTAIN_CALLS
        self._taken_at_opening = 0
        # Times, with the calls taken by then.
        self._marks: deque[tuple[float, int]] = deque()
        self._next_tick_at = -math.inf
        self._answers: Final = AnswerTimes()
        # Calls taken in the seconds of the last cycle, if interactive calls waited all through it.
        self._full_cycle: tuple[int, float] | None = None
        self._interactive_idle = True
        self._survey_at = math.inf

    # Questions of the line

    @property
    def rate(self) -> float:
        """Bulk calls a second that may be sent."""
        return self._phase.rate

    @property
    def limited(self) -> bool:
        """True once a limit was met."""
        return self._phase.limited

    @property
    def member_allowance(self) -> MemberAllowance | None:
        """Bound of all runs together; None, because each run counts by itself."""
        return None

    def surveying(self, now: float) -> bool:
        """Return whether runs may exceed their share, to find out whether the limit was raised."""
        return now > self._survey_at

    @property
    def answer_time(self) -> float:
        """Seconds that an answer usually takes; 0.0 as long as there was none."""
        return self._answers.most

    def crowded(self, flight: int) -> bool:
        """Return whether more calls are in flight than may be after an opening of the gate."""
        if self._full_cycle is not None:
            flight = min(flight, max(self._full_cycle[0], 1))
        return self._in_flight >= flight + self._taken - self._taken_at_opening

    def note_interactive_idle(self) -> None:
        """Record that no interactive call waits."""
        if not self._gate.closed:
            self._interactive_idle = True

    def look_is_due(self, now: float) -> bool:
        """Return whether the next call looks behind a closed gate."""
        return self._gate.closed and now >= self._gate.next_look_at

    def opens_in(self, now: float) -> float:
        """Return the seconds until the server takes calls again by its own word, else 0.0."""
        return self._gate.opens_in(now)

    @property
    def stated_until(self) -> float:
        """Time at which the server takes calls again by its own word, or minus infinity."""
        return self._gate.stated_until

    @property
    def closed(self) -> bool:
        """True while the gate is closed."""
        return self._gate.closed

    def closed_since(self, now: float) -> float:
        """Return the seconds for which the gate has been closed, 0.0 if it is open."""
        return now - self._gate.closed_at if self._gate.closed else 0.0

    def served_in(self, now: float, ahead: int) -> float:
        """Return the seconds until an interactive call goes that has ``ahead`` before it.

        0.0 if they are unknown: no call is sent away for a guess.
        """
        wait = self._gate.opens_in(now)
        if self._full_cycle is None:
            return wait
        taken, seconds = self._full_cycle
        return max(wait, max(ahead - taken, 0) * seconds / max(taken, 1))

    def left_in_window(self, now: float) -> float:
        """Return the calls that may still be sent before the next reset, as far as is known."""
        phase = self._phase
        return phase.calls_left(now, self._taken) if isinstance(phase, Windowed) else 0.0

    def seconds_to_wait(self, now: float) -> float:
        """Return the seconds until a call may be tried, without asking for it."""
        if self._gate.closed:
            return max(max(self._gate.stated_until, self._gate.next_look_at) - now, 0.0)
        return max(self._spacing.next_at - now, 0.0)

    def closed_for(self, now: float) -> float:
        """Return the seconds until calls are expected to be taken again, 0.0 if they are now."""
        gate, phase = self._gate, self._phase
        if not gate.closed:
            return 0.0
        at = max(gate.next_look_at, gate.stated_until)
        if isinstance(phase, Windowed) and phase.limited:
            at = max(at, phase.reset + phase.period)
        return max(at - now, 0.0)

    def state(self, now: float) -> PaceState:
        """Return the knowledge of the limit, for display."""
        gate, phase = self._gate, self._phase
        known = phase if isinstance(phase, Windowed) and phase.limited else None
        return PaceState(
            rate=phase.rate,
            limited=phase.limited,
            quota=None if known is None else round(known.quota),
            window=None if known is None else known.period,
            closed_for=self.closed_for(now),
            taken=self._taken,
            refused=self._refused,
            closed_seconds=self._closed_seconds
            + (max(now - gate.closed_at, 0.0) if gate.closed else 0.0),
        )

    def learned(self) -> tuple[float, float] | None:
        """Return the calls taken in so many seconds, or None if no limit was met."""
        phase = self._phase
        if not phase.limited:
            return None
        if isinstance(phase, Windowed):
            return phase.quota, phase.period
        return phase.rate * phase.period, phase.period

    def begin_with(self, calls: float, seconds: float) -> None:
        """Begin with a limit that was learned before, unless an answer was seen already."""
        if self._cycle_start is None:
            self._phase = remembered(calls, seconds)

    # Sending

    def admit(
        self, now: float, *, bulk: bool = False, last: bool = False, bounds: Bounds = NO_BOUNDS
    ) -> float:
        """Return 0.0 if a call may be sent, which then counts as sent, else seconds to wait.

        Args:
            now: the time.
            bulk: True if the call keeps to the rate; interactive ones wait for the gate alone.
            last: True for the last calls of a run, which fit into the window.
            bounds: of the run, which count in a fleet.
        """
        gate = self._gate
        if gate.closed:
            if now < gate.next_look_at:
                self._held_back_in_cycle |= bulk
                return max(gate.next_look_at - now, _MIN_DELAY_S)
            gate.look(now)
            self._in_flight += 1
            return 0.0
        if bulk and self._spacing.next_at > now and not last:
            self._held_back = self._held_back_in_cycle = True
            return max(self._spacing.next_at - now, _MIN_DELAY_S)
        if not self._has_bulk:
            if not bulk:
                self._in_flight += 1
                return 0.0
            self._has_bulk = True
        phase = self._phase
        # Interactive calls use up slots, but not for longer than a period: bulk calls go on.
        slot = 1.0 / phase.rate_at(now, self._answers.mean, self._taken + self._in_flight)
        self._spacing.take(now, slot, max(phase.period, slot), idle=self._in_flight == 0)
        self._in_flight += 1
        return 0.0

    def give_back(
        self, now: float, admitted_at: float | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Take back an admission whose call is not sent."""
        self._in_flight -= 1
        gate = self._gate
        if not gate.closed:
            self._spacing.next_at -= 1.0 / self._phase.rate
        elif gate.stated_until <= now:
            # It may have been the look: the next call looks, at the usual distance at least.
            looked = admitted_at is not None and admitted_at == gate.looked_at
            gate.next_look_at = min(
                gate.next_look_at, now if looked else max(now, gate.looked_at + FIRST_LOOK_S)
            )

    # Answers

    def succeeded(
        self, sent_at: float, now: float, calls: int = 1, took: float | None = None
    ) -> bool:
        """Record that the server took calls; return whether that opened the gate.

        Args:
            sent_at: time at which the latest of them was sent.
            now: the time.
            calls: number of calls.
            took: seconds of an answer, where ``now`` is later than the answer.
        """
        if self._cycle_start is None:
            self._cycle_start = (sent_at, 0)
        self._taken += calls
        self._in_flight -= calls
        self._one_refused = False
        self._answers.note(now - sent_at if took is None else took)
        gate = self._gate
        opens = gate.opens(sent_at)
        if opens:
            self._open(sent_at, now)
        elif self._opening is not None and (
            sent_at > gate.opened_at or self._taken - self._opening.taken >= self._certain_calls
        ):
            opening, self._opening = self._opening, None
            self._learn(opening)
        if self._has_bulk and now >= self._next_tick_at:
            self._tick(sent_at, now)
        return opens

    def throttled(self, sent_at: float, now: float, wait: float | None, calls: int = 1) -> bool:
        """Record that calls were refused, with the seconds to wait if they were stated.

        Args:
            sent_at: time at which the latest of them was sent.
            now: the time.
            wait: the stated seconds.
            calls: number of calls.

        Returns:
            True if calls sent later have been taken, so that this call is refused, and not all.
        """
        singled_out = sent_at < self._gate.taken_sent
        if self._cycle_start is None:
            self._cycle_start = (sent_at, 0)
        self._refused += calls
        self._in_flight -= calls
        gate = self._gate
        opening = self._opening
        if opening is not None and not gate.closed:
            self._opening = None
            since = opening.closed_at
            if sent_at > opening.sent_at + 0.5 * self._answers.mean:
                self._learn(opening)
            else:
                # It was not open: the answer that opened it had overtaken this one.
                self._closed_seconds -= gate.opened_at - since
                gate.close_again(since, now)
        if not gate.closed:
            alone, self._one_refused = calls == 1 and not self._one_refused, True
            if alone and isinstance(self._phase, Stream):
                # The rate was a little too high: the next slot is as good a look as any.
                self._note_refusal(sent_at, now)
                return singled_out
            if alone and self._in_flight >= CROWD_CALLS:
                return singled_out  # the next answer shows whether it was a stray one
        if gate.refused(sent_at, now, wait, self._first_look(now)):
            self._note_refusal(sent_at, now)
        return singled_out

    def _note_refusal(self, sent_at: float, now: float) -> None:
        self._survey_at = now + max(SURVEY_S, SURVEY_PERIODS * self._phase.period)
        self._phase = self._phase.refused(sent_at, now, *self._recent_rate(now), self._taken)

    def _first_look(self, now: float) -> float:
        phase = self._phase
        first_look = min(max(FIRST_LOOK_S, 2.0 / phase.rate), 1.0)
        if isinstance(phase, Windowed) and phase.limited:
            return max(first_look, phase.reset_after(now, self._answers.mean) - now)
        return first_look

    def exhausted(self, sent_at: float, now: float, wait: float) -> None:
        """Record that a call was taken as the last one for ``wait`` seconds."""
        self._gate.exhausted(sent_at, now, wait)

    def failed(self, sent_at: float, now: float) -> None:
        """Record a call that shows nothing about limits: a server error, a cut connection."""
        self._in_flight -= 1

    # Learning

    def _open(self, sent_at: float, now: float) -> None:
        """Open the gate; the cycle is evaluated once that is certain."""
        gate = self._gate
        # The reset was between the last call refused, or the time stated, and the first taken.
        last_refused = min(max(gate.refused_sent, gate.stated_until - 1.0), sent_at)
        if isinstance(self._phase, Windowed):
            last_refused = self._phase.earliest_reset(last_refused, sent_at)
        reset = max(now - (sent_at - last_refused) / 2.0, gate.closed_at)
        self._closed_seconds += now - gate.closed_at
        self._opening = Opening(
            gate.closed_at,
            last_refused,
            sent_at,
            reset,
            now,
            self._taken,
            self._recent_rate(reset)[0],
        )
        gate.open(now)
        self._taken_at_opening = self._taken
        # Slots since the reset are caught up where a window is counted, and too many end in a
        # refusal. Elsewhere the call that looked has used one, and two at once would be refused.
        windowed = isinstance(self._phase, Windowed)
        since = last_refused if windowed else sent_at + 1.0 / self._phase.rate
        self._spacing.resume(since, now)

    def _learn(self, opening: Opening) -> None:
        """Let the phase see the cycle that ended with an opening, if its end was watched."""
        if opening.sent_at - opening.last_refused > UNWATCHED_S:
            # No call looked for long: the time at which the server took calls again is unknown.
            self._begin_cycle(opening.sent_at, opening.taken, from_opening=False)
            return
        at, count = self._cycle_start or (opening.reset, 0)
        closed_at, reset = opening.closed_at, opening.reset
        cycle = Cycle(
            start=at,
            end=reset,
            closed_seconds=reset - closed_at,
            taken=opening.taken - count,
            end_error=max(opening.sent_at - opening.last_refused, 0.0) / 2.0,
            recent_rate=opening.recent_rate,
            from_opening=self._cycle_from_opening,
            server_limited=self._held_back_in_cycle
            and self._spacing.idle_seconds <= IDLE_SHARE * (closed_at - at),
            brief=opening.at - closed_at < max(2.0 * self._answers.mean, 2.5 * FIRST_LOOK_S),
            refused=self._refused - self._refused_at_cycle_start,
            taken_ever=opening.taken,
            round_trip=self._answers.mean,
        )
        self._gate.confirm_opened(closed_at, opening.at)
        phase = self._phase
        self._phase = phase.opened(cycle) or measured(cycle, phase.period)
        if not cycle.brief:
            self._full_cycle = None if self._interactive_idle else (cycle.taken, cycle.seconds)
            self._interactive_idle = False
        if cycle.brief and cycle.seconds < 0.5 * self._phase.period:
            return
        self._begin_cycle(reset, opening.taken, from_opening=True)

    def _begin_cycle(self, at: float, taken: int, *, from_opening: bool) -> None:
        """Begin a cycle, at an opening of the gate or elsewhere."""
        self._cycle_start = (at, taken)
        self._refused_at_cycle_start = self._refused
        self._cycle_from_opening = from_opening
        self._spacing.idle_seconds = 0.0
        self._held_back_in_cycle = False

    def _recent_rate(self, now: float) -> tuple[float, float]:
        """Return calls taken a second, and the seconds measured: since the last opening at most."""
        at, count = self._cycle_start or (now, self._taken)
        period = max(self._phase.period, COUNTED_CALLS / self._phase.rate)
        # An opening long ago tells of the past, and a short stretch after one tells nothing.
        if not 0.5 * period <= now - at <= RECENT_PERIODS * period:
            for mark in self._marks:
                if mark[0] > now - period:
                    break
                at, count = mark
        seconds = max(now - at, 1e-3)
        return max(self._taken - count, 1) / seconds, seconds

    def _tick(self, sent_at: float, now: float) -> None:
        """Mark the calls taken, and let the phase grow if the rate holds calls back."""
        phase = self._phase
        scale = max(phase.period, 30.0 / phase.rate)
        self._next_tick_at = now + max(scale / _MARKS_A_PERIOD, 0.05)
        marks = self._marks
        marks.append((now, self._taken))
        while len(marks) > 2 * _MARKS_A_PERIOD or (len(marks) > 2 and marks[1][0] <= now - scale):
            marks.popleft()
        if phase.limited:
            self._spacing.catch_up = CATCH_UP_S
        if self._held_back and not self._gate.closed:
            self._held_back = False
            self._phase = phase.grow(sent_at, now, self._answers.mean, self._taken)
            if self._phase is not phase:  # the server did not decide the calls taken by then
                self._begin_cycle(now, self._taken, from_opening=False)
