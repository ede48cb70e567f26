"""Bulk work on a session: thousands to millions of rows, none of them lost."""

from __future__ import annotations

from .assignment import Assignment
from .bulk import Bulk, Mapped
from .fields import Malformed
from .outcome import Outcome, Progress, Report, RowResult
from .sources import read_assignments

__all__ = [
    "Assignment",
    "Bulk",
    "Malformed",
    "Mapped",
    "Outcome",
    "Progress",
    "Report",
    "RowResult",
    "read_assignments",
]
