"""Parts of requests and responses that many routes share."""

from collections.abc import Iterable, Sized
from secrets import compare_digest
from typing import Any, Final, TypeVar

import msgspec

from ..http.response import RejectedError, Response

__all__ = [
    "check_count",
    "check_email",
    "empty_response",
    "given_fields",
    "integer",
    "json_response",
    "list_parameter",
    "parameter",
    "required",
    "same_secret",
    "set_fields",
    "whole",
]

_MAX_DIGITS: Final = 15
_T = TypeVar("_T")

_encode = msgspec.json.Encoder().encode


def json_response(status: int, content: object) -> Response:
    """Return a response with a JSON body."""
    return Response(status, _encode(content))


def empty_response(status: int) -> Response:
    """Return a response without a body, as for many routes whose spec shows no schema (seen)."""
    return Response(status, content_type=None)


def given_fields(body: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that a body of optional fields has set, null included."""
    fields = ((name, getattr(body, name)) for name in body.__struct_fields__)
    return {name: value for name, value in fields if value is not msgspec.UNSET}


def integer(text: str) -> int | None:
    """Return an integer as URLs have it, or None: ASCII digits, and no more than JSON can hold."""
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _MAX_DIGITS):
        return None
    return int(text)


def set_fields(target: object, fields: dict[str, Any]) -> None:
    """Set these fields of an object."""
    for name, value in fields.items():
        setattr(target, name, value)


def check_count(name: str, values: Sized, maximum: int) -> None:
    """Reject an empty list, and one with more than ``maximum`` elements."""
    if not 0 < len(values) <= maximum:
        raise RejectedError(400, f"{name} must contain between 1 and {maximum} elements")


def check_email(email: str) -> None:
    """Reject a string that is no address."""
    if "@" not in email:
        raise RejectedError(400, "email must be an email")


def required(name: str, value: _T | None) -> _T:
    """Return the value of a field; reject an empty one, or none."""
    if not value:
        raise RejectedError(400, f"{name} should not be empty")
    return value


def same_secret(one: str, other: str) -> bool:
    """Return whether two secrets are the same."""
    return compare_digest(one.encode(), other.encode())


def parameter(parameters: dict[str, list[str]], name: str, default: str = "") -> str:
    """Return a query parameter; of a repeated one the last value counts."""
    return parameters.get(name, [default])[-1]


def list_parameter(parameters: dict[str, list[str]], *names: str) -> list[str]:
    """Return a parameter that is repeated, comma-separated, or both; each value once."""
    values: Iterable[str] = (value for name in names for value in parameters.get(name, ()))
    parts = (part for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def whole(number: float) -> float:
    """Return a number as JSON shows it best: an integer if it is one."""
    return int(number) if number == int(number) else number
