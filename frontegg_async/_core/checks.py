"""Checks of the ids and e-mail addresses in queries and bodies.

They are found by their names, which follow one rule in all of Frontegg's API (``tenantId``,
``roleIds``, ``creatorEmail``), so that an operation added later is covered as well. Path values and
headers need no such rule: ``Operation.path`` and ``check_header_value`` check each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast, get_args

import msgspec
from msgspec import UNSET

from ..errors import InvalidRequestError
from ..operation import Body, Query
from .ids import id_problem, is_plain, names_email, names_id, text_problem

_Check: TypeAlias = Callable[[object], str | None]


_FieldCheck: TypeAlias = tuple[str, _Check | None, bool]
"""A field of a body that is checked: its name; the check of its value, or None where only structs
within are checked; True if None or an empty string is allowed, to clear a value."""

_field_checks: Final[dict[type, tuple[_FieldCheck, ...]]] = {}
"""Fields to check by the type of a body, collected when the first one is sent."""


def check_query(operation: str, query: Query) -> None:
    """Raise InvalidRequestError if an id or an address in a query cannot be one."""
    for name, value in query.items():
        check = _check_of(name)
        if check is None:
            continue
        if isinstance(value, str):
            if name.endswith("s") and "," in value:
                # Several ids in one string, as ``endpoints._checks.joined`` writes them.
                for piece in value.split(","):
                    if not is_plain(piece):
                        _refuse(operation, name, check(piece))
            else:
                problem = check(value)
                if problem is not None:
                    _refuse(operation, name, problem)
        elif isinstance(value, Sequence):
            for item in value:
                if not isinstance(item, int):
                    _refuse(operation, name, check(item))


def check_body(operation: str, body: Body) -> None:
    """Raise InvalidRequestError if an id or an address in a body cannot be one."""
    if not isinstance(body, msgspec.Struct):
        if not isinstance(body, Mapping):  # a free-form object is the caller's own
            for item in body:
                _check_item(operation, item)
        return
    kind = type(body)
    fields = _field_checks.get(kind)
    if fields is None:
        fields = _field_checks[kind] = _fields_of(kind)
    for name, check, optional in fields:
        value = getattr(body, name)
        if value is not UNSET and not is_plain(value):
            _check_value(operation, name, check, value, optional=optional)


def _check_item(operation: str, item: object) -> None:
    if not isinstance(item, msgspec.Struct):
        raise TypeError(
            "the items of a body must be Structs, such as frontegg_async.models.permissions."
            f"NewPermission, got {type(item).__name__}"
        )
    check_body(operation, item)


def _check_value(
    operation: str, name: str, check: _Check | None, value: object, *, optional: bool
) -> None:
    if isinstance(value, msgspec.Struct):
        check_body(operation, value)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            if isinstance(item, msgspec.Struct):
                check_body(operation, item)
            elif check is not None:
                _refuse(operation, name, check(item))
    elif check is not None and not (optional and value in {None, ""}):
        _refuse(operation, name, check(value))


def _refuse(operation: str, name: str, problem: str | None) -> None:
    if problem is not None:
        raise InvalidRequestError(f"{name} {problem}", operation=operation)


@lru_cache(maxsize=512)
def _check_of(name: str) -> _Check | None:
    if names_id(name):
        return id_problem
    return text_problem if names_email(name) else None


def _fields_of(kind: type[msgspec.Struct]) -> tuple[_FieldCheck, ...]:
    found: list[_FieldCheck] = []
    for field in msgspec.structs.fields(kind):
        types = frozenset(_types_in(field.type))
        check = _check_of(field.name) if str in types else None
        if check is not None or any(issubclass(each, msgspec.Struct) for each in types):
            found.append((field.name, check, not field.required or type(None) in types))
    return tuple(found)


def _types_in(hint: Any) -> list[type]:
    if isinstance(hint, type) and not get_args(hint):
        return [hint]
    return [each for argument in get_args(hint) for each in _types_in(argument)]
