"""Whether to send again, and when: decided without a socket, case by case."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async.answer import Answer, Failure, FailureKind
from frontegg_async.operation import Repeat
from frontegg_async.retry import (
    BACKOFF_BASE,
    BACKOFF_CAP,
    RetryBudget,
    Situation,
    Step,
    after_read_back,
    backoff_ceiling,
    decide,
    stated_wait,
)

NOW = 1_700_000_000.0
AGAIN, READ, FAIL = Step.SEND_AGAIN, Step.READ_BACK, Step.FAIL
Row = tuple[Answer | Failure, Step, Step, Step, bool]


def highest(_low: float, high: float) -> float:
    return high


def status(code: int, **headers: str) -> Answer:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Answer(code, named, b"")


def broken(kind: FailureKind, code: int | None = None) -> Failure:
    return Failure(kind, "for the test", code)


def situation(
    repeat: Repeat = Repeat.SAFE,
    *,
    attempt: int = 1,
    max_attempts: int = 4,
    remaining: float = 30.0,
    max_wait: float = 60.0,
    rejected_before_processing: bool = True,
) -> Situation:
    return Situation(
        repeat=repeat,
        attempt=attempt,
        max_attempts=max_attempts,
        remaining=remaining,
        max_wait=max_wait,
        now=NOW,
        rejected_before_processing=rejected_before_processing,
    )


# outcome; safe and idempotent, converging, unsafe; uncertain where the second or third fails.
TABLE: dict[str, Row] = {
    "not sent": (broken(FailureKind.NOT_SENT), AGAIN, AGAIN, AGAIN, False),
    "429 with a wait": (status(429, retry_after="3"), AGAIN, AGAIN, AGAIN, False),
    "503 with a wait": (status(503, retry_after="3"), AGAIN, AGAIN, AGAIN, False),
    "429 without a wait": (status(429), AGAIN, AGAIN, AGAIN, False),
    "500": (status(500), AGAIN, READ, FAIL, False),
    "501": (status(501), AGAIN, READ, FAIL, False),
    "503": (status(503), AGAIN, READ, FAIL, False),
    "500 with a wait": (status(500, retry_after="3"), AGAIN, READ, FAIL, False),
    "502": (status(502), AGAIN, READ, FAIL, True),
    "504": (status(504), AGAIN, READ, FAIL, True),
    "cut": (broken(FailureKind.BROKEN), AGAIN, READ, FAIL, True),
    "cut within the answer": (broken(FailureKind.BROKEN, 200), AGAIN, READ, FAIL, True),
    "timed out": (broken(FailureKind.TIMED_OUT), AGAIN, READ, FAIL, True),
    "no HTTP at all": (broken(FailureKind.MALFORMED), AGAIN, READ, FAIL, True),
    "cannot be decompressed": (broken(FailureKind.MALFORMED, 200), FAIL, FAIL, FAIL, False),
    "too large": (broken(FailureKind.TOO_LARGE, 200), FAIL, FAIL, FAIL, False),
    **{
        f"{code}": (status(code), FAIL, FAIL, FAIL, False)
        for code in (301, 304, 400, 401, 403, 404, 409, 414, 422)
    },
}


@pytest.mark.parametrize("repeat", Repeat)
@pytest.mark.parametrize("case", TABLE)
def test_every_outcome_of_every_kind_of_operation(case: str, repeat: Repeat) -> None:
    """The table at the top of the module is what the function does, all of it."""
    outcome, safe, converging, unsafe, uncertain = TABLE[case]
    expected = {Repeat.CONVERGING: converging, Repeat.UNSAFE: unsafe}.get(repeat, safe)
    decision = decide(situation(repeat), outcome, budget=RetryBudget(), uniform=highest)
    assert decision.step is expected
    may_be_done = repeat in {Repeat.CONVERGING, Repeat.UNSAFE}
    assert decision.uncertain is (uncertain and may_be_done)


@pytest.mark.parametrize("case", [name for name, row in TABLE.items() if row[1] is AGAIN])
def test_the_last_attempt_is_the_last(case: str) -> None:
    """Nothing is sent again once ``max_attempts`` were sent, and one fewer still may."""
    outcome = TABLE[case][0]
    for attempt, step in ((3, AGAIN), (4, FAIL), (5, FAIL)):
        found = decide(situation(attempt=attempt), outcome, budget=RetryBudget(), uniform=highest)
        assert found.step is step


@pytest.mark.parametrize("case", [name for name, row in TABLE.items() if row[1] is AGAIN])
def test_no_wait_reaches_past_the_deadline(case: str) -> None:
    """A wait that does not end before the deadline is not begun."""
    outcome = TABLE[case][0]
    free = decide(situation(), outcome, budget=RetryBudget(), uniform=highest)
    for remaining, step in ((free.wait + 0.01, AGAIN), (free.wait, FAIL), (-1.0, FAIL)):
        found = decide(
            situation(remaining=remaining), outcome, budget=RetryBudget(), uniform=highest
        )
        assert found.step is step


@pytest.mark.parametrize("code", [429, 503])
def test_a_wait_beyond_the_cap_is_reported_and_not_slept(code: int) -> None:
    """A server cannot make a call wait longer than ``max_wait``; its wish is in the decision."""
    for seconds, step in (("60", AGAIN), ("61", FAIL)):
        outcome = status(code, retry_after=seconds)
        found = decide(situation(remaining=1e6), outcome, budget=RetryBudget(), uniform=highest)
        assert (found.step, found.retry_after) == (step, float(seconds))


def test_a_stated_wait_is_kept_and_spread() -> None:
    """Nobody comes before the stated time, and a little chance spreads those who come."""
    for draw in (0.0, 0.3, 1e9):

        def uniform(_low: float, _high: float, draw: float = draw) -> float:
            return draw

        outcome = status(429, retry_after="7")
        found = decide(situation(), outcome, budget=RetryBudget(), uniform=uniform)
        assert found.wait == 7 + min(draw, 0.5)


@pytest.mark.parametrize("repeat", Repeat)
def test_where_429_may_come_after_processing(repeat: Repeat) -> None:
    """Told that a 429 proves nothing, only what is harmless twice is sent again after it."""
    doubtful = situation(repeat, rejected_before_processing=False)
    outcome = status(429, retry_after="3")
    found = decide(doubtful, outcome, budget=RetryBudget(), uniform=highest)
    harmless = repeat in {Repeat.SAFE, Repeat.IDEMPOTENT}
    assert found.step is (AGAIN if harmless else FAIL)
    assert found.retry_after == 3.0


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (status(500), FAIL),
        (broken(FailureKind.NOT_SENT), FAIL),
        (status(429), AGAIN),
        (status(503, retry_after="1"), AGAIN),
    ],
)
def test_only_failures_draw_on_the_budget(outcome: Answer | Failure, step: Step) -> None:
    """An empty budget ends retries of failures, but not those that the server asked for."""
    empty = RetryBudget(0.0)
    assert decide(situation(), outcome, budget=empty, uniform=highest).step is step


def test_a_refused_retry_costs_no_budget() -> None:
    """What is given up for its attempts or its deadline leaves the budget to others."""
    budget = RetryBudget(1.0)
    for hopeless in (situation(attempt=4), situation(remaining=0.0)):
        decide(hopeless, status(500), budget=budget, uniform=highest)
    assert decide(situation(), status(500), budget=budget, uniform=highest).step is AGAIN
    assert decide(situation(), status(500), budget=budget, uniform=highest).step is FAIL


@pytest.mark.parametrize("uncertain", [True, False])
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
    uncertain: bool, harmless: bool, attempt: int, capacity: float, step: Step
) -> None:
    """Not found done, only the harmless is sent again; if not, the doubt stays in the decision."""
    found = after_read_back(
        situation(Repeat.CONVERGING, attempt=attempt),
        uncertain=uncertain,
        harmless=harmless,
        budget=RetryBudget(capacity),
        uniform=highest,
    )
    assert found.step is step
    if step is FAIL:
        assert found.uncertain is uncertain


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
    ceiling = min(BACKOFF_CAP, BACKOFF_BASE * 2.0 ** min(attempt, 50))
    assert asked == [(0.0, ceiling)]
    assert 0.0 <= found.wait <= ceiling == backoff_ceiling(attempt)


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def iso(seconds: float, zone: timezone = UTC) -> str:
    return datetime.fromtimestamp(seconds, zone).isoformat()


IN_30 = NOW + 30
INDIA = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (iso(IN_30).replace("+00:00", "Z"), 30.0),
        (iso(IN_30).replace("+00:00", "z"), 30.0),
        (iso(IN_30), 30.0),
        (iso(IN_30, INDIA), 30.0),
        (iso(IN_30 + 0.25).replace("+00:00", "Z"), 30.25),
        (iso(IN_30).replace("+00:00", ".123456789Z"), 30.123456),
        (iso(IN_30).replace("+00:00", ""), 30.0),
        (iso(IN_30).replace("T", " "), 30.0),
        (iso(NOW - 30).replace("+00:00", "Z"), 0.0),
        ("2023-11-14", None),
        ("20231114", None),
        ("1700000030", None),
        ("30", None),
        ("", None),
        ("soon", None),
        ("0000-13-32T25:61:61Z", None),
        ("9999-12-31T23:59:59-23:59", 10 * 365 * 86_400.0),
        ("0001-01-01T00:00:00+23:59", 0.0),
    ],
)
def test_frontegg_reset(value: str, wait: float | None) -> None:
    """``X-Rate-Limit-Reset`` is read as an RFC 3339 time of day, and as nothing else."""
    headers = {"X-Rate-Limit-Reset": value, "Date": http_date(NOW)}
    found = stated_wait(headers, NOW)
    assert found == (None if wait is None else pytest.approx(wait, abs=1e-3))


@pytest.mark.parametrize("skew", [-86_400.0, -120.0, 0.0, 120.0, 86_400.0])
@pytest.mark.parametrize("name", ["X-Rate-Limit-Reset", "Retry-After"])
def test_the_servers_clock_decides(name: str, skew: float) -> None:
    """A time of day is held against the answer's own ``Date``, however wrong our clock is."""
    at = IN_30 if name == "Retry-After" else None
    headers = {name: http_date(at) if at else iso(IN_30), "Date": http_date(NOW)}
    assert stated_wait(headers, NOW + skew) == 30.0


@pytest.mark.parametrize("date", [None, "", "yesterday", "Tue, 99 Foo 2023 00:00:00 GMT"])
def test_our_clock_where_the_server_has_none(date: str | None) -> None:
    """Without a readable ``Date`` our own clock has to do."""
    headers = {"X-Rate-Limit-Reset": iso(IN_30)} | ({} if date is None else {"Date": date})
    assert stated_wait(headers, NOW) == 30.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": " 30 "}, 30.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": http_date(IN_30)}, 30.0),
        ({"Retry-After": http_date(NOW - 30)}, 0.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "+30"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1_000"}, None),
        ({"Retry-After": "٣٠"}, None),
        ({"Retry-After": "³⁰"}, None),
        ({"Retry-After": "9" * 13}, None),
        ({"Retry-After": "9" * 100_000}, None),
        ({"RateLimit": '"default";r=0;t=30'}, 30.0),
        ({"RateLimit": "limit=100, remaining=0, reset=30"}, 30.0),
        ({"RateLimit": '"default"; r=0; T = 30'}, 30.0),
        ({"RateLimit": '"default";r=50'}, None),
        ({"RateLimit": '"default";r=0;t=-30'}, None),
        ({"RateLimit": '";r=NaN;t=nan'}, None),
        ({"RateLimit": "t=٣٠"}, None),
        ({"RateLimit-Policy": '"default";q=100;w=60'}, None),
        ({}, None),
        ({"Retry-After": "5", "X-Rate-Limit-Reset": iso(IN_30), "RateLimit": "t=9"}, 5.0),
        ({"X-Rate-Limit-Reset": iso(IN_30), "RateLimit": "t=9"}, 30.0),
        ({"Retry-After": "banana", "X-Rate-Limit-Reset": iso(IN_30)}, 30.0),
        ({"Retry-After": "banana", "X-Rate-Limit-Reset": "?", "RateLimit": "t=9"}, 9.0),
    ],
)
def test_stated_waits(headers: dict[str, str], wait: float | None) -> None:
    """Each way to name a wait is read, in its order, and what is none counts as not there."""
    assert stated_wait(headers, NOW) == wait


odd_numbers = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["1e999", "-0", "0x10", "٣", "¹", "9" * 400, "1" * 12, "NaN", "∞"]),
)
odd_dates = st.one_of(
    st.datetimes().map(datetime.isoformat),
    st.builds(
        "{0:%Y-%m-%dT%H:%M:%S}{1:+03d}:{2:02d}".format,
        st.datetimes(),
        st.integers(-24, 24),
        st.integers(0, 99),
    ),
    st.datetimes().map(lambda at: format_datetime(at.replace(tzinfo=UTC), usegmt=True)),
    st.from_regex(r"[A-Z][a-z]{2}, \d{1,6} [A-Z][a-z]{2} \d{1,12} \d+:\d+:\d+ [+-]\d{1,9}"),
)
odd_text = st.one_of(st.text(), odd_numbers, odd_dates, odd_numbers.map("a;r=0;t={}".format))


@given(
    st.dictionaries(
        st.sampled_from(["Retry-After", "X-Rate-Limit-Reset", "RateLimit", "Date"]), odd_text
    ),
    st.floats(-1e11, 1e11),
)
@example({"Retry-After": "Mon, 01 Jan 2024 00:00:00 +9999999999"}, NOW)
@example({"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, NOW)
@example({"X-Rate-Limit-Reset": "2024-01-01T00:00:00+\u0660\u0665:\u0660\u0660"}, NOW)
@example({"Retry-After": "\x00", "Date": "\ud800"}, NOW)
def test_whatever_stands_in_the_headers(headers: dict[str, str], now: float) -> None:
    """No text in any of the headers raises, and what is read is a wait that can be slept."""
    wait = stated_wait(headers, now)
    assert wait is None or 0.0 <= wait <= 10 * 365 * 86_400.0


def test_huge_headers_are_not_looked_at() -> None:
    """A header of megabytes is no header, so that nobody makes us parse it."""
    padding = " " * 2**20
    for name, value in (("Retry-After", "5"), ("X-Rate-Limit-Reset", iso(IN_30))):
        assert stated_wait({name: padding + value}, NOW) is None
