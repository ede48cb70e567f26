"""Results of calls on stdout: an object, a stream of objects, or the ids of tasks."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, get_origin, get_type_hints

import msgspec

from ...errors import BatchInterruptedError
from ...paging import Paginator
from ...tasks import POLL_S, TIMEOUT_S, Task, TaskBatch
from .. import output


class Kind(Enum):
    """The kind of a coroutine's result."""

    ANSWER = "answer"
    PAGES = "pages"
    TASK = "task"
    TASKS = "tasks"


_KINDS = {Paginator: Kind.PAGES, Task: Kind.TASK, TaskBatch: Kind.TASKS}


def kind_of(method: Callable[..., Any]) -> Kind:
    """Return the kind of a method's result, by its annotation."""
    return _KINDS.get(get_origin(get_type_hints(method)["return"]), Kind.ANSWER)


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """The options for the result of a call."""

    as_json: bool
    max_items: int | None = None
    wait: bool = False
    wait_timeout: float = TIMEOUT_S
    poll: float = POLL_S


async def show(result: Any, kind: Kind, choices: Choices) -> None:
    """Await the result of a coroutine and print it.

    Secrets are printed as well: a login on a command line is made for its tokens.
    """
    if kind is Kind.PAGES:
        await _stream(result, choices.max_items)
        return
    try:
        value = await result
    except BatchInterruptedError as error:
        # These tasks continue, and their ids are known here only.
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
        # The pages after the last object are not fetched.
        if count == maximum:
            return


async def _task(task: Task[Any], choices: Choices) -> Any:
    """Return the id of a task, or its last status if it has ended or is waited for."""
    if task.ended is not None:
        return task.ended
    if not choices.wait:
        return {"taskId": task.id}
    _tell((task,))
    return await task.wait(poll=choices.poll, timeout=choices.wait_timeout)


async def _tasks(batch: TaskBatch[Any], choices: Choices) -> Any:
    """Return the ids of tasks, or their last statuses if they are waited for."""
    if not choices.wait:
        return {"taskIds": [task.id for task in batch.tasks]}
    _tell(batch.tasks)
    return await batch.wait(poll=choices.poll, timeout=choices.wait_timeout)


def _tell(tasks: tuple[Task[Any], ...]) -> None:
    # Before the wait, which may be interrupted: the tasks continue, and are found by these ids.
    output.note(f"Waiting for {', '.join(task.id for task in tasks)}.")
