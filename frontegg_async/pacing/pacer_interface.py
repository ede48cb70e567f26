"""The questions that the line of a limit group asks, and the reports that it passes on."""

from __future__ import annotations

from typing import Protocol

from .bounds import NO_BOUNDS, Bounds
from .member_allowance import MemberAllowance
from .pace_state import PaceState


class Pacer(Protocol):
    """Decides when calls of one limit group may be sent. Times are monotonic seconds.

    ``GroupPacer`` decides by itself, and documents each of these; a member of a fleet
    (``frontegg_async.fleet``) by the slots that it was leased.
    """

    @property
    def rate(self) -> float: ...  # noqa: D102
    @property
    def member_allowance(self) -> MemberAllowance | None: ...  # noqa: D102
    @property
    def limited(self) -> bool: ...  # noqa: D102
    @property
    def answer_time(self) -> float: ...  # noqa: D102
    @property
    def stated_until(self) -> float: ...  # noqa: D102
    @property
    def closed(self) -> bool: ...  # noqa: D102

    def surveying(self, now: float) -> bool: ...  # noqa: D102
    def crowded(self, flight: int) -> bool: ...  # noqa: D102
    def note_interactive_idle(self) -> None: ...  # noqa: D102
    def look_is_due(self, now: float) -> bool: ...  # noqa: D102
    def opens_in(self, now: float) -> float: ...  # noqa: D102
    def closed_since(self, now: float) -> float: ...  # noqa: D102
    def served_in(self, now: float, ahead: int) -> float: ...  # noqa: D102
    def left_in_window(self, now: float) -> float: ...  # noqa: D102
    def seconds_to_wait(self, now: float) -> float: ...  # noqa: D102
    def closed_for(self, now: float) -> float: ...  # noqa: D102
    def state(self, now: float) -> PaceState: ...  # noqa: D102
    def learned(self) -> tuple[float, float] | None: ...  # noqa: D102
    def begin_with(self, calls: float, seconds: float) -> None: ...  # noqa: D102
    def admit(  # noqa: D102
        self, now: float, *, bulk: bool = False, last: bool = False, bounds: Bounds = NO_BOUNDS
    ) -> float: ...
    def give_back(  # noqa: D102
        self, now: float, admitted_at: float | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None: ...
    def succeeded(self, sent_at: float, now: float) -> bool: ...  # noqa: D102
    def throttled(self, sent_at: float, now: float, wait: float | None) -> bool: ...  # noqa: D102
    def exhausted(self, sent_at: float, now: float, wait: float) -> None: ...  # noqa: D102
    def failed(self, sent_at: float, now: float) -> None: ...  # noqa: D102
