"""Short words for what many handlers say, and for what they read."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ..http.response import Response, error_response

__all__ = [
    "empty_response",
    "given_fields",
    "json_response",
    "list_parameter",
    "not_found",
    "tenant_missing",
]

_encode = msgspec.json.Encoder().encode


def json_response(status: int, content: object) -> Response:
    """Answer with JSON."""
    return Response(status, _encode(content))


def empty_response(status: int) -> Response:
    """Answer with an empty body, as many routes do where the spec shows no schema (seen)."""
    return Response(status, content_type=None)


def not_found(kind: str, its_id: str) -> Response:
    """Refuse an id that nothing has."""
    return error_response(404, f"{kind} {its_id} not found")


def tenant_missing() -> Response:
    """Refuse a call without the tenant header, in the words that were seen."""
    return error_response(403, "Tenant ID is not specified")


def given_fields(body: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that a body of optional fields has set, null included."""
    fields = ((name, getattr(body, name)) for name in body.__struct_fields__)
    return {name: value for name, value in fields if value is not msgspec.UNSET}


def list_parameter(parameters: dict[str, list[str]], *names: str) -> list[str]:
    """Read parameters that are repeated, comma-separated, or both; each value once."""
    values: Iterable[str] = (value for name in names for value in parameters.get(name, ()))
    parts = (part for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))
