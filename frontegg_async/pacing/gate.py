"""The gate of a limit group: closed by a refusal, opened by a call that is taken."""

from __future__ import annotations

import math
from typing import Final

FIRST_LOOK_S: Final = 0.08
"""Seconds after a refusal until a single call looks whether the server takes calls again."""
LATER_LOOKS_SHARE: Final = 0.25
"""Distance of the next looks, as a share of the time that the gate has been closed."""
MAX_LOOK_GAP_S: Final = 5.0
"""Most seconds between two looks: a server that has recovered is noticed within that time."""
STATED_LOOK_S: Final = 1.0
"""Seconds until the first look behind a stated wait; the next ones come at twice the distance."""
TRUSTED_LOOKS_SHARE: Final = 0.5
"""Distance of looks behind a stated wait, as a share of it, where the last one was true."""
TRUSTED_SHARE: Final = 0.9
"""Share of a stated wait that must have passed before a call was taken for it to count as true."""
VAGUE_WAIT_S: Final = 2.0
"""Seconds: a shorter stated wait is not believed: ``Date`` and most resets are whole seconds."""
MAX_TRUSTED_WAIT_S: Final = 60.0
"""Most seconds without a look after a call that was taken has stated the wait."""
MAX_STATED_WAIT_S: Final = 1e9
"""Seconds: a bound against nonsense."""


class Gate:
    """Closed between a refusal and the first call taken that was sent after it.

    While it is closed, single calls look whether the server takes calls again, at distances that
    grow. A stated wait makes them rarer, and does not end them: servers state hours and recover
    in seconds, and clocks differ.

    Attributes:
        closed: True while calls are held back.
        closed_at: time of the last closing.
        next_look_at: time from which on the next call may look.
        looked_at: time of the last look.
        opened_at: time of the last opening.
        stated_until: time at which the server takes calls again by its own word, or minus infinity.
        refused_sent: time at which the latest refused call was sent.
        taken_sent: time at which the latest taken call was sent.
    """

    __slots__ = (
        "_look_gap",
        "_stated_wait",
        "_true_share",
        "closed",
        "closed_at",
        "looked_at",
        "next_look_at",
        "opened_at",
        "refused_sent",
        "stated_until",
        "taken_sent",
    )

    def __init__(self) -> None:
        self.closed = False
        self.closed_at = 0.0
        self.next_look_at = 0.0
        self.looked_at = -math.inf
        self.opened_at = -math.inf
        self.stated_until = -math.inf
        self.refused_sent = -math.inf
        self.taken_sent = -math.inf
        self._look_gap = 0.0
        self._stated_wait = 0.0
        # The share of the last stated wait that passed before a call was taken; NaN at first.
        self._true_share = math.nan

    def refused(self, sent_at: float, now: float, wait: float | None, first_look: float) -> bool:
        """Record a refusal; return whether it closed the gate."""
        if not self.closed and sent_at < self.taken_sent:
            return False  # a later call was taken: this refusal tells of the past
        self.refused_sent = max(self.refused_sent, sent_at)
        closes = not self.closed
        if closes:
            self.closed = True
            self.closed_at = now
            self._look_gap = first_look
            self.next_look_at = now + first_look
            self._stated_wait = 0.0
            self.stated_until = -math.inf
        if wait is not None and wait >= 0.0:
            self._note_stated_wait(now, wait)
        return closes

    def exhausted(self, sent_at: float, now: float, wait: float) -> bool:
        """Record that a call was taken as the last one for some seconds; return as ``refused``."""
        if not wait > 0.0:
            return False
        closes = not self.closed
        if closes:
            self.closed = True
            self.closed_at = now
            self._look_gap = STATED_LOOK_S
            self.next_look_at = now + (wait if wait <= VAGUE_WAIT_S else STATED_LOOK_S)
            self._stated_wait = 0.0
            self.stated_until = -math.inf
        self.refused_sent = max(self.refused_sent, sent_at)
        self._note_stated_wait(now, wait)
        if self._true_share >= TRUSTED_SHARE:
            # As true as the last one, so for a while no look is needed.
            self.next_look_at = max(
                self.next_look_at, min(self.stated_until, now + MAX_TRUSTED_WAIT_S)
            )
        return closes

    def _note_stated_wait(self, now: float, wait: float) -> None:
        """Believe a stated wait as far as the last one was true."""
        share = 1.0 if math.isnan(self._true_share) else self._true_share
        if not wait * share > VAGUE_WAIT_S:
            return
        self._stated_wait = max(self._stated_wait, wait)
        self.stated_until = now + min(wait, MAX_STATED_WAIT_S) * share
        if self._true_share >= TRUSTED_SHARE:
            gap = wait * TRUSTED_LOOKS_SHARE
        else:
            gap = max(STATED_LOOK_S, min(self._look_gap, wait * share))
        self._look_gap = min(gap, MAX_LOOK_GAP_S)
        self.next_look_at = max(min(now + self._look_gap, self.stated_until), now + FIRST_LOOK_S)

    def look(self, now: float) -> None:
        """Record that a call looks; the next one follows if no answer comes."""
        self.looked_at = now
        left = self.stated_until - now
        if left > 0.0:
            self._look_gap = min(self._look_gap * 2.0, MAX_LOOK_GAP_S)
            self.next_look_at = (
                now + min(self._look_gap, left) if left > FIRST_LOOK_S else now + FIRST_LOOK_S
            )
        else:
            since = now - max(self.closed_at, self.stated_until)
            self._look_gap = min(max(FIRST_LOOK_S, since * LATER_LOOKS_SHARE), MAX_LOOK_GAP_S)
            self.next_look_at = now + self._look_gap

    def opens(self, sent_at: float) -> bool:
        """Record that a call was taken; return whether that opens a closed gate."""
        if sent_at > self.taken_sent:
            self.taken_sent = sent_at
        return self.closed and sent_at > self.refused_sent

    def open(self, now: float) -> None:
        """Open the gate."""
        self.closed = False
        self.opened_at = now

    def close_again(self, closed_at: float, now: float) -> None:
        """Close the gate, which was not open after all: answers overtake each other."""
        self.closed = True
        self.closed_at = closed_at
        self.next_look_at = max(self.next_look_at, now + FIRST_LOOK_S)

    def confirm_opened(self, closed_at: float, opened_at: float) -> None:
        """Record that it was open indeed, and how much of a stated wait had passed."""
        if self._stated_wait > VAGUE_WAIT_S:
            passed = min(max(opened_at - closed_at, 0.0) / self._stated_wait, 1.0)
            self._true_share = (
                1.0 if passed * self._stated_wait > self._stated_wait - VAGUE_WAIT_S else passed
            )

    def opens_in(self, now: float) -> float:
        """Return the seconds until the server takes calls again by its own word, else 0.0."""
        return max(self.stated_until - now, 0.0) if self.closed else 0.0
