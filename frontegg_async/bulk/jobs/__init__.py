"""The jobs: every module in this folder that declares one, by the job's name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

import msgspec

from ...errors import LedgerMismatchError
from .job import Job


def _declared() -> Iterator[type[Job[Any]]]:
    for module in iter_modules(__path__):
        found = import_module(f"{__name__}.{module.name}")
        for value in vars(found).values():
            own = isinstance(value, type) and value.__module__ == found.__name__
            if own and issubclass(value, Job) and value is not Job:
                yield value


JOBS: Final[dict[str, type[Job[Any]]]] = {job.name: job for job in _declared()}


def job_of(name: str, settings: str) -> Job[Any]:
    """Return the job that a ledger was begun for.

    Raises:
        LedgerMismatchError: it is a job of a program's own.
        msgspec.DecodeError: the settings are not those of the job.
    """
    if name not in JOBS:
        raise LedgerMismatchError(
            f"the ledger was begun for the job {name!r} of a program: give that job to "
            "frontegg.bulk.retry in the program"
        )
    kind: type[Job[Any]] = JOBS[name]
    job: Job[Any] = msgspec.json.decode(settings, type=kind)
    return job
