"""``frontegg-async operations``: the table that everything else is driven by."""

from __future__ import annotations

from typing import Any

import click

from ..endpoints import operations as all_operations
from ..operation import Operation
from . import output
from .logs import verbose_option


@click.command("operations")
@click.argument("text", metavar="[FILTER]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@verbose_option
def operations(text: str, *, as_json: bool) -> None:
    """List the operations that the SDK has.

    FILTER keeps those whose name, method or path holds it. The columns: which token an
    operation takes, and what sending it twice means.
    """
    rows = [_row(operation) for operation in all_operations() if _matches(operation, text)]
    if as_json:
        output.json(rows)
        return
    if not rows:
        output.note(f"No operation holds {text!r}.")
        return
    names = ("name", "method", "path", "token", "repeat")
    table = [names, *(tuple(str(row[name]) for name in names) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(names))]
    marks = ["", *("deprecated" if row["deprecated"] else "" for row in rows)]
    for line, mark in zip(table, marks, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        output.data("  ".join((*cells, mark)).rstrip())


def _matches(operation: Operation[Any], text: str) -> bool:
    return text.lower() in f"{operation.name} {operation.method} {operation.template}".lower()


def _row(operation: Operation[Any]) -> dict[str, str | None]:
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.template,
        "token": operation.token.value,
        "tenant": operation.tenant.value,
        "repeat": operation.repeat.value,
        "deprecated": operation.deprecated,
    }
