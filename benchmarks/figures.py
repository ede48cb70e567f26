"""Rows of one figure each, for benchmarks whose figures have little in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from measuring import Column, Report, show


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: its subject, its contender, and whether it meets its target.

    Args:
        what: the subject that was measured.
        contender: the client or object that was measured.
        value: a median over the rounds; None if the contender is absent.
        unit: of the value.
        ratio: to the contender that the note or the module's docstring names, within a round.
        target: the most that ``value`` or ``ratio`` should be, as text.
        met: whether it is; None where there is no target.
        note: anything else that must be known.
    """

    what: str
    contender: str
    value: float | None = None
    unit: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


def absent(what: str, contender: str, *distributions: str) -> Figure:
    """Return the row of a peer that could not be measured, with the packages that it lacks."""
    return Figure(
        what=what, contender=contender, note=f"absent: pip install {' '.join(distributions)}"
    )


def number(value: float | None) -> str:
    """Return a figure as text, with about three digits that count."""
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _verdict(figure: Figure) -> str:
    if figure.met is None:
        return ""
    return f"{figure.target}: {'met' if figure.met else 'MISSED'}"


_COLUMNS: Final = (
    Column[Figure]("what", lambda figure: figure.what),
    Column[Figure]("contender", lambda figure: figure.contender),
    Column[Figure]("figure", lambda figure: number(figure.value)),
    Column[Figure]("unit", lambda figure: figure.unit),
    Column[Figure]("ratio", lambda figure: "" if figure.ratio is None else f"{figure.ratio:.2f}"),
    Column[Figure]("target", _verdict),
    Column[Figure]("note", lambda figure: figure.note),
)


def show_figures(report: Report[Figure], *, as_json: bool) -> None:
    """Write a report of figures; in the table, a text that repeats from row to row stands once."""
    if not as_json:
        report = msgspec.structs.replace(report, rows=_sparse(report.rows))
    show(report, _COLUMNS, as_json=as_json)


def _sparse(figures: Sequence[Figure]) -> list[Figure]:
    shown: list[Figure] = []
    last = ""
    for figure in figures:
        repeated = figure.what == last
        last = figure.what
        shown.append(msgspec.structs.replace(figure, what="") if repeated else figure)
    return shown
