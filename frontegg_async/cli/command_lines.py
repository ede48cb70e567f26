"""Command lines of this program, printed for a user to copy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

import click

_META: Final = f"{__package__}.arguments"
_PROGRAM: Final = "frontegg-async"


def remember(ctx: click.Context, arguments: Sequence[str]) -> None:
    """Remember the arguments of this call of the program."""
    ctx.meta[_META] = tuple(arguments)


def same() -> str:
    """Return the command line of this call."""
    arguments: tuple[str, ...] = click.get_current_context().meta.get(_META, ())
    return line(*arguments)


def line(*arguments: object) -> str:
    """Return a command line of this program, quoted for a shell."""
    return shlex.join([_PROGRAM, *map(str, arguments)])
