"""``bulk report``: one report of the outcomes that many partitions have written."""

from __future__ import annotations

from pathlib import Path

import click

from .. import exit_codes, output, phrases
from ..logs import verbose_option
from . import pages


@click.command("report", epilog=exit_codes.TABLE)
@click.argument(
    "sources", metavar="DIR|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--report",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page with totals, timeline and failures: one HTML file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@verbose_option
def report(*, sources: tuple[Path, ...], page: Path | None, as_json: bool) -> int:
    """Merge the outcomes of partitions into one report.

    Each FILE is a Parquet file of outcomes that a Partition returned, and a DIR holds such files,
    at any depth. A row that several attempts have reported counts once, as the one has it that
    ended last.
    """
    from ...bulk import Report
    from ...bulk.report.merging import merge
    from ...bulk.report.page import PageSummary
    from . import summary

    if page is not None:
        pages.check(page, *sources)
    merged = merge(sources)
    found = Report.of(merged)
    problem = None
    if page is not None:
        told = PageSummary.of(
            found,
            source=f"{phrases.counted(merged.partitions, 'partition')} in "
            f"{', '.join(map(str, sources))}",
            host=merged.host,
            started_at=merged.started_at,
        )
        problem = pages.write(page, told, found.statistics)
    if as_json:
        output.json({**summary.as_json(found), "partitions": merged.partitions})
    else:
        output.data(
            f"{phrases.counted(merged.partitions, 'partition')}, "
            f"{phrases.counted(merged.attempts, 'attempt')}"
        )
        summary.show(found)
    if problem is not None:
        output.error(problem)
    elif page is not None:
        output.note(f"Report page: {page}")
    code = exit_codes.of_report(found)
    return exit_codes.ERROR if problem and code == exit_codes.DONE else code
