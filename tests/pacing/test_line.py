"""The line of a limit group: the order of calls, and that no call is lost."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frontegg_async.pacing import (
    FixedRate,
    GroupPacer,
    Learned,
    LimitGroup,
    Line,
    Pacing,
    RunAllowance,
    Waiter,
)
from frontegg_async.pacing.gate import FIRST_LOOK_S
from frontegg_async.pacing.line import BULK_PATIENCE_S, REOPENING_CALLS

pytestmark = pytest.mark.anyio

FOREVER = 1e9
NAME = "GET /users"
WAY = 0.02
"""Seconds to a server, and back from it."""


class ManualClock:
    """A clock that a test moves; it wakes sleepers on the way."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def monotonic(self) -> float:
        """Return the seconds that have been let pass."""
        return self.now

    def time(self) -> float:
        """Return the same, as a time of day."""
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        """Wait until the clock has been moved far enough."""
        self._number += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, future))
        await future

    @property
    def sleeping(self) -> int:
        """Number of sleepers."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and wake each sleeper at its own time."""
        end = self.now + seconds
        await turn()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self.now = max(self.now, at)
                future.set_result(None)
                await turn()
        self.now = end


async def turn() -> None:
    """Let all tasks run as far as they can without time passing."""
    for _ in range(6):
        await asyncio.sleep(0)


class Window:
    """A server with a limit in windows, each opened by a call."""

    def __init__(self, calls: int, seconds: float) -> None:
        self._calls = calls
        self._seconds = seconds
        self._left = 0
        self._end = -math.inf

    def takes(self, now: float) -> bool:
        """Return whether a call is taken."""
        if now >= self._end:
            self._end = now + self._seconds
            self._left = self._calls
        self._left -= 1
        return self._left >= 0


class Scene:
    """A limit group, a run of one bulk call a second, and a record of the calls that went."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pacing = Pacing(self.clock)
        self.group: LimitGroup = self.pacing.group(NAME)
        self.run = RunAllowance(rate=FixedRate(1, 1.0))
        self.server: Window | None = None
        """Answers calls; None leaves that to the test."""
        self.gone: list[str] = []
        self.turned_away: dict[str, float] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._sent: dict[str, float] = {}

    def close_gate(self, wait: float | None = None) -> None:
        """Send a call that is refused."""
        assert self.group.try_admit()
        self.group.throttled(self.clock.now, wait)

    def taken(self, name: str) -> None:
        """Answer a call that went with a success."""
        self.group.succeeded(self._sent[name])

    def refused(self, name: str, wait: float | None = None) -> None:
        """Answer a call that went with a refusal."""
        self.group.throttled(self._sent[name], wait)

    def failed(self, name: str) -> None:
        """Let a call that went end without an answer."""
        self.group.failed(self._sent[name])

    def exhausted(self, name: str, wait: float) -> None:
        """Answer a call that went with a success that says that the limit is used up."""
        self.group.succeeded(self._sent[name], wait)

    def send(
        self,
        name: str,
        *,
        run: RunAllowance | None = None,
        began: float | None = None,
        deadline: float = FOREVER,
        max_wait: float = FOREVER,
    ) -> None:
        """Start a task that waits in line until it may go, and is taken if there is a server."""
        began = self.clock.now if began is None else began
        self.tasks[name] = asyncio.create_task(self._call(name, run, began, deadline, max_wait))

    async def _call(
        self, name: str, run: RunAllowance | None, began: float, deadline: float, max_wait: float
    ) -> None:
        while True:
            shortfall = await self.group.wait(
                began=began, deadline=deadline, max_wait=max_wait, run=run
            )
            if shortfall:
                self.turned_away[name] = shortfall
                return
            self._sent[name] = sent_at = self.clock.now
            if self.server is None:
                break
            await self.clock.sleep(WAY)
            taken = self.server.takes(self.clock.now)
            await self.clock.sleep(WAY)
            if taken:
                self.group.succeeded(sent_at)
                break
            self.group.throttled(sent_at)
        self.gone.append(name)

    def count(self, kind: str) -> int:
        """Return the number of calls that went whose names begin with ``kind``."""
        return sum(name.startswith(kind) for name in self.gone)

    async def close(self) -> None:
        """Send all calls away, and cancel those in flight."""
        await self.pacing.close()
        await turn()
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Give a group whose run has spent its first slot, and check that no task is left."""
    made = Scene()
    assert made.group.try_admit(made.run)
    yield made
    await made.close()
    await turn()
    assert not {task for task in asyncio.all_tasks() if "frontegg_async" in task.get_name()}


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
    in_flight = scene.group._pacer._in_flight
    scene.clock.now += 1.0  # a slot or a look is due, but the timer has not fired yet
    for name in "abc":
        scene.tasks[name].cancel()
    await turn()
    assert scene.gone == []
    assert scene.group._pacer._in_flight == in_flight
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


# The gate


async def test_an_opened_gate_wakes_the_line(scene: Scene) -> None:
    """The answer that opens the gate lets the next call go, without waiting for the timer."""
    assert scene.group.try_admit()
    scene.clock.now = 0.3
    assert scene.group.try_admit()
    scene.clock.now = 0.4
    scene.group.throttled(0.0, 30.0)
    scene.send("a")
    await turn()
    assert scene.gone == []
    scene.clock.now = 0.5
    scene.group.succeeded(0.3)
    await turn()
    assert scene.gone == ["a"]


async def test_a_look_is_one_call(scene: Scene) -> None:
    """Behind a closed gate one call at a time looks, and the next one later than the last."""
    scene.close_gate()
    for number in range(20):
        scene.send(str(number))
    at: list[float] = []
    while scene.clock.now < 20.0:
        before = len(scene.gone)
        await scene.clock.advance(0.01)
        assert len(scene.gone) - before <= 1
        at += [scene.clock.now] * (len(scene.gone) - before)
    gaps = [later - earlier for earlier, later in pairwise([0.0, *at])]
    assert gaps[0] == pytest.approx(FIRST_LOOK_S, abs=0.011)
    assert all(later >= earlier - 0.02 for earlier, later in pairwise(gaps))
    assert len(at) < 25
    assert max(gaps) < 5.02


async def test_a_new_call_looks_if_none_waits(scene: Scene) -> None:
    """A call that comes when a look is due makes it; one that comes beside it waits."""
    scene.close_gate()
    scene.clock.now += FIRST_LOOK_S
    assert scene.group.try_admit()
    assert not scene.group.try_admit()
    assert not scene.group.try_admit(RunAllowance())


@pytest.mark.parametrize("history", [0, 500])
async def test_an_opened_gate_lets_a_few_go(scene: Scene, history: int) -> None:
    """After an opening the calls in flight are bounded, however many were taken long before."""
    for _ in range(history):
        assert scene.group.try_admit()
        scene.group.succeeded(scene.clock.now)
        scene.clock.now += 0.01
    scene.close_gate()
    for number in range(1_000):
        scene.send(str(number))
    await scene.clock.advance(FIRST_LOOK_S)
    assert scene.gone == ["0"]
    scene.taken("0")
    await turn()
    assert REOPENING_CALLS - 1 <= len(scene.gone) - 1 <= REOPENING_CALLS
    answered = 1
    while len(scene.gone) < 1_000:
        before = len(scene.gone)
        scene.clock.now += 0.01
        scene.taken(str(answered))
        answered += 1
        await turn()
        # One takes the place of the one that was answered, and one more may fly.
        assert 1 <= len(scene.gone) - before <= 3
    assert scene.clock.sleeping == 0


async def test_calls_that_fail_let_others_go(scene: Scene) -> None:
    """A call in flight that gets no answer, or an error, makes room for the next one in line."""
    scene.close_gate()
    for number in range(100):
        scene.send(str(number))
    await scene.clock.advance(FIRST_LOOK_S)
    scene.taken("0")
    await turn()
    before = len(scene.gone)
    assert before < 100
    for _ in range(10):
        scene.group.failed(scene.clock.now)
    await turn()
    assert len(scene.gone) == before + 10


@pytest.mark.parametrize("wait", [0.5, 1.0, 2.0, 30.0])
async def test_a_limit_that_is_used_up_closes_the_gate(scene: Scene, wait: float) -> None:
    """After the last call that a server takes for a while, the next ones wait."""
    scene.clock.now = 100.0
    assert scene.group.try_admit()
    scene.group.succeeded(100.0)
    scene.group.succeeded(100.0, wait)
    assert not any(scene.group.try_admit() for _ in range(5))
    assert not scene.group.try_admit(RunAllowance())


# All together


async def test_groups_do_not_know_each_other(scene: Scene) -> None:
    """A limit of one group holds back no other."""
    scene.close_gate(30.0)
    assert not scene.group.try_admit()
    other = scene.pacing.group("POST /users")
    assert other.try_admit()
    assert scene.pacing.group("POST /users") is other
    assert set(scene.pacing.states()) == {NAME, "POST /users"}


async def test_closing_sends_all_calls_away(scene: Scene) -> None:
    """After a close no call waits, nor does one that comes then."""
    scene.close_gate()
    scene.send("a")
    scene.send("b", run=scene.run)
    await turn()
    await scene.pacing.close()
    await turn()
    assert set(scene.turned_away) == {"a", "b"}
    scene.send("c")
    scene.send("d", run=scene.run)
    await turn()
    assert set(scene.turned_away) == {"a", "b", "c", "d"}
    assert scene.clock.sleeping == 0


async def test_a_line_that_never_ends_forgets(scene: Scene) -> None:
    """The memory of a line is bounded by the calls in it, not by all that ever were."""
    run = RunAllowance(rate=FixedRate(1, 1.0))
    for number in range(400):
        scene.send(str(number), run=run)
        await scene.clock.advance(1.0)
    assert len(scene.gone) >= 398
    assert len(scene.group._line._deadlines) < 100
    assert all(len(queue._heap) < 100 for queue in scene.group._line._bulk.values())


async def test_runs_that_are_over_are_forgotten(scene: Scene) -> None:
    """A line holds on to a run only while a call of it waits."""
    for number in range(50):
        run = RunAllowance(rate=FixedRate(1, 1.0))
        for name in ("first", "second", "cancelled"):
            scene.send(f"{name} {number}", run=run)
        await turn()
        scene.tasks[f"cancelled {number}"].cancel()
        await scene.clock.advance(1.5)
    assert scene.count("second") == 50
    assert not scene.group._line._bulk


class Play:
    """A scene in which events happen in any order."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.runs = {"one": self.scene.run, "other": RunAllowance(share=0.5)}
        self.names: list[str] = []
        self.answered: set[str] = set()

    async def happen(self, event: str, value: int) -> None:
        """Let one event happen."""
        scene = self.scene
        if event in {"one", "other", "interactive"}:
            number = len(self.names)
            self.names.append(f"{event} {number}")
            scene.send(self.names[-1], run=self.runs.get(event), began=float(number))
        elif event == "cancel" and self.names:
            scene.tasks[self.names[value % len(self.names)]].cancel()
        elif event == "cancel all":
            for task in scene.tasks.values():
                task.cancel()
        elif event == "time":
            await scene.clock.advance(value / 10.0)
        elif event == "late timers":
            scene.clock.now += value / 10.0
        elif event == "turn":
            await asyncio.sleep(0)
        else:
            self.answer(event, value)

    def answer(self, event: str, value: int) -> None:
        """Answer one of the calls in flight."""
        unanswered = self.in_flight
        if not unanswered:
            return
        name = unanswered[value % len(unanswered)]
        self.answered.add(name)
        if event == "refuse":
            self.scene.refused(name, value / 3.0)
        elif event == "fail":
            self.scene.failed(name)
        elif event == "last":
            self.scene.exhausted(name, value / 3.0)
        else:
            self.scene.taken(name)

    @property
    def in_flight(self) -> list[str]:
        """The calls that went and were not answered."""
        return [name for name in self.scene.gone if name not in self.answered]

    async def end(self) -> None:
        """Let time pass until all calls have gone."""
        await turn()
        for _ in range(400):
            if all(task.done() for task in self.scene.tasks.values()):
                break
            await self.scene.clock.advance(60.0)
        await turn()


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                (
                    *("one", "other", "interactive", "cancel", "cancel all", "time"),
                    *("late timers", "turn", "refuse", "fail", "take", "last"),
                )
            ),
            st.integers(0, 30),
        ),
        max_size=40,
    )
)
@example([*[("one", 0)] * 3, ("time", 1), ("late timers", 20), ("cancel all", 0)])
def test_no_call_is_lost(sequence: list[tuple[str, int]]) -> None:
    """However calls come, go and are cancelled: the rest goes, in order, and no task is left."""

    async def live() -> None:
        play = Play()
        for event, value in sequence:
            await play.happen(event, value)
        await play.end()
        scene = play.scene
        cancelled = {name for name, task in scene.tasks.items() if task.cancelled()}
        assert set(scene.gone) | cancelled == set(play.names)
        for kind in ("one", "other", "interactive"):
            gone = [int(name.split()[1]) for name in scene.gone if name.startswith(kind)]
            assert gone == sorted(gone)
        assert scene.group._pacer._in_flight == len(play.in_flight)
        assert scene.clock.sleeping == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert math.isfinite(scene.group.waited)

    asyncio.run(live())
