"""The SDK's operations as they turn out when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Union

from frontegg_async import Operation, TenantHeader
from frontegg_async.endpoints import operations
from frontegg_async.operation import JSON, UserHeader

from .instances import words_of
from .recording import (
    CALLABLE,
    TENANT,
    USER,
    destinations,
    full_arguments,
    least_arguments,
    parameters_of,
    sent_by,
)

_HEADER: Final = "header "
_QUERY: Final = "query "


@dataclass(frozen=True)
class Use:
    """A parameter that the SDK sends.

    Args:
        required: True if a caller has to give it.
        always: True if every call has it, given or not.
        kind: of JSON, that its value would be; None where nothing was sent to be looked at.
        words: all that it can be, None if it is not limited.
    """

    required: bool
    always: bool
    kind: str | None = None
    words: frozenset[str] | None = None


@dataclass(frozen=True)
class SdkOperation:
    """One operation of the SDK.

    Args:
        name: group and verb.
        method: in capitals.
        template: path from the host, with ``{parameters}``.
        parameters: by where they stand (path, query, header) and name.
        body: type of the JSON body, None if there is none.
        returns: type that answers are decoded to, None if they are not looked at.
        deprecated: True if it should not be used any more.
    """

    name: str
    method: str
    template: str
    parameters: Mapping[tuple[str, str], Use]
    body: Any = None
    returns: Any = None
    deprecated: bool = False


def record(operation: Operation[Any]) -> SdkOperation:
    """Return an operation as it turns out when its coroutine is called."""
    parameters = {("path", name): Use(required=True, always=True) for name in operation.parameters}
    if operation in CALLABLE:
        parameters |= _uses(operation)
    if operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED}:
        required = operation.tenant is TenantHeader.REQUIRED
        parameters["header", TENANT.removeprefix(_HEADER)] = Use(required, always=required)
    if operation.user is not UserHeader.NONE:
        required = operation.user is UserHeader.REQUIRED
        parameters["header", USER.removeprefix(_HEADER)] = Use(required, always=required)
    returns: Any = None if operation.returns is type(None) else operation.returns
    if operation.one_or_many:
        returns = Union[returns, returns.__args__[0]]  # noqa: UP007  # a run-time value
    return SdkOperation(
        name=operation.name,
        method=operation.method,
        template=operation.template,
        parameters=parameters,
        body=operation.body,
        returns=returns,
        deprecated=operation.deprecated is not None,
    )


def _uses(operation: Operation[Any]) -> dict[tuple[str, str], Use]:
    """Return a coroutine's parameters in the path, in the query and in headers of its own."""
    always = sent_by(operation, least_arguments(operation)).places()
    ever: dict[str, Any] = {}
    for arguments in full_arguments(operation):
        ever |= sent_by(operation, arguments).places()
    parameters = {
        place: parameter
        for parameter in parameters_of(operation)
        for place in destinations(operation)[parameter.name]
    }
    found: dict[tuple[str, str], Use] = {}
    for place, value in ever.items():
        where, _, name = place.partition(" ")
        if where == "path":
            name = operation.parameters[int(name)]
        # The two general headers are as their operation says, since views give them.
        if where in {"path", "query", "header"} and place not in {TENANT, USER}:
            parameter = parameters.get(place)
            found[where, name.partition(":")[0]] = Use(
                required=parameter is not None and parameter.required,
                always=place in always,
                kind=_kind_of(value),
                words=None if parameter is None else words_of(parameter.hint),
            )
    return found


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "array" if isinstance(value, list | tuple) else "string"


def is_json(operation: SdkOperation) -> bool:
    """Return whether answers are decoded as they come."""
    return operation.returns is JSON


def record_all() -> tuple[SdkOperation, ...]:
    """Return all operations of the SDK."""
    return tuple(record(operation) for operation in operations())
