"""The decision to send again, and when, case by case and without a socket."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from frontegg_async._core.response import Failure, FailureKind, Response, error_of_response
from frontegg_async._core.retry import (
    BACKOFF_BASE_S,
    BACKOFF_CAP_S,
    Effect,
    RetryBudget,
    RetryContext,
    Step,
    after_read_back,
    backoff_ceiling,
    decide,
    effect_of,
)
from frontegg_async.errors import RateLimitError, ServerError
from frontegg_async.operation import RetrySafety

AGAIN, READ, FAIL = Step.SEND_AGAIN, Step.READ_BACK, Step.FAIL
Row = tuple[Response | Failure, Step, Step, Step, Effect]


def highest(_low: float, high: float) -> float:
    return high


def status(code: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(code, CIMultiDict(named), b"")


def broken(kind: FailureKind, code: int | None = None) -> Failure:
    return Failure(kind, "for the test", code)


def situation(
    repeat: RetrySafety = RetrySafety.SAFE,
    *,
    attempt: int = 1,
    max_attempts: int = 4,
    remaining: float = 30.0,
    max_wait: float = 60.0,
    patient: bool = False,
    alone: bool = False,
    rejected_before_processing: bool = True,
    in_doubt: bool = False,
) -> RetryContext:
    return RetryContext(
        repeat=repeat,
        attempt=attempt,
        failures=attempt,
        max_attempts=max_attempts,
        remaining=remaining,
        max_wait=max_wait,
        bulk=patient,
        singled_out=alone,
        rejected_before_processing=rejected_before_processing,
        in_doubt=in_doubt,
    )


GAVE_UP = (
    *(408, 460, 499, 500, 502, 503, 504, 506, 507, 508, 510, 520, 521, 522, 523, 524, 527),
    *(529, 530, 598, 599, 600, 999),
)
NOT_TAKEN = (421, 425, 501, 505, 511, 525, 526)
KINDS = FailureKind

# outcome; safe and idempotent, converging, unsafe; effect of the work.
TABLE: dict[str, Row] = {
    "not sent": (broken(KINDS.NOT_SENT), AGAIN, AGAIN, AGAIN, Effect.NOT_SENT),
    "429 with a wait": (status(429, retry_after="3"), AGAIN, AGAIN, AGAIN, Effect.THROTTLED),
    "503 with a wait": (status(503, retry_after="3"), AGAIN, AGAIN, AGAIN, Effect.THROTTLED),
    "429 without a wait": (status(429), AGAIN, AGAIN, AGAIN, Effect.THROTTLED),
    "500 with a wait": (status(500, retry_after="3"), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "cut": (broken(KINDS.BROKEN), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "cut within the answer": (broken(KINDS.BROKEN, 200), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "timed out": (broken(KINDS.TIMED_OUT), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "no HTTP at all": (broken(KINDS.MALFORMED), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "cannot be decompressed": (broken(KINDS.MALFORMED, 200), FAIL, FAIL, FAIL, Effect.DONE),
    "too large": (broken(KINDS.TOO_LARGE, 200), FAIL, FAIL, FAIL, Effect.DONE),
    "504, too large": (broken(KINDS.TOO_LARGE, 504), AGAIN, READ, FAIL, Effect.IN_DOUBT),
    "429, too large": (broken(KINDS.TOO_LARGE, 429), FAIL, FAIL, FAIL, Effect.THROTTLED),
    "404, too large": (broken(KINDS.TOO_LARGE, 404), FAIL, FAIL, FAIL, Effect.REFUSED),
    **{f"{code}": (status(code), AGAIN, READ, FAIL, Effect.IN_DOUBT) for code in GAVE_UP},
    **{f"{code}": (status(code), AGAIN, READ, FAIL, Effect.NOT_PROCESSED) for code in NOT_TAKEN},
    **{
        f"{code}": (status(code), FAIL, FAIL, FAIL, Effect.REFUSED)
        for code in (301, 304, 400, 401, 403, 404, 409, 410, 413, 414, 422, 431)
    },
}


@pytest.mark.parametrize("repeat", RetrySafety)
@pytest.mark.parametrize("case", TABLE)
def test_every_outcome_of_every_kind_of_operation(case: str, repeat: RetrySafety) -> None:
    """Each outcome and safety gives the step and the effect in the table of the module."""
    outcome, safe, converging, unsafe, effect = TABLE[case]
    expected = {RetrySafety.CONVERGING: converging, RetrySafety.UNSAFE: unsafe}.get(repeat, safe)
    decision = decide(situation(repeat), outcome, budget=RetryBudget(), uniform=highest)
    assert (decision.step, decision.effect) == (expected, effect)
    assert effect_of(outcome) is effect


@pytest.mark.parametrize("case", TABLE)
def test_what_is_no_refusal_is_an_error_of_the_server(case: str) -> None:
    """A response that does not judge the request is a ServerError."""
    outcome, *_, effect = TABLE[case]
    if isinstance(outcome, Response):
        error = error_of_response(outcome, operation="users.get", attempts=1)
        blamed = not isinstance(error, ServerError | RateLimitError)
        assert blamed is (effect is Effect.REFUSED)


@pytest.mark.parametrize("code", [400, 403, 404, 409])
@pytest.mark.parametrize("repeat", RetrySafety)
def test_a_refusal_after_an_attempt_in_doubt(code: int, repeat: RetrySafety) -> None:
    """A refusal that an earlier attempt may have caused is looked into, and nothing sent again."""
    doubtful = situation(repeat, in_doubt=True)
    found = decide(doubtful, status(code), budget=RetryBudget(), uniform=highest)
    assert found.step is (READ if repeat is RetrySafety.CONVERGING else FAIL)
    found = after_read_back(
        doubtful, found.effect, harmless=True, budget=RetryBudget(), uniform=highest
    )
    assert found.step is FAIL


REFUSALS = ("429 with a wait", "503 with a wait", "429 without a wait")


@pytest.mark.parametrize(
    "case", [name for name, row in TABLE.items() if row[1] is AGAIN and name not in REFUSALS]
)
def test_the_last_attempt_is_the_last(case: str) -> None:
    """Nothing is sent again once ``max_attempts`` were sent, and one fewer still may."""
    outcome = TABLE[case][0]
    for attempt, step in ((3, AGAIN), (4, FAIL), (5, FAIL)):
        found = decide(situation(attempt=attempt), outcome, budget=RetryBudget(), uniform=highest)
        assert found.step is step


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize(
    ("most", "attempt", "alone", "step"),
    [
        (4, 9, False, AGAIN),
        (4, 3, True, AGAIN),
        (4, 4, True, FAIL),
        (1, 1, False, FAIL),
        (1, 1, True, FAIL),
    ],
)
def test_refusals_that_count(case: str, most: int, attempt: int, alone: bool, step: Step) -> None:
    """A refusal counts as an attempt where other calls are taken, and where one is all there is."""
    given = situation(attempt=attempt, max_attempts=most, alone=alone)
    found = decide(given, TABLE[case][0], budget=RetryBudget(), uniform=highest)
    assert found.step is step
    assert found.in_line is (step is AGAIN and not alone)


@pytest.mark.parametrize(
    "case", [name for name, row in TABLE.items() if row[1] is AGAIN and name not in REFUSALS]
)
def test_no_wait_reaches_past_the_deadline(case: str) -> None:
    """A wait that does not end before the deadline is not begun."""
    outcome = TABLE[case][0]
    free = decide(situation(), outcome, budget=RetryBudget(), uniform=highest)
    for remaining, step in ((free.wait + 0.01, AGAIN), (free.wait, FAIL), (-1.0, FAIL)):
        found = decide(
            situation(remaining=remaining), outcome, budget=RetryBudget(), uniform=highest
        )
        assert found.step is step


@pytest.mark.parametrize("case", ["429 with a wait", "503 with a wait"])
def test_no_stated_wait_reaches_past_the_deadline(case: str) -> None:
    """A stated wait that does not end before the deadline is an error, with the time it names."""
    outcome = TABLE[case][0]
    for remaining, step in ((3.01, AGAIN), (3.0, FAIL), (-1.0, FAIL)):
        found = decide(
            situation(remaining=remaining), outcome, budget=RetryBudget(), uniform=highest
        )
        assert (found.step, found.retry_after) == (step, 3.0)


@pytest.mark.parametrize("code", [429, 503])
def test_a_wait_beyond_the_cap_is_reported_and_not_waited_for(code: int) -> None:
    """A server cannot make a call wait longer than ``max_wait``; its wish is in the decision."""
    for seconds, step in (("60", AGAIN), ("61", FAIL)):
        outcome = status(code, retry_after=seconds)
        found = decide(situation(remaining=1e6), outcome, budget=RetryBudget(), uniform=highest)
        assert (found.step, found.retry_after) == (step, float(seconds))


@pytest.mark.parametrize("code", [429, 503])
def test_the_patient_look_behind_any_wait(code: int) -> None:
    """A bulk call goes back into the line also with a stated wait of an hour."""
    outcome = status(code, retry_after="3600")
    patient = situation(patient=True)
    found = decide(patient, outcome, budget=RetryBudget(), uniform=highest)
    assert (found.step, found.in_line, found.retry_after) == (AGAIN, True, 3600.0)


@pytest.mark.parametrize("case", REFUSALS)
def test_who_is_refused_goes_back_into_the_line(case: str) -> None:
    """A refused call does not sleep on its own, draws no chance, and leaves the budget alone."""

    def uniform(_low: float, _high: float) -> float:
        raise AssertionError("no chance is asked for")

    budget = RetryBudget(1.0)
    found = decide(situation(), TABLE[case][0], budget=budget, uniform=uniform)
    assert (found.step, found.wait, found.in_line) == (AGAIN, 0.0, True)
    assert budget.draw()


def test_without_a_stated_wait_the_line_keeps_the_deadline() -> None:
    """A refusal that names no time sends a call back into the line even on its deadline."""
    for remaining in (0.0, -1.0):
        found = decide(
            situation(remaining=remaining), status(429), budget=RetryBudget(), uniform=highest
        )
        assert (found.step, found.in_line) == (AGAIN, True)


@pytest.mark.parametrize("case", [name for name in TABLE if name not in REFUSALS])
def test_who_fails_otherwise_waits_by_itself(case: str) -> None:
    """Only refused calls go back into the line: after other failures a call waits by itself."""
    for repeat in RetrySafety:
        found = decide(situation(repeat), TABLE[case][0], budget=RetryBudget(), uniform=highest)
        assert not found.in_line


STEPS_IN_DOUBT = {RetrySafety.CONVERGING: READ, RetrySafety.UNSAFE: FAIL}


@pytest.mark.parametrize("repeat", RetrySafety)
@pytest.mark.parametrize("code", [429, 503])
def test_where_a_refusal_may_come_after_processing(code: int, repeat: RetrySafety) -> None:
    """If 429 and 503 may follow processing, a call that is noticed twice is in doubt."""
    doubtful = situation(repeat, rejected_before_processing=False)
    outcome = status(code, retry_after="3")
    found = decide(doubtful, outcome, budget=RetryBudget(), uniform=highest)
    assert found.step is STEPS_IN_DOUBT.get(repeat, AGAIN)
    assert found.in_line is (repeat not in STEPS_IN_DOUBT)
    assert (found.retry_after, found.effect) == (3.0, Effect.IN_DOUBT)


@pytest.mark.parametrize("repeat", RetrySafety)
def test_where_a_401_may_come_after_processing(repeat: RetrySafety) -> None:
    """If a 401 may follow processing, a call that is noticed twice is in doubt."""
    doubtful = situation(repeat, rejected_before_processing=False)
    found = decide(doubtful, status(401), budget=RetryBudget(), uniform=highest)
    assert found.step is STEPS_IN_DOUBT.get(repeat, FAIL)
    assert found.effect is Effect.IN_DOUBT


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (status(500), FAIL),
        (broken(FailureKind.NOT_SENT), FAIL),
        (status(429), AGAIN),
        (status(503, retry_after="1"), AGAIN),
    ],
)
def test_only_failures_draw_on_the_budget(outcome: Response | Failure, step: Step) -> None:
    """An empty budget ends retries of failures, but not of refusals with or without a wait."""
    empty = RetryBudget(0.0)
    assert decide(situation(), outcome, budget=empty, uniform=highest).step is step


def test_a_refused_retry_costs_no_budget() -> None:
    """A call that gives up for its attempts or its deadline draws nothing from the budget."""
    budget = RetryBudget(1.0)
    for hopeless in (situation(attempt=4), situation(remaining=0.0)):
        decide(hopeless, status(500), budget=budget, uniform=highest)
    assert decide(situation(), status(500), budget=budget, uniform=highest).step is AGAIN
    assert decide(situation(), status(500), budget=budget, uniform=highest).step is FAIL


@pytest.mark.parametrize("effect", [Effect.IN_DOUBT, Effect.NOT_PROCESSED])
@pytest.mark.parametrize(
    ("harmless", "attempt", "capacity", "step"),
    [
        (True, 1, 1.0, AGAIN),
        (False, 1, 1.0, FAIL),
        (True, 4, 1.0, FAIL),
        (True, 1, 0.0, FAIL),
    ],
)
def test_after_reading_back(
    effect: Effect, harmless: bool, attempt: int, capacity: float, step: Step
) -> None:
    """Not found done, only the harmless is sent again."""
    found = after_read_back(
        situation(RetrySafety.CONVERGING, attempt=attempt),
        effect,
        harmless=harmless,
        budget=RetryBudget(capacity),
        uniform=highest,
    )
    assert (found.step, found.effect) == (step, effect)


@given(
    st.lists(st.booleans(), max_size=300),
    st.integers(0, 20),
)
def test_budget_bounds_retries(events: list[bool], capacity: int) -> None:
    """There are never more retries than the capacity and a tenth of the successes."""
    budget = RetryBudget(float(capacity))
    successes = retries = 0
    for is_success in events:
        if is_success:
            budget.refund()
            successes += 1
        elif budget.draw():
            retries += 1
        assert retries <= capacity + successes / 10 + 1e-6


def test_budget_refills_to_its_capacity_only() -> None:
    """Ten successes earn one retry, and a thousand earn no more than the capacity."""
    budget = RetryBudget(2.0)
    assert [budget.draw() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.refund()
    assert [budget.draw() for _ in range(2)] == [True, False]
    for _ in range(1_000):
        budget.refund()
    assert [budget.draw() for _ in range(3)] == [True, True, False]


@given(st.integers(1, 10**6), st.floats(0.0, 1.0))
def test_full_jitter(attempt: int, share: float) -> None:
    """A backoff is drawn from the whole span between zero and its ceiling, never beyond."""
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return low + (high - low) * share

    found = decide(
        situation(attempt=attempt, max_attempts=10**7, remaining=math.inf),
        status(500),
        budget=RetryBudget(),
        uniform=uniform,
    )
    ceiling = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt, 50))
    assert asked == [(0.0, ceiling)]
    assert 0.0 <= found.wait <= ceiling == backoff_ceiling(attempt)
