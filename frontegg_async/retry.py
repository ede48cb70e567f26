"""Whether to send again, and when: pure functions over values.

    what came back              safe, idempotent    converging          unsafe
    ─────────────────────────   ─────────────────   ─────────────────   ─────────────────
    nothing was sent            again               again               again
    429, 503 with a wait        again, any method: the server did not take it
    429 without a wait          again, backing off
    401                         once more with a new token (the session sees to it)
    500, 503                    again               read back           server error
    502, 504, cut, timed out    again               read back           outcome unknown
    anything else               error               error               error

Each "again" needs an attempt, time before the deadline, and budget; a wait that does not fit is
reported and not slept.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from .answer import Answer, Failure, FailureKind
from .limits import is_throttled, stated_wait
from .operation import Repeat

BACKOFF_BASE: Final = 0.25
"""Seconds: the first backoff is drawn from 0 to twice this."""
BACKOFF_CAP: Final = 20.0
"""Seconds: no backoff is longer."""

_GATEWAY_STATUSES: Final = frozenset({502, 504})


class Step(Enum):
    """What to do next."""

    SEND_AGAIN = "send again"
    READ_BACK = "read back"
    FAIL = "fail"


class Decision(msgspec.Struct, frozen=True):
    """The next step.

    Args:
        step: what to do.
        wait: seconds to wait before it.
        uncertain: whether the server may have done what was asked.
        retry_after: seconds that the server asked for, or None.
        in_line: whether the pacing says when to send again, and the attempt does not count.
    """

    step: Step
    wait: float = 0.0
    uncertain: bool = False
    retry_after: float | None = None
    in_line: bool = False


class Situation(msgspec.Struct, frozen=True):
    """What a decision depends on, beside the outcome.

    Args:
        repeat: what sending the operation twice means.
        attempt: how many were sent, from 1.
        max_attempts: how many may be.
        remaining: seconds to the deadline.
        max_wait: the longest wait, in seconds, that the server may impose.
        now: seconds since the epoch here, for a server that does not say what time it has.
        offset: the server's clock minus ours, in seconds, as far as is known.
        patient: whether a stated wait that is too long is looked behind instead of believed.
        alone: whether the server takes other calls and refuses this one.
        rejected_before_processing: whether a 429 means that nothing was done.
    """

    repeat: Repeat
    attempt: int
    max_attempts: int
    remaining: float
    max_wait: float
    now: float
    offset: float = 0.0
    patient: bool = False
    alone: bool = False
    rejected_before_processing: bool = True


class RetryBudget:
    """Keeps an outage from multiplying traffic: every success allows a tenth of a retry.

    Only retries after failures draw on it. A wait that the server states is its own limit.
    """

    __slots__ = ("_capacity", "_tokens")

    _REFUND: Final = 0.1

    def __init__(self, capacity: float = 50.0) -> None:
        self._capacity = capacity
        self._tokens = capacity

    def refund(self) -> None:
        """Count a success."""
        if self._tokens < self._capacity:
            self._tokens = min(self._capacity, self._tokens + self._REFUND)

    def draw(self) -> bool:
        """Take one retry, or return False if there is none."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


def decide(
    situation: Situation,
    outcome: Answer | Failure,
    *,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step after an attempt that was no success.

    Args:
        situation: the operation, and how far the call has come.
        outcome: what the attempt ended in.
        budget: retries left to the session.
        uniform: draws a number between two others, such as ``random.uniform``.
    """
    repeat = situation.repeat
    if isinstance(outcome, Answer):
        stated = stated_wait(outcome.headers, situation.now, offset=situation.offset)
        if is_throttled(outcome.status, stated) and (
            situation.rejected_before_processing or repeat in {Repeat.SAFE, Repeat.IDEMPOTENT}
        ):
            return _after_throttling(situation, stated, uniform)
        if outcome.status < 500:
            return Decision(Step.FAIL, retry_after=stated)
        uncertain = may_be_done(outcome)
    elif outcome.kind is FailureKind.NOT_SENT:
        return _again_with_backoff(situation, budget, uniform)
    elif outcome.kind is FailureKind.TOO_LARGE or (
        outcome.kind is FailureKind.MALFORMED and outcome.status is not None
    ):
        # The same answer would come again, and its status says that the work was done.
        return Decision(Step.FAIL)
    else:
        uncertain = True
    if repeat is Repeat.UNSAFE:
        return Decision(Step.FAIL, uncertain=uncertain)
    if repeat is Repeat.CONVERGING:
        return Decision(Step.READ_BACK, uncertain=uncertain)
    return _again_with_backoff(situation, budget, uniform)


def may_be_done(outcome: Answer | Failure) -> bool:
    """Whether an attempt that was no success says nothing of what the server did."""
    if isinstance(outcome, Answer):
        return outcome.status in _GATEWAY_STATUSES
    return outcome.kind is not FailureKind.NOT_SENT


def _after_throttling(
    situation: Situation, stated: float | None, uniform: Callable[[float, float], float]
) -> Decision:
    """Send the call back into the line of the pacing, unless that can be of no use to it."""
    # In line an attempt does not count, but for a call that is not to be repeated at all.
    counts = situation.alone or situation.max_attempts == 1
    if counts and situation.attempt >= situation.max_attempts:
        return Decision(Step.FAIL, retry_after=stated)
    if (
        stated is not None
        and not situation.patient
        and (stated >= situation.remaining or stated > situation.max_wait)
    ):
        return Decision(Step.FAIL, retry_after=stated)
    if situation.alone:
        wait = uniform(0.0, backoff_ceiling(situation.attempt))
        if wait >= situation.remaining:
            return Decision(Step.FAIL, retry_after=stated)
        return Decision(Step.SEND_AGAIN, wait, retry_after=stated)
    return Decision(Step.SEND_AGAIN, retry_after=stated, in_line=True)


def _again_with_backoff(
    situation: Situation,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
    *,
    uncertain: bool = False,
) -> Decision:
    wait = uniform(0.0, backoff_ceiling(situation.attempt))
    if (
        situation.attempt >= situation.max_attempts
        or wait >= situation.remaining
        or not budget.draw()
    ):
        return Decision(Step.FAIL, uncertain=uncertain)
    return Decision(Step.SEND_AGAIN, wait)


def after_read_back(
    situation: Situation,
    *,
    uncertain: bool,
    harmless: bool,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step when reading back has not found the work done.

    The server may still be at it, so only what is harmless twice is sent again.
    """
    if not harmless:
        return Decision(Step.FAIL, uncertain=uncertain)
    return _again_with_backoff(situation, budget, uniform, uncertain=uncertain)


def backoff_ceiling(attempt: int) -> float:
    """Return the longest backoff after attempt number ``attempt``, in seconds."""
    # The exponent is bounded before the power is taken: attempts may be many in a bulk run.
    return float(min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt, 16)))
