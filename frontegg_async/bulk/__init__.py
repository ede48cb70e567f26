"""Bulk work on a session: thousands to millions of rows, none of them lost."""

from __future__ import annotations

from .bulk import Bulk, Mapped
from .dry import Plan
from .fields import Malformed
from .figures import Figures
from .jobs import Activate, Assign, Job, Remove, SetSuperuser
from .raising import report_of
from .report import Progress, Report
from .result import Outcome, RowResult
from .rows import Activation, Assignment, Removal, SuperuserChange
from .run import BulkRun
from .settings import RunOptions, RunSettings
from .sources import read_rows

__all__ = [
    "Activate",
    "Activation",
    "Assign",
    "Assignment",
    "Bulk",
    "BulkRun",
    "Figures",
    "Job",
    "Malformed",
    "Mapped",
    "Outcome",
    "Plan",
    "Progress",
    "Removal",
    "Remove",
    "Report",
    "RowResult",
    "RunOptions",
    "RunSettings",
    "SetSuperuser",
    "SuperuserChange",
    "read_rows",
    "report_of",
]
