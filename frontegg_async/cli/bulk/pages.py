"""The report page as a file that a command writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import files

if TYPE_CHECKING:
    from ...bulk.report.page import PageSummary
    from ...bulk.report.statistics import Statistics


def check(path: Path, *others: Path | None) -> None:
    """Reject a page that could not be written at the end, or would replace another file.

    Raises:
        click.UsageError: its name ends in no name of a page, or as ``files.check_replaceable``.
        ConfigurationError: the next run would read it as rows.
    """
    from ...bulk.input.file_set import check_not_read

    if path.suffix.lower() not in {".html", ".htm"}:
        raise click.UsageError(f"--report: {path} must end in .html or .htm.")
    files.check_replaceable("--report", path, *others)
    for other in others:
        check_not_read(path, other, "the page")


def write(path: Path, page: PageSummary, statistics: Statistics) -> str | None:
    """Write a page; return the problem if that is not possible."""
    from ...bulk.report.page import render_page

    try:
        with files.replacing(path) as file:
            file.write(render_page(page, statistics))
    except OSError as error:
        return f"the report page cannot be written to {path}: {error.strerror}"
    return None
