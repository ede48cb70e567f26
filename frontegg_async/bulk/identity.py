"""The identity of a run, by which a ledger or a partition is known again."""

from __future__ import annotations

from typing import Any

from ..session import Session
from .jobs.job import Job
from .ledger.records import Header
from .settings import RunOptions


def environment_of(session: Session) -> str:
    """Name the client and the host of a session, for a ledger to belong to."""
    return f"{session.client_id} on {session.base_url}"


def header_of(
    session: Session, job: Job[Any], options: RunOptions, source: str = "", fingerprint: str = ""
) -> Header:
    """Return the header of the ledger of a run.

    Args:
        session: the session that sends.
        job: the job.
        options: options of the run.
        source: name of the file, or an empty string.
        fingerprint: that of the file, or an empty string.
    """
    return Header(
        job=job.name,
        source=source,
        fingerprint=fingerprint,
        environment=environment_of(session),
        environment_id=session.environment_id or "",
        settings=options.ledger_settings(job.settings(), options.on(session).application_id),
    )
