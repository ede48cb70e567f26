"""Bulk work on a session: thousands to millions of rows, none of them lost."""

from __future__ import annotations

from .bulk import Bulk, Mapped
from .dry_run import Plan
from .input.columns import Malformed
from .input.rows import Activation, Assignment, Removal, SuperuserChange, UserRow
from .input.sources import read_rows
from .jobs.activate import Activate
from .jobs.assign import Assign
from .jobs.job import Job, RowSender
from .jobs.remove import Remove
from .jobs.superuser import SetSuperuser
from .outcome import Label, Labels, Outcome, RowResult
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
    "Label",
    "Labels",
    "Malformed",
    "Mapped",
    "Outcome",
    "Plan",
    "Progress",
    "Removal",
    "Remove",
    "Report",
    "RowResult",
    "RowSender",
    "RunOptions",
    "RunSettings",
    "SetSuperuser",
    "SuperuserChange",
    "UserRow",
    "read_rows",
    "report_of",
]
