"""The arithmetic of one group, step by step and under anything that may come."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async.pacing import FixedRate, GroupPacer, Line, RunAllowance, Waiter
from frontegg_async.pacing.gate import FIRST_LOOK_S, MAX_LOOK_GAP_S
from frontegg_async.pacing.rate import MAX_RATE, MIN_RATE

waits = st.one_of(
    st.floats(),
    st.floats(0.0, 10.0),
    st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 1e-9, 30.0, 1e12]),
)
limits = st.tuples(
    st.floats(1e-9, 5_000.0) | st.floats(1.0, 5_000.0),
    st.floats(0.1, 1e9) | st.sampled_from([1.0, 10.0, 60.0]),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask"] * 6
            + ["taken"] * 4
            + ["refused"] * 3
            + ["failed", "give back", "exhausted", "learned", "look at it"]
        ),
        st.floats(0.0, 3.0) | st.sampled_from([0.0, 0.0, 1e-9, 0.01, 0.1, 60.0, 1e5]),
        waits,
        st.booleans(),
        limits,
    ),
    max_size=150,
)


@settings(max_examples=200)
@given(steps, st.none() | limits.map(lambda limit: FixedRate(math.ceil(limit[0]), limit[1])))
def test_any_sequence_leaves_it_sane(
    sequence: list[tuple[str, float, float, bool, tuple[float, float]]],
    expected: FixedRate | None,
) -> None:
    """No sequence of calls, answers, waits and times gives a delay or a rate that makes no sense.

    Nothing is raised, and the calls in flight are counted right as long as each is reported once.
    """
    pacer = GroupPacer(expected=expected)
    now = 0.0
    flying: list[float] = []
    longest = 1.0 / MIN_RATE
    for event, later, wait, flag, limit in sequence:
        now += later
        # Interactive calls may have used up the slots of a period.
        longest = max(longest, period_of(pacer))
        if event == "ask":
            delay = pacer.admit(now, bulk=flag, last=flag and wait > 5.0)
            assert 0.0 <= delay <= longest + 1.0
            assert delay == 0.0 or now + delay > now
            if delay == 0.0:
                flying.append(now)
        elif event == "learned":
            pacer.begin_with(*limit)
        elif event == "exhausted" and not math.isnan(wait):
            pacer.exhausted(flying[-1] if flying else now, now, wait)
        elif flying and event == "give back":
            flying.pop()
            pacer.give_back(now)
        elif flying and event != "look at it":
            # The latest or the earliest: answers overtake each other.
            sent_at = flying.pop(-1 if flag else 0)
            if event == "taken":
                pacer.succeeded(sent_at, now)
            elif event == "refused":
                pacer.throttled(sent_at, now, None if flag else wait)
            else:
                pacer.failed(sent_at, now)
        check(pacer, now, len(flying))


def period_of(pacer: GroupPacer) -> float:
    """Return the seconds of a pacer's period."""
    return pacer._phase.period  # pyright: ignore[reportPrivateUsage]


def check(pacer: GroupPacer, now: float, flying: int) -> None:
    """Check that all figures of a pacer make sense."""
    assert pacer._in_flight == flying  # pyright: ignore[reportPrivateUsage]
    state = pacer.state(now)
    assert MIN_RATE <= state.rate <= MAX_RATE
    assert pacer.rate == state.rate
    for seconds in (
        state.closed_for,
        state.closed_seconds,
        pacer.seconds_to_wait(now),
        pacer.opens_in(now),
        pacer.closed_since(now),
        pacer.served_in(now, 10),
        pacer.answer_time,
    ):
        assert 0.0 <= seconds < math.inf
    assert math.isfinite(pacer.left_in_window(now))
    learned = pacer.learned()
    assert learned is None or (0.0 < learned[0] < math.inf and 0.0 < learned[1] < math.inf)
    assert (learned is not None) == state.limited


@settings(max_examples=100)
@given(
    st.integers(1, 20),
    st.floats(0.01, 100.0),
    st.lists(st.tuples(st.floats(0.0, 5.0), st.sampled_from("aaaarog")), max_size=200),
)
def test_never_more_than_the_rate_of_a_run(
    calls: int, seconds: float, sequence: list[tuple[float, str]]
) -> None:
    """In no stretch as long as the run's own rate says are there more calls than it says."""
    pacer = GroupPacer()
    line = Line(pacer)
    allowance = RunAllowance(rate=FixedRate(calls, seconds)).of("group")
    now = 0.0
    sent: list[float] = []
    for later, event in sequence:
        now += later
        if event == "o" and sent:
            pacer.succeeded(sent[-1], now)
        elif event == "r" and sent:
            pacer.throttled(sent[-1], now, None)
        elif event == "g" and sent:
            pacer.give_back(now)
            allowance.give_back(sent.pop())
        elif line.try_admit(now, allowance):
            sent.append(now)
    for first, beyond in zip(sent, sent[calls:], strict=False):
        assert beyond - first >= seconds - 1e-9


# The gate


def test_one_look_at_a_closed_gate() -> None:
    """After a refusal a single call looks, and the others wait for its answer."""
    pacer = GroupPacer()
    assert pacer.admit(0.0) == 0.0
    pacer.throttled(0.0, 0.1, None)
    wait = pacer.admit(0.1)
    assert wait == pytest.approx(FIRST_LOOK_S)
    look = 0.1 + wait
    assert pacer.admit(look) == 0.0
    assert pacer.admit(look) > 0.0
    assert pacer.succeeded(look, look + 0.01)
    assert pacer.state(look + 0.01).closed_for == 0.0
    assert pacer.admit(look + 0.01) == 0.0


def test_looks_become_rarer() -> None:
    """While every look is refused, the next ones come at growing distances, up to a bound."""
    pacer = GroupPacer()
    pacer.admit(0.0)
    pacer.throttled(0.0, 0.1, None)
    now = 0.1
    gaps: list[float] = []
    while now < 120.0:
        wait = pacer.admit(now)
        gaps.append(wait)
        now += wait
        assert pacer.admit(now) == 0.0
        pacer.throttled(now, now, None)
    for gap, next_gap in pairwise(gaps):
        assert next_gap >= gap - 1e-6
    assert gaps[-1] == pytest.approx(MAX_LOOK_GAP_S)
    assert len(gaps) < 50


def test_answers_in_flight_open_the_gate() -> None:
    """A call taken that was sent after the last one refused opens; one sent before does not."""
    pacer = GroupPacer()
    for at in (0.0, 0.01, 0.02):
        assert pacer.admit(at) == 0.0
    pacer.throttled(0.01, 0.1, None)
    assert not pacer.succeeded(0.0, 0.11)
    assert pacer.succeeded(0.02, 0.12)


def test_a_refusal_that_was_overtaken_closes_nothing() -> None:
    """A refusal of a call sent before one that has been taken closes nothing."""
    pacer = GroupPacer()
    for at in (0.0, 0.01):
        assert pacer.admit(at) == 0.0
    pacer.succeeded(0.01, 0.1)
    pacer.throttled(0.0, 0.11, 30.0)
    assert pacer.admit(0.11) == 0.0


def test_a_stated_wait_is_told_and_looked_behind() -> None:
    """A stated wait is told in full, and single calls look behind it early."""
    pacer = GroupPacer()
    pacer.admit(0.0)
    pacer.throttled(0.0, 1.0, 3600.0)
    assert pacer.opens_in(1.0) == pytest.approx(3600.0)
    assert pacer.closed_for(601.0) == pytest.approx(3000.0)
    assert pacer.admit(1.0) <= MAX_LOOK_GAP_S
    assert pacer.admit(1.0 + MAX_LOOK_GAP_S) == 0.0
    assert pacer.succeeded(1.0 + MAX_LOOK_GAP_S, 6.1)
    assert pacer.closed_for(6.1) == 0.0


def test_an_exhausted_limit_closes_without_a_refusal() -> None:
    """A call that was taken as the last one closes the gate, and is no refusal."""
    pacer = GroupPacer()
    pacer.admit(0.0)
    pacer.succeeded(0.0, 0.1)
    pacer.exhausted(0.0, 0.1, 20.0)
    assert pacer.closed
    assert pacer.opens_in(0.1) == pytest.approx(20.0)
    assert pacer.admit(0.1) > 0.0
    assert pacer.state(0.1).refused == 0


# Rates


def test_a_stray_refusal_costs_nothing_later() -> None:
    """A single refusal between calls that are taken leaves the rate alone."""
    pacer = GroupPacer()
    now = 0.0
    for number in range(50):
        while delay := pacer.admit(now, bulk=True):
            now += delay
        pacer.throttled(now, now, None) if number == 30 else pacer.succeeded(now, now)
    assert not pacer.limited
    assert pacer.rate >= 200.0


def test_a_call_that_overtakes_a_refused_one_begins_no_window() -> None:
    """The few calls between an opening by a call that overtook, and the reset, are no limit."""
    pacer = GroupPacer()
    now = 0.0
    pacer.admit(now)  # without a response: other calls are in flight at any time
    while now < 1.5:
        while delay := pacer.admit(now, bulk=True):
            now += delay
        pacer.succeeded(now, now + 1e-4)
        now += 1e-4
    sent = [now + 1e-3 * number for number in range(9)]
    for at in sent:
        while delay := pacer.admit(at, bulk=True):
            at += delay  # the time at which it may go
    pacer.throttled(sent[0], now + 0.08, None)
    assert pacer.succeeded(sent[1], now + 0.08)
    for at in sent[2:6]:
        pacer.succeeded(at, now + 0.09)
    for at in sent[6:]:
        pacer.throttled(at, now + 0.1, None)
    assert pacer.closed
    while pacer.closed:
        while delay := pacer.admit(now, bulk=True):
            now += delay
        if now < 30.0:
            pacer.throttled(now, now + 0.08, None)
        else:
            pacer.succeeded(now, now + 0.08)
        now += 0.1
    for _ in range(20):
        while delay := pacer.admit(now, bulk=True):
            now += delay
        pacer.succeeded(now, now + 0.08)
        now += 0.08
    assert not pacer.limited


def test_only_two_refusals_in_a_row_close_the_gate_of_a_known_rate() -> None:
    """At a limit that was met, one refusal costs its call and a bit of the rate, two a pause."""
    pacer = GroupPacer()
    pacer.begin_with(100, 1.0)
    now, rate = 10.0, pacer.rate
    for expected in (False, True):
        assert pacer.admit(now, bulk=True) == 0.0
        pacer.throttled(now, now + 0.08, None)
        assert pacer.closed is expected
        assert pacer.rate < rate
        rate, now = pacer.rate + 1.0, now + 0.2
    assert pacer.admit(now + FIRST_LOOK_S, bulk=True) == 0.0
    assert pacer.succeeded(now + FIRST_LOOK_S, now + 0.2)
    # The look has used its slot: the next call goes one slot after it, and not with the opening.
    first = now + FIRST_LOOK_S + 1.0 / pacer.rate
    assert pacer.seconds_to_wait(now) == pytest.approx(first - now)


def test_a_burst_at_the_start() -> None:
    """A group that was never refused lets twenty bulk calls go at once, and no more."""
    pacer = GroupPacer()
    pacer.admit(0.0, bulk=True)
    assert sum(pacer.admit(10.0, bulk=True) == 0.0 for _ in range(100)) in {20, 21}


def test_interactive_calls_wait_for_the_gate_only() -> None:
    """Whatever rate bulk calls have, interactive ones go as long as nothing is refused."""
    pacer = GroupPacer(expected=FixedRate(10, 60.0))
    while pacer.admit(0.0, bulk=True) == 0.0:
        pass
    assert all(pacer.admit(0.0) == 0.0 for _ in range(1_000))
    for _ in range(2):
        pacer.throttled(0.0, 0.1, None)
    assert pacer.admit(0.1) > 0.0


def test_an_expected_limit_is_kept_to() -> None:
    """Where a limit is expected, bulk calls go evenly through its window from the first one on."""
    pacer = GroupPacer(expected=FixedRate(60, 60.0))
    assert not pacer.limited
    sent = sum(pacer.admit(at / 10.0, bulk=True) == 0.0 for at in range(300))
    assert 25 <= sent <= 40


def test_the_last_calls_of_a_run_need_no_slot() -> None:
    """Calls that are the last of their run and fit into the window go at once."""
    pacer = GroupPacer(expected=FixedRate(1_000, 60.0))
    run = RunAllowance()
    allowance = run.of("group")
    line = Line(pacer)
    while line.try_admit(0.0, allowance):
        pass
    run.remaining = 20
    assert line.try_admit(0.0, allowance)


def test_two_runs_do_not_both_claim_the_rest_of_a_window() -> None:
    """The last calls of a run keep to the slots while another run waits for its own."""
    line = Line(GroupPacer(expected=FixedRate(1_000, 60.0)))
    runs = [RunAllowance(), RunAllowance()]
    one, other = (run.of("group") for run in runs)
    while line.try_admit(0.0, one):
        pass
    for run in runs:
        run.remaining = 300
    line.join(Waiter(0.0, math.inf, math.inf, other, lambda _: None), 0.0)
    assert not line.try_admit(0.0, one)


def test_an_admission_can_be_taken_back() -> None:
    """A slot that is given back goes to the next call."""
    pacer = GroupPacer()
    now = 0.0
    while pacer.admit(now, bulk=True) == 0.0:
        pass
    pacer.give_back(now)
    assert pacer.admit(now, bulk=True) == 0.0
    assert pacer.admit(now, bulk=True) > 0.0


def test_a_run_begins_with_a_limit_that_was_learned() -> None:
    """A limit that an earlier run met is the rate to begin with, unless something was seen."""
    pacer = GroupPacer()
    pacer.begin_with(100.0, 1.0)
    assert pacer.rate == pytest.approx(100.0, rel=0.05)
    seen = GroupPacer()
    seen.admit(0.0)
    seen.succeeded(0.0, 0.1)
    seen.begin_with(100.0, 1.0)
    assert seen.rate == GroupPacer().rate
    assert seen.learned() is None


def test_a_run_keeps_to_its_share() -> None:
    """On a limit that was met a run takes its share, and interactive calls do not count in it."""
    pacer = GroupPacer()
    pacer.begin_with(100.0, 1.0)
    line = Line(pacer)
    allowance = RunAllowance(share=0.5).of("group")
    taken = interactive = 0
    for step in range(10_000):
        now = step / 1_000.0
        taken += line.try_admit(now, allowance)
        if step % 100 == 0:
            interactive += line.try_admit(now, None)
    assert taken == pytest.approx(5.0 * pacer.rate, rel=0.05)
    assert interactive == 100


def test_calls_before_a_limit_is_known_are_no_debt_of_a_share() -> None:
    """A run that used all of an unknown limit goes on with its share as soon as one is met."""
    pacer = GroupPacer()
    line = Line(pacer)
    allowance = RunAllowance(share=0.1).of("group")
    unknown = sum(line.try_admit(step / 100.0, allowance) for step in range(1_000))
    assert unknown > 100
    pacer.begin_with(100.0, 1.0)
    taken = sum(line.try_admit(10.0 + step / 1_000.0, allowance) for step in range(10_000))
    assert taken == pytest.approx(pacer.rate, rel=0.05)


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, 0.0), (1, math.inf), (1, math.nan)])
def test_a_rate_must_make_sense(calls: int, seconds: float) -> None:
    """A rate of no calls, or in no time, is rejected at once."""
    with pytest.raises(ValueError, match="a rate is"):
        FixedRate(calls, seconds)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1, math.nan])
def test_a_share_must_make_sense(share: float) -> None:
    """A share of nothing, or of more than all, is rejected."""
    with pytest.raises(ValueError, match="a share is"):
        RunAllowance(share=share)


def test_a_gate_without_a_look() -> None:
    """After hours without a call nothing is learned from the time that the gate was closed."""
    pacer = GroupPacer()
    pacer.admit(0.0)
    pacer.throttled(0.0, 0.1, None)
    now = 36_000.0
    in_flight = [now]
    assert pacer.admit(now) == 0.0
    while now < 36_005.0:
        now += 0.01
        while in_flight and in_flight[0] <= now - 0.05:
            pacer.succeeded(in_flight.pop(0), now)
        while pacer.admit(now, bulk=True) == 0.0:
            in_flight.append(now)
    assert pacer.state(now).rate > 1_000.0


def test_a_wait_that_was_true_once_is_looked_behind() -> None:
    """However often a stated wait was true, one of a day is looked behind within a minute."""
    pacer = GroupPacer()
    now = 0.0
    for wait in (10.0, 10.0, 86_400.0):
        assert pacer.admit(now) == 0.0
        pacer.succeeded(now, now + 0.1)
        pacer.exhausted(now, now + 0.1, wait)
        while (left := pacer.admit(now)) > 0.0:
            assert left <= 60.0
            now += left
        pacer.succeeded(now, now + 0.1)
        now += 0.2
        assert pacer.admit(now) == 0.0
        pacer.succeeded(now, now + 0.1)
        now += 0.2


def test_calls_given_back_make_one_look() -> None:
    """However many admitted calls are not sent after all, a closed gate is looked behind once."""
    pacer = GroupPacer()
    assert all(pacer.admit(0.0) == 0.0 for _ in range(100))
    for _ in range(2):  # of so many in flight, one might be a stray
        pacer.throttled(0.0, 1.0, None)
    looks = 0
    for _ in range(50):
        pacer.give_back(2.0)
        looks += pacer.admit(2.0) == 0.0
    assert looks == 1
