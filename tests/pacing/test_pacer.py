"""The arithmetic of one group, step by step and with everything that may come."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async.pacing import FixedRate, GroupPacer

CAP = 5.0

waits = st.one_of(st.none(), st.floats(), st.floats(0.0, 10.0))
steps = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "ask", "ok", "refused", "failed", "give back", "share"]),
        st.floats(0.0, 3.0) | st.just(0.0) | st.just(1e-9) | st.just(1e5),
        waits,
        st.booleans(),
    ),
    max_size=120,
)


@settings(max_examples=150, deadline=None)
@given(steps, st.booleans(), st.sampled_from([1.0, 0.5]))
def test_any_sequence_leaves_it_sane(
    sequence: list[tuple[str, float, float | None, bool]], fixed: bool, share: float
) -> None:
    """No sequence of answers, waits and times gives a wait that is negative, NaN or too long."""
    pacer = GroupPacer(fixed=FixedRate(7, 2.0) if fixed else None, share=share, cap=CAP)
    now = 0.0
    flying: list[float] = []
    for what, later, wait, bulk in sequence:
        now += later
        sent_at = flying.pop() if flying else now
        if what == "ask":
            delay = pacer.admit(now, bulk=bulk)
            assert delay >= 0.0
            assert delay == 0.0 or now + delay > now
            # A slot of the slowest bulk call, or the cap.
            assert delay <= max(CAP, 2 * 60.0) + 1e-6
            if delay == 0.0:
                flying.append(now)
        elif what == "ok":
            pacer.succeeded(sent_at, now)
        elif what == "refused":
            pacer.throttled(sent_at, now, wait)
        elif what == "failed":
            pacer.failed(sent_at, now)
        elif what == "give back":
            pacer.give_back(sent_at, now, bulk=bulk)
        else:
            pacer.set_share(share)
        state = pacer.state(now)
        assert 1 / 60 <= state.rate <= (3.5 if fixed else 1e5)
        assert 0.0 <= state.closed_for <= CAP + 1e-6  # sums of floats
        assert 0.0 <= pacer.stated_wait(now) <= CAP + 1e-6
        assert pacer.wait_at(now) >= 0.0
        assert state.shut >= 0.0
        assert math.isfinite(state.rate)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 20),
    st.floats(0.01, 100.0),
    st.lists(st.tuples(st.floats(0.0, 5.0), st.sampled_from("aaaarog")), max_size=200),
)
def test_never_more_than_the_users_rate(
    calls: int, seconds: float, sequence: list[tuple[float, str]]
) -> None:
    """In no stretch as long as the user's are there more calls than the user allows."""
    pacer = GroupPacer(fixed=FixedRate(calls, seconds))
    now = 0.0
    sent: list[float] = []
    for later, what in sequence:
        now += later
        if what == "o" and sent:
            pacer.succeeded(sent[-1], now)
        elif what == "r" and sent:
            pacer.throttled(sent[-1], now, None)
        elif what == "g" and sent:
            pacer.give_back(sent.pop(), now)
        elif pacer.admit(now) == 0.0:
            sent.append(now)
    for first, beyond in zip(sent, sent[calls:], strict=False):
        assert beyond - first >= seconds


def test_one_look_at_a_closed_gate() -> None:
    """After a refusal a single call looks, and the others wait until something is heard."""
    pacer = GroupPacer()
    assert pacer.admit(0.0) == 0.0
    pacer.throttled(0.0, 0.1, None)
    wait = pacer.admit(0.1)
    assert wait > 0.0
    look = 0.1 + wait
    assert pacer.admit(look) == 0.0
    assert pacer.admit(look) > 0.0
    assert pacer.succeeded(look, look + 0.01)
    assert pacer.state(look + 0.01).closed_for == 0.0


def test_what_is_in_flight_opens_the_gate() -> None:
    """A call taken that was sent after the last one refused opens; one sent before does not."""
    pacer = GroupPacer()
    for at in (0.0, 0.01, 0.02):
        assert pacer.admit(at) == 0.0
    pacer.throttled(0.01, 0.1, None)
    assert not pacer.succeeded(0.0, 0.11)
    assert pacer.succeeded(0.02, 0.12)


def test_one_cut_for_one_closing() -> None:
    """Calls that were refused together slow the group down once."""
    pacer = GroupPacer()
    for at in range(5):
        pacer.admit(at / 100)
    before = pacer.state(0.1).rate
    for at in range(5):
        pacer.throttled(at / 100, 0.1 + at / 100, None)
    assert before > pacer.state(0.2).rate > 0.9 * before


def test_a_stated_wait_is_waited_for() -> None:
    """A time that the server states keeps everybody away until then, and is told."""
    pacer = GroupPacer()
    pacer.admit(0.0)
    pacer.throttled(0.0, 1.0, 30.0)
    assert pacer.admit(1.0) == pytest.approx(30.0)
    assert pacer.stated_wait(11.0) == pytest.approx(20.0)
    assert pacer.admit(31.0) == 0.0


def test_a_burst_at_the_start() -> None:
    """A group that was never refused lets twenty bulk calls go at once, and no more."""
    pacer = GroupPacer()
    pacer.admit(0.0, bulk=True)
    assert sum(pacer.admit(10.0, bulk=True) == 0.0 for _ in range(100)) in {20, 21}


def test_interactive_calls_are_free_before_a_refusal() -> None:
    """Until the server refuses a call, interactive ones neither wait nor make others wait."""
    pacer = GroupPacer()
    assert all(pacer.admit(0.0) == 0.0 for _ in range(1_000))
    assert pacer.admit(0.0, bulk=True) == 0.0
    pacer.throttled(0.0, 0.1, None)
    assert pacer.admit(0.1) > 0.0


def test_an_admission_can_be_taken_back() -> None:
    """A slot that is not used after all is the next one's."""
    pacer = GroupPacer()
    now = 0.0
    while pacer.admit(now, bulk=True) == 0.0:
        pass
    pacer.give_back(now, now, bulk=True)
    assert pacer.admit(now, bulk=True) == 0.0
    assert pacer.admit(now, bulk=True) > 0.0


def test_bulk_leaves_its_share_free() -> None:
    """On a learned limit bulk calls take their share, and interactive ones find the rest."""
    pacer = GroupPacer(share=0.5)
    pacer.admit(0.0)
    pacer.throttled(0.0, 0.1, None)
    pacer.admit(0.2)
    pacer.succeeded(0.2, 0.3)
    rate = pacer.state(0.3).rate
    now, bulk, interactive = 0.3, 0, 0
    while now < 10.3:
        bulk += pacer.admit(now, bulk=True) == 0.0
        now += 0.001
    assert bulk == pytest.approx(5 * rate, rel=0.05)
    while now < 20.3:
        bulk += pacer.admit(now, bulk=True) == 0.0
        interactive += pacer.admit(now) == 0.0
        now += 0.001
    assert interactive == pytest.approx(5 * rate, rel=0.1)


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1.0), (1, 0.0), (1, math.inf), (1, math.nan)])
def test_a_rate_must_make_sense(calls: int, seconds: float) -> None:
    """A rate of nothing, or in no time, is refused where it is made."""
    with pytest.raises(ValueError, match="a rate is"):
        FixedRate(calls, seconds)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1, math.nan])
def test_a_share_must_make_sense(share: float) -> None:
    """A share of nothing, or of more than all, is refused."""
    with pytest.raises(ValueError, match="a share is"):
        GroupPacer(share=share)
