"""Seconds that answers take."""

from __future__ import annotations

from typing import Final

ANSWER_MARGIN: Final = 1.75
"""A call is sent if its deadline leaves this many times the usual time of an answer."""


class AnswerTimes:
    """Seconds that answers take; all 0.0 as long as there was none.

    Attributes:
        mean: seconds, on average.
        usual: the same without slow ones: a slow answer is soon forgotten, so that no call is sent
            away for one.
    """

    __slots__ = ("mean", "usual")

    def __init__(self) -> None:
        self.mean = 0.0
        self.usual = 0.0

    def note(self, took: float) -> None:
        """Take in the seconds of an answer."""
        if self.mean == 0.0:
            self.mean = self.usual = took
            return
        self.mean += (took - self.mean) / 8.0
        self.usual += (took - self.usual) * (0.25 if took < self.usual else 0.05)

    @property
    def most(self) -> float:
        """Seconds in which nearly every answer comes."""
        return ANSWER_MARGIN * self.usual
