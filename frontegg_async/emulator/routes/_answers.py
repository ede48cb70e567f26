"""Short words for what many handlers say, and for what they read."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ..http.answer import Answer, failure

__all__ = ["changes", "listed", "missing", "no_tenant", "nothing", "shown"]

_encode = msgspec.json.Encoder().encode


def shown(status: int, content: object) -> Answer:
    """Answer with JSON."""
    return Answer(status, _encode(content))


def nothing(status: int) -> Answer:
    """Answer with an empty body, as many routes do where the spec shows no schema (seen)."""
    return Answer(status, content_type=None)


def missing(kind: str, its_id: str) -> Answer:
    """Refuse an id that nothing has."""
    return failure(404, f"{kind} {its_id} not found")


def no_tenant() -> Answer:
    """Refuse a call without the tenant header, in the words that were seen."""
    return failure(403, "Tenant ID is not specified")


def changes(body: msgspec.Struct) -> dict[str, Any]:
    """Return the fields that a body of optional fields has set, null included."""
    fields = ((name, getattr(body, name)) for name in body.__struct_fields__)
    return {name: value for name, value in fields if value is not msgspec.UNSET}


def listed(parameters: dict[str, list[str]], *names: str) -> list[str]:
    """Read parameters that are repeated, comma-separated, or both; each value once."""
    values: Iterable[str] = (value for name in names for value in parameters.get(name, ()))
    parts = (part for value in values for part in value.split(","))
    return list(dict.fromkeys(part for part in parts if part))
