"""Long-running work, done item by item.

A job goes on when its status is read, one ``task_looks``-th of it each time. With ``task_seconds``
it goes on with the clock, and every request finds it as far as it has come by then.

==================================================================  ======
the states NotStarted, InProgress, Completed, CompletedWithErrors     spec
jobs of all kinds have these states                                   guess
the work is done item by item, in order, and a bad one stops none     guess
==================================================================  ======
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..policy import Policy

__all__ = ["Job", "Jobs"]

Failure = dict[str, Any]
"""An item that went wrong: ``message``, and the fields that identify it."""


@dataclass(slots=True)
class Job:
    """One piece of work."""

    id: str
    kind: str
    about: dict[str, Any]
    """Fields of its status besides its progress."""
    items: Sequence[Any]
    do: Callable[[Any], Failure | None]
    """Does one item; returns its failure, if it failed."""
    started: float
    looks: int = 0
    done: int = 0
    failures: list[Failure] = field(default_factory=list[Failure])

    @property
    def ended(self) -> bool:
        """Return whether all items are done."""
        return self.done >= len(self.items)

    @property
    def state(self) -> str:
        """Return the state by its name in the API."""
        if self.ended:
            return "CompletedWithErrors" if self.failures else "Completed"
        return "InProgress" if self.done else "NotStarted"

    def advance(self, share: float) -> None:
        """Go on until this share of the whole is done."""
        wanted = min(len(self.items), int(len(self.items) * share))
        while self.done < wanted:
            item = self.items[self.done]
            self.done += 1
            if (failure := self.do(item)) is not None:
                self.failures.append(failure)


class Jobs:
    """Every job so far, by its id."""

    def __init__(self, policy: Policy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._open: dict[str, Job] = {}

    def start(
        self,
        kind: str,
        items: Sequence[Any],
        do: Callable[[Any], Failure | None],
        *,
        about: dict[str, Any] | None = None,
    ) -> Job:
        """Start a job, and do it at once if jobs take no time."""
        job = Job(str(uuid4()), kind, about or {}, items, do, self._clock())
        self._jobs[job.id] = job
        if self._policy.task_looks == 0 and self._policy.task_seconds is None:
            job.advance(1.0)
        elif not job.ended:
            self._open[job.id] = job
        return job

    def look(self, kind: str, job_id: str) -> Job | None:
        """Return a job and move it on, because its status is read."""
        job = self._jobs.get(job_id)
        if job is None or job.kind != kind:
            return None
        if self._policy.task_seconds is None and not job.ended:
            job.looks += 1
            job.advance(job.looks / self._policy.task_looks)
            if job.ended:
                del self._open[job.id]
        return job

    def tick(self) -> None:
        """Move jobs on with the clock, under ``task_seconds``."""
        if not self._open or (seconds := self._policy.task_seconds) is None:
            return
        now = self._clock()
        for job in list(self._open.values()):
            job.advance(1.0 if seconds <= 0 else (now - job.started) / seconds)
            if job.ended:
                del self._open[job.id]

    def finish(self) -> None:
        """Do all items that are left."""
        for job in self._open.values():
            job.advance(1.0)
        self._open.clear()
