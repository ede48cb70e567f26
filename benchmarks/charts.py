"""The benchmarks' JSON documents as charts; None if a document has no figures for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from figures import Figure, number
from svg import Bar, Chart, Group
from tables import CLIENTS, BulkRow, CallRow, Document

AT_ONCE: Final = 64
ENGINE: Final = "bulk.assign"


def call_chart(document: Document) -> Chart | None:
    """Return the cost of a call for each client, relative to the tuned one."""
    found: dict[str, tuple[float, str]] = {}
    for row in document.read(CallRow):
        fits = row.concurrency == AT_ONCE and not row.tls and row.loop != "uvloop"
        if fits and row.to_tuned is not None:
            cost = "" if row.cpu_us is None else f" ({number(row.cpu_us)} µs)"
            found[row.contender] = row.to_tuned, cost
    if not found:
        return None
    bars = [
        Bar(
            CLIENTS.get(name, name),
            ratio,
            f"{ratio:.2f}{cost}",
            name in {"sdk", "sdk-standard"},
        )
        for name, (ratio, cost) in sorted(found.items(), key=lambda item: item[1][0])
    ]
    return Chart(
        title="What a call costs",
        description=(
            "CPU of the client for one call, relative to a client of aiohttp that was tuned for "
            f"this call by hand: {said(bars)}."
        ),
        axis=f"CPU of the client for a call, {AT_ONCE} at once; tuned aiohttp is 1. Less is better",
        groups=[Group("", bars)],
        reference=1.0,
    )


def decode_chart(document: Document) -> Chart | None:
    """Return the cost of decoding by kind of response, relative to the bare decoder."""
    prefix = "decoding: "
    rows = [
        row
        for row in document.read(Figure)
        if row.what.startswith(prefix) and row.ratio is not None and row.value is not None
    ]
    if not rows:
        return None
    groups = [
        Group(
            what.removeprefix(prefix),
            [
                Bar(
                    row.contender,
                    row.ratio or 0.0,
                    f"{row.ratio:.2f} ({number(row.value)} {row.unit})",
                    row.contender == "operation.decode",
                )
                for row in rows
                if row.what == what
            ],
        )
        for what in dict.fromkeys(row.what for row in rows)
    ]
    return Chart(
        title="What decoding an answer costs",
        description=(
            "CPU for decoding each kind of answer, relative to a bare msgspec decoder: "
            + "; ".join(f"{group.heading}: {said(group.bars)}" for group in groups)
            + "."
        ),
        axis="CPU for an answer; a bare msgspec decoder of the same type is 1. Less is better",
        groups=groups,
        reference=1.0,
    )


def pauses_chart(document: Document) -> Chart | None:
    """Return the pauses of the garbage collector in a program that keeps users."""
    rows = [
        row
        for row in document.read(Figure)
        if row.what.startswith("keeping ") and row.value is not None
    ]
    if not rows:
        return None
    groups = [
        Group(
            _heading(what),
            [
                Bar(
                    row.contender,
                    row.value or 0.0,
                    f"{number(row.value)} ms",
                    "frontegg_async" in row.contender,
                )
                for row in rows
                if row.what == what
            ],
        )
        for what in dict.fromkeys(row.what for row in rows)
    ]
    return Chart(
        title="How long the garbage collector stops a program that keeps users",
        description=(
            "The worst pause in milliseconds: "
            + "; ".join(f"{group.heading}: {said(group.bars)}" for group in groups)
            + "."
        ),
        axis="Worst pause, milliseconds, on a logarithmic scale. Less is better",
        groups=groups,
        log=True,
    )


def _heading(what: str) -> str:
    """Return the kept users in words; ``bench_decode.py`` has short names for their forms."""
    users, _, form = what.partition(": ")
    forms = {
        "wire": "as they come over the wire",
        "metadata": "with metadata as objects",
        "groups": "with a group",
        "both": "with metadata as objects and a group",
    }
    return f"{users[0].upper()}{users[1:]}, {forms.get(form, form)}"


def bulk_chart(document: Document) -> Chart | None:
    """Return the cost of a row for each way to run them, at the largest size."""
    rows = document.read(BulkRow)
    if not rows:
        return None
    most = max(row.rows for row in rows)
    bars = [
        Bar(
            row.way,
            row.to_bare,
            f"{row.to_bare:.2f}"
            + ("" if row.cpu_us_per_row is None else f" ({number(row.cpu_us_per_row)} µs)"),
            row.way.startswith(ENGINE),
        )
        for row in rows
        if row.rows == most
    ]
    return Chart(
        title="What a row of a bulk run costs",
        description=(
            f"CPU for a row of a file of {most:,} rows, relative to the SDK's bare call: "
            f"{said(bars)}."
        ),
        axis=f"CPU for a row of {most:,}; the SDK's bare call is 1. Less is better",
        groups=[Group("", bars)],
        reference=1.0,
    )


def memory_chart(document: Document) -> Chart | None:
    """Return the peak memory of each way to run rows, by their number."""
    rows = [row for row in document.read(BulkRow) if row.peak_mib is not None]
    if not rows:
        return None
    groups = [
        Group(
            way,
            [
                Bar(
                    f"{row.rows:,} rows",
                    row.peak_mib or 0.0,
                    f"{number(row.peak_mib)} MiB",
                    way.startswith("bulk."),
                )
                for row in rows
                if row.way == way
            ],
        )
        for way in dict.fromkeys(row.way for row in rows)
    ]
    return Chart(
        title="Whether memory grows with the rows",
        description=(
            "Peak memory of the process: "
            + "; ".join(f"{group.heading}: {said(group.bars)}" for group in groups)
            + "."
        ),
        axis="Peak memory of the whole process, MiB. Less is better",
        groups=groups,
    )


def startup_chart(document: Document) -> Chart | None:
    """Return the CPU time of fresh processes that import packages."""
    rows = [row for row in document.read(Figure) if row.what == "CPU" and row.value is not None]
    if not rows:
        return None
    bars = [
        Bar(
            row.contender,
            row.value or 0.0,
            f"{number(row.value)} {row.unit}" + (f" ({row.ratio:.2f})" if row.ratio else ""),
            row.contender == "import frontegg_async",
        )
        for row in rows
    ]
    return Chart(
        title="What it costs to start",
        description=f"CPU of a fresh process: {said(bars)}.",
        axis=(
            f"CPU, {rows[0].unit}; in brackets, beyond a bare interpreter, relative to "
            "the packages it stands on. Less is better"
        ),
        groups=[Group("", bars)],
    )


def said(bars: Sequence[Bar]) -> str:
    """Return bars in words."""
    return ", ".join(f"{bar.label} {bar.text}" for bar in bars)
