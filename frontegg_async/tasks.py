"""Work that Frontegg goes on with after it has answered, as handles that can be waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar

from .errors import CallTimeoutError, InvalidRequestError
from .models.tasks import TaskStatus
from .operation import Caller, Operation

S = TypeVar("S", bound=TaskStatus)

POLL_S: Final = 2.0
"""Seconds between two looks, unless said otherwise."""
TIMEOUT_S: Final = 600.0
"""Seconds that ``wait`` goes on for, unless said otherwise."""


class Task(Generic[S]):
    """One piece of long-running work: ``await task.wait()``, or ``async for status in task``.

    Frontegg goes on with it whether or not anybody looks: giving up, or being cancelled, stops
    the looking only. A handle can be made again from its ``id``, in another process too.

    Attributes:
        id: Frontegg's id of the work.
    """

    def __init__(
        self, caller: Caller, operation: Operation[S], task_id: str, *, ended: S | None = None
    ) -> None:
        operation.path((task_id,))  # refused here and not at the first look
        self.id: Final = task_id
        self._caller: Final = caller
        self._operation: Final = operation
        self._ended = ended

    @property
    def ended(self) -> S | None:
        """The status that it has ended with, None as long as nobody here has seen that."""
        return self._ended

    async def status(self) -> S:
        """Look once. What has ended is not asked about again."""
        if self._ended is not None:
            return self._ended
        status = await self._caller.call(self._operation, self.id)
        if status.finished:
            self._ended = status
        return status

    async def statuses(
        self, *, poll: float = POLL_S, timeout: float = TIMEOUT_S
    ) -> AsyncIterator[S]:
        """Look every ``poll`` seconds; the last status is the one that has ended.

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
            poll: seconds between two looks.
            timeout: seconds after which to stop looking.

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
            poll: seconds between two looks at a task.
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
