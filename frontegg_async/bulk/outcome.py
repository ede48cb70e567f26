"""What became of rows: one outcome each, counted, and the failures kept."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from ..errors import FronteggError
from .assignment import Assignment

MAX_KEPT_FAILURES: Final = 1_000
"""Failures that a report keeps in memory. A failures file has all of them."""


class Outcome(StrEnum):
    """What a row ended in; each row in exactly one."""

    ADDED = "added"
    """The server took the assignment in this run."""
    ALREADY_MEMBER = "already_member"
    """The user was a member before."""
    FAILED = "failed"
    """It was refused or could not be sent; the reason says which."""
    UNKNOWN = "unknown"
    """No answer came, and whether it was done could not be found out."""
    INVALID = "invalid"
    """The row is malformed; nothing was sent for it."""
    SKIPPED = "skipped"
    """The run stopped before this row; nothing was sent for it."""


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was not done.

    Args:
        outcome: what it ended in.
        reason: why, in a sentence.
        line: its number in the source, from 1; in a CSV file the header is line 1.
        assignment: the row, or None if it was malformed.
        status: HTTP status of the last answer, or None.
        error_code: Frontegg's code, or None.
        trace_id: what Frontegg's support asks for, or None.
    """

    outcome: Outcome
    reason: str
    line: int
    assignment: Assignment | None = None
    status: int | None = None
    error_code: str | None = None
    trace_id: str | None = None


class Progress:
    """Counts while a run goes on, one attribute for each outcome."""

    __slots__ = ("added", "already_member", "failed", "invalid", "skipped", "unknown")

    def __init__(self) -> None:
        self.added = 0
        self.already_member = 0
        self.failed = 0
        self.unknown = 0
        self.invalid = 0
        self.skipped = 0

    @property
    def rows(self) -> int:
        """How many rows have ended."""
        return (
            self.added
            + self.already_member
            + self.failed
            + self.unknown
            + self.invalid
            + self.skipped
        )

    def count(self, outcome: Outcome) -> None:
        """Count one row."""
        name = outcome.value
        setattr(self, name, getattr(self, name) + 1)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did. ``rows`` is the sum of the six outcomes.

    Args:
        rows: rows of the source, blank lines not counted.
        added: see ``Outcome``, as for the five after it.
        requests: HTTP requests sent, retries and look-ups included.
        throttled: answers that asked to come back later.
        elapsed_s: seconds from the first row to the last.
        failures_path: the file with every row that was not done, or None.
        failures: the first thousand rows that were not done.
        stopped: the error that stopped the run before the end of its source, or None.
    """

    rows: int
    added: int
    already_member: int
    failed: int
    unknown: int
    invalid: int
    skipped: int
    requests: int
    throttled: int
    elapsed_s: float
    failures_path: Path | None = None
    failures: tuple[RowResult, ...] = ()
    stopped: FronteggError | None = None

    @property
    def done(self) -> bool:
        """Whether every row holds now."""
        return self.rows == self.added + self.already_member
