"""Runs with a rate or a share in a fleet: each of these words is kept by itself."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
from typing import Final

import pytest

from frontegg_async.fleet.news import Grant, News
from frontegg_async.fleet.shared_limit import SharedLimit, exchange
from frontegg_async.pacing import FixedRate, Learned, RunAllowance

from .scene import GROUP, Scene

pytestmark = pytest.mark.anyio

SECONDS: Final = 20.0


def runs_in(scene: Scene, *rates: FixedRate | None) -> list[list[asyncio.Task[float]]]:
    """Let both sessions begin a run with each rate, of a thousand calls, on 100 calls a second.

    Returns:
        The calls of each rate.
    """
    for pacing in scene.pacings:
        pacing.begin_with([Learned(GROUP, GROUP, 100.0, 1.0)])
    calls: list[list[asyncio.Task[float]]] = [[] for _ in rates]
    for number in (0, 1):
        for rate, begun in zip(rates, calls, strict=True):
            run = RunAllowance(rate=rate)
            begun += [scene.call(number, run=run, seconds=300.0) for _ in range(1_000)]
    return calls


async def sent_in(
    scene: Scene, calls: list[list[asyncio.Task[float]]], seconds: float = SECONDS
) -> list[int]:
    """Return the calls of each rate that go within some seconds."""
    before = [sum(call.done() for call in begun) for begun in calls]
    await scene.pass_seconds(seconds)
    now = [sum(call.done() for call in begun) for begun in calls]
    return [after - was for was, after in zip(before, now, strict=True)]


def end(calls: list[list[asyncio.Task[float]]]) -> None:
    """Cancel all calls."""
    for begun in calls:
        for call in begun:
            call.cancel()


@pytest.mark.parametrize("away", [False, True])
async def test_a_rate_holds_beside_a_run_without(scene: Scene, away: bool) -> None:
    """A run of 5 calls a second in two sessions sends no more, and the run beside it the rest."""
    calls = runs_in(scene, FixedRate(5, 1), None)
    await scene.pass_seconds(1.0)
    scene.store.fails = away
    await scene.pass_seconds(2.0)
    rated, free = await sent_in(scene, calls)
    assert 0.8 * 5.0 * SECONDS <= rated <= 5.0 * SECONDS + 2
    assert free >= 0.7 * 95.0 * SECONDS
    end(calls)


@pytest.mark.parametrize("away", [False, True])
async def test_a_slow_run_does_not_hold_back_a_fast_one(scene: Scene, away: bool) -> None:
    """Beside a call in ten seconds, a run of 20 calls a second sends them."""
    calls = runs_in(scene, FixedRate(1, 10), FixedRate(20, 1))
    await scene.pass_seconds(1.0)
    scene.store.fails = away
    await scene.pass_seconds(2.0)
    once, many = await sent_in(scene, calls)
    assert once <= 3
    assert 0.8 * 20.0 * SECONDS <= many <= 20.0 * SECONDS + 2
    end(calls)


async def test_interactive_calls_do_not_wait_for_the_turn_of_a_run(scene: Scene) -> None:
    """Where all calls wait for slots, those beside a run of a call a minute wait for an answer."""
    calls = runs_in(scene, FixedRate(1, 60))
    await scene.pass_seconds(5.0)
    assert scene.group()._member.paced
    for _ in range(10):
        call = scene.call(bulk=False)
        await scene.pass_seconds(0.2)
        assert call.done()
        scene.group().succeeded(scene.time.now)
    end(calls)


async def test_a_slot_that_a_used_up_rate_holds_back(scene: Scene) -> None:
    """A run whose own count forbids a call that the store would allow asks seldom."""
    run = RunAllowance(rate=FixedRate(1, 60))
    calls = [[scene.call(run=run, seconds=300.0) for _ in range(10)]]
    await scene.pass_seconds(1.0)
    (limit,) = scene.store.inner._limits.values()
    for cap in limit._caps.kept:  # as in a store that was flushed
        cap.next_at = -math.inf
    asked = scene.store.asked
    assert await sent_in(scene, calls) == [0]
    assert scene.store.asked - asked <= 2.0 * SECONDS
    end(calls)


def test_a_gate_that_closes_is_no_excuse() -> None:
    """A call that was sent counts for its minute, however often the gate closes after it."""
    limit: SharedLimit | None = None
    slots = 0

    def ask(now: float, news: News) -> Grant:
        nonlocal limit, slots
        limit, grant = exchange(limit, now, "a", news)
        slots += len(grant.bulk)
        return grant

    waits = News(bulk=5, rate=1.0 / 60.0, calls=100.0, seconds=1.0, met=True)
    ask(0.0, waits)
    for number in range(1, 10):
        at = 5.0 * number
        assert ask(at, News(exhausted_sent=at, exhausted_until=at + 1.0)).gate.closed
        assert not ask(at + 2.0, News(taken=1, taken_sent=at + 1.9)).gate.closed
        ask(at + 2.1, waits)
    assert slots == 1
