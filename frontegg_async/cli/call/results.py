"""What a call gives, on stdout: an object, a stream of them, or the ids of work that goes on."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, get_origin, get_type_hints

import msgspec

from ...errors import BatchInterruptedError
from ...paging import Paginator
from ...tasks import POLL, TIMEOUT, Task, TaskBatch
from .. import output


class Kind(Enum):
    """What a coroutine returns."""

    ANSWER = "answer"
    PAGES = "pages"
    TASK = "task"
    TASKS = "tasks"


_KINDS = {Paginator: Kind.PAGES, Task: Kind.TASK, TaskBatch: Kind.TASKS}


def kind_of(method: Callable[..., Any]) -> Kind:
    """Return what a method gives, by its annotation."""
    return _KINDS.get(get_origin(get_type_hints(method)["return"]), Kind.ANSWER)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """How the result of a call is to be shown."""

    as_json: bool
    max_items: int | None = None
    wait: bool = False
    wait_timeout: float = TIMEOUT
    poll: float = POLL


async def show(result: Any, kind: Kind, choices: Choices) -> None:
    """Write what a coroutine gave, once it is there.

    Secrets in it are written like everything else: whoever logs in on a command line asks for
    the tokens.
    """
    if kind is Kind.PAGES:
        await _stream(result, choices.max_items)
        return
    try:
        value = await result
    except BatchInterruptedError as error:
        # These go on, and nobody else knows their ids.
        output.note(f"Started before the error: {', '.join(error.task_ids)}.")
        raise
    if kind is Kind.TASK:
        value = await _task(value, choices)
    elif kind is Kind.TASKS:
        value = await _tasks(value, choices)
    if value is not None or choices.as_json:
        output.json(value, indent=output.on_terminal() and not choices.as_json)


async def _stream(items: Paginator[Any], maximum: int | None) -> None:
    count = 0
    async for item in items:
        output.json(item)
        count += 1
        # The pages behind those that were asked for are not fetched.
        if count == maximum:
            return


async def _task(task: Task[Any], choices: Choices) -> Any:
    """Return the id of a task, or the status that it ends with."""
    if task.ended is not None:
        return task.ended
    if not choices.wait:
        return {"taskId": task.id}
    _tell((task,))
    return await task.wait(poll=choices.poll, timeout=choices.wait_timeout)


async def _tasks(batch: TaskBatch[Any], choices: Choices) -> Any:
    """Return the ids of tasks, or the statuses that they end with."""
    if not choices.wait:
        return {"taskIds": [task.id for task in batch.tasks]}
    _tell(batch.tasks)
    return await batch.wait(poll=choices.poll, timeout=choices.wait_timeout)


def _tell(tasks: tuple[Task[Any], ...]) -> None:
    # Before the waiting, which may be given up: the work goes on, and has to be found again.
    output.note(f"Waiting for {', '.join(task.id for task in tasks)}.")
