"""Common parts of all benchmarks: versions, machine, alternating rounds, medians, table or JSON.

A benchmark measures each contender in a process of its own (``run_child``), lets them alternate
(``alternate``), sums the rounds up by ``median`` and ``ratio``, and hands a ``Report`` to ``show``.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Hashable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")

BOTTLENECK: Final = 0.85
"""Share of a core from which a server is said to have held the client back."""


class Report(msgspec.Struct, Generic[R], frozen=True):
    """One benchmark's outcome: the JSON document is this struct."""

    benchmark: str
    versions: dict[str, str]
    machine: dict[str, str | int]
    settings: Mapping[str, object]
    rows: Sequence[R]


class Column(msgspec.Struct, Generic[R], frozen=True):
    """A column of the table: its title, and the text that it shows of a row."""

    title: str
    text: Callable[[R], str]


def installed(distribution: str) -> str | None:
    """Return the version of a distribution, or None if it is absent."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def versions(*distributions: str) -> dict[str, str]:
    """Return the versions of Python, this package and ``distributions``; ``absent`` if so."""
    names = ("frontegg-async", "aiohttp", "msgspec", "anyio", *distributions)
    found = {name: installed(name) or "absent" for name in names}
    return {"python": platform.python_version(), **found}


def machine() -> dict[str, str | int]:
    """Return the facts of this machine."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def alternate(contenders: Sequence[K], rounds: int, measure: Callable[[K], R]) -> dict[K, list[R]]:
    """Measure every contender once a round, every other round in reverse order.

    A machine that changes its speed then changes it for all of them.
    """
    found: dict[K, list[R]] = {contender: [] for contender in contenders}
    for turn in range(rounds):
        for contender in contenders if turn % 2 == 0 else reversed(contenders):
            found[contender].append(measure(contender))
    return found


def median(runs: Sequence[R], value: Callable[[R], float]) -> float:
    """Return the median of a value over the rounds."""
    return statistics.median(value(run) for run in runs)


def ratio(runs: Sequence[R], reference: Sequence[R], value: Callable[[R], float]) -> float:
    """Return the median over the rounds of the ratio within a round.

    Both were measured within the same minute, so a slow round is slow in both.
    """
    pairs = zip(runs, reference, strict=True)
    return statistics.median(value(run) / value(other) for run, other in pairs)


class ChildFailedError(Exception):
    """A process that a benchmark started ended in an error; its last words are the message."""


def run_child(arguments: Sequence[str], *, environment: Mapping[str, str] | None = None) -> bytes:
    """Run this Python with ``arguments`` and return its standard output.

    Raises:
        ChildFailedError: it ended in an error.
    """
    return _run([sys.executable, *arguments], environment)


def _run(command: Sequence[str], environment: Mapping[str, str] | None) -> bytes:
    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": "0", **(environment or {})},
        check=False,
        capture_output=True,
    )
    if ended.returncode:
        raise ChildFailedError(ended.stderr.decode(errors="replace")[-4_000:].strip())
    return ended.stdout


def count_instructions(
    arguments: Sequence[str], *, environment: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Run this Python under callgrind; return its instructions and its standard output.

    Start-up and warm-up count as well: subtract a run that does less.

    Raises:
        ChildFailedError: it ended in an error.
        FileNotFoundError: valgrind is not installed.
    """
    with tempfile.TemporaryDirectory() as directory:
        counts = Path(directory) / "counts"
        grind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={counts}"]
        written = _run([*grind, sys.executable, *arguments], environment)
        found = re.search(r"^(?:totals|summary): (\d+)", counts.read_text(), re.MULTILINE)
    if found is None:
        raise ChildFailedError("callgrind wrote no total")
    return int(found[1]), written


def parser(doc: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have: ``--rounds`` and ``--json``."""
    made = argparse.ArgumentParser(
        description=(doc or "").strip(), formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--rounds", type=int, default=rounds, help=f"default: {rounds}")
    made.add_argument("--json", action="store_true", help="write one JSON document")
    return made


def show(report: Report[R], columns: Sequence[Column[R]], *, as_json: bool) -> None:
    """Write a report to the standard output, as one JSON document or as a table."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
        return
    print(report.benchmark)
    for facts in (report.versions, report.machine, report.settings):
        print("  " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    print(table(report.rows, columns))


def table(rows: Sequence[R], columns: Sequence[Column[R]]) -> str:
    """Return rows as text: the first column to the left, the others to the right."""
    cells = [[column.title for column in columns]]
    cells += [[column.text(row) for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def bottleneck(server_load: float) -> str:
    """Say so where the server used up its core; otherwise nothing."""
    return "server was the bottleneck" if server_load > BOTTLENECK else ""
