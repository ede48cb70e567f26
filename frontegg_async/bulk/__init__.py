"""Bulk work on a session: thousands to millions of rows, none of them lost."""

from __future__ import annotations

from .bulk import Bulk, Mapped
from .dry_run import Plan
from .input.columns import Malformed
from .input.rows import Activation, Assignment, Removal, SuperuserChange
from .input.sources import read_rows
from .jobs import Activate, Assign, Job, Remove, SetSuperuser
from .outcome import Outcome, RowResult
from .raising import report_of
from .report.figures import Figures
from .report.report import Progress, Report
from .run import BulkRun
from .settings import RunOptions, RunSettings

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
