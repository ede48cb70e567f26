"""Long-running work: waiting for it, looking at it, giving up, and coming back to it."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontegg_async.errors import (
    BatchInterruptedError,
    CallTimeoutError,
    FronteggError,
    InvalidRequestError,
    ServerError,
)
from frontegg_async.models import ResponseModel
from frontegg_async.models.tasks import is_end
from frontegg_async.operation import Operation
from frontegg_async.tasks import Task, TaskBatch

from ..support.clocks import FakeClock

pytestmark = pytest.mark.anyio


class Status(ResponseModel, frozen=True, kw_only=True):
    """Status of the work on the server."""

    state: str | None = None

    @property
    def finished(self) -> bool:
        """True if the work has ended."""
        return is_end(self.state)


STATUS = Operation("test.status", "GET", "/tasks/{id}", Status)


class Server:
    """A caller that answers with one state after the other, the last one for ever."""

    def __init__(self, states: Sequence[str | FronteggError | None]) -> None:
        self.clock = FakeClock()
        self.asked: list[str] = []
        self._states = list(states)

    async def call(self, operation: Operation[Any], /, *path: str, **_: Any) -> Any:
        """Answer with the next state, or raise it."""
        self.asked += path
        state = self._states[0] if len(self._states) == 1 else self._states.pop(0)
        if isinstance(state, FronteggError):
            raise state
        return Status(state=state)


async def test_wait() -> None:
    """Waiting looks every so many seconds, and returns the status that it ends with."""
    server = Server(["NotStarted", "InProgress", "Completed"])
    status = await Task(server, STATUS, "t-1").wait(poll=3)
    assert status == Status(state="Completed")
    assert (server.asked, server.clock.slept) == (["t-1"] * 3, [3, 3])


async def test_iterate() -> None:
    """Iterating gives every status that is seen, the one that has ended last."""
    server = Server(["InProgress", None, "CompletedWithErrors"])
    seen = [status.state async for status in Task(server, STATUS, "t-1")]
    assert seen == ["InProgress", None, "CompletedWithErrors"]


async def test_what_has_ended_is_not_asked_about_again() -> None:
    """After the end the status is known: waiting, looking and iterating send nothing more."""
    server = Server(["Completed"])
    task = Task(server, STATUS, "t-1")
    await task.wait()
    assert (await task.status(), await task.wait()) == (Status(state="Completed"),) * 2
    assert [status.finished async for status in task] == [True]
    assert server.asked == ["t-1"]
    assert "ended" in repr(task)


async def test_unknown_states_are_waited_out() -> None:
    """An unknown state is no end, and no error."""
    server = Server(["Quantum", "", None, "done"])
    assert (await Task(server, STATUS, "t-1").wait()).state == "done"
    assert len(server.asked) == 4


async def test_giving_up() -> None:
    """After the timeout waiting ends in a typed error, and the task can be waited for again."""
    server = Server(["InProgress"])
    task = Task(server, STATUS, "t-1")
    with pytest.raises(CallTimeoutError, match="t-1 has not ended after 10 s; it goes on"):
        await task.wait(poll=4, timeout=10)
    assert server.clock.slept == [4, 4]
    with pytest.raises(CallTimeoutError):
        await task.wait(poll=4, timeout=10)


async def test_cancellation() -> None:
    """A cancelled waiter stops looking, and the task can be waited for again."""
    server = Server(["InProgress", "Completed"])
    task = Task(server, STATUS, "t-1")
    server.clock.hold()
    waiting = asyncio.create_task(task.wait())
    await server.clock.asleep()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await task.wait()).state == "Completed"


async def test_a_look_that_fails() -> None:
    """An error while looking is raised as it is, and the next look goes on."""
    server = Server([ServerError("broken", status=500), "Completed"])
    task = Task(server, STATUS, "t-1")
    with pytest.raises(ServerError):
        await task.wait()
    assert (await task.wait()).finished


async def test_a_batch() -> None:
    """A batch waits for all of its tasks and gives their statuses in its order."""
    server = Server(["Completed"])
    batch = TaskBatch(tuple(Task(server, STATUS, name) for name in ("a", "b", "c")))
    assert len(await batch.wait()) == 3
    assert server.asked == ["a", "b", "c"]
    assert [status.finished async for status in batch] == [True] * 3
    assert repr(batch) == "<TaskBatch of 3>"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), True])
@pytest.mark.parametrize("name", ["poll", "timeout"])
async def test_times_that_cannot_be(name: str, seconds: float) -> None:
    """An invalid poll or timeout is rejected before any request."""
    server = Server(["Completed"])
    with pytest.raises(InvalidRequestError, match=name):
        await Task(server, STATUS, "t-1").wait(**{name: seconds})
    assert server.asked == []


@pytest.mark.parametrize("task_id", ["", "..", "a\n"])
def test_ids_that_no_path_holds(task_id: str) -> None:
    """A task's id that would lead to another path is rejected."""
    with pytest.raises(InvalidRequestError):
        Task(Server(["Completed"]), STATUS, task_id)


@given(
    st.sampled_from(["Completed", "CompletedWithErrors", "Failed", "Cancelled"]),
    st.sampled_from([str.upper, str.lower, str]),
    st.sampled_from(["", "_", "-", " "]),
)
def test_ends_however_they_are_spelled(word: str, case: Any, between: str) -> None:
    """A final state is recognized in any case and with separators; others are not."""
    spelled = "".join(between + each if each.isupper() else each for each in word)
    assert is_end(case(spelled))
    assert not is_end(f"not {word}")
    assert not any(is_end(state) for state in (None, "", "NotStarted", "InProgress", "Pending"))


def test_interrupted_batches_survive_pickling() -> None:
    """The error of an interrupted batch keeps its tasks when it is pickled or raised again."""
    error = BatchInterruptedError("stopped", task_ids=("a", "b"), accepted=2000, status=500)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    for each in (error.again(), again):
        assert isinstance(each, BatchInterruptedError)
        assert (each.task_ids, each.accepted, each.status) == (("a", "b"), 2000, 500)
