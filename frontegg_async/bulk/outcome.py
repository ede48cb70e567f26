"""The outcomes of rows: one for each row, the same six for every job, and what a job calls them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic

import msgspec

from .input.rows import RowT
from .ledger.records import State

MAX_KEPT_FAILURES: Final = 1_000
"""Failures that a report keeps in memory. A failures file has all of them."""


class Outcome(StrEnum):
    """The end of a row, of any job; each row has exactly one.

    A job has labels of its own for the first two, such as ``added`` and ``already_member``, which
    tables, files and ``--json`` show (``Labels``).
    """

    APPLIED = "applied"
    """The run did what the row says."""
    UNCHANGED = "unchanged"
    """The user was already as the row says."""
    FAILED = "failed"
    """It was rejected or could not be sent; the reason says which."""
    UNKNOWN = "unknown"
    """No response proved it, and whether it was done could not be found out."""
    INVALID = "invalid"
    """The row is malformed; nothing was sent for it."""
    SKIPPED = "skipped"
    """The run stopped before this row; nothing was sent for it."""

    # An enum's own is written in Python, and every row looks up its outcome.
    __hash__ = str.__hash__


NOT_DONE: Final = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.INVALID, Outcome.SKIPPED)
OUTCOME_OF: Final = {
    State.PENDING: Outcome.SKIPPED,
    # Only while a run goes on, or after it died: nothing is known yet.
    State.IN_FLIGHT: Outcome.UNKNOWN,
    State.DONE: Outcome.APPLIED,
    State.ALREADY: Outcome.UNCHANGED,
    State.FAILED: Outcome.FAILED,
    State.UNKNOWN: Outcome.UNKNOWN,
    State.INVALID: Outcome.INVALID,
}


class Label(msgspec.Struct, frozen=True):
    """The names of an outcome.

    Args:
        name: in files, tables and ``--json``, such as ``already_member``.
        words: in sentences for people, such as ``already a member``.
        hint: on the report page: a few words about rows with this outcome.
    """

    name: str
    words: str
    hint: str


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """The names of all outcomes of a job: two of its own, and those that all jobs share."""

    applied: Label = Label("applied", "applied", "was otherwise before")
    unchanged: Label = Label("unchanged", "unchanged", "nothing had to be done")
    failed: Label = Label("failed", "failed", "rejected, or could not be sent")
    unknown: Label = Label("unknown", "in doubt", "may be done or not")
    invalid: Label = Label("invalid", "invalid", "malformed, never sent")
    skipped: Label = Label("skipped", "skipped", "not reached, never sent")

    def __getitem__(self, outcome: Outcome) -> Label:
        label: Label = getattr(self, outcome.value)
        return label

    def named(self, counts: Mapping[Outcome, int]) -> dict[str, int]:
        """Return counts by the names of their outcomes, in the order in which they come."""
        return {self[outcome].name: count for outcome, count in counts.items()}


class RowResult(msgspec.Struct, Generic[RowT], frozen=True, kw_only=True):
    """What became of a row.

    Args:
        outcome: what it ended in.
        reason: why it was not done, in a sentence; empty if it was.
        line: its number in the source, from 1; in a CSV file the header is line 1.
        row: the row, or None if it was malformed.
        status: HTTP status of the last answer, or None.
        error_code: Frontegg's code, or None.
        trace_id: what Frontegg's support asks for, or None.
    """

    outcome: Outcome
    reason: str
    line: int
    row: RowT | None = None
    status: int | None = None
    error_code: str | None = None
    trace_id: str | None = None
