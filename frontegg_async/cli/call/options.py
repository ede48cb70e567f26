"""Options of ``call``, one for each parameter of an endpoint's coroutine."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import click
import msgspec

from .hints import arms_of, is_list, item_of, struct_of
from .signatures import TENANT_HEADER, USER_HEADER, Parameter, Place

PREFIX: Final = "endpoint_"
"""Prefix of an endpoint's parameters, so that none collides with one of the command."""

HEADER_FLAGS: Final = {TENANT_HEADER: "--tenant", USER_HEADER: "--user"}
"""Flags for the headers of the tenant and the user, whatever the parameters are called."""

_RESERVED_FLAGS: Final = frozenset(
    {
        *("--client-id", "--region", "--base-url", "--environment-id", "--application"),
        *("--timeout", "--verbose"),
        *("--body", "--set", "--json", "--tenant", "--user", "--max", "--yes", "--help"),
        *("--wait", "--wait-timeout", "--poll"),
    }
)
"""Flags of the commands themselves. A parameter of such a name has its place in its flag."""


def options_of(parameters: Iterable[Parameter]) -> list[click.Option]:
    """Return an option for each parameter that may have one.

    Secrets have none, because others can see a command line, and Structs have none, because
    ``--body`` and ``--set`` suit them better.
    """
    return [_option(each) for each in parameters if has_option(each)]


def has_option(parameter: Parameter) -> bool:
    """Return whether a parameter has an option of its own."""
    return not (parameter.secret or parameter.whole or _holds_struct(parameter.hint))


def flag_of(parameter: Parameter) -> str:
    """Return the option of a parameter, as it is typed."""
    flag = f"--{parameter.name.strip('_').replace('_', '-')}"
    return f"--{parameter.place.value}-{flag[2:]}" if flag in _RESERVED_FLAGS else flag


def given_in(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values given for the endpoint's parameters, by parameter."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX) and value is not None and value != ()
    }


def _holds_struct(hint: Any) -> bool:
    return any(
        struct_of(arm) is not None or (is_list(arm) and struct_of(item_of(arm)) is not None)
        for arm in arms_of(hint)
    )


def _option(parameter: Parameter) -> click.Option:
    flag = flag_of(parameter)
    declarations = [f"{PREFIX}{parameter.name}", flag]
    # A field of the body may also come by --body or --set, which click does not check.
    required = parameter.required and parameter.place is not Place.BODY
    description, hint = parameter.text, parameter.hint
    if parameter.wire in HEADER_FLAGS:
        declarations.append(HEADER_FLAGS[parameter.wire])
    default = parameter.shown_default
    if isinstance(default, str | int) and not isinstance(default, bool):
        description = f"{description} [default: {default}]".strip()
    multiple = is_list(hint)
    if multiple:
        hint = item_of(hint)
        description = f"{description} Repeatable.".strip()
    if parameter.required and not required:
        description = f"{description} [required]".strip()
    description = description[:1].upper() + description[1:]
    if hint is bool and not multiple:
        declarations[1] += f"/--no-{flag[2:]}"
        return click.Option(declarations, default=None, required=required, help=description)
    return click.Option(
        declarations,
        type=_type_of(hint),
        multiple=multiple,
        required=required,
        help=description,
    )


def _content(source: str) -> bytes:
    """Return the content of a file, or of stdin for "-"."""
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise click.BadParameter(f"{source} cannot be read: {error.strerror}.") from None


_content.__name__ = "file"


def _type_of(hint: Any) -> Any:
    """Return the type, or the function, that click converts the argument with."""
    if hint in {str, int, float}:
        return hint
    if hint is bytes:
        return _content
    if get_origin(hint) is Literal and all(isinstance(value, str) for value in get_args(hint)):
        return click.Choice(get_args(hint))
    # JSON strings, which are typed without their quotes.
    plain = inspect.isclass(hint) and issubclass(hint, Enum | datetime)
    kind: Any = hint

    def convert(text: str) -> Any:
        try:
            if plain:
                return msgspec.convert(text, kind)
            return msgspec.json.decode(text, type=kind)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise click.BadParameter(f"{text!r} is not valid: {error}.") from None

    if arms_of(hint) == (int, float):
        convert.__name__ = "number"
    else:
        convert.__name__ = kind.__name__.lower() if plain else "json"
    return convert
