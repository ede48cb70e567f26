"""The jobs: every module in this folder that declares one, by the job's name."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

import msgspec

from ...errors import LedgerMismatchError
from ..input.rows import RowT
from .job import Job


def _declared() -> Iterator[type[Job[Any]]]:
    for module in iter_modules(__path__):
        found = import_module(f"{__name__}.{module.name}")
        for value in vars(found).values():
            own = isinstance(value, type) and value.__module__ == found.__name__
            if own and issubclass(value, Job) and value is not Job:
                yield value


JOBS: Final[dict[str, type[Job[Any]]]] = {job.name: job for job in _declared()}


def job_of(name: str, settings: str, own: Job[RowT] | None = None) -> Job[RowT]:
    """Return the job that a ledger was begun for.

    Args:
        name: its name in the ledger.
        settings: its settings there.
        own: the job itself, if it is one of a program.

    Raises:
        LedgerMismatchError: it is another job, or one of a program that was not given.
        msgspec.DecodeError: the settings are not those of the job.
    """
    if own is not None:
        # The ledger may have a setting of the run beside those of the job.
        if own.name != name or msgspec.json.decode(settings, type=type(own)) != own:
            raise LedgerMismatchError(
                f"the ledger was begun for the job {name!r} with the settings {settings}, and not "
                f"for {own!r}"
            )
        return own
    if name not in JOBS:
        raise LedgerMismatchError(
            f"the ledger was begun for the job {name!r} of a program: give that job to "
            "frontegg.bulk.retry in the program"
        )
    kind: type[Job[Any]] = JOBS[name]
    job: Job[RowT] = msgspec.json.decode(settings, type=kind)
    return job
