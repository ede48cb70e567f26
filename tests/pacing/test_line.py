"""The line in front of a group: who goes when, and that nobody and nothing is lost."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontegg_async.pacing import FixedRate, Group, Pacing

pytestmark = pytest.mark.anyio

FOREVER = 1e9


class ManualClock:
    """A clock that moves when it is told to, and wakes who sleeps on the way."""

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
        """How many sleep."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen at its own time."""
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
    """Let everything happen that can happen without time passing."""
    for _ in range(6):
        await asyncio.sleep(0)


class Scene:
    """A group that allows a call a second, and a record of who went."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pacing = Pacing(self.clock, fixed=FixedRate(1, 1.0))
        self.group: Group = self.pacing.group("GET /users")
        self.gone: list[str] = []
        self.lacked: dict[str, float] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def send(
        self,
        name: str,
        *,
        bulk: bool = False,
        deadline: float = FOREVER,
        max_wait: float = FOREVER,
    ) -> None:
        """Start a task that waits in line once."""
        self.tasks[name] = asyncio.create_task(self._call(name, deadline, max_wait, bulk=bulk))

    async def _call(self, name: str, deadline: float, max_wait: float, *, bulk: bool) -> None:
        lacking = await self.group.wait(deadline=deadline, max_wait=max_wait, bulk=bulk)
        if lacking:
            self.lacked[name] = lacking
        else:
            self.gone.append(name)

    async def close(self) -> None:
        """Send everybody away."""
        await self.pacing.close()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Give a group whose one free call is spent, and check that no task is left."""
    made = Scene()
    assert made.group.try_admit()
    yield made
    await made.close()
    await turn()
    assert not {task for task in asyncio.all_tasks() if "frontegg_async" in task.get_name()}


async def test_no_wait_costs_no_timer() -> None:
    """While there is room, calls are admitted at once, without a task or a timer."""
    clock = ManualClock()
    group = Pacing(clock).group("GET /users")
    before = asyncio.all_tasks()
    assert group.try_admit()
    assert await group.wait(deadline=FOREVER, max_wait=60.0) == 0.0
    assert asyncio.all_tasks() == before
    assert clock.sleeping == 0
    assert group.waited == 0.0


async def test_first_come_first_served(scene: Scene) -> None:
    """Calls of one kind go in the order in which they came, one for each slot."""
    for name in "abc":
        scene.send(name)
    await turn()
    assert scene.gone == []
    await scene.clock.advance(1.0)
    assert scene.gone == ["a"]
    await scene.clock.advance(2.5)
    assert scene.gone == ["a", "b", "c"]
    assert scene.group.waited == pytest.approx(3.0, rel=0.01)


async def test_interactive_calls_overtake_bulk_ones(scene: Scene) -> None:
    """An interactive call that comes last goes before the bulk calls that wait."""
    scene.send("bulk 1", bulk=True)
    scene.send("bulk 2", bulk=True)
    await turn()
    scene.send("interactive")
    await scene.clock.advance(3.5)
    assert scene.gone == ["interactive", "bulk 1", "bulk 2"]


async def test_nobody_jumps_the_line(scene: Scene) -> None:
    """While a call waits, another of its kind is not let through beside it."""
    scene.send("a", bulk=True)
    await turn()
    scene.clock.now += 1.0  # there is a slot, but the timer has not fired yet
    assert not scene.group.try_admit(bulk=True)
    assert scene.group.try_admit()


async def test_one_timer_for_the_whole_line(scene: Scene) -> None:
    """Fifty calls in line need one timer."""
    for number in range(50):
        scene.send(str(number), bulk=number % 2 == 0)
    await turn()
    assert scene.clock.sleeping == 1
    await scene.clock.advance(10.5)
    assert len(scene.gone) == 10
    assert scene.clock.sleeping == 1


async def test_a_cancelled_head_makes_room(scene: Scene) -> None:
    """When the head is cancelled, the next takes the same slot."""
    for name in "ab":
        scene.send(name)
    await turn()
    scene.tasks["a"].cancel()
    await scene.clock.advance(1.0)
    assert scene.gone == ["b"]


async def test_the_last_one_cancelled_ends_the_timer(scene: Scene) -> None:
    """When nobody waits any more there is no timer."""
    scene.send("a")
    await turn()
    scene.tasks["a"].cancel()
    await turn()
    assert scene.clock.sleeping == 0


async def test_cancelled_after_it_was_admitted(scene: Scene) -> None:
    """A call cancelled between its admission and its next step gives the slot to the next."""
    for name in "ab":
        scene.send(name)
    await turn()
    scene.clock.now += 1.5
    scene.group.set_share(1.0)  # looks at the line: the head is admitted, but has not run yet
    scene.tasks["a"].cancel()
    await turn()
    assert scene.gone == ["b"]


async def test_a_deadline_is_kept(scene: Scene) -> None:
    """Who is not admitted by the deadline is told then, with the wait that is left."""
    scene.send("a")
    scene.send("b", deadline=1.5)
    await scene.clock.advance(1.49)
    assert scene.gone == ["a"]
    assert not scene.lacked
    await scene.clock.advance(0.02)
    assert scene.lacked["b"] == pytest.approx(0.5, abs=0.05)
    await scene.clock.advance(5.0)
    assert scene.gone == ["a"]


async def test_a_deadline_that_has_passed(scene: Scene) -> None:
    """Who comes too late is told at once."""
    scene.send("a", deadline=0.0)
    await turn()
    assert scene.lacked["a"] > 0.0


async def test_a_stated_wait_is_told_at_once(scene: Scene) -> None:
    """A wait beyond the deadline or beyond ``max_wait`` is told at once, to old and new."""
    scene.send("patient")
    scene.send("hurried", deadline=20.0)
    scene.send("unwilling", max_wait=10.0)
    await turn()
    scene.group.throttled(0.0, 30.0)
    scene.send("late", deadline=29.0)
    await turn()
    assert scene.lacked == {
        "hurried": pytest.approx(30.0),
        "unwilling": pytest.approx(30.0),
        "late": pytest.approx(30.0),
    }
    await scene.clock.advance(30.5)
    assert scene.gone == ["patient"]


async def test_an_opened_gate_wakes_the_line() -> None:
    """The answer that opens the gate lets the next call go, without waiting for the timer."""
    scene = Scene()
    scene.pacing = Pacing(scene.clock)
    scene.group = scene.pacing.group("GET /users")
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
    await scene.close()


async def test_groups_do_not_know_each_other(scene: Scene) -> None:
    """A limit of one group holds back no other."""
    scene.group.throttled(0.0, 30.0)
    assert not scene.group.try_admit()
    other = scene.pacing.group("POST /users")
    assert other.try_admit()
    assert scene.pacing.group("POST /users") is other
    assert set(scene.pacing.states()) == {"GET /users", "POST /users"}


async def test_closing_sends_everybody_away(scene: Scene) -> None:
    """After a close nobody waits, and who comes then does not wait either."""
    scene.send("a")
    scene.send("b", bulk=True)
    await turn()
    await scene.pacing.close()
    await turn()
    assert set(scene.lacked) == {"a", "b"}
    scene.send("c")
    await turn()
    assert "c" in scene.lacked
    assert scene.clock.sleeping == 0


async def test_a_line_that_never_ends_forgets() -> None:
    """What a line remembers is bounded by who stands in it, not by who ever did."""
    scene = Scene()
    for number in range(400):
        scene.send(str(number), bulk=True)
        await scene.clock.advance(1.0)
    assert len(scene.gone) >= 398
    assert len(scene.group._deadlines) < 100  # pyright: ignore[reportPrivateUsage]
    await scene.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bulk", "interactive", "cancel", "time", "refuse", "take", "turn"]),
            st.integers(0, 30),
        ),
        max_size=40,
    )
)
def test_nobody_is_lost(sequence: list[tuple[str, int]]) -> None:
    """However calls come, go and are cancelled: the rest goes, in order, and no task is left."""

    async def play() -> None:
        scene = Scene()
        names: list[str] = []
        for number, (what, value) in enumerate(sequence):
            if what in {"bulk", "interactive"}:
                names.append(f"{what} {number}")
                scene.send(names[-1], bulk=what == "bulk")
            elif what == "cancel" and names:
                scene.tasks[names[value % len(names)]].cancel()
            elif what == "time":
                await scene.clock.advance(value / 10.0)
            elif what == "refuse":
                scene.group.throttled(scene.clock.now, value / 3.0)
            elif what == "take":
                scene.group.succeeded(scene.clock.now)
            elif what == "turn":
                await asyncio.sleep(0)
        await turn()
        for _ in range(400):
            if all(task.done() for task in scene.tasks.values()):
                break
            await scene.clock.advance(60.0)
        cancelled = {name for name, task in scene.tasks.items() if task.cancelled()}
        assert set(scene.gone) | cancelled == set(names)
        for kind in ("bulk", "interactive"):
            gone = [int(name.split()[1]) for name in scene.gone if name.startswith(kind)]
            assert gone == sorted(gone)
        await turn()
        assert scene.clock.sleeping == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert math.isfinite(scene.group.waited)

    asyncio.run(play())
