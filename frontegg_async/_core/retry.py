"""What an outcome says of the work, and whether to send again: pure functions over values.

    what came back                      fate        safe, idempotent   converging     unsafe
    ─────────────────────────────────   ─────────   ────────────────   ────────────   ──────────────
    nothing was sent                    NOT_SENT    again              again          again
    429, 503 with a wait                PUT_OFF     when the limit allows, any method
    421, 425, 501, 505, 511, 525, 526   NOT_TAKEN   again              read back      error
    408, 460, 499, every other 5xx,     IN_DOUBT    again              read back      outcome
    a cut, a timeout, no HTTP                                                         unknown
    2xx that cannot be read             DONE        error              error          error
    3xx, 4xx                            REFUSED     error              error          error

A gateway that gave up (408, 460, 499, 5xx) does not say how far the server came: it may have done
the work, or do it in a moment. 421, 425 and the others of their line mean that the request was not
processed (RFC 9110, RFC 8470; 525 and 526 are Cloudflare's for a server without TLS).

Each "again" needs an attempt, time before the deadline, and budget; a wait that does not fit is
reported and not slept. "Read back" returns what was found done, sends again where that is harmless,
and is an error otherwise. A call whose second request would be noticed, and that fails after an
attempt in doubt, fails as ``OutcomeUnknownError``, whatever the last attempt was: a later refusal
does not undo an earlier attempt. With ``rejected_before_processing=False`` 401 and PUT_OFF are
IN_DOUBT. A 401 is sent once more with a new token, which the session sees to.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from ..operation import RetrySafety
from .rate_limit_headers import is_throttled, parse_retry_after
from .response import Failure, FailureKind, Response

BACKOFF_BASE: Final = 0.25
"""Seconds: the first backoff is drawn from 0 to twice this."""
BACKOFF_CAP: Final = 20.0
"""Seconds: no backoff is longer."""

_GAVE_UP: Final = frozenset({408, 460, 499})
"""4xx of servers and gateways that stopped waiting: 460 is AWS's, 499 nginx's."""
_NOT_TAKEN: Final = frozenset({421, 425, 501, 505, 511, 525, 526})
"""Statuses with which the request was not processed."""


class Fate(Enum):
    """What an attempt that was no success says of the work."""

    NOT_SENT = "not sent"
    """The server has seen nothing."""
    PUT_OFF = "put off"
    """Refused for now, because of a limit."""
    NOT_TAKEN = "not taken"
    """Not processed, and not for what it says."""
    IN_DOUBT = "in doubt"
    """The work may have been done, or may be done in a moment."""
    DONE = "done"
    """Done by the status, but the rest of the answer, which would prove it, cannot be read."""
    REFUSED = "refused"
    """Refused for what it says."""


class Step(Enum):
    """What to do next."""

    SEND_AGAIN = "send again"
    READ_BACK = "read back"
    FAIL = "fail"


class Decision(msgspec.Struct, frozen=True):
    """The next step.

    Args:
        step: what to do.
        fate: what the attempt says of the work.
        wait: seconds to wait before it.
        retry_after: seconds that the server asked for, or None.
        in_line: whether the pacing says when to send again, and the attempt does not count.
    """

    step: Step
    fate: Fate
    wait: float = 0.0
    retry_after: float | None = None
    in_line: bool = False


class RetryContext(msgspec.Struct, frozen=True):
    """What a decision depends on, beside the outcome.

    Args:
        repeat: what sending the operation twice means.
        attempt: number of attempts that count, from 1; in an outage those of a bulk call do not.
        failures: number of attempts that failed, counted or not; the backoff grows with it.
        max_attempts: how many may be.
        remaining: seconds to the deadline.
        max_wait: the longest wait, in seconds, that the server may impose.
        now: seconds since the epoch here, for a server that does not say what time it has.
        offset: the server's clock minus ours, in seconds, as far as is known.
        patient: whether a stated wait that is too long is looked behind instead of believed.
        alone: whether the server takes other calls and refuses this one.
        rejected_before_processing: whether a 401 or a 429 means that nothing was done.
        in_doubt: whether an earlier attempt may have been done.
    """

    repeat: RetrySafety
    attempt: int
    failures: int
    max_attempts: int
    remaining: float
    max_wait: float
    now: float
    offset: float = 0.0
    patient: bool = False
    alone: bool = False
    rejected_before_processing: bool = True
    in_doubt: bool = False


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
    situation: RetryContext,
    outcome: Response | Failure,
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
    fate = fate_of(outcome, rejected_before_processing=situation.rejected_before_processing)
    stated = None
    if isinstance(outcome, Response):
        stated = parse_retry_after(outcome.headers, situation.now, offset=situation.offset)
        if is_throttled(outcome.status, stated) and (
            fate is Fate.PUT_OFF or not is_noticed_twice(repeat)
        ):
            return _after_throttling(situation, fate, stated, uniform)
        if outcome.status == 401 and not is_noticed_twice(repeat):
            # The session has sent it with another token already, if it could.
            return Decision(Step.FAIL, fate, retry_after=stated)
    if isinstance(outcome, Failure) and outcome.kind is FailureKind.PROXY_REFUSED:
        return Decision(Step.FAIL, fate)
    if fate is Fate.NOT_SENT:
        return _again_with_backoff(situation, fate, budget, uniform)
    is_final = fate in {Fate.REFUSED, Fate.DONE, Fate.PUT_OFF}
    if repeat is RetrySafety.CONVERGING:
        # A refusal after an attempt in doubt may only say that this one has done the work.
        if not is_final or (situation.in_doubt and fate is Fate.REFUSED):
            return Decision(Step.READ_BACK, fate, retry_after=stated)
    elif repeat is not RetrySafety.UNSAFE and not is_final:
        return _again_with_backoff(situation, fate, budget, uniform)
    return Decision(Step.FAIL, fate, retry_after=stated)


def fate_of(outcome: Response | Failure, *, rejected_before_processing: bool = True) -> Fate:
    """Return what an attempt that was no success says of the work.

    Args:
        outcome: what the attempt ended in.
        rejected_before_processing: whether a 401 or a 429 means that nothing was done.
    """
    if isinstance(outcome, Failure):
        if outcome.kind in {FailureKind.NOT_SENT, FailureKind.PROXY_REFUSED}:
            return Fate.NOT_SENT
        # An answer to its end that cannot be read: its status says what there is to know.
        if outcome.kind not in {FailureKind.MALFORMED, FailureKind.TOO_LARGE}:
            return Fate.IN_DOUBT
        if outcome.status is None:
            return Fate.IN_DOUBT
    return _fate_of_status(outcome, outcome.status or 0, rejected_before_processing)


def _fate_of_status(
    outcome: Response | Failure, status: int, rejected_before_processing: bool
) -> Fate:
    if status == 429 or (status == 503 and _states_a_wait(outcome)):
        return Fate.PUT_OFF if rejected_before_processing else Fate.IN_DOUBT
    if status == 401:
        return Fate.REFUSED if rejected_before_processing else Fate.IN_DOUBT
    if status in _NOT_TAKEN:
        return Fate.NOT_TAKEN
    if status >= 500 or status in _GAVE_UP:
        return Fate.IN_DOUBT
    return Fate.DONE if 200 <= status < 300 else Fate.REFUSED


def _states_a_wait(outcome: Response | Failure) -> bool:
    # Whether it states one does not depend on the time.
    return isinstance(outcome, Response) and parse_retry_after(outcome.headers, 0.0) is not None


def is_noticed_twice(repeat: RetrySafety) -> bool:
    """Whether somebody notices if an operation is done twice, so that doubt has to be reported."""
    return repeat in {RetrySafety.CONVERGING, RetrySafety.UNSAFE}


def _after_throttling(
    situation: RetryContext,
    fate: Fate,
    stated: float | None,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Send the call back into the line of the pacing, unless that can be of no use to it."""
    # In line an attempt does not count, but for a call that is not to be repeated at all.
    counts = situation.alone or situation.max_attempts == 1
    if counts and situation.attempt >= situation.max_attempts:
        return Decision(Step.FAIL, fate, retry_after=stated)
    if (
        stated is not None
        and not situation.patient
        and (stated >= situation.remaining or stated > situation.max_wait)
    ):
        return Decision(Step.FAIL, fate, retry_after=stated)
    if situation.alone:
        wait = uniform(0.0, backoff_ceiling(situation.attempt))
        if wait >= situation.remaining:
            return Decision(Step.FAIL, fate, retry_after=stated)
        return Decision(Step.SEND_AGAIN, fate, wait, retry_after=stated)
    return Decision(Step.SEND_AGAIN, fate, retry_after=stated, in_line=True)


def _again_with_backoff(
    situation: RetryContext,
    fate: Fate,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    wait = uniform(0.0, backoff_ceiling(situation.failures))
    if (
        situation.attempt >= situation.max_attempts
        or wait >= situation.remaining
        or not budget.draw()
    ):
        return Decision(Step.FAIL, fate)
    return Decision(Step.SEND_AGAIN, fate, wait)


def after_read_back(
    situation: RetryContext,
    fate: Fate,
    *,
    harmless: bool,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step when reading back has not found the work done.

    The server may still be at it, so only what is harmless twice is sent again.
    """
    if not harmless or fate is Fate.REFUSED:
        return Decision(Step.FAIL, fate)
    return _again_with_backoff(situation, fate, budget, uniform)


def backoff_ceiling(failures: int) -> float:
    """Return the longest backoff after this many failed attempts, in seconds."""
    # The exponent is bounded before the power is taken: attempts may be many in a bulk run.
    return float(min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(failures, 16)))
