"""The benchmarks' JSON documents as tables.

The rows are read by their names alone, so that a document of an older run can still be shown.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from figures import Figure, number

T = TypeVar("T")

Table = list[list[str]]
"""Lines of cells; the first is the head."""

CLIENTS: Final = {
    "sdk": "frontegg_async",
    "sdk-standard": "frontegg_async over aiohttp's session",
    "tuned": "aiohttp, tuned by hand",
    "plain": "aiohttp, as introduced",
    "httpx": "httpx and pydantic",
    "official": "frontegg, async client",
    "official-sync": "frontegg, sync, 32 threads",
    "auth0": "auth0, async client",
    "workos": "WorkOS, async client",
    "ry": "ry (Rust)",
    "wreq": "wreq (Rust)",
    "pyreqwest": "pyreqwest (Rust)",
    "httpx2": "httpx2",
    "niquests": "niquests",
    "bare": "bare asyncio Protocol",
}


class Document(msgspec.Struct, frozen=True):
    """One benchmark's JSON document."""

    benchmark: str
    versions: dict[str, str]
    machine: dict[str, str | int]
    settings: dict[str, Any]
    rows: list[dict[str, Any]]

    def read(self, kind: type[T]) -> list[T]:
        """Return the rows as Structs of a kind."""
        return msgspec.convert(self.rows, list[kind])  # type: ignore[valid-type]  # a run-time value


class CallRow(msgspec.Struct, frozen=True):
    """A row of ``bench_call.py``."""

    contender: str
    concurrency: int
    version: str = ""
    loop: str = "asyncio"
    tls: bool = False
    cpu_us: float | None = None
    loop_us: float | None = None
    wall_us: float | None = None
    instructions: float | None = None
    to_tuned: float | None = None
    to_sdk: float | None = None
    note: str = ""


class BulkRow(msgspec.Struct, frozen=True):
    """A row of ``bench_bulk.py``."""

    way: str
    rows: int
    to_bare: float
    rows_per_s: float | None = None
    cpu_us_per_row: float | None = None
    instructions_per_row: float | None = None
    peak_mib: float | None = None
    note: str = ""


class EngineRow(msgspec.Struct, frozen=True):
    """A row of ``bench_engine.py``."""

    rows: int
    cpu_us: float
    wall_us: float
    peak_mib: float


class PacingRow(msgspec.Struct, frozen=True):
    """A row of ``bench_pacing.py``."""

    scenario: str
    strategy: str
    goodput: float | None = None
    wasted: float | None = None
    nanoseconds: float | None = None


def instructions_table(document: Document) -> Table:
    """Return the instructions of a call."""
    head = ["client", "at once", "instructions a call", "to tuned", "to ours", ""]
    return [head] + [
        [
            f"{CLIENTS.get(row.contender, row.contender)} {row.version}".strip(),
            str(row.concurrency),
            "" if row.instructions is None else f"{row.instructions:,.0f}",
            ratio_text(row.to_tuned),
            ratio_text(row.to_sdk),
            row.note,
        ]
        for row in document.read(CallRow)
    ]


def call_table(document: Document) -> Table:
    """Return all clients in all settings."""
    head = [
        "client",
        "loop",
        "at once",
        "CPU µs",
        "of the loop",
        "wall µs",
        "to tuned",
        "to ours",
        "",
    ]
    return [head] + [
        [
            f"{CLIENTS.get(row.contender, row.contender)} {row.version}".strip(),
            f"{row.loop}, TLS" if row.tls else row.loop,
            str(row.concurrency),
            number(row.cpu_us),
            number(row.loop_us),
            number(row.wall_us),
            ratio_text(row.to_tuned),
            ratio_text(row.to_sdk),
            row.note,
        ]
        for row in document.read(CallRow)
    ]


def figure_table(document: Document) -> Table:
    """Return figures as they are; a text that repeats from row to row stands once."""
    lines = [["what", "of whom", "figure", "", "ratio", "aim", ""]]
    last = ""
    for row in document.read(Figure):
        verdict = {None: "", True: ": met", False: ": missed"}[row.met]
        lines.append(
            [
                "" if row.what == last else row.what,
                row.contender,
                number(row.value),
                row.unit,
                ratio_text(row.ratio),
                f"{row.target}{verdict}" if verdict else "",
                row.note,
            ]
        )
        last = row.what
    return lines


def bulk_table(document: Document) -> Table:
    """Return all ways through all files."""
    head = ["way", "rows", "rows/s", "CPU µs a row", "to the bare call", "peak MiB", ""]
    return [head] + [
        [
            row.way,
            f"{row.rows:,}",
            number(row.rows_per_s),
            number(row.cpu_us_per_row),
            ratio_text(row.to_bare),
            number(row.peak_mib),
            row.note,
        ]
        for row in document.read(BulkRow)
    ]


def engine_table(document: Document) -> Table:
    """Return the cost of the engine by itself."""
    return [["rows", "CPU µs a row", "wall µs a row", "peak MiB"]] + [
        [f"{row.rows:,}", number(row.cpu_us), number(row.wall_us), number(row.peak_mib)]
        for row in document.read(EngineRow)
    ]


def pacing_table(document: Document) -> Table:
    """Return the figures of the package's own pacing on each limit, for one bulk client alone.

    Its peers and the scenarios with several clients stand in docs/pacing.md.
    """
    rows = document.read(PacingRow)
    ours = rows[0].strategy if rows else ""
    lines = [["limit", "goodput %", "wasted %"]]
    for row in rows:
        if row.nanoseconds is not None:
            lines.append([f"{row.scenario}: {row.nanoseconds:.0f} ns of CPU a call", "", ""])
        elif row.strategy == ours and row.goodput is not None:
            wasted = "" if row.wasted is None else f"{row.wasted:.1%}"[:-1]
            lines.append([row.scenario, f"{row.goodput:.1%}"[:-1], wasted])
    return lines


def ratio_text(value: float | None) -> str:
    """Return a ratio as text, or nothing."""
    return "" if value is None else f"{value:.2f}"
