"""Checks of arguments that coroutines share, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from msgspec import UnsetType

from .._core.ids import id_problem
from ..errors import InvalidRequestError
from ..operation import Operation


@overload
def ids(
    name: str,
    values: Sequence[str],
    operation: Operation[Any],
    *,
    least: int = 0,
    most: int | None = None,
) -> tuple[str, ...]: ...


@overload
def ids(
    name: str,
    values: Sequence[str] | UnsetType,
    operation: Operation[Any],
    *,
    least: int = 0,
    most: int | None = None,
) -> tuple[str, ...] | UnsetType: ...


def ids(
    name: str,
    values: Sequence[str] | UnsetType,
    operation: Operation[Any],
    *,
    least: int = 0,
    most: int | None = None,
) -> tuple[str, ...] | UnsetType:
    """Return ``values`` as a tuple, if they are a list of so many strings; UNSET stays UNSET.

    Raises:
        InvalidRequestError: it is one string instead of a list of them, or of another length.
    """
    if isinstance(values, UnsetType):
        return values
    if isinstance(values, str):
        raise InvalidRequestError(
            f"{name} must be a list of strings, not one string", operation=operation.name
        )
    found = tuple(values)
    if len(found) < least or (most is not None and len(found) > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most:,}"
        raise InvalidRequestError(
            f"{name} must hold {bounds} values, got {len(found):,}", operation=operation.name
        )
    return found


def one_id(name: str, value: str, operation: Operation[Any]) -> str:
    """Return ``value``, if it can be an id: where None would mean the tenant of the view.

    Raises:
        InvalidRequestError: it cannot be one.
    """
    problem = id_problem(value)
    if problem is not None:
        raise InvalidRequestError(f"{name} {problem}", operation=operation.name)
    return value


def joined(
    name: str, values: Sequence[str] | UnsetType | None, operation: Operation[Any]
) -> str | UnsetType | None:
    """Return ``values`` as one string with commas between, the form that some queries take.

    That of ``users/v3``, its roles and groups is seen, that of the phrase search specified,
    that of usernames a guess (tests/drift/explained.py).

    Raises:
        InvalidRequestError: it is one string instead of a list of them, or an empty list, or
            one string holds a comma and would be read as two.
    """
    if values is None or isinstance(values, UnsetType):
        return values
    found = ids(name, values, operation, least=1)
    if any(type(value) is not str or "," in value for value in found):
        raise InvalidRequestError(
            f"{name} must hold strings without commas: one with a comma would be read as two",
            operation=operation.name,
        )
    return ",".join(found)
