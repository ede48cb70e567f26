"""The command of one operation: its options, and the call made from them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Final

import click
import msgspec

from ..._core.secret import Secret
from ...frontegg import FronteggSession
from ...operation import Operation, TenantHeader, TokenKind, UserHeader
from ...tasks import POLL_S, TIMEOUT_S
from .. import exit_codes, output
from ..connection import Connection, connected
from ..option_types import duration
from . import options, results
from .bodies import Document
from .docstrings import Documentation
from .results import Kind
from .signatures import TENANT_HEADER, USER_HEADER, Parameter, Signature

USER_TOKEN: Final = "FRONTEGG_USER_TOKEN"  # noqa: S105  # the name of a variable, not a token

_WITHOUT_CREDENTIALS: Final = frozenset({TokenKind.ANY, TokenKind.NONE})
"""Tokens of the operations that can be called without credentials."""


class _Call(msgspec.Struct, frozen=True):
    """A call that is ready to be made."""

    operation: Operation[Any]
    kind: Kind
    arguments: Mapping[str, Any]
    choices: results.Choices
    tenant: str | None
    """Tenant of a view, for a coroutine without a parameter for the tenant header."""
    user_token: Secret | None

    async def make(self, connection: Connection) -> None:
        """Make the call, and print its result."""
        needed = self.user_token is None and self.operation.token not in _WITHOUT_CREDENTIALS
        async with connection.session(needs_credentials=needed) as frontegg:
            method = attrgetter(self.operation.name)(self._view(frontegg))
            await results.show(method(**self.arguments), self.kind, self.choices)

    def _view(self, frontegg: FronteggSession) -> FronteggSession:
        view = frontegg if self.tenant is None else frontegg.for_tenant(self.tenant)
        return view if self.user_token is None else view.as_user(self.user_token)


class _Command(click.Command):
    """A command that explains why it has no option for a secret."""

    document: Document

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; an option for a secret is rejected with the reason."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            refused = self.document.refused_option(error.option_name) or _no_header(
                self.document, error.option_name
            )
            if refused is None:
                raise
        raise refused


def _no_header(document: Document, flag: str) -> click.UsageError | None:
    """Return the error for the tenant or user of an operation that takes none, or None."""
    operation = document.operation
    if flag == "--tenant" and operation.tenant is TenantHeader.REFUSED:
        return click.UsageError(f"{operation.name} reaches beyond one tenant: leave out {flag}.")
    for header, its_flag in options.HEADER_FLAGS.items():
        if flag == its_flag:
            other = f"{flag}-id"  # of the path, the query or the body
            meant = any(options.flag_of(each) == other for each in document.parameters)
            return click.UsageError(
                f"{operation.name} takes no {flag}: it sends no {header}."
                + f" Name its {flag[2:]} with {other}." * meant
            )
    return None


def command_of(operation: Operation[Any], signature: Signature) -> click.Command:
    """Make the command of an operation from the signature of its coroutine."""
    documentation, parameters = signature.documentation, signature.parameters
    document = Document(operation, parameters)
    kind = results.kind_of(signature.method)

    @connected
    def run(connection: Connection, /, **values: Any) -> int:
        given = options.given_in(values)
        said = document.arguments(values.get("body"), values.get("settings", ()), given)
        call = _Call(
            operation=operation,
            kind=kind,
            arguments={**said, **given},
            choices=_choices(values),
            tenant=values.get("tenant"),
            user_token=_user_token(operation),
        )
        _check_required(call, parameters, document)
        if _is_destructive(operation) and not values["yes"]:
            _confirm(operation, documentation, given)
        asyncio.run(call.make(connection))
        return exit_codes.DONE

    help_text = "\n\n".join((documentation.summary, *documentation.details))
    if operation.deprecated is not None and "deprecated" not in help_text.lower():
        help_text += f"\n\nDeprecated: {operation.deprecated}"
    command = click.command(
        operation.name, cls=_Command, help=help_text, short_help=documentation.summary
    )(run)
    command.document = document
    command.params = [
        *options.options_of(parameters),
        *document.options(),
        *_common(operation, kind, parameters),
        *command.params,
    ]
    return command


def _common(
    operation: Operation[Any], kind: Kind, parameters: tuple[Parameter, ...]
) -> list[click.Option]:
    """Return the options beside an operation's own parameters and those of the connection."""
    common = [click.Option(["as_json", "--json"], is_flag=True, help="Print compact JSON.")]
    takes_tenant = operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED}
    if takes_tenant and not any(each.wire == TENANT_HEADER for each in parameters):
        common.append(
            click.Option(["--tenant"], help=f"Tenant of the call: the header {TENANT_HEADER}.")
        )
    if kind is Kind.PAGES:
        common.append(
            click.Option(
                ["max_items", "--max"],
                type=click.IntRange(min=1),
                help="Number of objects to stop after.",
            )
        )
    if kind in {Kind.TASK, Kind.TASKS}:
        common += [
            click.Option(
                ["--wait"], is_flag=True, help="Wait for the task, and print its last status."
            ),
            _seconds(
                "--wait-timeout", TIMEOUT_S, "How long to wait; the task continues after that."
            ),
            _seconds("--poll", POLL_S, "Time between two requests for its status."),
        ]
    if _is_destructive(operation):
        common.append(click.Option(["--yes"], is_flag=True, help="Do not ask for confirmation."))
    return common


def _seconds(flag: str, default: float, text: str) -> click.Option:
    return click.Option(
        [flag],
        type=duration,
        default=default,
        metavar="DURATION",
        help=f"{text} [default: {default:g}s]",
    )


def _choices(values: Mapping[str, Any]) -> results.Choices:
    return results.Choices(
        as_json=values["as_json"],
        max_items=values.get("max_items"),
        wait=values.get("wait", False),
        wait_timeout=values.get("wait_timeout", TIMEOUT_S),
        poll=values.get("poll", POLL_S),
    )


def _user_token(operation: Operation[Any]) -> Secret | None:
    """Return the user's token for the call, None for the environment's token or none."""
    if operation.token in {TokenKind.ENVIRONMENT, TokenKind.NONE}:
        return None
    token = Secret(os.environ.get(USER_TOKEN, "").strip()) or None
    if token is None and operation.token is TokenKind.USER:
        raise exit_codes.NoCredentialsError(
            f"{operation.name} acts for a user: set {USER_TOKEN} in the environment."
        )
    return token


def _check_required(call: _Call, parameters: tuple[Parameter, ...], document: Document) -> None:
    """Reject a call without a required parameter, tenant or user.

    click checks the options that cannot be replaced by --body, except flags with a ``--no-`` form:
    their default of None, which keeps them from becoming False, counts as given.
    """
    for parameter in parameters:
        if parameter.required and parameter.name not in call.arguments:
            raise document.missing(parameter)
    if call.user_token is not None:
        return  # The token names its user and its tenant.
    operation = call.operation
    headers = {each.wire for each in parameters if each.name in call.arguments}
    flag_by_header = {each.wire: options.flag_of(each) for each in parameters}
    if call.tenant is not None:
        headers.add(TENANT_HEADER)
    for header, required, flag in (
        (TENANT_HEADER, operation.tenant is TenantHeader.REQUIRED, "--tenant"),
        (USER_HEADER, operation.user is UserHeader.REQUIRED, "--user-id"),
    ):
        if required and header not in headers:
            instead = "" if operation.token is TokenKind.ENVIRONMENT else f", or {USER_TOKEN}"
            raise click.UsageError(
                f"{operation.name} needs {flag_by_header.get(header, flag)}{instead}."
            )


def _is_destructive(operation: Operation[Any]) -> bool:
    return operation.method == "DELETE"


def _confirm(
    operation: Operation[Any], documentation: Documentation, given: Mapping[str, Any]
) -> None:
    """Ask before something is deleted; without a terminal to ask on, ``--yes`` is required."""
    if not output.can_ask():
        raise click.UsageError(
            f"{operation.name} deletes something: without a terminal to ask on, it needs --yes."
        )
    arguments = ", ".join(f"{name} {value}" for name, value in given.items())
    question = f"{documentation.summary} Here: {arguments}. Go on?"
    if not click.confirm(output.printable(question), err=True):
        raise click.ClickException("nothing was sent")
