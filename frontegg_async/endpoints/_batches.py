"""Lists that are longer than one call takes, sent in several calls one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from ..errors import BatchInterruptedError, FronteggError, InvalidRequestError
from ..models.tasks import TaskStatus
from ..operation import Operation
from ..tasks import Task, TaskBatch

T = TypeVar("T")
S = TypeVar("S", bound=TaskStatus)


async def start_in_parts(
    name: str,
    items: Sequence[T],
    size: int,
    start: Callable[[tuple[T, ...]], Awaitable[Task[S]]],
    operation: Operation[Any],
) -> TaskBatch[S]:
    """Start a task for every ``size`` items, and return the tasks in the order of the list.

    Args:
        name: name of the list, for the message if it is rejected.
        items: the whole list.
        size: maximum of items in one call.
        start: makes one call with its part of the list.
        operation: the operation that ``start`` sends.

    Raises:
        InvalidRequestError: there is no item, and nothing was sent.
        BatchInterruptedError: a call after the first failed; those before it have started. If
            the first one fails, its own error comes as it is.
    """
    waiting = tuple(items)
    if not waiting:
        raise InvalidRequestError(f"{name} is empty", operation=operation.name)
    tasks: list[Task[S]] = []
    for position in range(0, len(waiting), size):
        try:
            tasks.append(await start(waiting[position : position + size]))
        except FronteggError as error:
            if not tasks:
                raise
            message = f"stopped after {position:,} of {len(waiting):,} {name}: {error.message}"
            raise BatchInterruptedError(
                message,
                task_ids=tuple(task.id for task in tasks),
                accepted=position,
                **error.fields,
            ) from error
    return TaskBatch(tuple(tasks))
