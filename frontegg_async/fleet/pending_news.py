"""The news that a member has not told yet."""

from __future__ import annotations

import math
from typing import Final

from .news import News

NEWS_S: Final = 0.2
"""Seconds between two exchanges that have nothing to ask for."""
CLOSED_NEWS_S: Final = 0.05
"""The same while the gate is closed: then it counts how many calls were taken before."""
WINDOW_NEWS_S: Final = 1.0
"""Seconds for which news of bulk calls wait in a counted window, so that one exchange tells them
and asks for slots: only a second before its end at the latest, because they count in it."""


class PendingNews:
    """Calls and slots since the last exchange. Times are those of this process.

    Attributes:
        taken: calls that the server took.
        taken_sent: time at which the latest of all was sent.
        took: seconds of their answers together.
        refused: calls that it refused.
        refused_sent: time at which the latest of them was sent.
        stated_until: time that one of them stated; NaN without one.
        exhausted_sent: time at which a call was sent that was the last one for a while; or NaN,
        exhausted_until: and the time until which it was.
        unleased: calls sent without a slot.
        returned: slots to be given back.
    """

    __slots__ = (
        "exhausted_sent",
        "exhausted_until",
        "refused",
        "refused_sent",
        "returned",
        "stated_until",
        "taken",
        "taken_sent",
        "took",
        "unleased",
    )

    def __init__(self) -> None:
        self.taken_sent = -math.inf
        self.forget()

    def forget(self) -> None:
        """Begin anew, after all was told."""
        self.taken = self.unleased = self.returned = 0
        self.took = 0.0
        self.forget_refusals()

    def forget_refusals(self) -> None:
        """Leave out what says nothing about the limit any more."""
        self.refused = 0
        self.refused_sent = -math.inf
        self.stated_until = self.exhausted_sent = self.exhausted_until = math.nan

    def __bool__(self) -> bool:
        """Return whether there is anything to tell."""
        return bool(self.taken or self.unleased or self.returned)

    @property
    def closing(self) -> bool:
        """True if there are news that may close the gate."""
        return self.refused > 0 or self.exhausted_until == self.exhausted_until

    def due(self, told_at: float, asks_at: float, window_end: float, *, closed: bool) -> float:
        """Return the time at which they are to be told.

        Args:
            told_at: time of the last exchange.
            asks_at: time at which slots will be asked for.
            window_end: end of the window that is counted, or minus infinity.
            closed: True while the gate is closed.
        """
        if closed:
            return told_at + CLOSED_NEWS_S
        if asks_at <= min(told_at, window_end - 2.0 * WINDOW_NEWS_S) + WINDOW_NEWS_S:
            return asks_at
        return told_at + NEWS_S

    def at(self, offset: float) -> News:
        """Return them in the fleet's time, which is ``offset`` ahead of ours."""
        return News(
            taken=self.taken,
            taken_sent=self.taken_sent + offset,
            took=self.took / max(self.taken, 1),
            refused=self.refused,
            refused_sent=self.refused_sent + offset,
            stated_until=self.stated_until + offset,
            exhausted_sent=self.exhausted_sent + offset,
            exhausted_until=self.exhausted_until + offset,
            unleased=self.unleased,
            returned=self.returned,
        )

    def take_back(self, news: News, offset: float) -> None:
        """Take in news again that were not heard."""
        self.taken += news.taken
        self.took += news.taken * news.took
        self.unleased += news.unleased
        self.returned += news.returned
        if news.refused:
            self.refused += news.refused
            self.refused_sent = max(self.refused_sent, news.refused_sent - offset)
            if self.stated_until != self.stated_until:
                self.stated_until = news.stated_until - offset
        if self.exhausted_until != self.exhausted_until:
            self.exhausted_sent = news.exhausted_sent - offset
            self.exhausted_until = news.exhausted_until - offset
