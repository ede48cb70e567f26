"""What became of a row: one outcome each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from .input.rows import UserRow

MAX_KEPT_FAILURES: Final = 1_000
"""Failures that a report keeps in memory. A failures file has all of them."""


class Outcome(StrEnum):
    """What a row ended in; each row in exactly one.

    A job has two outcomes of its own, for what the run has done and for what held before. The
    other four are common to all.
    """

    ADDED = "added"
    """``assign``: the server took the assignment."""
    ALREADY_MEMBER = "already_member"
    """``assign``: the user was a member before."""
    ACTIVATED = "activated"
    """``activate``: the tenant became the user's active one."""
    ALREADY_ACTIVE = "already_active"
    """``activate``: it was before."""
    REMOVED = "removed"
    """``remove``: the membership was ended."""
    NOT_MEMBER = "not_member"
    """``remove``: there was none."""
    CHANGED = "changed"
    """``superuser``: access to every tenant was given, or taken."""
    UNCHANGED = "unchanged"
    """``superuser``: it was as it should be."""
    FAILED = "failed"
    """It was refused or could not be sent; the reason says which."""
    UNKNOWN = "unknown"
    """No answer proved it, and whether it was done could not be found out."""
    INVALID = "invalid"
    """The row is malformed; nothing was sent for it."""
    SKIPPED = "skipped"
    """The run stopped before this row; nothing was sent for it."""

    # An enum's own is written in Python, and every row looks up its outcome.
    __hash__ = str.__hash__


COMMON: Final = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.INVALID, Outcome.SKIPPED)


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
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
    row: UserRow | None = None
    status: int | None = None
    error_code: str | None = None
    trace_id: str | None = None
