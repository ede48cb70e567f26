"""Tasks: work that Frontegg continues after its response, as handles that can be waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

from .errors import CallTimeoutError, InvalidRequestError
from .models.tasks import TaskStatus
from .operation import Caller, Operation

S = TypeVar("S", bound=TaskStatus)

POLL_S: Final = 2.0
"""Seconds between two polls, by default."""
TIMEOUT_S: Final = 600.0
"""Longest time that ``wait`` polls, by default."""


class Task(Generic[S]):
    """One long-running task: ``await task.wait()``, or ``async for status in task``.

    Frontegg goes on with it in any case: giving up, or being cancelled, stops the polling only. A
    handle can be made again from its ``id``, in another process too.

    Attributes:
        id: Frontegg's id of the task.
    """

    def __init__(
        self, caller: Caller, operation: Operation[S], task_id: str, *, ended: S | None = None
    ) -> None:
        operation.path((task_id,))  # rejected here and not at the first poll
        self.id: Final = task_id
        self._caller: Final = caller
        self._operation: Final = operation
        self._ended = ended

    @property
    def ended(self) -> S | None:
        """Status that it has ended with; None as long as this handle has not seen the end."""
        return self._ended

    async def status(self) -> S:
        """Return the current status. A task that has ended is not asked about again."""
        if self._ended is not None:
            return self._ended
        status = await self._caller.call(self._operation, self.id)
        if status.finished:
            self._ended = status
        return status

    async def statuses(
        self, *, poll: float = POLL_S, timeout: float = TIMEOUT_S
    ) -> AsyncIterator[S]:
        """Poll every ``poll`` seconds; the last status is the one that has ended.

        Raises:
            CallTimeoutError: it has not ended after ``timeout`` seconds; it goes on.
        """
        _check("poll", poll)
        _check("timeout", timeout)
        clock = self._caller.clock
        deadline = clock.monotonic() + timeout
        while True:
            status = await self.status()
            yield status
            if status.finished:
                return
            if clock.monotonic() + poll > deadline:
                raise CallTimeoutError(
                    f"task {self.id} has not ended after {timeout:g} s; it goes on",
                    operation=self._operation.name,
                )
            await clock.sleep(poll)

    def __aiter__(self) -> AsyncIterator[S]:
        return self.statuses()

    async def wait(self, *, poll: float = POLL_S, timeout: float = TIMEOUT_S) -> S:
        """Return the status that it ends with.

        Args:
            poll: seconds between two polls.
            timeout: seconds after which to stop polling.

        Raises:
            CallTimeoutError: it has not ended by then; it goes on, and can be waited for again.
        """
        async for _ in self.statuses(poll=poll, timeout=timeout):
            pass
        return await self.status()  # known by now

    def __repr__(self) -> str:
        state = "" if self._ended is None else ", ended"
        return f"<Task {self.id} of {self._operation.name}{state}>"


class TaskBatch(Generic[S]):
    """The tasks that a list was split into, because it was longer than a call may be.

    Attributes:
        tasks: one for each call, in the order of the list.
    """

    def __init__(self, tasks: tuple[Task[S], ...]) -> None:
        self.tasks: Final = tasks

    async def wait(self, *, poll: float = POLL_S, timeout: float = TIMEOUT_S) -> tuple[S, ...]:
        """Return the statuses that the tasks end with, in their order.

        Args:
            poll: seconds between two polls of a task.
            timeout: seconds for each task, from when those before it have ended.

        Raises:
            CallTimeoutError: one has not ended by then; all of them go on.
        """
        # One after the other: they run side by side at Frontegg, and the last one to end decides.
        return tuple([await task.wait(poll=poll, timeout=timeout) for task in self.tasks])

    async def __aiter__(self) -> AsyncIterator[S]:
        for task in self.tasks:
            async for status in task:
                yield status

    def __repr__(self) -> str:
        return f"<TaskBatch of {len(self.tasks)}>"


def _check(name: str, seconds: float) -> None:
    if isinstance(seconds, bool) or not seconds > 0:
        raise InvalidRequestError(f"{name} must be a number of seconds above 0, got {seconds!r}")
