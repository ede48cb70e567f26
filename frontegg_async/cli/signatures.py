"""Options from the signature of an endpoint coroutine, and its docstring taken apart."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from importlib import import_module
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import click
import msgspec
from msgspec import UnsetType

from ..operation import Operation

PREFIX: Final = "endpoint_"
"""Before the names of an endpoint's parameters, so that they cannot meet those of the command."""

_SEQUENCES: Final = (Sequence, list, tuple)
_ENTRY: Final = re.compile(r"(\w+): (.+)").match


def find_method(operation: Operation[Any]) -> Callable[..., Any] | None:
    """Return the function behind an operation, or None if programs are not meant to call it."""
    group, _, verb = operation.name.rpartition(".")
    module = import_module(f"frontegg_async.endpoints.{group}")
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__ == module.__name__:
            method = vars(value).get(verb)
            if inspect.isfunction(method):
                return method
    return None


class Documentation(msgspec.Struct, frozen=True):
    """A docstring: its sentence, what follows, and what it says of each parameter."""

    summary: str
    details: tuple[str, ...]
    parameters: dict[str, str]

    @classmethod
    def of(cls, method: Callable[..., Any]) -> Documentation:
        """Read the docstring of a method."""
        text = (inspect.getdoc(method) or "").replace("``", "")
        paragraphs = text.split("\n\n")
        parameters: dict[str, str] = {}
        details: list[str] = []
        for paragraph in paragraphs[1:]:
            if paragraph.startswith("Args:"):
                parameters = _entries(paragraph)
            elif not paragraph.startswith(("Raises:", "Returns:", "Yields:")):
                details.append(" ".join(paragraph.split()))
        return cls(" ".join(paragraphs[0].split()), tuple(details), parameters)


def _entries(section: str) -> dict[str, str]:
    """Read the ``Args:`` of a docstring, where deeper lines go on with the one above."""
    entries: dict[str, str] = {}
    name = ""
    for line in section.splitlines()[1:]:
        entry = _ENTRY(line.strip())
        if entry is not None and line.startswith("    ") and not line.startswith("     "):
            name = entry[1]
            entries[name] = entry[2]
        elif name:
            entries[name] += f" {line.strip()}"
    return entries


def options_of(method: Callable[..., Any], documentation: Documentation) -> list[click.Option]:
    """Return an option for each parameter of an endpoint coroutine."""
    hints = get_type_hints(method)
    return [
        _option(parameter, hints[name], documentation.parameters.get(name, ""))
        for name, parameter in inspect.signature(method).parameters.items()
        if name != "self"
    ]


def check_required(options: list[click.Option], values: dict[str, Any]) -> None:
    """Refuse to go on without an option that must be given.

    click sees to that itself, but not for a flag with a ``--no-`` form: None, which keeps it
    from becoming False, counts as given there.
    """
    for option in options:
        if option.required and values[option.name or ""] is None:
            raise click.MissingParameter(param=option)


def arguments_of(values: dict[str, Any]) -> dict[str, Any]:
    """Take from a command's values those that are the endpoint's and were given."""
    return {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX) and value is not None and value != ()
    }


def _option(parameter: inspect.Parameter, hint: Any, description: str) -> click.Option:
    flag = parameter.name.strip("_").replace("_", "-")
    declarations = [f"{PREFIX}{parameter.name}", f"--{flag}"]
    required = parameter.default is parameter.empty
    if isinstance(parameter.default, str | int) and not isinstance(parameter.default, bool):
        description = f"{description} [default: {parameter.default}]".strip()
    hint, multiple = _without_absence(hint), False
    if get_origin(hint) in _SEQUENCES:
        hint, multiple = _without_absence(get_args(hint)[0]), True
        description = f"{description} Repeatable.".strip()
    description = description[:1].upper() + description[1:]
    if hint is bool and not multiple:
        declarations[1] += f"/--no-{flag}"
        return click.Option(declarations, default=None, required=required, help=description)
    return click.Option(
        declarations,
        type=_type_of(hint),
        multiple=multiple,
        required=required,
        help=description,
    )


def _without_absence(hint: Any) -> Any:
    """Return a type without None and UNSET: leaving an option out says that already."""
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    left = [kind for kind in get_args(hint) if kind not in {types.NoneType, UnsetType}]
    return left[0] if len(left) == 1 else Union[tuple(left)]  # noqa: UP007  # a run-time value


def _type_of(hint: Any) -> Any:
    """Return what click converts a text with."""
    if hint in {str, int, float}:
        return hint
    if get_origin(hint) is Literal and all(isinstance(value, str) for value in get_args(hint)):
        return click.Choice(get_args(hint))
    # These stand in JSON strings, and nobody wants to type the quotes.
    plain = inspect.isclass(hint) and issubclass(hint, Enum | datetime)
    kind: Any = hint

    def convert(text: str) -> Any:
        try:
            if plain:
                return msgspec.convert(text, kind)
            return msgspec.json.decode(text, type=kind)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise click.BadParameter(f"{text!r} does not fit: {error}.") from None

    convert.__name__ = kind.__name__.lower() if plain else "json"
    return convert
