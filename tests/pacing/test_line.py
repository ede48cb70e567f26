"""The line of a limit group: order, cancellation, deadlines, and the rates of runs."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math

import pytest

from frontegg_async.pacing import FixedRate, GroupPacer, Learned, Line, Pacing, RunAllowance, Waiter
from frontegg_async.pacing.gate import FIRST_LOOK_S
from frontegg_async.pacing.line import BULK_PATIENCE_S

from .line_scene import FOREVER, NAME, ManualClock, Scene, Window, turn

pytestmark = pytest.mark.anyio

# Order


async def test_no_wait_costs_no_timer() -> None:
    """While there is room, calls are admitted at once, without a task or a timer."""
    clock = ManualClock()
    group = Pacing(clock).group(NAME)
    before = asyncio.all_tasks()
    assert group.try_admit()
    assert await group.wait(began=0.0, deadline=FOREVER, max_wait=60.0) == 0.0
    run = RunAllowance()
    assert await group.wait(began=0.0, deadline=FOREVER, max_wait=60.0, run=run) == 0.0
    assert asyncio.all_tasks() == before
    assert clock.sleeping == 0
    assert group.waited == 0.0


async def test_first_come_first_served(scene: Scene) -> None:
    """Calls of a run go in the order in which they came, one for each slot."""
    for name in "abc":
        scene.send(name, run=scene.run)
    await turn()
    assert scene.gone == []
    await scene.clock.advance(1.0)
    assert scene.gone == ["a"]
    await scene.clock.advance(2.5)
    assert scene.gone == ["a", "b", "c"]
    assert scene.group.waited == pytest.approx(3.0, rel=0.01)


async def test_interactive_calls_go_in_order(scene: Scene) -> None:
    """Behind a closed gate the first one in line looks, and the rest follows in its order."""
    scene.close_gate()
    for name in "abcd":
        scene.send(name)
    await scene.clock.advance(FIRST_LOOK_S)
    assert scene.gone == ["a"]
    scene.taken("a")
    await turn()
    assert scene.gone == ["a", "b", "c", "d"]


async def test_a_refused_call_comes_back_to_its_place(scene: Scene) -> None:
    """Calls that come back stand in line by the time at which they began, and not at its end."""
    scene.close_gate()
    scene.send("third", began=3.0)
    scene.send("fifth", began=5.0)
    await turn()
    scene.send("second", began=2.0)
    scene.send("first", began=1.0)
    scene.send("fourth", began=4.0)
    await scene.clock.advance(FIRST_LOOK_S)
    assert scene.gone == ["first"]
    scene.taken("first")
    await turn()
    assert scene.gone == ["first", "second", "third", "fourth", "fifth"]


async def test_refused_bulk_calls_come_back_to_their_places(scene: Scene) -> None:
    """Calls of a run stand in line by the time at which they began, too."""
    for number in (3, 1, 2):
        scene.send(str(number), run=scene.run, began=float(number))
    await scene.clock.advance(3.5)
    assert scene.gone == ["1", "2", "3"]


async def test_interactive_calls_overtake_bulk_ones(scene: Scene) -> None:
    """An interactive call that comes last goes before the bulk calls that wait."""
    scene.close_gate()
    scene.send("bulk 1", run=scene.run)
    scene.send("bulk 2", run=scene.run)
    await turn()
    scene.send("interactive")
    await scene.clock.advance(0.5)
    assert scene.gone == ["interactive"]
    scene.taken("interactive")
    await scene.clock.advance(3.0)
    assert scene.gone == ["interactive", "bulk 1", "bulk 2"]


async def test_no_call_jumps_the_line(scene: Scene) -> None:
    """While a call waits, another of its kind is not let through beside it."""
    scene.send("bulk", run=scene.run)
    await turn()
    scene.clock.now += 1.0  # there is a slot, but the timer has not fired yet
    assert not scene.group.try_admit(scene.run)
    assert scene.group.try_admit(RunAllowance())  # another run has a line of its own
    scene.close_gate()
    scene.send("interactive")
    await turn()
    scene.clock.now += FIRST_LOOK_S  # the same for a look
    assert not scene.group.try_admit()
    assert not scene.group.try_admit(RunAllowance())


async def test_one_timer_for_the_whole_line(scene: Scene) -> None:
    """However many calls of however many kinds are in line, they need one timer."""
    other = RunAllowance(rate=FixedRate(2, 1.0))
    assert all(scene.group.try_admit(other) for _ in range(2))
    for number in range(50):
        scene.send(f"one {number}", run=scene.run)
        scene.send(f"other {number}", run=other)
    await turn()
    assert scene.clock.sleeping == 1
    await scene.clock.advance(10.5)
    assert (scene.count("one"), scene.count("other")) == (10, 20)
    assert scene.clock.sleeping == 1
    scene.close_gate()
    scene.send("interactive")
    await turn()
    assert scene.clock.sleeping == 1


# Cancellation


async def test_a_cancelled_head_makes_room(scene: Scene) -> None:
    """When the head is cancelled, the next takes the same slot."""
    for name in "ab":
        scene.send(name, run=scene.run)
    await turn()
    scene.tasks["a"].cancel()
    await scene.clock.advance(1.0)
    assert scene.gone == ["b"]


async def test_a_cancelled_head_leaves_its_look(scene: Scene) -> None:
    """When the call that was to look is cancelled, the next one looks at the same time."""
    scene.close_gate()
    for name in "ab":
        scene.send(name)
    await turn()
    scene.tasks["a"].cancel()
    await scene.clock.advance(FIRST_LOOK_S)
    assert scene.gone == ["b"]


async def test_the_last_one_cancelled_ends_the_timer(scene: Scene) -> None:
    """When the last call in line is cancelled, there is no timer."""
    scene.send("a", run=scene.run)
    scene.close_gate()
    scene.send("b")
    await turn()
    assert scene.clock.sleeping == 1
    for name in "ab":
        scene.tasks[name].cancel()
    await turn()
    assert scene.clock.sleeping == 0


async def test_cancelled_after_it_was_admitted(scene: Scene) -> None:
    """A call cancelled between its admission and its next step gives the slot to the next."""
    for name in "ab":
        scene.send(name, run=scene.run)
    assert scene.group.try_admit()
    await turn()
    scene.clock.now += 1.5
    scene.group.failed(0.0)  # looks at the line: the head is admitted, but has not run yet
    scene.tasks["a"].cancel()
    await turn()
    assert scene.gone == ["b"]


async def test_cancelled_as_the_one_that_looks(scene: Scene) -> None:
    """A look that is cancelled before it was sent is made by the next one, at once."""
    assert scene.group.try_admit()
    scene.close_gate()
    for name in "ab":
        scene.send(name)
    await turn()
    scene.clock.now += FIRST_LOOK_S
    scene.group.failed(0.0)
    scene.tasks["a"].cancel()
    await turn()
    assert scene.gone == ["b"]


@pytest.mark.parametrize("bulk", [True, False])
async def test_cancelled_together(scene: Scene, bulk: bool) -> None:
    """When all calls in line are cancelled at once, the slot that was due is there for the next."""
    run = scene.run if bulk else None
    if not bulk:
        scene.close_gate()
    for name in "abc":
        scene.send(name, run=run)
    await turn()
    in_flight = scene.in_flight
    scene.clock.now += 1.0  # a slot or a look is due, but the timer has not fired yet
    for name in "abc":
        scene.tasks[name].cancel()
    await turn()
    assert scene.gone == []
    assert scene.in_flight == in_flight
    assert scene.group.try_admit(run)


# Deadlines


async def test_a_deadline_is_kept(scene: Scene) -> None:
    """A call that is not admitted by its deadline is told then, and does not go later."""
    scene.send("a", run=scene.run)
    scene.send("b", run=scene.run, deadline=1.5)
    await scene.clock.advance(1.49)
    assert scene.gone == ["a"]
    assert not scene.turned_away
    await scene.clock.advance(0.02)
    assert scene.turned_away["b"] > 0.0
    await scene.clock.advance(5.0)
    assert scene.gone == ["a"]


async def test_a_deadline_behind_a_closed_gate(scene: Scene) -> None:
    """Behind a closed gate without a stated wait a call waits until its deadline, not longer."""
    scene.close_gate()
    for number in range(40):
        scene.send(f"ahead {number}")
    scene.send("hurried", deadline=1.5)
    await scene.clock.advance(1.49)
    assert not scene.turned_away
    await scene.clock.advance(0.02)
    # The next look is a quarter of the time away for which the gate has been closed.
    assert set(scene.turned_away) == {"hurried"}
    assert 0.0 < scene.turned_away["hurried"] < 1.5 / 4.0
    await scene.clock.advance(60.0)
    assert "hurried" not in scene.gone


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_deadline_that_has_passed(scene: Scene, bulk: bool) -> None:
    """A call that comes after its deadline is told at once."""
    scene.close_gate()
    scene.send("a", run=scene.run if bulk else None, deadline=0.0)
    await turn()
    assert scene.turned_away["a"] > 0.0


async def test_a_stated_wait_is_told_at_once(scene: Scene) -> None:
    """A wait beyond the deadline or beyond ``max_wait`` is told at once, to old and new."""
    scene.close_gate()
    scene.send("patient")
    scene.send("hurried", deadline=20.0)
    scene.send("unwilling", max_wait=10.0)
    await turn()
    assert not scene.turned_away
    scene.group.throttled(0.0, 30.0)
    scene.send("late", deadline=29.0)
    await turn()
    assert scene.turned_away == {
        "hurried": pytest.approx(30.0),
        "unwilling": pytest.approx(30.0),
        "late": pytest.approx(30.0),
    }
    await scene.clock.advance(30.5)
    assert scene.gone == ["patient"]


async def test_bulk_calls_look_before_they_believe(scene: Scene) -> None:
    """A stated wait that is too long for bulk calls sends them away after 15 s of looks only."""
    scene.close_gate(3_600.0)
    run = RunAllowance()
    for number in range(20):
        scene.send(str(number), run=run, deadline=600.0, max_wait=300.0)
    await turn()
    while scene.clock.now < BULK_PATIENCE_S:
        looks = len(scene.gone)
        await scene.clock.advance(0.25)
        if len(scene.gone) > looks:
            scene.refused(scene.gone[-1], 3_600.0 - scene.clock.now)
            await turn()
        assert not scene.turned_away
    await scene.clock.advance(5.0)
    scene.refused(scene.gone[-1], 3_600.0 - scene.clock.now)
    await turn()
    assert 3 <= len(scene.gone) <= 6
    assert len(scene.turned_away) == 20 - len(scene.gone)
    assert all(
        shortfall == pytest.approx(3_600.0, abs=30.0) for shortfall in scene.turned_away.values()
    )


async def test_a_call_that_cannot_be_served_in_time_is_told_at_once(scene: Scene) -> None:
    """A line that is known to be saturated takes in no call whose turn comes too late."""
    scene.server = Window(10, 10.0)
    for number in range(80):
        scene.send(f"line {number}")
    await scene.clock.advance(1.0)
    assert len(scene.gone) == 10
    # Seventy are ahead, which takes seven windows; but one window alone has not been seen.
    scene.send("early", deadline=scene.clock.now + 40.0)
    await turn()
    assert not scene.turned_away
    await scene.clock.advance(25.0)
    assert len(scene.gone) == 30
    # Two windows have been seen to run out with a line before them: now it is known.
    assert set(scene.turned_away) == {"early"}
    scene.send("hurried", deadline=scene.clock.now + 30.0)
    scene.send("patient", deadline=scene.clock.now + 90.0)
    await turn()
    assert set(scene.turned_away) == {"early", "hurried"}
    assert 30.0 < scene.turned_away["hurried"] < 60.0
    await scene.clock.advance(90.0)
    assert "patient" in scene.gone


def test_a_call_that_comes_back_is_judged_by_its_place() -> None:
    """A call that began first stands first, also in the estimate of its wait."""
    pacer = GroupPacer()
    line = Line(pacer)
    pacer._full_cycle = (10, 5.0)
    assert pacer.admit(0.0) == 0.0
    pacer.throttled(0.0, 0.01, None)

    def waiter(began: float, deadline: float) -> Waiter:
        return Waiter(began, deadline, 60.0, None, lambda _shortfall: None)

    for number in range(100):
        line.join(waiter(10.0 + number, FOREVER), 0.02)
    assert line.shortfall(waiter(1_000.0, 30.0), 0.02) == pytest.approx(45.0)
    assert line.shortfall(waiter(1.0, 30.0), 0.02) == 0.0


# Runs


async def test_each_run_keeps_its_own_rate(scene: Scene) -> None:
    """Two runs at once have two rates, and neither counts the calls of the other."""
    slow, quick = RunAllowance(rate=FixedRate(1, 2.0)), RunAllowance(rate=FixedRate(3, 1.0))
    for number in range(60):
        scene.send(f"slow {number}", run=slow)
        scene.send(f"quick {number}", run=quick)
    await scene.clock.advance(9.9)
    assert (scene.count("slow"), scene.count("quick")) == (5, 30)


async def test_runs_take_turns(scene: Scene) -> None:
    """Two runs with nothing of their own share the slots of the limit evenly."""
    scene.pacing.begin_with([Learned(NAME, NAME, 10.0, 1.0)])
    one, other = RunAllowance(), RunAllowance()
    for number in range(200):
        scene.send(f"one {number}", run=one)
    for number in range(200):
        scene.send(f"other {number}", run=other)
    await scene.clock.advance(1.0)
    before = scene.count("one"), scene.count("other")
    await scene.clock.advance(10.0)
    first, second = scene.count("one") - before[0], scene.count("other") - before[1]
    assert first + second == pytest.approx(98, abs=2)
    assert abs(first - second) <= 2


async def test_a_share_holds_for_its_run(scene: Scene) -> None:
    """A run with a share keeps to it, and a run without one uses all the rest."""
    scene.pacing.begin_with([Learned(NAME, NAME, 10.0, 1.0)])
    modest, other = RunAllowance(share=0.2), RunAllowance()
    for number in range(200):
        scene.send(f"modest {number}", run=modest)
        scene.send(f"other {number}", run=other)
    await scene.clock.advance(1.0)
    before = scene.count("modest"), scene.count("other")
    await scene.clock.advance(10.0)
    assert scene.count("modest") - before[0] == pytest.approx(0.2 * 98, abs=2)
    assert scene.count("other") - before[1] == pytest.approx(0.8 * 98, abs=3)


async def test_a_share_holds_without_other_calls(scene: Scene) -> None:
    """A run with a share leaves the rest alone even while no other call wants it."""
    scene.pacing.begin_with([Learned(NAME, NAME, 10.0, 1.0)])
    modest = RunAllowance(share=0.5)
    for number in range(200):
        scene.send(f"modest {number}", run=modest)
    await scene.clock.advance(1.0)
    before = scene.count("modest")
    await scene.clock.advance(10.0)
    assert scene.count("modest") - before == pytest.approx(0.5 * 98, abs=2)


async def test_an_allowance_belongs_to_a_group(scene: Scene) -> None:
    """A run's rate holds for each limit group by itself, whatever their operations are called."""
    one = scene.pacing.group("GET /one", "call")
    other = scene.pacing.group("GET /other", "call")
    assert one.try_admit(scene.run)
    assert not one.try_admit(scene.run)
    assert other.try_admit(scene.run)


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5, math.nan])
def test_shares_that_cannot_work(share: float) -> None:
    """A share is a part of a limit."""
    with pytest.raises(ValueError, match="share"):
        RunAllowance(share=share)
