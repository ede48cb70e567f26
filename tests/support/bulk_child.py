"""A bulk run in a process of its own, to be killed.

``bulk_child.py SETTINGS`` runs once. ``bulk_child.py SETTINGS nursery`` has everything imported,
and for every line of its input forks a process that runs: as good a victim, without the third of a
second that starting Python takes. The credentials come from ``FRONTEGG_*``.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys

import msgspec

from frontegg_async import FronteggError, FronteggSession
from frontegg_async.bulk import engine
from frontegg_async.pacing import pacer


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a child's run."""

    source: str
    ledger: str
    invite: bool = False
    retry: bool = False
    workers: int = 16
    late_commit: float | None = None
    """Seconds between two looks at a row in doubt, instead of the engine's own."""
    brisk: bool = False
    """True to begin at thousands of calls a second, for tests that are not about pacing."""
    file_limit: int | None = None
    """RLIMIT_FSIZE, in bytes."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The result that a child prints at its end."""

    counts: dict[str, int] = {}
    stopped: str | None = None
    error: str | None = None
    message: str = ""

    @property
    def rows(self) -> int:
        """Number of rows in the report."""
        return sum(self.counts.values())


async def run(settings: Settings) -> Said:
    """Run, and return the counts or the error."""
    async with FronteggSession.from_env() as session:
        try:
            if settings.retry:
                report = await session.bulk.retry(settings.ledger, workers=settings.workers).wait()
            else:
                report = await session.bulk.assign(
                    settings.source,
                    invite=settings.invite,
                    workers=settings.workers,
                    ledger=settings.ledger,
                )
        except FronteggError as error:
            return Said(error=type(error).__name__, message=str(error))
    return Said(
        counts=report.labelled,
        stopped=None if report.stopped is None else str(report.stopped),
    )


def main(settings: Settings) -> None:
    """Run and print the result, in one line."""
    if settings.late_commit is not None:
        setattr(engine, "LATE_COMMIT", settings.late_commit)  # noqa: B010 - it is Final
    if settings.brisk:
        setattr(pacer, "START_RATE", 5_000.0)  # noqa: B010
    if settings.file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (settings.file_limit, settings.file_limit))
    said = asyncio.run(run(settings))
    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
    sys.stdout.flush()


def nursery(settings: Settings) -> None:
    """Fork a run for every line of the input; print its process id, and its end if it has none."""
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            main(settings)
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    own = msgspec.json.decode(sys.argv[1], type=Settings)
    if len(sys.argv) > 2:
        nursery(own)
    else:
        main(own)
