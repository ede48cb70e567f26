"""The state of one limit that a fleet shares, and the exchange that changes it.

The arithmetic is that of ``pacing``: one ``GroupPacer`` serves the whole fleet, as it serves a
session. What is added:

    part       question                                                     state
    ────────   ──────────────────────────────────────────────────────────   ───────────────────
    members    Who is there, what is in flight, who waits?                  ``_members`` and sums
    leases     From when on may this member send its next few calls?        spacing, ``_front``
    turns      Whose turn is it, if there are more members than slots?      ``_issued``, ``_served``
    caps       How many bulk calls may a run send by its own word?          ``_caps``
    epoch      Which leases are void because the gate has closed since?     ``_epoch``

**Leases.** A member is leased a few slots of the next half second, the fewer the more members wait,
and asks again when they are used up. A member that dies takes along no more than these. Where the
slots of half a second are not enough for all, members draw numbers, and are told when to come back.

**Interactive calls** are sent at once before the first refusal; they use up slots, so that bulk
calls slow down. Once a limit was met, they wait for slots as well, and go before bulk calls: where
a window is counted, slots of its rest are used in advance, elsewhere they overtake leased slots
that are further away than ``OVERTAKE_S``. Beside them, most windows are not used up to the end.

**A limit that interactive calls alone meet** again and again is learned from them: there is no
bulk call that was held back and would show that the server decided their number.

The copy of this arithmetic in a store is ``limit.lua`` and ``exchange.lua``. A test compares both.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from ..pacing.pacer import GroupPacer, Opening
from ..pacing.phases import Stream, Windowed, remembered
from ..pacing.seeking import Seeking
from ..pacing.spacing import CATCH_UP_S
from .caps import Caps
from .news import GateNews, Grant, News

LEASE_S: Final = 0.1
"""Seconds of all slots that are leased at once, divided by the members that wait."""
LEASE_TRIPS: Final = 1.5
"""The same in round trips of an exchange, where these are long;"""
MAX_TRIP_S: Final = 0.3
"""they count for so many seconds at most."""
MAX_LEASES: Final = 100
"""Most slots leased at once."""
OVERTAKE_S: Final = 0.1
"""Seconds that an interactive call waits behind slots of bulk calls; it overtakes those after."""
USED_AHEAD_SHARE: Final = 0.5
"""Share of the rest of a window whose slots interactive calls may use in advance."""
HORIZON_S: Final = 0.5
"""Seconds: slots later than that are not leased to bulk calls, which are given a turn to ask."""
MEMBER_S: Final = 10.0
"""Seconds after its last exchange until a member no longer counts."""
SWEEP_S: Final = 1.0
"""Seconds between two counts of all members."""
MAX_TURN_S: Final = 2.0
"""Most seconds until a member asks again whose turn comes later."""
UNKNOWN_FLIGHT: Final = 64.0
"""Most calls in flight while a bulk run looks for the limit: as many as one session has,"""
UNKNOWN_SHARE: Final = 0.125
"""and this share of the calls taken. They are refused together in the end."""
UNKNOWN_RETRY_S: Final = 0.04
"""Seconds after which a member asks again that these bounds hold back."""
UNKNOWN_TRY: Final = 2.0
"""Most that is tried beside interactive calls, in rates that are only expected."""
INTERACTIVE_S: Final = 60.0
"""Seconds since the last interactive call in which there are some."""
LONG_CLOSED_S: Final = 2.0
"""Seconds for which a limit was used up by a bulk run that knew none. Beside interactive calls its
rate doubles no more than once in that time from then on: a window is at least as long."""
MET_AGAIN_S: Final = 30.0
"""Seconds between two times that interactive calls alone meet a limit,"""
MET_CALLS: Final = 3
"""and least calls refused then, that show that there is one."""
SPARED_WINDOWS: Final = 4
"""Windows beside interactive calls that are not used up to the end, until one is."""
SILENCE_S: Final = 6.0
"""Seconds without an exchange after which the past tells nothing: more than between two looks."""
BACK_S: Final = 5.0
"""Seconds by which the fleet's clock may be set back; by more, the state says nothing any more."""

_HELD_BACK_S: Final = 1e-4
"""Seconds: a bulk call that waits longer for its slot was held back."""
LINE_S: Final = 0.2
"""Seconds of a line of interactive calls that is due to the limit, and not to chance."""


class _Member(msgspec.Struct):
    """One member, by its last exchange."""

    until: float = -math.inf
    flight: int = 0
    held: int = 0
    asks: int = 0
    runs: int = 0
    turn: int = -1


class SharedLimit(GroupPacer):
    """A limit shared by the members of a fleet. Times are seconds of the fleet's clock.

    Args:
        news: of the first member, whose limit is the one to begin with.

    Attributes:
        now: time of the last exchange.
    """

    __slots__ = (
        "_askers",
        "_caps",
        "_count",
        "_epoch",
        "_flight",
        "_front",
        "_held",
        "_interactive_at",
        "_issued",
        "_members",
        "_runners",
        "_served",
        "_sweep_at",
        "_window_reset",
        "_windows_spared",
        "now",
    )

    def __init__(self, news: News) -> None:
        super().__init__()
        if news.calls > 0.0:
            self._phase = (
                remembered(news.calls, news.seconds)
                if news.met
                else Windowed(news.calls, news.seconds, reset=math.nan, taken=0)
            )
        # News of earlier calls come late: only a call that was sent later makes an opening certain.
        self._certain_calls = math.inf
        self._has_bulk = True  # rates count from the first call on
        self.now = -math.inf
        self._epoch = 0
        # Time of the next slot of interactive calls, where they overtake.
        self._front = -math.inf
        self._caps: Final = Caps()
        # Time of the last interactive calls.
        self._interactive_at = -math.inf
        # The window that was seen last, and windows since one was used up to the end.
        self._window_reset = -math.inf
        self._windows_spared = 0
        # Turns of bulk runs: the number that the next one gets, and the number that is served.
        self._issued = 0
        self._served = 0
        self._members: Final[dict[str, _Member]] = {}
        # Sums over the members.
        self._flight = 0
        self._held = 0
        self._askers = 0
        self._runners = 0
        self._count = 0
        self._sweep_at = -math.inf

    def exchange(self, now: float, member: str, news: News) -> Grant:
        """Take in the news of a member at a time, and return what it may send."""
        gate = self._gate
        was_open, closed_at = not gate.closed, gate.closed_at
        now = self._begin(now)
        known = self._count_in(member, news)
        if news.interactive or news.unleased:
            self._interactive_at = now
        self._hear(now, news)
        if gate.closed and (was_open or gate.closed_at != closed_at):
            # Slots leased by now are void.
            self._epoch += 1
            self._spacing.next_at = min(self._spacing.next_at, now)
            self._caps.void_leases(now)
            self._front = -math.inf
        self._spare_window(now)
        self._in_flight = sent = self._flight + self._held
        look, next_at = False, now
        interactive: list[float] = []
        bulk: list[float] = []
        if gate.closed:
            waits = news.bulk > 0 or news.interactive > 0
            if waits and now >= gate.next_look_at:
                gate.look(now)
                self._in_flight += 1
                look = True
            elif waits:
                self._held_back_in_cycle = True
            next_at = gate.next_look_at
        else:
            if news.interactive and self.paced:
                self._lease_interactive(now, news, interactive)
            if news.bulk:
                next_at = self._lease_bulk(now, known, news, bulk)
        known.until = now + MEMBER_S
        known.flight, known.held = news.flight, news.held + self._in_flight - sent
        self._held += self._in_flight - sent
        if news.leaves:
            del self._members[member]
            self._count -= 1
            self._flight -= known.flight
            self._held -= known.held
            self._askers -= known.asks
            self._runners -= known.runs
        return self._grant(now, look, next_at, interactive, bulk)

    def _begin(self, now: float) -> float:
        """Let time pass until an exchange; return the time, which never goes back."""
        gate = self._gate
        heard = max(self.now, gate.next_look_at) if gate.closed else self.now
        if -math.inf < heard < now - SILENCE_S:
            # Members were away, so calls of all that time are still untold.
            self._marks.clear()
            self._begin_cycle(now, self._taken, from_opening=False)
        self.now = max(now, self.now)
        if self.now >= self._sweep_at:
            self._sweep(self.now)
        return self.now

    def _count_in(self, name: str, news: News) -> _Member:
        """Count what a member has in flight, holds and asks for now; return its record."""
        known = self._members.get(name)
        if known is None:
            known = self._members[name] = _Member()
            self._count += 1
        asks, runs = int(news.interactive > 0), int(news.bulk > 0)
        self._flight += news.flight - known.flight
        self._held += news.held - known.held
        self._askers += asks - known.asks
        self._runners += runs - known.runs
        known.asks, known.runs = asks, runs
        if not runs:
            known.turn = -1
        return known

    @property
    def paced(self) -> bool:
        """True if interactive calls wait for slots: a limit was met, or may have been."""
        phase = self._phase
        if isinstance(phase, Seeking):
            return phase.careful
        return phase.limited or self._cycle_from_opening

    # News

    def _hear(self, now: float, news: News) -> None:
        gate, spacing = self._gate, self._spacing
        if news.unleased and not gate.closed:
            phase = self._phase
            slot = self._slot(now, self._taken + self._flight + self._held)
            longest = max(phase.period, slot, spacing.next_at - now)
            spacing.take(now, news.unleased * slot, longest, idle=self._flight + self._held == 0)
        if news.returned:
            if not gate.closed:
                spacing.next_at -= news.returned / self._phase.rate
            elif gate.stated_until <= now:
                self._in_flight = 1
                self.give_back(now)
        taken_first = news.taken and not news.refused_sent < news.taken_sent
        if taken_first:
            self._hear_taken(now, news)
        if news.refused:
            self._in_flight = self._flight + news.refused
            wait = None if math.isnan(news.stated_until) else max(news.stated_until - now, 0.0)
            self.throttled(min(news.refused_sent, now), now, wait, news.refused)
        if news.taken and not taken_first:
            self._hear_taken(now, news)
        if news.exhausted_until > now:
            self.exhausted(min(news.exhausted_sent, now), now, news.exhausted_until - now)

    def _hear_taken(self, now: float, news: News) -> None:
        self.succeeded(min(news.taken_sent, now), now, news.taken, news.took)

    def _learn(self, opening: Opening) -> None:
        before = self._phase
        at = opening.reset if self._cycle_start is None else self._cycle_start[0]
        met_again = (
            not self._runners
            and self._cycle_from_opening
            and opening.reset - at <= MET_AGAIN_S
            and self._refused - self._refused_at_cycle_start >= MET_CALLS
        )
        # A limit that interactive calls meet again so soon is about what they ask.
        self._held_back_in_cycle |= met_again
        super()._learn(opening)
        phase = self._phase
        if met_again and not phase.limited:
            period = max(opening.reset - opening.closed_at, 1.0)
            self._phase = Stream(opening.recent_rate, opening.reset, opening.taken, period)
        elif phase is not before and isinstance(phase, Seeking):
            if not self._runners:
                # Of interactive calls alone it is known that the server took as many.
                phase.rate = max(phase.rate, opening.recent_rate)
            elif self.now < self._interactive_at + INTERACTIVE_S:
                closed = opening.reset - opening.closed_at
                if closed > LONG_CLOSED_S:
                    # A bulk run that seeks the limit in its midst keeps the others waiting. Half
                    # the rate, doubled at once, so that the next doubling is a whole one away.
                    self._phase = Seeking(0.5 * phase.rate, closed, phase.period)
                    self._phase.grow(self.now, self.now, 0.0, self._taken)

    def _spare_window(self, now: float) -> None:
        """Leave a little of a window unused, for interactive calls that come at its end."""
        phase = self._phase
        if not isinstance(phase, Windowed) or not phase.limited:
            return
        if phase.reset == self._window_reset:
            return
        self._window_reset = phase.reset
        if now >= self._interactive_at + INTERACTIVE_S or self._windows_spared >= SPARED_WINDOWS:
            self._windows_spared = 0
        else:
            self._windows_spared += phase.spare()

    def _sweep(self, now: float) -> None:
        """Forget members that have not exchanged news for long, and count the others anew."""
        self._sweep_at = now + SWEEP_S
        members = self._members
        for name in [name for name, known in members.items() if known.until < now]:
            del members[name]
        self._count = len(members)
        self._flight = sum(known.flight for known in members.values())
        self._held = sum(known.held for known in members.values())
        self._askers = sum(known.asks for known in members.values())
        self._runners = sum(known.runs for known in members.values())

    # Leases

    def _portion(self, wanted: int, members: int, trip: float) -> int:
        """Return the slots that one of the members that wait is leased at once."""
        # They last until the next ones have come.
        seconds = max(LEASE_S, LEASE_TRIPS * min(trip, MAX_TRIP_S))
        portion = math.floor(min(seconds * self._phase.rate, MAX_LEASES) / max(members, 1))
        return min(wanted, max(portion, 1))

    def _slot(self, now: float, sent: int) -> float:
        """Return the seconds of a slot."""
        phase = self._phase
        if self._opening is not None:
            # What is tried at the end of a window would be tried until the opening is certain.
            return 1.0 / phase.rate
        rate = phase.rate_at(now, self._answers.mean, sent)
        if not phase.limited and now < self._interactive_at + INTERACTIVE_S:
            # Where a window ends is not known, and what is tried in its midst keeps others waiting.
            rate = min(rate, UNKNOWN_TRY * phase.rate)
        return 1.0 / rate

    def _use_slot(self, now: float, longest: float) -> float:
        """Use up the next slot; return its seconds."""
        spacing = self._spacing
        slot = self._slot(now, self._taken + self._in_flight)
        longest = max(longest, slot, spacing.next_at - now)
        spacing.take(now, slot, longest, idle=self._in_flight == 0)
        self._in_flight += 1
        return slot

    def _lease_interactive(self, now: float, news: News, leased: list[float]) -> None:
        wanted = news.interactive
        phase, spacing = self._phase, self._spacing
        ahead = 0.0
        if isinstance(phase, Windowed):
            # NaN before the first call of a window that is only expected.
            left = phase.reset + phase.period - now
            ahead = USED_AHEAD_SHARE * max(left, 0.0) if left == left else phase.period
        for _ in range(self._portion(wanted, self._askers, news.trip)):
            at = max(now, min(spacing.next_at - ahead, max(self._front, now + OVERTAKE_S)))
            slot = self._use_slot(now, phase.period)
            self._front = max(self._front, at) + slot
            leased.append(at)
        if leased[-1] - now + (wanted - len(leased)) / phase.rate > LINE_S:
            self._held_back = self._held_back_in_cycle = True

    def _lease_bulk(self, now: float, member: _Member, news: News, leased: list[float]) -> float:
        """Lease slots to bulk calls; return the time to ask again if there are none yet."""
        phase, spacing = self._phase, self._spacing
        cap = news.rate
        if news.share < 1.0 and phase.limited and not self.surveying(now):
            cap = min(cap, news.share * phase.rate)
        turns = self._caps.of(news.rate, news.share, now) if cap < math.inf else None
        wanted = self._portion(news.bulk, self._runners, news.trip)
        alone = cap == math.inf and self._runners == 1
        last = alone and news.remaining <= self.left_in_window(now)
        if last:
            # The last calls of the only run fit into the window.
            wanted = min(news.bulk, MAX_LEASES)
        if not phase.limited:
            most = math.floor(UNKNOWN_FLIGHT + UNKNOWN_SHARE * self._taken) - self._in_flight
            wanted = min(wanted, max(most, 0))
        # In a window, one whose turn others have taken has the next slot, however late that is.
        queued = isinstance(phase, Windowed) and cap == math.inf
        passed_over = queued and 0 <= member.turn < self._served
        if member.turn < 0:
            member.turn = self._issued
            self._issued += 1
        before = max(member.turn - self._served, 0) * max(wanted, 1) / phase.rate
        capped = turns is not None and turns.next_at > spacing.next_at
        at = max(spacing.next_at if turns is None else turns.next_at, spacing.next_at, now)
        next_at = now + UNKNOWN_RETRY_S
        late = at + before > now + HORIZON_S and not passed_over
        if late and spacing.next_at > now and not last:
            next_at = min(at + before - 0.5 * HORIZON_S, now + MAX_TURN_S)
        elif wanted:
            # With an idle line the members whose turn was before have gone.
            self._served = (max(self._served, member.turn) if late else self._served) + 1
            member.turn = -1
            for _ in range(wanted):
                at = max(now if turns is None else turns.next_at, spacing.next_at, now)
                if last:
                    at = now
                if at > now + HORIZON_S and (leased or not passed_over):
                    break
                leased.append(at)
                self._use_slot(now, math.inf)
                if turns is not None:
                    turns.next_at = max(turns.next_at, now - CATCH_UP_S) + 1.0 / cap
            # Where the run's own word leaves none: when the next one is near.
            next_at = now if leased else min(at - 0.5 * HORIZON_S, now + MAX_TURN_S)
        # If it is capped, the run's own word holds back.
        if not capped and (not leased or leased[-1] > now + _HELD_BACK_S):
            self._held_back = self._held_back_in_cycle = True
        return next_at

    # Grants

    def gate_news(self) -> GateNews:
        """Return the gate as it is now."""
        gate = self._gate
        return GateNews(
            self.now,
            self._epoch,
            gate.closed,
            gate.closed_at,
            gate.next_look_at,
            gate.stated_until,
            gate.refused_sent,
        )

    def _grant(
        self, now: float, look: bool, next_at: float, interactive: list[float], bulk: list[float]
    ) -> Grant:
        phase = self._phase
        windowed = isinstance(phase, Windowed)
        calls = seconds = 0.0
        if isinstance(phase, Windowed):
            calls, seconds = phase.quota, phase.period
        elif phase.limited:
            calls, seconds = phase.rate * phase.period, phase.period
        return Grant(
            gate=self.gate_news(),
            look=look,
            paced=self.paced,
            limited=phase.limited,
            surveying=self.surveying(now),
            rate=phase.rate,
            calls=calls,
            seconds=seconds,
            window=windowed and phase.limited,
            reset=phase.reset if isinstance(phase, Windowed) else math.nan,
            members=self._count,
            askers=self._askers,
            runners=self._runners,
            next_at=next_at,
            interactive=tuple(interactive),
            bulk=tuple(bulk),
        )


def exchange(
    limit: SharedLimit | None, now: float, member: str, news: News
) -> tuple[SharedLimit, Grant]:
    """Exchange news of a member for a grant.

    Args:
        limit: the state; None if there is none yet, or no longer.
        now: time of the fleet.
        member: name of the member.
        news: its news.

    Returns:
        The state after it, and the grant.
    """
    if limit is None or now < limit.now - BACK_S:
        limit = SharedLimit(news)
    return limit, limit.exchange(now, member, news)
