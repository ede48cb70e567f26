"""A request for every operation of an OpenAPI document, about objects that a test has set up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["HEADERS", "IDS", "Step", "steps"]

Schema = Mapping[str, Any]

IDS: Final[Mapping[str, str]] = {
    "userId": "u",
    "user": "u",
    "tenantId": "t",
    "parentTenantId": "t",
    "childTenantId": "sub",
    "roleId": "role-Admin",
    "permissionId": "permission-Admin",
    "categoryId": "emulator-category",
    "groupId": "group",
    "email": "ada@x.io",
    "identifier": "ada@x.io",
    "identifierType": "email",
    "username": "ada",
    "password": "pw",
    "newPassword": "pw",
    "type": "ResetPassword",
    "_sortBy": "id",
    "_order": "ASC",
    "metadata": "{}",
    "vendorMetadata": "{}",
    "phoneNumber": "+15555550100",
    "ids": "u",
    "userIds": "u",
    "tenantIds": "t",
}
"""Values by the names of parameters and fields, of objects that are there."""
_LISTS: Final = {
    "roleIds": ["role-Admin"],
    "permissionIds": ["permission-Admin"],
    "userIds": ["u"],
    "tenantIds": ["t"],
    "groupsIds": [],
    "appIds": [],
    "events": ["frontegg.user.created"],
}
HEADERS: Final = {
    "frontegg-tenant-id": "t",
    "frontegg-user-id": "u",
    "frontegg-vendor-host": "x.io",
    "frontegg-application-id": "app",
}
"""Headers, of objects that are there."""
_MAX_DEPTH: Final = 6


@dataclass(frozen=True)
class Step:
    """One request; ``path`` is relative to the service."""

    method: str
    template: str
    path: str
    headers: Mapping[str, str]
    body: object = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])


def steps(document: Schema, ids: Mapping[str, str]) -> Iterator[Step]:
    """Yield a request for each operation: those that read first, and those that delete last.

    Args:
        document: The OpenAPI document.
        ids: Further values by name, over those of ``IDS``.

    """
    known = {**IDS, **ids}
    order = {"get": 0, "post": 1, "put": 2, "patch": 3, "delete": 4}
    found = [
        (order[method], template, method, operation)
        for template, item in document["paths"].items()
        for method, operation in item.items()
        if method in order
    ]
    for _, template, method, operation in sorted(found, key=lambda each: each[:2]):
        yield _step(document, template, method, operation, known)


def _step(
    document: Schema, template: str, method: str, operation: Schema, known: Mapping[str, str]
) -> Step:
    path, headers, query = template, dict[str, str](), dict[str, str]()
    for parameter in operation.get("parameters", ()):
        name, where = parameter["name"], parameter["in"]
        if where == "path":
            path = path.replace(f"{{{name}}}", known.get(name, "x"))
        elif where == "header":
            headers[name] = HEADERS.get(name, "x")
        elif where == "query" and parameter.get("required"):
            query[name] = known.get(name, str(_value(document, parameter["schema"], name, known)))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = None if content is None else _value(document, content["schema"], "", known)
    return Step(method.upper(), template, path, headers, body, query)


def _value(
    document: Schema, schema: Schema, name: str, known: Mapping[str, str], depth: int = 0
) -> Any:
    """Return a value for a schema: what is known for the name, or one of the right type."""
    if "$ref" in schema:
        target = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return _value(document, target, name, known, depth + 1)
    for way in ("allOf", "oneOf", "anyOf"):
        if way in schema:
            return _value(document, schema[way][0], name, known, depth + 1)
    if isinstance(schema.get("enum"), list):
        return schema["enum"][0]
    match schema.get("type"):
        case "array":
            if name in _LISTS:
                return _LISTS[name]
            return [_value(document, schema.get("items", {}), name, known, depth + 1)]
        case "boolean":
            return True
        case "number" | "integer":
            return max(schema.get("minimum", 1), 1)
        case "string":
            return known.get(name, f"{name or 'x'}")
        case _:
            if depth > _MAX_DEPTH:
                return {}
            return {
                each: _value(document, inner, each, known, depth + 1)
                for each, inner in schema.get("properties", {}).items()
            }
