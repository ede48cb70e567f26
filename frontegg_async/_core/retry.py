"""Decides after each attempt that was no success: pure functions over values, no I/O.

    outcome of an attempt               effect          safe, idempotent   converging   unsafe
    ─────────────────────────────────   ─────────────   ────────────────   ──────────   ────────
    nothing was sent                    NOT_SENT        again              again        again
    a proxy that refuses                NOT_SENT        error              error        error
    429, 503 with a stated wait         THROTTLED       in line            in line      in line
    429 that cannot be read             THROTTLED       error              error        error
    401, token can be replaced          REFUSED         new token          new token    new token
    404 to a DELETE, after doubt        REFUSED         done               done         done
    421, 425, 501, 505, 511, 525, 526   NOT_PROCESSED   again              read back    error
    408, 460, 499, every other 5xx,     IN_DOUBT        again              read back    error
    a cut, a timeout, no HTTP
    2xx that cannot be read             DONE            error              error        error
    3xx, 4xx after doubt                REFUSED         error              read back    error
    3xx, 4xx                            REFUSED         error              error        error

A gateway that gave up (408, 460, 499, 5xx) does not say how far the server came: it may have done
the work, or do it in a moment. 421, 425 and the others of their line mean that the request was not
processed (RFC 9110, RFC 8470; 525 and 526 are Cloudflare's for a server without TLS). With
``rejected_before_processing=False`` 401 and THROTTLED are IN_DOUBT; safe and idempotent operations
are sent again as in the table, the others take the steps of their column for IN_DOUBT.

    step        waits for             counts as an attempt       draws on the budget
    ─────────   ───────────────────   ────────────────────────   ───────────────────
    again       backoff               yes; in an outage no       yes
    in line     line of the pacing    no                         no
      alone     backoff               yes; in an outage no       no
    new token   the token             yes                        no
    read back   a call of its own     not done and harmless: again; otherwise an error

- Alone (``singled_out``): the server takes later calls of the group and still rejects this one.
- An outage, for bulk calls only: no call of the run has succeeded since the attempt was sent, and
  the call is younger than ``OUTAGE_PATIENCE_S``.
- A new token is tried once, or twice if the second one came from a store.
- A step beyond ``max_attempts``, the deadline, ``max_wait`` (of a stated wait) or the budget is an
  error at once: nothing is waited for that does not fit.

The error is that of the last outcome (tables in ``response.py``). A call whose second request would
be noticed fails as ``OutcomeUnknownError`` if any attempt of it was in doubt: a later refusal does
not undo an earlier attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from ..errors import ClosedError, FronteggError
from ..operation import RetrySafety
from .rate_limit_headers import is_throttled
from .response import Failure, FailureKind, Response

BACKOFF_BASE_S: Final = 0.25
"""The first backoff is drawn from 0 to twice this."""
BACKOFF_CAP_S: Final = 20.0
"""No backoff is longer."""
OUTAGE_PATIENCE_S: Final = 180.0
"""Age up to which attempts of a bulk call in an outage do not count."""

_GAVE_UP: Final = frozenset({408, 460, 499})
"""4xx of servers and gateways that stopped waiting: 460 is AWS's, 499 nginx's."""
_NOT_PROCESSED: Final = frozenset({421, 425, 501, 505, 511, 525, 526})
"""Statuses of requests that were not processed."""


class Effect(Enum):
    """State of the work after an attempt that was no success."""

    NOT_SENT = "not sent"
    """The server has seen nothing."""
    THROTTLED = "throttled"
    """Rejected for now, because of a limit."""
    NOT_PROCESSED = "not processed"
    """Not processed, for a reason that is not in the request."""
    IN_DOUBT = "in doubt"
    """The work may have been done, or may be done in a moment."""
    DONE = "done"
    """Done by the status, but the rest of the response, which would prove it, cannot be read."""
    REFUSED = "refused"
    """Refused for a reason in the request."""


class Step(Enum):
    """Next step of a call."""

    SEND_AGAIN = "send again"
    NEW_TOKEN = "send again with a new token"  # noqa: S105  # no secret
    """Replace the token, then ask ``after_new_token``."""
    READ_BACK = "read back"
    """Read the object back; if that does not show the work done, ask ``after_read_back``."""
    DONE = "done by an earlier attempt"
    """Succeed: the work was done by an attempt whose response got lost."""
    FAIL = "fail"


class Decision(msgspec.Struct, frozen=True):
    """Next step of a call.

    Args:
        step: the step.
        effect: state of the work.
        wait: seconds to wait before the step.
        retry_after: seconds that the server asked for, or None.
        in_line: True if the pacing decides when to send again.
        counts: True if the attempt counts towards ``max_attempts``.
    """

    step: Step
    effect: Effect
    wait: float = 0.0
    retry_after: float | None = None
    in_line: bool = False
    counts: bool = True


class RetryContext(msgspec.Struct, frozen=True):
    """State of a call that a decision depends on, beside the outcome of its attempt.

    Args:
        repeat: safety of a second request.
        attempt: number of attempts that count, from 1.
        failures: number of attempts that failed, counted or not; the backoff grows with it.
        max_attempts: most attempts that may count.
        remaining: seconds to the deadline.
        max_wait: the longest wait, in seconds, that the server may impose.
        elapsed: seconds since the call began.
        bulk: True for a bulk call: a stated wait that is too long is tested, not believed.
        others_succeeded: True if a call of the same view has succeeded since the attempt was sent.
        singled_out: True if the server takes other calls and rejects this one.
        deletes: True for a DELETE without a result.
        has_token: True if the call was sent with a token that can be replaced.
        unproven_token: True if that token came from a store after a 401.
        new_tokens: number of tokens that were tried after the first one.
        rejected_before_processing: True if a 401 or a 429 means that nothing was done.
        in_doubt: True if an earlier attempt may have been done.
    """

    repeat: RetrySafety
    attempt: int
    failures: int
    max_attempts: int
    remaining: float
    max_wait: float
    elapsed: float = 0.0
    bulk: bool = False
    others_succeeded: bool = False
    singled_out: bool = False
    deletes: bool = False
    has_token: bool = False
    unproven_token: bool = False
    new_tokens: int = 0
    rejected_before_processing: bool = True
    in_doubt: bool = False

    @property
    def in_outage(self) -> bool:
        """True if the server fails for every call of a bulk run.

        A row that fails while others succeed is the one to be given up after some attempts.
        """
        return self.bulk and not self.others_succeeded and self.elapsed < OUTAGE_PATIENCE_S


class RetryBudget:
    """Keeps an outage from multiplying traffic: every success allows a tenth of a retry.

    Only retries after failures draw on it. A wait that the server states is its own limit.

    Attributes:
        spent: retries that successes have not earned back.
    """

    __slots__ = ("_capacity", "spent")

    _REFUND: Final = 0.1

    def __init__(self, capacity: float = 50.0) -> None:
        self._capacity: Final = capacity
        self.spent = 0.0

    def refund(self) -> None:
        """Count a success; of no effect where nothing is spent."""
        self.spent = max(self.spent - self._REFUND, 0.0)

    def draw(self) -> bool:
        """Take one retry, or return False if there is none."""
        if self.spent > self._capacity - 1.0:
            return False
        self.spent += 1.0
        return True


def decide(
    context: RetryContext,
    outcome: Response | Failure,
    *,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step after an attempt that was no success.

    Args:
        context: the operation, and how far the call has come.
        outcome: response or failure of the attempt.
        budget: retries left to the session.
        uniform: draws a number between two others, such as ``random.uniform``.
    """
    effect = effect_of(outcome, rejected_before_processing=context.rejected_before_processing)
    if isinstance(outcome, Response):
        if outcome.status == 401 and context.has_token:
            return Decision(Step.NEW_TOKEN, effect)
        if outcome.status == 404 and context.deletes and context.in_doubt:
            return Decision(Step.DONE, effect)
        harmless = effect is Effect.THROTTLED or not is_noticed_twice(context.repeat)
        if outcome.throttled and harmless:
            return _after_throttling(context, effect, outcome.retry_after, uniform)
    elif outcome.kind is FailureKind.PROXY_REFUSED:
        return Decision(Step.FAIL, effect)
    if effect is Effect.NOT_SENT:
        return _again_with_backoff(context, effect, budget, uniform)
    return _after_response(context, outcome, effect, budget, uniform)


def _after_response(
    context: RetryContext,
    outcome: Response | Failure,
    effect: Effect,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step after a request that the server has seen."""
    stated = outcome.retry_after if isinstance(outcome, Response) else None
    # A second 401 is final, also where the first attempt may have been processed.
    rejected = isinstance(outcome, Response) and outcome.status == 401
    is_final = effect in {Effect.REFUSED, Effect.DONE, Effect.THROTTLED}
    if context.repeat is RetrySafety.CONVERGING:
        # A refusal after an attempt in doubt may only say that this one has done the work.
        if not is_final or (context.in_doubt and effect is Effect.REFUSED):
            return Decision(Step.READ_BACK, effect, retry_after=stated)
    elif context.repeat is not RetrySafety.UNSAFE and not is_final and not rejected:
        return _again_with_backoff(context, effect, budget, uniform)
    return Decision(Step.FAIL, effect, retry_after=stated)


def effect_of(outcome: Response | Failure, *, rejected_before_processing: bool = True) -> Effect:
    """Return the state of the work after an attempt that was no success.

    Args:
        outcome: response or failure of the attempt.
        rejected_before_processing: True if a 401 or a 429 means that nothing was done.
    """
    if isinstance(outcome, Response):
        return _effect_of_status(outcome.status, outcome.throttled, rejected_before_processing)
    if outcome.kind in {FailureKind.NOT_SENT, FailureKind.PROXY_REFUSED}:
        return Effect.NOT_SENT
    status = outcome.status
    # Of a whole response that cannot be read, the status says all that can be known.
    if status is None or outcome.kind not in {FailureKind.MALFORMED, FailureKind.TOO_LARGE}:
        return Effect.IN_DOUBT
    return _effect_of_status(status, is_throttled(status, None), rejected_before_processing)


def _effect_of_status(status: int, throttled: bool, rejected_before_processing: bool) -> Effect:
    if throttled:
        return Effect.THROTTLED if rejected_before_processing else Effect.IN_DOUBT
    if status == 401:
        return Effect.REFUSED if rejected_before_processing else Effect.IN_DOUBT
    if status in _NOT_PROCESSED:
        return Effect.NOT_PROCESSED
    if status >= 500 or status in _GAVE_UP:
        return Effect.IN_DOUBT
    return Effect.DONE if 200 <= status < 300 else Effect.REFUSED


def is_noticed_twice(repeat: RetrySafety) -> bool:
    """Return whether a second request would be noticed, so that doubt has to be reported."""
    return repeat in {RetrySafety.CONVERGING, RetrySafety.UNSAFE}


def _after_throttling(
    context: RetryContext,
    effect: Effect,
    stated: float | None,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Send the call back into the line of the pacing, unless that cannot help it."""
    # In line an attempt does not count, except for a call that must not be repeated at all.
    counts = context.singled_out or context.max_attempts == 1
    if counts and context.attempt >= context.max_attempts:
        return Decision(Step.FAIL, effect, retry_after=stated)
    if (
        stated is not None
        and not context.bulk
        and (stated >= context.remaining or stated > context.max_wait)
    ):
        return Decision(Step.FAIL, effect, retry_after=stated)
    if context.singled_out:
        wait = uniform(0.0, backoff_ceiling(context.attempt))
        if wait >= context.remaining:
            return Decision(Step.FAIL, effect, retry_after=stated)
        return Decision(Step.SEND_AGAIN, effect, wait, stated, counts=not context.in_outage)
    return Decision(Step.SEND_AGAIN, effect, retry_after=stated, in_line=True, counts=False)


def _again_with_backoff(
    context: RetryContext,
    effect: Effect,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    wait = uniform(0.0, backoff_ceiling(context.failures))
    if context.attempt >= context.max_attempts or wait >= context.remaining or not budget.draw():
        return Decision(Step.FAIL, effect)
    return Decision(Step.SEND_AGAIN, effect, wait, counts=not context.in_outage)


def after_new_token(
    context: RetryContext,
    outcome: Response | Failure,
    *,
    replaced: bool,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step after a 401, once it is known whether the token can be replaced.

    Args:
        context: as for ``decide``.
        outcome: the 401.
        replaced: True if the rejected token is out of use, so that the next one is another.
        budget: as for ``decide``.
        uniform: as for ``decide``.
    """
    # Two from a store may be as dead as the one before them (``MAX_DEAD_FROM_STORE``).
    allowed = 3 if context.unproven_token else 1
    effect = effect_of(outcome, rejected_before_processing=context.rejected_before_processing)
    harmless = effect is Effect.REFUSED or not is_noticed_twice(context.repeat)
    if replaced and harmless and context.new_tokens < allowed:
        return Decision(Step.SEND_AGAIN, effect)
    return _after_response(context, outcome, effect, budget, uniform)


def after_read_back(
    context: RetryContext,
    effect: Effect,
    *,
    harmless: bool,
    budget: RetryBudget,
    uniform: Callable[[float, float], float],
) -> Decision:
    """Return the next step when reading back has not found the work done.

    The server may still be at it, so only a request that is harmless twice is sent again.
    """
    if not harmless or effect is Effect.REFUSED:
        return Decision(Step.FAIL, effect)
    return _again_with_backoff(context, effect, budget, uniform)


def ends_in_doubt(error: FronteggError, repeat: RetrySafety, *, in_doubt: bool) -> bool:
    """Return whether a call raises ``OutcomeUnknownError`` in place of its error.

    Args:
        error: the reason why nothing more is sent: an outcome, or a wait that does not fit.
        repeat: safety of a second request.
        in_doubt: True if an attempt may have been done.
    """
    return in_doubt and is_noticed_twice(repeat) and not isinstance(error, ClosedError)


def backoff_ceiling(failures: int) -> float:
    """Return the longest backoff after this many failed attempts, in seconds."""
    # The exponent is bounded before the power is taken: attempts may be many in a bulk run.
    return float(min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** min(failures, 16)))
