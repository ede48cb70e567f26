"""The calls of a session in a fleet: what they wait for, and a store that does not answer."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from frontegg_async.fleet import fleet_group
from frontegg_async.pacing import FixedRate, Learned, RunAllowance

from ..support.clocks import spin
from .scene import GROUP, Scene

pytestmark = pytest.mark.anyio


async def test_interactive_calls_ask_nobody_before_a_refusal(scene: Scene) -> None:
    """They go at once although the store hangs, and all of them are one later exchange."""
    scene.store.hangs = True
    assert all(scene.group().try_admit() for _ in range(20))
    await spin()
    assert scene.store.asked == 1


async def test_the_gate_of_one_session_is_the_gate_of_the_others(scene: Scene) -> None:
    """A refusal in one session holds back the calls of another one, which asked the store once."""
    assert scene.group(1).try_admit()
    await spin()
    await scene.refuse(40.0)
    assert scene.group(1).closed
    assert not scene.group(1).try_admit()


async def test_a_call_that_cannot_be_served_is_sent_away_at_once(scene: Scene) -> None:
    """A wait beyond the deadline, stated to another session, is not waited for."""
    assert scene.group(1).try_admit()
    await spin()
    await scene.refuse(40.0)
    waiting = [scene.call(1, bulk=False, seconds=10.0) for _ in range(2)]
    await scene.pass_seconds(0.2)
    assert waiting[1].done()
    assert waiting[1].result() > 10.0


async def test_bulk_calls_use_leased_slots(scene: Scene) -> None:
    """The first calls go as soon as slots are leased, in both sessions."""
    calls = [scene.call(number, bulk=True) for number in (0, 1)]
    await scene.pass_seconds(0.2)
    assert [call.result() for call in calls] == [0.0, 0.0]


async def test_a_cancelled_call_leaves_its_slot_to_the_next(scene: Scene) -> None:
    """Admitted and cancelled before it was sent, it counts as not sent."""
    first = scene.call(bulk=True)
    while scene.store.asked == 0:
        await spin(1)
    first.cancel()
    second = scene.call(bulk=True)
    await scene.pass_seconds(0.2)
    assert second.result() == 0.0
    scene.group().failed(scene.time.now)
    assert scene.group()._member._in_flight == 0


async def test_closing_sends_all_calls_away(scene: Scene) -> None:
    """Calls in line end with a wait, and the session is no member of the fleet any more."""
    await scene.refuse()
    waiting = [scene.call(bulk=True), scene.call(bulk=False)]
    await spin()
    await scene.pacings[0].close()
    assert min(await asyncio.gather(*waiting)) > 0.0
    (limit,) = scene.store.inner._limits.values()
    assert not limit._members


async def test_a_store_that_hangs_is_done_without(scene: Scene) -> None:
    """Bulk calls go on after a second, and the limit is shared again when there is an answer."""
    scene.store.hangs = True
    call = scene.call(bulk=True)
    await scene.pass_seconds(2.0)
    assert call.result() == 0.0
    assert scene.group()._member.away
    scene.store.hangs = False
    await scene.pass_seconds(3.0)
    assert not scene.group()._member.away


async def test_a_store_that_fails_is_done_without(scene: Scene) -> None:
    """An exchange that raises is repeated a few times; no call fails for it."""
    scene.store.fails = True
    call = scene.call(bulk=True)
    await scene.pass_seconds(1.0)
    assert call.result() == 0.0
    assert scene.group()._member.away
    scene.store.fails = False
    await scene.pass_seconds(3.0)
    assert not scene.group()._member.away


async def test_a_starved_process_does_not_blame_the_store(scene: Scene) -> None:
    """Time that passed while the loop could not run is no sign of a dead store."""
    scene.store.hangs = True
    call = scene.call(bulk=True)
    await spin()
    for _ in range(3):
        await scene.time.advance(10.0)
    assert not scene.group()._member.away
    scene.store.hangs = False
    scene.store.answer.set()
    await spin()
    assert not scene.group()._member.away
    del call


async def test_a_store_that_fails_and_hangs_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exchange that hangs is ended also after a long pause behind others that have failed."""
    # As on a machine so busy that the pause ends late, and looks do not.
    monkeypatch.setattr(fleet_group, "RETRY_S", 2.0)
    scene.store.fails = True
    call = scene.call(bulk=False)
    await scene.pass_seconds(3.5)
    assert call.result() == 0.0
    assert scene.group()._member.away
    scene.store.fails, scene.store.hangs = False, True
    await scene.pass_seconds(4.0)
    scene.store.hangs = False
    await scene.pass_seconds(5.0)
    assert not scene.group()._member.away


async def test_runs_side_by_side_share_the_rate_of_the_fleet(scene: Scene) -> None:
    """Two runs in each session, all with ten calls a second, send ten a second together."""
    runs = [RunAllowance(rate=FixedRate(10, 1)) for _ in range(4)]
    calls = [scene.call(number % 2, run=run) for number, run in enumerate(runs) for _ in range(30)]
    await scene.pass_seconds(1.0)
    before = sum(call.done() for call in calls)
    await scene.pass_seconds(2.0)
    assert 15 <= sum(call.done() for call in calls) - before <= 22
    for call in calls:
        call.cancel()


@pytest.mark.parametrize(
    ("terms", "most"),
    [({"rate": FixedRate(10, 1)}, 10.0), ({"rate": FixedRate(3, 2)}, 1.5), ({"share": 0.5}, 10.0)],
)
async def test_runs_side_by_side_keep_together_to_their_word_without_the_store(
    scene: Scene, terms: dict[str, Any], most: float
) -> None:
    """Two runs in each session send together what one of them may, and none of them starves."""
    for pacing in scene.pacings:
        pacing.begin_with([Learned(GROUP, GROUP, 20.0, 1.0)])
    runs = [RunAllowance(**terms) for _ in range(4)]
    calls = [scene.call(number % 2, run=run) for number, run in enumerate(runs) for _ in range(200)]
    await scene.pass_seconds(1.0)
    scene.store.fails = True
    await scene.pass_seconds(2.0)
    assert all(scene.group(number)._member.away for number in (0, 1))
    before = [sum(call.done() for call in calls[at : at + 200]) for at in range(0, 800, 200)]
    await scene.pass_seconds(20.0)
    sent = [
        sum(call.done() for call in calls[200 * number : 200 * number + 200]) - was
        for number, was in enumerate(before)
    ]
    assert 0.9 * 20.0 * most <= sum(sent) <= 20.0 * most + len(runs)
    assert min(sent) >= 0.2 * sum(sent)
    for call in calls:
        call.cancel()


async def test_a_used_up_limit_is_told_again(scene: Scene) -> None:
    """A response that says it was the last one closes the gate, though the store failed."""
    assert scene.group().try_admit()
    assert scene.group(1).try_admit()
    await scene.pass_seconds(0.5)
    assert scene.group().try_admit()
    sent_at = scene.time.now
    scene.store.fails = True
    scene.group().succeeded(sent_at, 30.0)
    await spin()
    scene.store.fails = False
    await scene.pass_seconds(1.0)
    assert scene.group(1).closed
    assert not scene.group(1).try_admit()


async def test_a_slow_rate_asks_seldom(scene: Scene) -> None:
    """A run of one call a second asks for a slot some times a second, and not without a pause."""
    run = RunAllowance(rate=FixedRate(1, 1))
    calls = [scene.call(number % 2, run=run) for number in range(20)]
    await scene.pass_seconds(1.0)
    asked, sent = scene.store.asked, sum(call.done() for call in calls)
    await scene.pass_seconds(4.0)
    assert 3 <= sum(call.done() for call in calls) - sent <= 5
    assert scene.store.asked - asked <= 60
    for call in calls:
        call.cancel()
