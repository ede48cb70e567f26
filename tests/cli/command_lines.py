"""Arguments of a coroutine as a command line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, cast

import msgspec

from frontegg_async import Operation
from frontegg_async.cli.call import operation_command as calling
from frontegg_async.cli.call.hints import struct_of
from frontegg_async.cli.call.options import PREFIX, has_option
from frontegg_async.cli.call.signatures import Parameter, Place
from frontegg_async.models import is_secret

from ..drift.recording import signature_of


class Way(Enum):
    """A way to give a field of the body."""

    OPTIONS = "options"
    BODY = "body"
    SET = "set"


def parameters_by_name(operation: Operation[Any]) -> dict[str, Parameter]:
    """Return the parameters of an operation as the command line sees them."""
    return {parameter.name: parameter for parameter in signature_of(operation).parameters}


def spelled(
    operation: Operation[Any], arguments: Mapping[str, Any], way: Way
) -> tuple[list[str], Any]:
    """Return the options, and the document for ``--body``, None if none is needed."""
    options: list[str] = []
    whole: Any = None
    fields: dict[str, Any] = {}
    for name, parameter in parameters_by_name(operation).items():
        if name not in arguments:
            continue
        value = arguments[name]
        plain: Any = msgspec.to_builtins(value)
        in_body = parameter.place is Place.BODY
        if parameter.whole:
            if way is Way.SET and struct_of(parameter.hint) and not has_secrets(plain):
                options += _settings(plain)
            else:
                whole = plain
        elif way is Way.SET and in_body and not (parameter.secret or has_secrets(plain)):
            options += _settings({parameter.wire: plain})
        elif has_option(parameter) and not (way is Way.BODY and in_body):
            options += _option(operation, parameter, value)
        else:
            assert parameter.document_name is not None
            fields[parameter.document_name] = plain
    return options, fields or whole


def has_secrets(plain: Any) -> bool:
    """Return whether a body contains a secret at any depth, which --set rejects."""
    if isinstance(plain, dict):
        fields = cast("dict[str, Any]", plain)
        return any(is_secret(name) or has_secrets(fields[name]) for name in fields)
    return isinstance(plain, list) and any(map(has_secrets, cast("Sequence[Any]", plain)))


def _settings(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        yield from ("--set", f"{name}={json.dumps(value)}")


def _option(operation: Operation[Any], parameter: Parameter, value: Any) -> Iterator[str]:
    command = calling.command_of(operation, signature_of(operation))
    option = next(each for each in command.params if each.name == f"{PREFIX}{parameter.name}")
    if isinstance(value, bool):
        yield (option.opts if value else option.secondary_opts)[0]
        return
    for item in cast("Sequence[Any]", value) if isinstance(value, list) else [value]:
        yield option.opts[0]
        if isinstance(item, datetime):
            yield item.isoformat()
        elif isinstance(item, bytes):
            file = Path(tempfile.gettempdir(), "content")
            file.write_bytes(item)
            yield str(file)
        else:
            yield item if isinstance(item, str) else json.dumps(item)
