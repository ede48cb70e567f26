"""``frontegg-async call``: one operation, with its response as JSON."""

from __future__ import annotations

import difflib
from typing import Final

import click

from ...endpoints import find, operations
from .operation_command import command_of
from .signatures import Signature, find_method

_MAX_SUGGESTIONS: Final = 5
"""Names suggested for one that does not exist."""


class CallGroup(click.Group):
    """A command for each operation, made when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the operations that programs can call."""
        return [each.name for each in operations() if find_method(each) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of an operation, of which only the group is imported."""
        operation = find(cmd_name)
        signature = None if operation is None else Signature.of(operation)
        return None if operation is None or signature is None else command_of(operation, signature)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or suggest others of a similar name."""
        name = args[0]
        if name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        similar = _similar(name, self.list_commands(ctx))
        instead = f"did you mean {', '.join(similar)}?" if similar else "see 'operations'."
        raise click.UsageError(f"There is no operation {name!r} to call: {instead}", ctx)


@click.group("call", cls=CallGroup, subcommand_metavar="OPERATION [OPTIONS]...")
def call() -> None:
    """Call one operation and print its response as JSON.

    Paged responses are printed one object a line, as they arrive. Operations that act for a user
    take the user's token from FRONTEGG_USER_TOKEN; logging in and signing up need no credentials.
    'frontegg-async operations NAME' describes an operation.
    """


def _similar(name: str, names: list[str]) -> list[str]:
    """Return similar names, the most similar first."""
    close = difflib.get_close_matches(name, names, _MAX_SUGGESTIONS)
    # The verb may be right and the group wrong, or the other way round.
    group, _, verb = name.rpartition(".")
    halves = [each for each in names if verb in each.partition(".")[::2]]
    halves += [each for each in names if group and each.startswith(f"{group}.")]
    return list(dict.fromkeys([*close, *halves]))[:_MAX_SUGGESTIONS]
