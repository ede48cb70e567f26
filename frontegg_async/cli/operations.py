"""``frontegg-async operations``: the table of operations, as a list or one by one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any, Final

import click

from ..endpoints import GROUPS, find
from ..endpoints import operations as all_operations
from ..operation import Operation, TokenKind
from . import output
from .descriptions import describe, in_lines
from .logs import verbose_option

_WIDTH: Final = 80
_COLUMNS: Final = ("name", "method", "path", "token", "repeat")


@click.command("operations")
@click.argument("text", metavar="[FILTER]", default="")
@click.option(
    "--group", type=click.Choice(GROUPS), metavar="GROUP", help="Only operations of this group."
)
@click.option(
    "--method",
    type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE"], case_sensitive=False),
    help="Only operations of this HTTP method.",
)
@click.option(
    "--token",
    type=click.Choice([kind.value for kind in TokenKind]),
    help="Only operations that take this token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an array, or one object.")
@click.option(
    "--markdown", is_flag=True, help="Print all operations as the page docs/operations.md."
)
@verbose_option
def operations(
    text: str,
    *,
    group: str | None,
    method: str | None,
    token: str | None,
    as_json: bool,
    markdown: bool,
) -> None:
    """List the operations that the SDK has, or describe one.

    FILTER keeps the operations whose name, method or path contains it. The last columns are the
    token that an operation takes, and the effect of sending it twice. The full name of an operation
    describes it: its parameters, their place in the request, and its result.
    """
    narrowed = group is not None or method is not None or token is not None
    if markdown:
        if text or narrowed or as_json:
            raise click.UsageError(
                "--markdown prints all operations: leave out FILTER and all other options."
            )
        from .operations_page import page

        for line in page(all_operations()):
            output.data(line)
        return
    one = None if narrowed else find(text)
    if one is not None:
        _describe(one, as_json=as_json)
        return
    found = [
        operation
        for operation in all_operations()
        if text.lower() in f"{operation.name} {operation.method} {operation.template}".lower()
        and group in {None, operation.name.partition(".")[0]}
        and method in {None, operation.method}
        and token in {None, operation.token.value}
    ]
    if as_json:
        output.json([_row(operation) for operation in found])
    elif found:
        _list(found)
    else:
        output.note("No operation matches.")


def _describe(operation: Operation[Any], *, as_json: bool) -> None:
    description = describe(operation)
    if as_json:
        output.json(description, indent=output.on_terminal())
        return
    for line in in_lines(description, _WIDTH):
        output.data(line)


def _list(found: list[Operation[Any]]) -> None:
    rows = [_row(operation) for operation in found]
    table = [_COLUMNS, *(tuple(str(row[name]) for name in _COLUMNS) for row in rows)]
    marks = ["", *("deprecated" if row["deprecated"] else "" for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(_COLUMNS))]
    room = shutil.get_terminal_size().columns
    if output.on_terminal() and sum(widths) + 2 * len(widths) + max(map(len, marks)) > room:
        for line in _in_pairs(table[1:], marks[1:]):
            output.data(line)
        return
    for row, mark in zip(table, marks, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        output.data("  ".join((*cells, mark)).rstrip())


def _in_pairs(table: list[tuple[str, ...]], marks: list[str]) -> Iterator[str]:
    """Yield two lines an operation, for a terminal that is too narrow for one."""
    for line, mark in zip(table, marks, strict=True):
        name, method, path, token, repeat = line
        yield "  ".join(filter(None, (name, token, repeat, mark)))
        yield f"    {method} {path}"


def _row(operation: Operation[Any]) -> dict[str, str | None]:
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.template,
        "token": operation.token.value,
        "tenant": operation.tenant.value,
        "user": operation.user.value,
        "repeat": operation.repeat.value,
        "deprecated": operation.deprecated,
    }
