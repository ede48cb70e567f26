"""Draw the benchmarks, and write their tables into docs/speed.md.

    python -m benchmarks --json results.json
    python -m benchmarks.plots results.json docs/

Pictures are written as ``speed-*.svg`` into the given directory. In its ``speed.md``, the text
between ``<!-- speed:NAME -->`` and ``<!-- /speed:NAME -->`` is replaced by the picture, the table
and the machine, for every benchmark of that name in the document; the others stay.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

sys.path.insert(0, str(Path(__file__).parent))

import charts
import tables
from svg import Chart, draw
from tables import Document, Table

Drawer = Callable[[Document], Chart | None]


class Section(msgspec.Struct, frozen=True):
    """The table of a benchmark, and its pictures by the end of their files' names."""

    table: Callable[[Document], Table]
    pictures: dict[str, Drawer] = {}


SECTIONS: Final[dict[str, Section]] = {
    "call": Section(tables.call_table, {"call": charts.call_chart}),
    "instructions": Section(tables.instructions_table),
    "decode": Section(
        tables.figure_table, {"decode": charts.decode_chart, "pauses": charts.pauses_chart}
    ),
    "token": Section(tables.figure_table),
    "verify": Section(tables.figure_table),
    "bulk": Section(tables.bulk_table, {"bulk": charts.bulk_chart, "memory": charts.memory_chart}),
    "engine": Section(tables.engine_table),
    "pacing": Section(tables.pacing_table),
    "pacing_socket": Section(tables.figure_table),
    "fleet": Section(tables.figure_table),
    "startup": Section(tables.figure_table, {"startup": charts.startup_chart}),
}


class Results(msgspec.Struct, frozen=True):
    """The file that ``python -m benchmarks --json`` wrote."""

    benchmarks: dict[str, Document]
    quick: bool = False


def markdown(table: Table) -> str:
    """Return a table in Markdown; columns that are empty throughout are left out."""
    kept = [place for place, _ in enumerate(table[0]) if any(line[place] for line in table[1:])]
    lines = [[line[place].replace("|", "\\|") for place in kept] for line in table]
    rule = ["---", *("--:" if _is_number(lines, place) else "---" for place in range(1, len(kept)))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _is_number(lines: Table, place: int) -> bool:
    cells = [line[place] for line in lines[1:] if line[place]]
    return all(re.fullmatch(r"[\d.,%∞-]+", cell) for cell in cells)


def pictures(name: str, document: Document) -> dict[str, Chart]:
    """Return the charts of a benchmark by the names of their files."""
    found = {f"speed-{end}.svg": of(document) for end, of in SECTIONS[name].pictures.items()}
    return {file: chart for file, chart in found.items() if chart is not None}


def shown(name: str, document: Document, *, quick: bool) -> str:
    """Return the part of the page that shows a benchmark."""
    parts = [f"![{given.title}]({file})" for file, given in pictures(name, document).items()]
    if quick:
        parts.append("**From a quick run: these figures are none to quote.**")
    versions = ", ".join(f"{each} {version}" for each, version in document.versions.items())
    machine = ", ".join(f"{each} {value}" for each, value in document.machine.items())
    settings = ", ".join(f"{each} {value}" for each, value in document.settings.items())
    parts += [markdown(SECTIONS[name].table(document)), f"{settings}; {versions}; {machine}."]
    return "\n\n".join(parts)


def filled(page: str, results: Results) -> str:
    """Return the page with the results between its marks.

    Raises:
        ValueError: the page has no place for a benchmark that was measured.
    """
    for name, document in results.benchmarks.items():
        begin, end = f"<!-- speed:{name} -->", f"<!-- /speed:{name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs one {begin} and one {end}")
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        said = shown(name, document, quick=results.quick)
        page = f"{before}{begin}\n\n{said}\n\n{end}{after}"
    return page


def main() -> None:
    """Read the command line, draw and write."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("directory", type=Path)
    given = parser.parse_args()
    results = msgspec.json.decode(given.results.read_bytes(), type=Results)
    page = given.directory / "speed.md"
    text = filled(page.read_text(encoding="utf-8"), results)
    for name, document in results.benchmarks.items():
        for file, drawn in pictures(name, document).items():
            (given.directory / file).write_text(draw(drawn), encoding="utf-8")
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
