"""The line behind a closed gate, and all events together: no call is lost."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frontegg_async.pacing import FixedRate, RunAllowance
from frontegg_async.pacing.gate import FIRST_LOOK_S
from frontegg_async.pacing.line import REOPENING_CALLS

from .line_scene import NAME, Scene, turn

pytestmark = pytest.mark.anyio


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


@settings(max_examples=200)
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
        assert scene.in_flight == len(play.in_flight)
        assert scene.clock.sleeping == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert math.isfinite(scene.group.waited)

    asyncio.run(live())
