"""Writes of a run that reads may not show yet, or that may still be done.

A read lags behind writes, by half a minute where it was tried, and a service may do what was asked
of it after a gateway has given up. So the next row about the same thing goes by what the run itself
remembers of the earlier one.
"""

from __future__ import annotations

from typing import Final

from .._clock import Clock
from ..errors import OutcomeUnknownError
from .entries import LedgerRow, State

LATEST_COMMIT: Final = 6.0
"""Seconds after a lost answer in which the server may still do what was asked: a gateway gave up,
and the service behind it has not. Commits after four seconds were tried."""


class LateWrites:
    """Knows until when a user's earlier row may still take effect, and undo a later one."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        # In the order of their times, which is that in which they are entered.
        self._until: Final[dict[str, float]] = {}

    def lost(self, user_id: str) -> None:
        """Hear that a write to a user got no answer, or may have been under way until now."""
        now = self._clock.monotonic()
        while self._until and next(iter(self._until.values())) <= now:
            del self._until[next(iter(self._until))]
        self._until.pop(user_id, None)
        self._until[user_id] = now + LATEST_COMMIT

    async def passed(self, user_id: str) -> None:
        """Wait until no lost write to a user is expected to take effect any more."""
        while (left := self._until.get(user_id, 0.0) - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)


MOST_KEPT: Final = 50_000
"""Memberships that are remembered: of the last 50 minutes at a thousand invites a minute."""


class WrittenMemberships:
    """Remembers which memberships a run has made, or may have made, with an invite each.

    A look at the user before the next invite may be too early to show them.
    """

    def __init__(self) -> None:
        self._states: Final[dict[tuple[str, str | None], State]] = {}

    def ended(self, row: LedgerRow, state: State, *, added: bool) -> None:
        """Hear what a row about a membership ended in.

        Args:
            row: names user and tenant.
            state: what it ended in.
            added: whether the membership was made, although something else may have failed.
        """
        if row.who is None or (state is State.FAILED and not added):
            return
        states, membership = self._states, (row.who, row.tenant_id)
        if len(states) >= MOST_KEPT:
            del states[next(iter(states))]
        states[membership] = State.DONE if added else state

    def made(self, row: LedgerRow, *, resend: bool) -> bool:
        """Whether an earlier row has made the membership of a row, or found it.

        Args:
            row: names user and tenant.
            resend: whether a second invite is allowed where that is not known.

        Raises:
            OutcomeUnknownError: an earlier row may have made it.
        """
        state = self._states.get((row.who or "", row.tenant_id))
        if state is State.UNKNOWN and not resend:
            raise OutcomeUnknownError("an earlier row may have sent the invite")
        return state in {State.DONE, State.ALREADY}
