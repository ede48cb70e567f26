"""The two halves of an exchange: a member's news of its calls, and the grant that it gets.

All times are seconds of the fleet's clock. NaN stands for a time that there is not. Both halves
travel as doubles in the order of their fields (``script.py``).
"""

from __future__ import annotations

import math

import msgspec


class News(msgspec.Struct, frozen=True, kw_only=True):
    """News of one member about one limit, since its last exchange.

    Args:
        taken: calls that the server took.
        taken_sent: time at which the latest of them was sent.
        took: seconds of their answers, on average.
        refused: calls that it refused.
        refused_sent: time at which the latest of them was sent.
        stated_until: time that a refusal stated.
        exhausted_sent: time at which a call was sent whose answer said that it was the last one,
        exhausted_until: and the time until which it was.
        unleased: calls sent without a slot, which they use up all the same.
        returned: leased slots that are given back.
        flight: calls in flight.
        held: slots that may still be used.
        interactive: interactive calls that wait for a slot.
        bulk: bulk calls that wait for a slot, of runs with the same rate and share.
        trip: seconds of an exchange.
        rate: most bulk calls a second that the whole fleet may send by the word of their runs, or
            infinity.
        share: part of the limit that these may use.
        remaining: rows that the run of the bulk calls still has to end, or infinity.
        calls: calls of a limit for a fleet that knows none, 0.0 without one,
        seconds: in so many seconds.
        met: True if that limit was met, and not only expected.
        leaves: True if the member ends.
    """

    taken: int = 0
    taken_sent: float = math.nan
    took: float = 0.0
    refused: int = 0
    refused_sent: float = math.nan
    stated_until: float = math.nan
    exhausted_sent: float = math.nan
    exhausted_until: float = math.nan
    unleased: int = 0
    returned: int = 0
    flight: int = 0
    held: int = 0
    interactive: int = 0
    bulk: int = 0
    trip: float = 0.0
    rate: float = math.inf
    share: float = 1.0
    remaining: float = math.inf
    calls: float = 0.0
    seconds: float = 0.0
    met: bool = False
    leaves: bool = False


class GateNews(msgspec.Struct, frozen=True):
    """The gate of a limit, as it is published when it closes or opens.

    Args:
        now: time of the fleet.
        epoch: number of closings; slots leased in an earlier epoch are void.
        closed: True while calls are held back.
        closed_at: time of the last closing.
        next_look_at: time from which on one call may look.
        stated_until: time at which the server takes calls again by its own word.
        refused_sent: time at which the latest refused call was sent.
    """

    now: float
    epoch: float
    closed: bool
    closed_at: float
    next_look_at: float
    stated_until: float
    refused_sent: float

    def differs_from(self, gate: GateNews) -> bool:
        """Return whether the other one is worth telling everyone."""
        return self.epoch != gate.epoch or self.closed != gate.closed


class Grant(msgspec.Struct, frozen=True):
    """The fleet's answer to news.

    Args:
        gate: the gate.
        look: True if one call may be sent although the gate is closed.
        paced: True if interactive calls wait for slots as well, because a limit was met.
        limited: True once a limit was met.
        surveying: True if runs may exceed their share for a while.
        rate: calls a second.
        calls: calls of the limit as far as it is known, 0.0 if nothing is,
        seconds: in so many seconds.
        window: True if these are a window that was seen to run out.
        reset: time at which the present window began, or NaN.
        members: sessions that have exchanged news lately.
        askers: members that have interactive calls waiting.
        runners: members that have bulk calls waiting.
        next_at: time at which to ask for slots again, if none were granted.
        interactive: times from which on interactive calls may be sent, one each.
        bulk: the same of bulk calls.
    """

    gate: GateNews
    look: bool
    paced: bool
    limited: bool
    surveying: bool
    rate: float
    calls: float
    seconds: float
    window: bool
    reset: float
    members: int
    askers: int
    runners: int
    next_at: float
    interactive: tuple[float, ...]
    bulk: tuple[float, ...]

    @property
    def window_end(self) -> float:
        """Time at which the window ends that is counted, or minus infinity without one."""
        return self.reset + self.seconds if self.window else -math.inf
