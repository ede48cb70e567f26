"""``frontegg-async call``: one operation, its answer as JSON."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

import click
import msgspec

from ..endpoints import operations
from ..frontegg import FronteggSession
from ..operation import Operation, TenantHeader, TokenKind
from ..paging import Paginator
from . import exits, output, signatures
from .connection import Connection, connected

USER_TOKEN: Final = "FRONTEGG_USER_TOKEN"  # noqa: S105  # the name of a variable, not a token


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the options that all operations have in common say."""

    as_json: bool
    tenant: str | None = None
    max_items: int | None = None


class CallGroup(click.Group):
    """A command for each operation, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the operations that programs can call."""
        return [
            operation.name
            for operation in operations()
            if signatures.find_method(operation) is not None
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of an operation."""
        for operation in operations():
            if operation.name == cmd_name:
                method = signatures.find_method(operation)
                return None if method is None else _command(operation, method)
        return None


@click.group("call", cls=CallGroup, subcommand_metavar="OPERATION [OPTIONS]...")
def call() -> None:
    """Call one operation and print its answer as JSON.

    Answers that come in pages are printed one object a line, as they arrive. Operations that
    work for users take the user's token from FRONTEGG_USER_TOKEN.
    """


def _command(operation: Operation[Any], method: Callable[..., Any]) -> click.Command:
    documentation = signatures.Documentation.of(method)
    options = signatures.options_of(method, documentation)
    paginated = _is_paginated(method)
    own: set[str | None] = {option.name for option in options}

    @connected
    def run(connection: Connection, /, **values: Any) -> int:
        signatures.check_required(options, values)
        if _is_destructive(operation) and not values.pop("yes"):
            _confirm(operation, documentation, values)
        settings = _Settings(
            as_json=values["as_json"],
            tenant=values.get("tenant"),
            max_items=values.get("max_items"),
        )
        arguments = signatures.arguments_of(values)
        return asyncio.run(_run(operation, connection, settings, arguments, paginated=paginated))

    help_text = "\n\n".join((documentation.summary, *documentation.details))
    if operation.deprecated is not None and "deprecated" not in help_text.lower():
        help_text += f"\n\nDeprecated: {operation.deprecated}"
    command = click.command(operation.name, help=help_text, short_help=documentation.summary)(run)
    command.params = [
        *options,
        *_common(operation, paginated=paginated, own=own),
        *command.params,
    ]
    return command


def _common(
    operation: Operation[Any], *, paginated: bool, own: set[str | None]
) -> list[click.Option]:
    """Return the options beside an operation's own parameters and those of the connection."""
    common = [click.Option(["as_json", "--json"], is_flag=True, help="Print compact JSON.")]
    takes_tenant = operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED}
    required = operation.tenant is TenantHeader.REQUIRED
    # Where it is required and a parameter already, that is the header's value.
    if takes_tenant and not (required and f"{signatures.PREFIX}tenant_id" in own):
        common.append(
            click.Option(
                ["--tenant"],
                required=required,
                help="Tenant of the call: the header frontegg-tenant-id.",
            )
        )
    if paginated:
        common.append(
            click.Option(
                ["max_items", "--max"], type=click.IntRange(min=1), help="Stop after so many."
            )
        )
    if _is_destructive(operation):
        common.append(click.Option(["--yes"], is_flag=True, help="Do it without asking."))
    return common


def _is_paginated(method: Callable[..., Any]) -> bool:
    return "Paginator" in str(method.__annotations__.get("return", ""))


def _is_destructive(operation: Operation[Any]) -> bool:
    return operation.method == "DELETE"


def _confirm(
    operation: Operation[Any], documentation: signatures.Documentation, values: dict[str, Any]
) -> None:
    """Ask before something is lost; where nobody can be asked, it takes ``--yes``."""
    if not output.can_ask():
        raise click.UsageError(
            f"{operation.name} takes something away: without a terminal to ask on, it needs --yes."
        )
    arguments = ", ".join(
        f"{name} {value}" for name, value in signatures.arguments_of(values).items()
    )
    question = f"{documentation.summary} Here: {arguments}. Go on?"
    if not click.confirm(output.printable(question), err=True):
        raise click.ClickException("nothing was sent")


async def _run(
    operation: Operation[Any],
    connection: Connection,
    settings: _Settings,
    arguments: dict[str, Any],
    *,
    paginated: bool,
) -> int:
    async with connection.session() as frontegg:
        view = _view(frontegg, operation, settings)
        result: Any = attrgetter(operation.name)(view)(**arguments)
        if paginated:
            await _stream(result, settings.max_items)
            return exits.DONE
        value = await result
    if value is not None or settings.as_json:
        output.json(value, indent=output.on_terminal() and not settings.as_json)
    return exits.DONE


def _view(
    frontegg: FronteggSession, operation: Operation[Any], settings: _Settings
) -> FronteggSession:
    view = frontegg if settings.tenant is None else frontegg.for_tenant(settings.tenant)
    if operation.token in {TokenKind.USER, TokenKind.EITHER}:
        user_token = os.environ.get(USER_TOKEN, "").strip()
        if user_token:
            return view.as_user(user_token)
        if operation.token is TokenKind.USER:
            raise exits.NoCredentialsError(
                f"{operation.name} works for a user: set {USER_TOKEN} in the environment."
            )
    return view


async def _stream(items: Paginator[Any], maximum: int | None) -> None:
    count = 0
    async for item in items:
        output.json(item)
        count += 1
        # The pages behind those that were asked for are not fetched.
        if count == maximum:
            return
