"""Bulk work on a session: thousands to millions of rows, none of them lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bulk import Bulk, Mapped
from .dry_run import Plan
from .error_report import report_of
from .input.columns import Malformed
from .input.rows import Activation, Assignment, Removal, SuperuserChange, UserRow
from .input.sources import read_rows
from .jobs.activate import Activate
from .jobs.assign import Assign
from .jobs.job import Job, RowSender
from .jobs.remove import Remove
from .jobs.superuser import SetSuperuser
from .outcome import Label, Labels, Outcome, RowResult
from .partition.claims import ClaimStore, MemoryClaims, PartitionClaims
from .partition.partition import Partition, PartitionConnection
from .report.figures import Figures
from .report.outcome_table import OUTCOME_DDL, outcome_schema
from .report.report import Progress, Report
from .run import BulkRun
from .settings import RunOptions, RunSettings

if TYPE_CHECKING:
    OUTCOME_SCHEMA: Any
    """The ``pyarrow.Schema`` of a table of outcomes, as ``outcome_schema`` returns it."""

__all__ = [  # noqa: RUF022 - plainly sorted, as a test checks
    "Activate",
    "Activation",
    "Assign",
    "Assignment",
    "Bulk",
    "BulkRun",
    "ClaimStore",
    "Figures",
    "Job",
    "Label",
    "Labels",
    "Malformed",
    "Mapped",
    "MemoryClaims",
    "OUTCOME_DDL",
    "OUTCOME_SCHEMA",
    "Outcome",
    "Partition",
    "PartitionClaims",
    "PartitionConnection",
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


def __getattr__(name: str) -> Any:
    if name != "OUTCOME_SCHEMA":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Needs pyarrow, which takes a tenth of a second to import.
    schema = globals()[name] = outcome_schema()
    return schema
