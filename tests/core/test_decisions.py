"""The rows of the retry table that depend on the whole call: tokens, deletions, outages, doubt."""

from __future__ import annotations

from typing import Final

import pytest
from multidict import CIMultiDict

from frontegg_async._core.response import Failure, FailureKind, Response
from frontegg_async._core.retry import (
    OUTAGE_PATIENCE_S,
    Decision,
    Effect,
    RetryBudget,
    RetryContext,
    Step,
    after_new_token,
    decide,
    ends_in_doubt,
)
from frontegg_async.errors import ClosedError, NotFoundError, RateLimitError
from frontegg_async.operation import RetrySafety

NOTICED: Final = (RetrySafety.CONVERGING, RetrySafety.UNSAFE)


def context(repeat: RetrySafety = RetrySafety.IDEMPOTENT, **changes: object) -> RetryContext:
    """Return the context of a first attempt."""
    usual = {
        "repeat": repeat,
        "attempt": 1,
        "failures": 1,
        "max_attempts": 4,
        "remaining": 30.0,
        "max_wait": 60.0,
    }
    return RetryContext(**{**usual, **changes})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def highest(_low: float, high: float) -> float:
    return high


def decided(state: RetryContext, outcome: Response | Failure) -> Decision:
    return decide(state, outcome, budget=RetryBudget(), uniform=highest)


def renewed(state: RetryContext, *, replaced: bool) -> Decision:
    outcome = Response(401, {}, b"")
    return after_new_token(state, outcome, replaced=replaced, budget=RetryBudget(), uniform=highest)


@pytest.mark.parametrize("repeat", RetrySafety)
def test_a_rejected_token_is_replaced_first(repeat: RetrySafety) -> None:
    """A 401 asks for a new token where there is one to replace, and is final otherwise."""
    outcome = Response(401, {}, b"")
    assert decided(context(repeat, has_token=True), outcome).step is Step.NEW_TOKEN
    assert decided(context(repeat), outcome).step is Step.FAIL


@pytest.mark.parametrize(
    ("unproven", "new_tokens", "step"),
    [
        (False, 0, Step.SEND_AGAIN),
        (False, 1, Step.FAIL),
        (True, 1, Step.SEND_AGAIN),
        (True, 2, Step.SEND_AGAIN),
        (True, 3, Step.FAIL),
    ],
)
def test_a_new_token_is_tried_once(unproven: bool, new_tokens: int, step: Step) -> None:
    """A call goes out with one new token, and with up to two more only after ones from a store."""
    state = context(has_token=True, unproven_token=unproven, new_tokens=new_tokens)
    found = renewed(state, replaced=True)
    assert (found.step, found.wait, found.counts) == (step, 0.0, True)
    assert renewed(state, replaced=False).step is Step.FAIL


@pytest.mark.parametrize("repeat", RetrySafety)
def test_no_new_token_where_a_401_proves_nothing(repeat: RetrySafety) -> None:
    """Told that a 401 may come after processing, a call that is noticed twice stays in doubt."""
    state = context(repeat, has_token=True, rejected_before_processing=False)
    found = renewed(state, replaced=True)
    in_doubt = {RetrySafety.CONVERGING: Step.READ_BACK, RetrySafety.UNSAFE: Step.FAIL}
    assert found.step is in_doubt.get(repeat, Step.SEND_AGAIN)
    assert found.effect is Effect.IN_DOUBT


@pytest.mark.parametrize(
    ("status", "in_doubt", "deletes", "step"),
    [
        (404, True, True, Step.DONE),
        (404, False, True, Step.FAIL),
        (404, True, False, Step.FAIL),
        (410, True, True, Step.FAIL),
    ],
)
def test_an_object_that_an_earlier_attempt_deleted(
    status: int, in_doubt: bool, deletes: bool, step: Step
) -> None:
    """Only a 404 to a DELETE of which an attempt is in doubt means that it was done."""
    state = context(in_doubt=in_doubt, deletes=deletes)
    assert decided(state, Response(status, {}, b"")).step is step


@pytest.mark.parametrize(
    "outcome", [Response(500, {}, b""), Failure(FailureKind.NOT_SENT, "down"), "alone"]
)
@pytest.mark.parametrize(
    ("bulk", "others", "elapsed", "counts"),
    [
        (True, False, OUTAGE_PATIENCE_S - 0.1, False),
        (True, False, OUTAGE_PATIENCE_S, True),
        (True, True, 0.0, True),
        (False, False, 0.0, True),
    ],
)
def test_attempts_in_an_outage_do_not_count(
    outcome: Response | Failure | str, bulk: bool, others: bool, elapsed: float, counts: bool
) -> None:
    """A bulk call's attempts are free for 180 s, as long as no other call succeeds."""
    alone = isinstance(outcome, str)
    state = context(bulk=bulk, others_succeeded=others, elapsed=elapsed, singled_out=alone)
    found = decided(state, Response(429, {}, b"") if isinstance(outcome, str) else outcome)
    assert (found.step, found.counts) == (Step.SEND_AGAIN, counts)


@pytest.mark.parametrize("bulk", [False, True])
def test_an_attempt_that_was_throttled_does_not_count(bulk: bool) -> None:
    """Back in the line of the pacing, all attempts of a call are left."""
    found = decided(context(bulk=bulk), Response(429, {}, b""))
    assert (found.in_line, found.counts) == (True, False)


@pytest.mark.parametrize("repeat", RetrySafety)
def test_doubt_is_the_error_where_it_matters(repeat: RetrySafety) -> None:
    """After an attempt in doubt any error but a closed session's becomes an unknown outcome."""
    for error in (NotFoundError("no"), RateLimitError("too many")):
        assert not ends_in_doubt(error, repeat, in_doubt=False)
        assert ends_in_doubt(error, repeat, in_doubt=True) is (repeat in NOTICED)
    assert not ends_in_doubt(ClosedError("closed"), repeat, in_doubt=True)


@pytest.mark.parametrize(
    ("status", "header", "wait", "throttled"),
    [
        (429, None, None, True),
        (429, "3", 3.0, True),
        (503, "3", 3.0, True),
        (503, "Thu, 15 Jan 2026 08:00:20 GMT", 20.0, True),
        (503, None, None, False),
        (503, "banana", None, False),
        (500, "3", 3.0, False),
        (404, "3", 3.0, False),
        (202, "3", 3.0, False),
    ],
)
def test_the_response_knows_whether_it_was_throttled(
    status: int, header: str | None, wait: float | None, throttled: bool
) -> None:
    """A response reads its wait once, by the server's time, and tells throttling from the rest."""
    headers = CIMultiDict({} if header is None else {"Retry-After": header})
    response = Response(status, headers, b"", server_time=1_768_464_000.0)
    assert (response.retry_after, response.throttled) == (wait, throttled)
    headers.clear()
    assert (response.retry_after, response.throttled) == (wait, throttled)
