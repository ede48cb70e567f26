"""One member's part in a shared limit: slots that it was leased, and news that it has to tell.

Plain arithmetic over times that it is told, like ``GroupPacer``, in whose place it stands before a
line. It sends nothing: ``due`` says when an exchange is due, ``news`` makes up the news for it, and
``granted`` takes in the answer, or ``lost`` that there was none.

Before a first refusal interactive calls ask nobody, and are news of the next exchange. A refusal,
and the answer to a call that looks behind a closed gate, are told at once.

Away from the store a ``GroupPacer`` of its own decides. It begins with the fleet's limit, divided
by the members there were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from ..pacing import FixedRate, GroupPacer, PaceState
from ..pacing.allowance import Allowance
from ..pacing.answer_times import AnswerTimes
from ..pacing.bounds import NO_BOUNDS, Bounds
from ..pacing.member_allowance import MemberAllowance
from .news import GateNews, Grant, News
from .pending_news import PendingNews
from .slots import BulkSlots, Slots
from .store_clock import StoreClock

SURE_ANSWER: Final = 2.0
"""Times of a usual answer that a call needs before its deadline. More than a session by itself
wants: an overloaded fleet serves many calls shortly before their deadlines."""
LEAD_S: Final = 0.004
"""Least seconds before its last slot at which a member asks for more; and two round trips."""


class Member:
    """A pacer that is leased its slots by a fleet. Times are monotonic seconds of this process.

    Args:
        expected: a likely limit, for a fleet that knows none.

    Attributes:
        away: True while the store does not answer.
        member_allowance: bound of all runs of this process together, while it does not.
    """

    def __init__(self, *, expected: FixedRate | None = None) -> None:
        calls, seconds = (0.0, 0.0) if expected is None else (expected.calls, expected.seconds)
        self._seed = (float(calls), seconds, False)
        self._grant: Grant | None = None
        self._alone: GroupPacer | None = None
        self._alone_since = -math.inf
        self.member_allowance: Final = MemberAllowance()
        self._clock: Final = StoreClock()
        # The gate, in our time.
        self._gate: GateNews | None = None
        self._closed_at = 0.0
        self._next_look_at = 0.0
        self._stated_until = -math.inf
        self._refused_sent = -math.inf
        self._looks = 0
        # True between a refusal and the fleet's answer to it.
        self._holds = False
        self._interactive: Final = Slots()
        self._bulk: Final = BulkSlots()
        self._asked_for = NO_BOUNDS
        # Exchanges.
        self._asking = False
        self._urgent = False
        self._asked_at = -math.inf
        self._news: Final = PendingNews()
        # This process alone.
        self._in_flight = 0
        self._answers: Final = AnswerTimes()
        self._total_taken = 0
        self._total_refused = 0
        self._taken_at_opening = 0
        self._closed_seconds = 0.0

    # Questions of the line

    @property
    def away(self) -> bool:
        """True while the store does not answer."""
        return self._alone is not None

    @property
    def urgent(self) -> bool:
        """True if there are news that the fleet should hear at once."""
        return self._urgent

    @property
    def rate(self) -> float:
        """Calls a second that the whole fleet may send; alone, those of this process."""
        if self._alone is not None:
            return self._alone.rate
        return math.inf if self._grant is None else self._grant.rate

    @property
    def limited(self) -> bool:
        """True once a limit was met."""
        if self._alone is not None:
            return self._alone.limited
        return self._grant is not None and self._grant.limited

    @property
    def paced(self) -> bool:
        """True if interactive calls wait for slots as well."""
        return self._grant is not None and self._grant.paced

    def surveying(self, now: float) -> bool:
        """Return whether runs may exceed their share."""
        if self._alone is not None:
            return self._alone.surveying(now)
        return self._grant is not None and self._grant.surveying

    @property
    def answer_time(self) -> float:
        """Seconds in which nearly every answer comes; 0.0 as long as there was none."""
        return SURE_ANSWER * self._answers.usual

    @property
    def closed(self) -> bool:
        """True while the gate is closed."""
        if self._alone is not None:
            return self._alone.closed
        return self._holds or (self._gate is not None and self._gate.closed)

    @property
    def stated_until(self) -> float:
        """Time at which the server takes calls again by its own word, or minus infinity."""
        return self._stated_until if self._alone is None else self._alone.stated_until

    def closed_since(self, now: float) -> float:
        """Return the seconds for which the gate has been closed, 0.0 if it is open."""
        if self._alone is not None:
            return self._alone.closed_since(now)
        known = self._gate is not None and self._gate.closed
        return max(now - self._closed_at, 0.0) if known else 0.0

    def crowded(self, flight: int) -> bool:
        """Return whether more calls are in flight than may be after an opening of the gate."""
        if self._alone is not None:
            return self._alone.crowded(flight)
        if self.paced:
            return False
        return self._in_flight >= flight + self._total_taken - self._taken_at_opening

    def note_interactive_idle(self) -> None:
        """Record that no interactive call waits."""
        if self._alone is not None:
            self._alone.note_interactive_idle()

    def look_is_due(self, now: float) -> bool:
        """Return whether the next call may look behind a closed gate."""
        if self._alone is not None:
            return self._alone.look_is_due(now)
        return self.closed and (self._looks > 0 or now >= self._next_look_at)

    def opens_in(self, now: float) -> float:
        """Return the seconds until the server takes calls again by its own word, else 0.0."""
        if self._alone is not None:
            return self._alone.opens_in(now)
        return max(self._stated_until - now, 0.0) if self.closed else 0.0

    def served_in(self, now: float, ahead: int) -> float:
        """Return the seconds until an interactive call goes that has ``ahead`` before it."""
        if self._alone is not None:
            return self._alone.served_in(now, ahead)
        wait = self.opens_in(now)
        grant = self._grant
        if grant is None or not grant.limited:
            return wait
        return max(wait, ahead * max(grant.askers, 1) / grant.rate)

    def left_in_window(self, now: float) -> float:
        """Return the calls that may be sent before the next reset without asking."""
        return 0.0 if self._alone is None else self._alone.left_in_window(now)

    def seconds_to_wait(self, now: float) -> float:
        """Return the seconds until a call may be tried, without asking for it."""
        if self._alone is not None:
            return self._alone.seconds_to_wait(now)
        if self.closed:
            return max(max(self._stated_until, self._next_look_at) - now, 0.0)
        return max(self._bulk.asked_again_at(now) - now, 0.0)

    def closed_for(self, now: float) -> float:
        """Return the seconds until calls are expected to be taken again, 0.0 if they are now."""
        if self._alone is not None:
            return self._alone.closed_for(now)
        if self._gate is None or not self._gate.closed:
            return 0.0
        at, grant = max(self._next_look_at, self._stated_until), self._grant
        if grant is not None and grant.window and grant.reset == grant.reset:
            at = max(at, grant.reset + grant.seconds - self._clock.offset)
        return max(at - now, 0.0)

    def state(self, now: float) -> PaceState:
        """Return the knowledge of the limit, and this member's part of it."""
        grant = self._grant
        if self._alone is not None or grant is None:
            state = (self._alone or GroupPacer()).state(now)
        else:
            parts = max(grant.runners, 1)
            state = PaceState(
                rate=grant.rate / parts,
                limited=grant.limited,
                quota=max(round(grant.calls / parts), 1) if grant.window else None,
                window=grant.seconds if grant.window else None,
                closed_for=self.closed_for(now),
                taken=0,
                refused=0,
                closed_seconds=self.closed_since(now),
            )
        return msgspec.structs.replace(
            state,
            taken=self._total_taken,
            refused=self._total_refused,
            closed_seconds=self._closed_seconds + state.closed_seconds,
        )

    def learned(self) -> tuple[float, float] | None:
        """Return the calls taken in so many seconds from the fleet, or None if no limit was met."""
        grant = self._grant
        if grant is not None and grant.limited:
            return grant.calls, grant.seconds
        return None if self._alone is None else self._alone.learned()

    def begin_with(self, calls: float, seconds: float) -> None:
        """Begin with a limit that was learned before, if the fleet knows none."""
        self._seed = (calls, seconds, True)

    # Sending

    def admit(
        self, now: float, *, bulk: bool = False, last: bool = False, bounds: Bounds = NO_BOUNDS
    ) -> float:
        """Return 0.0 if a call may be sent, which then counts as sent, else seconds to wait.

        Infinity stands for a wait that ends with the next grant.
        """
        if self._alone is not None:
            delay = self._alone.admit(now, bulk=bulk, last=last)
            self._in_flight += delay == 0.0
            return delay
        if self._holds or (self._gate is not None and self._gate.closed):
            if self._holds or not self._looks:
                return math.inf
            self._looks -= 1
            self._in_flight += 1
            return 0.0
        if not bulk and not self.paced:
            self._news.unleased += 1
            self._in_flight += 1
            return 0.0
        own = self._bulk.of(bounds) if bulk else self._interactive
        # Interactive calls go first, so they use slots of any kind.
        if not own.use(now) and (bulk or not self._bulk.use_any(now)):
            return own.at[0] - now if own.at else math.inf
        self._in_flight += 1
        return 0.0

    def give_back(
        self, now: float, admitted_at: float | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Take back an admission whose call is not sent."""
        self._in_flight -= 1
        if self._alone is not None:
            self._alone.give_back(now, admitted_at)
        elif self.closed:
            # It may have been the look.
            self._news.returned += 1
            self._urgent = True
        elif self.paced or not self._news.unleased:
            self._bulk.of(bounds).at.appendleft(now)
        else:
            self._news.unleased -= 1

    # Answers

    def succeeded(self, sent_at: float, now: float) -> bool:
        """Record that the server took a call; return whether that opened the gate."""
        self._in_flight -= 1
        self._total_taken += 1
        news = self._news
        news.taken += 1
        news.took += now - sent_at
        self._answers.note(now - sent_at)
        if sent_at > news.taken_sent:
            news.taken_sent = sent_at
        if self._alone is not None:
            return sent_at >= self._alone_since and self._alone.succeeded(sent_at, now)
        if self.closed and sent_at > self._refused_sent:
            self._urgent = True
        return False

    def throttled(self, sent_at: float, now: float, wait: float | None) -> bool:
        """Record that a call was refused, with the seconds to wait if they were stated.

        Returns:
            True if calls sent later have been taken, so that this call is refused, and not all.
        """
        self._in_flight -= 1
        self._total_refused += 1
        if self._alone is not None:
            # No news later: it says nothing about the limit as the fleet will find it.
            return sent_at >= self._alone_since and self._alone.throttled(sent_at, now, wait)
        news = self._news
        news.refused += 1
        news.refused_sent = max(news.refused_sent, sent_at)
        if wait is not None:
            news.stated_until = now + wait
        singled_out = sent_at < news.taken_sent
        self._holds |= not singled_out
        self._urgent = True
        return singled_out

    def exhausted(self, sent_at: float, now: float, wait: float) -> None:
        """Record that a call was taken as the last one for ``wait`` seconds."""
        if self._alone is not None:
            self._alone.exhausted(sent_at, now, wait)
            return
        self._news.exhausted_sent, self._news.exhausted_until = sent_at, now + wait
        self._holds = self._urgent = True

    def failed(self, sent_at: float, now: float) -> None:
        """Record a call that shows nothing about limits: a server error, a cut connection."""
        self._in_flight -= 1
        if self._alone is not None and sent_at >= self._alone_since:
            self._alone.failed(sent_at, now)

    # Exchanges

    def due(self, now: float, interactive: int, bulk: Mapping[Bounds, int]) -> float:
        """Return the time of the next exchange, or infinity.

        Args:
            now: the time.
            interactive: interactive calls in line.
            bulk: bulk calls in line, by the bounds of their runs.
        """
        if self._asking:
            return math.inf
        if self._urgent:
            return now
        at, closed = math.inf, self._gate is not None and self._gate.closed
        if not closed:
            at = self._slots_due(interactive, bulk)
        elif (interactive or bulk) and not self._looks:
            at = self._next_look_at
        if not self._news:
            return at
        end = -math.inf
        if self._grant is not None and not interactive:
            end = self._grant.window_end - self._clock.offset
        return min(at, self._news.due(self._asked_at, at, end, closed=closed or self._holds))

    def _slots_due(self, interactive: int, bulk: Mapping[Bounds, int]) -> float:
        """Return the time at which slots are to be asked for, or given back."""
        asked_at, lead = self._asked_at, self._lead
        at = self._interactive.due(interactive, asked_at, lead)
        return min(at, self._bulk.due(bulk, asked_at, lead))

    @property
    def _lead(self) -> float:
        """Seconds before the last slot at which more are asked for."""
        return max(LEAD_S, 2.0 * self._clock.round_trip)

    def news(
        self,
        now: float,
        interactive: int,
        bulk: Mapping[Bounds, int],
        runs: list[Allowance],
        *,
        leaves: bool = False,
    ) -> News:
        """Return the news for an exchange that is sent now.

        Args:
            now: the time.
            interactive: interactive calls in line.
            bulk: bulk calls in line, by the bounds of their runs. Slots are asked for with those
                of which they are due first.
            runs: allowances of the runs of these.
            leaves: True if it is the last one.
        """
        self._asking, self._urgent = True, False
        self._asked_at = now
        if not interactive:
            self._news.returned += len(self._interactive.at)
            self._interactive.at.clear()
        self._news.returned += self._bulk.drop_unwanted(bulk)
        asked, wanted = self._bulk.most_due(bulk, self._lead)
        self._asked_for = asked
        calls, seconds, met = self._seed
        pending = News()
        if self._clock.known:
            # Otherwise our times mean nothing to the fleet yet: the news follow in the next one.
            pending = self._news.at(self._clock.offset)
            self._news.forget()
        return msgspec.structs.replace(
            pending,
            flight=self._in_flight,
            held=len(self._interactive.at) + len(self._bulk),
            interactive=max(interactive - len(self._interactive.at), 0),
            bulk=wanted,
            trip=self._clock.round_trip,
            rate=asked.rate,
            share=asked.share,
            remaining=runs[0].remaining if len(runs) == 1 else math.inf,
            calls=calls,
            seconds=seconds,
            met=met,
            leaves=leaves,
        )

    def granted(self, grant: Grant, asked_at: float, now: float) -> None:
        """Take in the answer to the news of ``asked_at``."""
        self._asking = False
        self._alone = None
        self.member_allowance.alone = False
        self.member_allowance.members = max(grant.members, 1)
        first = not self._clock.known
        self._clock.note(grant.gate.now, asked_at, now)
        self._holds &= self._news.closing
        self._urgent |= first and self._news.closing
        self._take_gate(grant.gate, now)
        self._grant = grant
        if grant.calls > 0.0:
            self._seed = (grant.calls, grant.seconds, grant.limited)
        self._looks = int(grant.look)
        self._interactive.at.extend(at - self._clock.offset for at in grant.interactive)
        slots = self._bulk.of(self._asked_for)
        slots.ask_again_at = max(grant.next_at - self._clock.offset, now)
        slots.at.extend(at - self._clock.offset for at in grant.bulk)

    def lost(self, news: News, now: float) -> None:
        """Take in that there was no answer: the news are told again."""
        self._asking = False
        if self._clock.known:
            self._news.take_back(news, self._clock.offset)
            self._urgent |= self._news.closing

    def go_alone(self, now: float) -> None:
        """Go on without the store."""
        self._asking = self._urgent = self._holds = False
        if self._alone is not None:
            return
        self._interactive.at.clear()
        self._bulk.clear()
        self._looks = self._news.returned = 0
        self._news.forget_refusals()
        self.member_allowance.alone = True
        calls, seconds, met = self._seed
        calls = max(calls / self.member_allowance.members, 1.0) if calls else 0.0
        if calls and not met:
            self._alone = GroupPacer(expected=FixedRate(max(round(calls), 1), seconds))
        else:
            self._alone = GroupPacer()
            if calls:
                self._alone.begin_with(calls, seconds)
        self._alone_since = now

    def gate_changed(self, gate: GateNews, now: float) -> bool:
        """Take in a gate that was published; return whether it is news."""
        known = self._gate
        if self._alone is not None or known is None or gate.now <= known.now:
            return False
        self._take_gate(gate, now)
        return True

    def _take_gate(self, gate: GateNews, now: float) -> None:
        known, offset = self._gate, self._clock.offset
        if known is None or gate.epoch != known.epoch:
            self._interactive.void(now)
            self._bulk.void(now)
        elif gate.closed != known.closed:
            self._bulk.ask_again(now)
        if known is not None and known.closed and (not gate.closed or gate.epoch != known.epoch):
            self._closed_seconds += max(now - self._closed_at, 0.0)
            self._taken_at_opening = self._total_taken
        self._gate = gate
        self._closed_at = gate.closed_at - offset
        self._next_look_at = gate.next_look_at - offset
        self._stated_until = gate.stated_until - offset
        self._refused_sent = gate.refused_sent - offset
        self._looks = 0
