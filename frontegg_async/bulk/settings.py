"""Options of a run, which all jobs have in common."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

import msgspec

from ..errors import InvalidRequestError
from ..options import APPLICATION_HEADER, check_header_value
from ..pacing import FixedRate
from ..session import Session
from .input.file import is_stream
from .input.file_set import check_not_read, ledger_of
from .planner import PlanMode
from .report.report import Progress
from .workers import check_workers

DEFAULT_WORKERS: Final = 64


class RunSettings(TypedDict, total=False):
    """Settings of a run, as keyword arguments; each is explained at ``RunOptions``."""

    workers: int
    plan: PlanMode
    ledger: str | os.PathLike[str] | bool
    failures: str | os.PathLike[str] | None
    resend: bool
    conflicts: Literal["look", "already", "failed"]
    rate: FixedRate | None
    max_share: float
    literal_ids: bool
    application_id: str | None
    on_progress: Callable[[Progress], object] | None


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a run.

    Args:
        workers: rows in flight at the same time.
        plan: reads of users before writing, so that rows which are already satisfied cost no call
            of their own: ``always``, ``never``, or ``auto`` where they save more calls than they
            cost.
        ledger: path of the file that records the outcome of each row. True is a file beside the
            input, or a temporary one where the input is no file that can be read again; False a
            temporary one. The same run on the same ledger continues where it was.
        failures: file for every row that was not done, which can be the source of a later run.
        resend: True to send a row that is in doubt, or whose user cannot be read, although that
            may send a second invite.
        conflicts: meaning of a 409 to an add: ``look`` at the membership, or the user is
            ``already`` a member, or the row ``failed``. A 400 may have another cause, so the
            membership is looked at unless this is ``failed``. It is looked at as well after an
            attempt that may have been done.
        rate: the most calls of each kind in a stretch of time.
        max_share: the part of the learned limits that the run may use, up to 1.
        literal_ids: True to accept strings such as ``NULL``, ``nan`` or ``#N/A``, which databases,
            programs and spreadsheets write in place of a value, as ids. Without it, a row with one
            of them is invalid.
        application_id: the application that calls name, in an environment that has several;
            without it, that of the session.
        on_progress: called after each row with the counts so far, always the same object. If it
            is a coroutine function the row waits for it, and one call at a time is made. An
            exception that it raises ends the run.
    """

    workers: int = DEFAULT_WORKERS
    plan: PlanMode = "auto"
    ledger: str | os.PathLike[str] | bool = True
    failures: str | os.PathLike[str] | None = None
    resend: bool = False
    conflicts: Literal["look", "already", "failed"] = "look"
    rate: FixedRate | None = None
    max_share: float = 1.0
    literal_ids: bool = False
    application_id: str | None = None
    on_progress: Callable[[Progress], object] | None = None

    def __post_init__(self) -> None:
        check_workers(self.workers)
        if self.application_id is not None:
            check_header_value(APPLICATION_HEADER, self.application_id)
        for name, value, known in (
            ("plan", self.plan, ("auto", "always", "never")),
            ("conflicts", self.conflicts, ("look", "already", "failed")),
        ):
            if value not in known:
                raise InvalidRequestError(f"{name} must be one of {', '.join(known)}")
        ledger: Any = self.ledger
        if not isinstance(ledger, bool | str | os.PathLike) or ledger == "":
            raise InvalidRequestError(
                f"ledger must be a path, True for a file beside the input, or False, got {ledger!r}"
            )
        share: Any = self.max_share
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise InvalidRequestError(f"max_share must be above 0 and at most 1, got {share!r}")

    def on(self, session: Session) -> Session:
        """Return the session, or the view of it that calls for the run's application."""
        if self.application_id is None:
            return session
        return session.for_application(self.application_id)

    def ledger_settings(self, settings: str, application_id: str | None) -> str:
        """Return a job's settings, in JSON, with the run's that change the meaning of a row.

        Args:
            settings: those of the job.
            application_id: the application that the run's calls name.
        """
        own: dict[str, Any] = {"literal_ids": True} if self.literal_ids else {}
        if application_id is not None:
            own["application_id"] = application_id
        if not own:
            return settings
        known = msgspec.json.decode(settings, type=dict[str, Any])
        return msgspec.json.encode({**known, **own}).decode()

    def ledger_path(self, source: object) -> Path | None:
        """Return the path of the ledger, or None for a temporary one.

        Raises:
            ConfigurationError: the next run would read it as rows.
        """
        if self.ledger is False:
            return None
        if self.ledger is not True:
            check_not_read(Path(self.ledger), source, "the ledger")
            return Path(self.ledger)
        if isinstance(source, str | os.PathLike) and not is_stream(source):  # pyright: ignore[reportUnknownArgumentType]
            return ledger_of(source)  # pyright: ignore[reportUnknownArgumentType]  # a path of whatever kind
        return None
