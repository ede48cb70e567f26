"""Operations and models against Frontegg's own OpenAPI, where a copy of it lies beside us."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
import pytest

from frontegg_async import Operation, TenantHeader
from frontegg_async.endpoints import authentication, operations, users
from frontegg_async.models.authentication import AuthenticateRequest
from frontegg_async.models.paging import Page
from frontegg_async.models.users import (
    AddToTenantRequest,
    Permission,
    Role,
    SetActiveTenantRequest,
    SetSuperuserRequest,
    UserTenant,
)

SPECS = Path(__file__).parent.parent.parent / "shared" / "spec"
pytestmark = pytest.mark.skipif(
    not (SPECS / "identity.json").exists() or not (SPECS / "env-auth.json").exists(),
    reason="no copy of Frontegg's OpenAPI in ../shared/spec",
)
TENANT_HEADER = "frontegg-tenant-id"

LEFT_OUT = {
    # Objects without a schema: nothing could be said about what is in them.
    "groups",
}
"""Fields of the specification that the models leave out, and why."""

REQUESTS: dict[str, type[msgspec.Struct]] = {
    "authentication.authenticate": AuthenticateRequest,
    "users.add_to_tenant": AddToTenantRequest,
    "users.set_active_tenant": SetActiveTenantRequest,
    "users.set_superuser": SetSuperuserRequest,
}


@cache
def spec(name: str) -> Any:
    return json.loads((SPECS / name).read_text())


def document(operation: Operation[Any]) -> tuple[Any, Any]:
    """Return the specification that an operation is in, and its own entry there."""
    if operation.template == "/auth/vendor":
        whole, path = spec("env-auth.json"), "/"
    else:
        whole, path = spec("identity.json"), operation.template.removeprefix("/identity")
    return whole, whole["paths"][path][operation.method.lower()]


def resolved(whole: Any, schema: Any) -> Any:
    """Return a schema without references at its top, all of its parts put together."""
    if "$ref" in schema:
        return resolved(whole, whole["components"]["schemas"][schema["$ref"].split("/")[-1]])
    merged = {**schema, "properties": dict(schema.get("properties", {}))}
    for part in schema.get("allOf", ()):
        merged["properties"].update(resolved(whole, part).get("properties", {}))
    return merged


def names(struct: type[msgspec.Struct]) -> dict[str, bool]:
    """Return the fields of a Struct as they are on the wire, and whether each is required."""
    return {field.encode_name: field.required for field in msgspec.structs.fields(struct)}


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.name)
def test_routes(operation: Operation[Any]) -> None:
    """Each operation is in the specification: method, path, its parameters, the tenant header."""
    _, entry = document(operation)
    parameters = entry.get("parameters", [])
    in_path = {each["name"] for each in parameters if each["in"] == "path"}
    assert set(operation.parameters) == in_path
    headers = {each["name"]: each["required"] for each in parameters if each["in"] == "header"}
    assert (TENANT_HEADER in headers) == (operation.tenant is not TenantHeader.NONE)
    if headers.get(TENANT_HEADER):
        assert operation.tenant is TenantHeader.REQUIRED
    assert any(status.startswith("2") for status in entry["responses"])


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.name)
def test_requests(operation: Operation[Any]) -> None:
    """What is sent has the fields of the specification, and asks for those that it requires."""
    whole, entry = document(operation)
    if "requestBody" not in entry:
        assert operation.name not in REQUESTS
        return
    schema = resolved(whole, entry["requestBody"]["content"]["application/json"]["schema"])
    required = set(schema.get("required", ()))
    expected = {name: name in required for name in schema["properties"]}
    assert names(REQUESTS[operation.name]) == expected


def answer_schema(operation: Operation[Any]) -> tuple[Any, Any] | None:
    whole, entry = document(operation)
    for status, response in entry["responses"].items():
        if status.startswith("2") and "content" in response:
            return whole, resolved(whole, response["content"]["application/json"]["schema"])
    return None


def check_fields(whole: Any, schema: Any, struct: type[msgspec.Struct]) -> None:
    specified = set(schema["properties"])
    assert not specified - names(struct).keys() - LEFT_OUT
    if "items" in specified and "_links" in specified:
        item = resolved(whole, schema["properties"]["items"]["items"])
        check_fields(whole, item, users.GET.returns)


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.name)
def test_answers(operation: Operation[Any]) -> None:
    """Every field of a specified answer can be read, and where none is specified none is."""
    found = answer_schema(operation)
    if found is None:
        assert operation.returns is NoneType
        return
    returns: Any = operation.returns
    if get_origin(returns) is tuple:
        returns = get_args(returns)[0]
    check_fields(*found, get_origin(returns) or returns)


@pytest.mark.parametrize(
    ("name", "struct"),
    [
        ("RoleResponse", Role),
        ("PermissionResponse", Permission),
        ("UserTenantDto", UserTenant),
        ("FronteggPaginationWrapper", Page),
    ],
)
def test_parts_of_answers(name: str, struct: type[msgspec.Struct]) -> None:
    """The parts of answers have the specified fields as well."""
    whole = spec("identity.json")
    check_fields(whole, resolved(whole, {"$ref": f"#/components/schemas/{name}"}), struct)


@pytest.mark.parametrize("operation", operations(), ids=lambda each: each.name)
def test_models_invent_nothing(operation: Operation[Any]) -> None:
    """A user's fields are the specified ones of some answer: no field was made up."""
    found = answer_schema(operation)
    if found is None or operation.returns is not users.GET.returns:
        return
    whole = spec("identity.json")
    known = {
        name
        for dto in ("UserDto", "UserV3Dto", "CoreUserDto")
        for name in whole["components"]["schemas"][dto]["properties"]
    }
    assert names(operation.returns).keys() <= known


@pytest.mark.parametrize("name", ["_tenantId", "_email", "ids", "_includeSubTenants", "_sortBy",
                                  "_order", "_limit", "_offset"])  # fmt: skip
def test_filters(name: str) -> None:
    """Each filter of ``iterate`` is a query parameter of the specification."""
    _, entry = document(users.ITERATE)
    assert name in {each["name"] for each in entry["parameters"] if each["in"] == "query"}


def test_the_auth_route() -> None:
    """The auth route is the host of its own specification and takes no token."""
    servers = [server["url"] for server in spec("env-auth.json")["servers"]]
    assert f"https://api.frontegg.com{authentication.AUTHENTICATE.template}" in servers
