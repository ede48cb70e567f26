"""The state of one limit that a fleet shares, and the exchange that changes it.

The arithmetic is that of ``pacing``: one ``GroupPacer`` serves the whole fleet, as it serves a
session. What is added:

    part       question                                                     state
    ────────   ──────────────────────────────────────────────────────────   ───────────────────
    members    Who is there, what is in flight, who waits?                  ``_members`` and sums
    leases     From when on may this member send its next few calls?        spacing, ``_front``
    caps       How many bulk calls may a run send by its own word?          ``_capped_next_at``
    epoch      Which leases are void because the gate has closed since?     ``_epoch``

**Turns.** A member is leased a few slots, and asks again when they are used up; all others had
their turn by then. So shares are even without a queue, and a member that dies takes along no more
than the slots it holds. The more members wait, the fewer slots each holds.

**Interactive calls** are sent at once before the first refusal; they use up slots, so that bulk
calls slow down. Once a limit was met, they wait for slots as well, and go before bulk calls: where
a window is counted, slots of its rest are used in advance, elsewhere they overtake leased slots
that are further away than ``OVERTAKE_S``.

The copy of this arithmetic in a store is ``limit.lua`` and ``exchange.lua``. A test compares both.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from ..pacing.pacer import GroupPacer, Opening
from ..pacing.phases import Seeking, Windowed, remembered
from ..pacing.spacing import CATCH_UP_S
from .news import GateNews, Grant, News

LEASE_S: Final = 0.1
"""Seconds of all slots that are leased at once, divided by the members that wait."""
MAX_LEASES: Final = 100
"""Most slots leased at once."""
OVERTAKE_S: Final = 0.1
"""Seconds that an interactive call waits behind slots of bulk calls; it overtakes those after."""
USED_AHEAD_SHARE: Final = 0.5
"""Share of the rest of a window whose slots interactive calls may use in advance."""
HORIZON_S: Final = 0.5
"""Seconds: slots later than that are not leased to bulk calls, which ask again,"""
HORIZON_TURNS: Final = 2.0
"""unless so many turns of all members take longer,"""
MAX_HORIZON_S: Final = 5.0
"""but no later than this."""
MEMBER_S: Final = 10.0
"""Seconds after its last exchange until a member no longer counts."""
SWEEP_S: Final = 1.0
"""Seconds between two counts of all members."""
BACK_S: Final = 5.0
"""Seconds by which the fleet's clock may be set back; by more, the state says nothing any more."""

_HELD_BACK_S: Final = 1e-4
"""Seconds: a call that waits longer for its slot was held back."""


class _Member(msgspec.Struct):
    """One member, by its last exchange."""

    until: float = -math.inf
    flight: int = 0
    asks: int = 0
    runs: int = 0


class SharedLimit(GroupPacer):
    """A limit shared by the members of a fleet. Times are seconds of the fleet's clock.

    Args:
        news: of the first member, whose limit is the one to begin with.

    Attributes:
        now: time of the last exchange.
    """

    __slots__ = (
        "_askers",
        "_capped_next_at",
        "_count",
        "_epoch",
        "_flight",
        "_front",
        "_members",
        "_runners",
        "_sweep_at",
        "now",
    )

    def __init__(self, news: News) -> None:
        super().__init__()
        if news.calls > 0.0:
            self._phase = (
                remembered(news.calls, news.seconds)
                if news.met
                else Windowed(news.calls, news.seconds, reset=math.nan, taken=0, met=False)
            )
        self._has_bulk = True  # rates count from the first call on
        self.now = -math.inf
        self._epoch = 0
        # Time of the next slot of interactive calls, where they overtake.
        self._front = -math.inf
        self._capped_next_at = -math.inf
        self._members: Final[dict[str, _Member]] = {}
        # Sums over the members.
        self._flight = 0
        self._askers = 0
        self._runners = 0
        self._count = 0
        self._sweep_at = -math.inf

    def exchange(self, now: float, member: str, news: News) -> Grant:
        """Take in the news of a member at a time, and return what it may send."""
        now = self.now = max(now, self.now)
        if now >= self._sweep_at:
            self._sweep(now)
        gate = self._gate
        was_open, closed_at = not gate.closed, gate.closed_at
        known = self._members.get(member)
        if known is None:
            known = self._members[member] = _Member()
            self._count += 1
        asks, runs = int(news.interactive > 0), int(news.bulk > 0)
        self._flight += news.flight - known.flight
        self._askers += asks - known.asks
        self._runners += runs - known.runs
        self._hear(now, news)
        if gate.closed and (was_open or gate.closed_at != closed_at):
            # Slots leased by now are void.
            self._epoch += 1
            self._spacing.next_at = min(self._spacing.next_at, now)
            self._capped_next_at = min(self._capped_next_at, now)
            self._front = -math.inf
        self._in_flight = self._flight
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
                self._lease_interactive(now, news.interactive, interactive)
            if news.bulk:
                next_at = self._lease_bulk(now, news, bulk)
        known.until = now + MEMBER_S
        known.flight = news.flight + self._in_flight - self._flight
        known.asks, known.runs = asks, runs
        self._flight = self._in_flight
        if news.leaves:
            del self._members[member]
            self._count -= 1
            self._flight -= known.flight
            self._askers -= asks
            self._runners -= runs
        return self._grant(now, look, next_at, interactive, bulk)

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
            slot = 1.0 / phase.rate_at(now, self._answers.mean, self._taken + self._flight)
            longest = max(phase.period, slot, spacing.next_at - now)
            spacing.take(now, news.unleased * slot, longest, idle=self._flight == 0)
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
        super()._learn(opening)
        phase = self._phase
        if phase is not before and isinstance(phase, Seeking) and not self._runners:
            # Of interactive calls alone it is known that the server took as many.
            phase.rate = max(phase.rate, opening.recent_rate)

    def _sweep(self, now: float) -> None:
        """Forget members that have not exchanged news for long, and count the others anew."""
        self._sweep_at = now + SWEEP_S
        members = self._members
        for name in [name for name, known in members.items() if known.until < now]:
            del members[name]
        self._count = len(members)
        self._flight = sum(known.flight for known in members.values())
        self._askers = sum(known.asks for known in members.values())
        self._runners = sum(known.runs for known in members.values())

    # Leases

    def _portion(self, wanted: int, members: int) -> int:
        """Return the slots that one of the members that wait is leased at once."""
        portion = math.floor(min(LEASE_S * self._phase.rate, MAX_LEASES) / max(members, 1))
        return min(wanted, max(portion, 1))

    def _use_slot(self, now: float, longest: float) -> float:
        """Use up the next slot; return its seconds."""
        phase, spacing = self._phase, self._spacing
        slot = 1.0 / phase.rate_at(now, self._answers.mean, self._taken + self._in_flight)
        longest = max(longest, slot, spacing.next_at - now)
        spacing.take(now, slot, longest, idle=self._in_flight == 0)
        self._in_flight += 1
        return slot

    def _lease_interactive(self, now: float, wanted: int, leased: list[float]) -> None:
        phase, spacing = self._phase, self._spacing
        ahead = 0.0
        if isinstance(phase, Windowed):
            # NaN before the first call of a window that is only expected.
            left = phase.reset + phase.period - now
            ahead = USED_AHEAD_SHARE * max(left, 0.0) if left == left else phase.period
        for _ in range(self._portion(wanted, self._askers)):
            at = max(now, min(spacing.next_at - ahead, max(self._front, now + OVERTAKE_S)))
            slot = self._use_slot(now, phase.period)
            self._front = max(self._front, at) + slot
            leased.append(at)
        self._note_held_back(now, wanted, leased)

    def _lease_bulk(self, now: float, news: News, leased: list[float]) -> float:
        """Lease slots to bulk calls; return the time to ask again if there are none yet."""
        phase, spacing = self._phase, self._spacing
        cap = news.rate
        if news.share < 1.0 and phase.limited and not self.surveying(now):
            cap = min(cap, news.share * phase.rate)
        fits = cap == math.inf and self._runners == 1 and news.remaining <= self.left_in_window(now)
        turns = HORIZON_TURNS * self._runners / phase.rate
        horizon = max(HORIZON_S, min(turns, MAX_HORIZON_S))
        wanted = news.bulk
        next_at = now
        capped = False
        for _ in range(min(wanted, MAX_LEASES) if fits else self._portion(wanted, self._runners)):
            at = now if fits else spacing.next_at
            capped = cap < math.inf and self._capped_next_at > at
            if capped:
                at = self._capped_next_at
            if at > now + horizon:
                next_at = at - 0.5 * horizon
                break
            leased.append(max(at, now))
            self._use_slot(now, math.inf)
            if cap < math.inf:
                self._capped_next_at = max(self._capped_next_at, now - CATCH_UP_S) + 1.0 / cap
        if not capped:  # else it is the run's own word that holds back
            self._note_held_back(now, wanted, leased)
        return next_at

    def _note_held_back(self, now: float, wanted: int, leased: list[float]) -> None:
        if len(leased) < wanted or leased[-1] > now + _HELD_BACK_S:
            self._held_back = self._held_back_in_cycle = True

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
