"""The gate by itself: its closings, and the times of the next looks."""

from __future__ import annotations

import pytest

from frontegg_async.pacing.gate import FIRST_LOOK_S, MAX_TRUSTED_WAIT_S, STATED_LOOK_S, Gate


def refused(wait: float | None = None) -> Gate:
    """Return a gate that was closed at 0.0."""
    gate = Gate()
    assert gate.refused(0.0, 0.0, wait, FIRST_LOOK_S)
    return gate


def opened_after(share: float, wait: float = 20.0) -> Gate:
    """Return an open gate after a stated wait of which a share had passed."""
    gate = refused(wait)
    assert gate.opens(share * wait)
    gate.open(share * wait)
    gate.confirm_opened(0.0, share * wait)
    return gate


def test_it_was_not_open_after_all() -> None:
    """Closed again, it counts as closed since the first refusal, and the next look is not at once.

    A look that was due later stays as late.
    """
    gate = refused()
    assert gate.opens(0.5)
    gate.open(1.0)
    gate.close_again(0.0, 1.1)
    assert gate.closed
    assert gate.closed_at == 0.0
    assert gate.next_look_at == pytest.approx(1.1 + FIRST_LOOK_S)
    gate.next_look_at = 9.0
    gate.close_again(0.0, 1.2)
    assert gate.next_look_at == 9.0


@pytest.mark.parametrize("wait", [0.0, -1.0])
def test_no_wait_closes_nothing(wait: float) -> None:
    """A call that is taken as the last one for no time leaves the gate open."""
    gate = Gate()
    assert not gate.exhausted(0.0, 0.0, wait)
    assert not gate.closed


@pytest.mark.parametrize(
    ("share", "wait", "look"),
    [(1.0, 30.0, 30.0), (1.0, 300.0, MAX_TRUSTED_WAIT_S), (0.1, 10.0, STATED_LOOK_S),
     (0.1, 1.5, 1.5)],
    ids=["as true as the last one", "for a minute at most", "untrue", "untrue and short"],
)  # fmt: skip
def test_a_limit_that_is_used_up(share: float, wait: float, look: float) -> None:
    """The first look comes at the stated end if the last one was true, else after a second."""
    gate = opened_after(share)
    assert gate.exhausted(100.0, 100.0, wait)
    assert gate.closed
    assert gate.next_look_at - 100.0 == pytest.approx(look)
