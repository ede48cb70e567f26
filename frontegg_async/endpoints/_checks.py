"""What coroutines refuse before anything is sent, said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from msgspec import UnsetType

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
    """Return ``values`` as a tuple, if they are a list of so many texts; UNSET stays UNSET.

    Raises:
        InvalidRequestError: it is one text instead of a list of them, or of another length.
    """
    if isinstance(values, UnsetType):
        return values
    if isinstance(values, str):
        raise InvalidRequestError(
            f"{name} must be a list of texts, not one text", operation=operation.name
        )
    found = tuple(values)
    if len(found) < least or (most is not None and len(found) > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most:,}"
        raise InvalidRequestError(
            f"{name} must hold {bounds} values, got {len(found):,}", operation=operation.name
        )
    return found


def not_empty(name: str, value: str, operation: Operation[Any]) -> str:
    """Return ``value``, if it is a text with something in it.

    Raises:
        InvalidRequestError: it is empty, or no text.
    """
    if type(value) is not str or not value.strip():
        raise InvalidRequestError(
            f"{name} must be a text that is not empty", operation=operation.name
        )
    return value


def joined(
    name: str, values: Sequence[str] | UnsetType | None, operation: Operation[Any]
) -> str | UnsetType | None:
    """Return ``values`` as one text with commas between, the form in which some queries take them.

    That of ``users/v3``, its roles and groups is seen, that of the phrase search specified,
    that of usernames a guess (tests/drift/explained.py).

    Raises:
        InvalidRequestError: it is one text instead of a list of them, or there is none in it.
    """
    if values is None or isinstance(values, UnsetType):
        return values
    return ",".join(ids(name, values, operation, least=1))
