"""Every coroutine of every group: it sends its arguments, and nothing else."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any, Final, cast, get_args, get_origin

from msgspec import UNSET, Struct, UnsetType

from frontegg_async import Operation, TenantHeader, TokenKind
from frontegg_async.cli.call.hints import arms_of, is_object
from frontegg_async.cli.call.signatures import Parameter, Place
from frontegg_async.endpoints import operations
from frontegg_async.models.metadata import encode_metadata
from frontegg_async.models.paging import Page
from frontegg_async.operation import UserHeader

from ..support.for_each import for_each
from .instances import fields_of
from .recording import (
    BODY,
    CALLABLE,
    COOKIE_NAME,
    TENANT,
    USER,
    Sent,
    destinations,
    full_arguments,
    least_arguments,
    parameters_of,
    sent_by,
    signature_of,
)

SUFFIXES: Final = {
    TokenKind.ENVIRONMENT: "",
    TokenKind.EITHER: ", with the environment's or a user's token",
    TokenKind.USER: ", with a user's token",
    TokenKind.ANY: ", with any token or none",
    TokenKind.NONE: ", without a token",
}
SHARED_ROUTES: Final = {
    route
    for route, count in Counter(each.limit_group for each in operations()).items()
    if count > 1
}
"""Routes of more than one operation, which tell more of themselves than the route."""

each_operation = for_each(CALLABLE, name=lambda each: each.name)


def lands_as(sent: Sent, parameter: Parameter, value: Any, place: str) -> list[Any]:
    """Return the forms in which a value may be sent."""
    if place == COOKIE_NAME:
        return [f"fe_refresh_{value.replace('-', '', 1)}"]
    if (
        isinstance(value, Mapping)
        and str in arms_of(parameter.hint)
        and not takes_objects(sent, place)
    ):
        return [encode_metadata(cast("Mapping[str, Any]", value))]
    if isinstance(value, list):
        value = cast("list[object]", value)
        # Sent as a list, or as the one string that a few query parameters take.
        return [value, tuple(value), ",".join(map(str, value))]
    if isinstance(value, datetime):
        return [value, value.isoformat()]
    return [value]


def takes_objects(sent: Sent, place: str) -> bool:
    """Return whether a field of the body takes objects as they are."""
    fields = fields_of(type(sent.body)) if isinstance(sent.body, Struct) else ()
    hints = [field.hint for field in fields if place == f"{BODY} {field.name}"]
    return any(is_object(arm) for hint in hints for arm in arms_of(hint))


def own_places(operation: Operation[Any], places: Mapping[str, Any]) -> set[str]:
    """Return the places that are filled without a parameter: pages are numbered from 0."""
    paged = get_origin(operation.returns) is Page and "query _limit" in places
    return {"query _offset"} if paged else set()


def test_what_cannot_be_called() -> None:
    """Programs can call every operation but the token manager's own."""
    assert {each.name for each in set(operations()) - set(CALLABLE)} == {
        "authentication.authenticate"
    }


@each_operation
def test_each_argument_lands_once(operation: Operation[Any]) -> None:
    """Each argument changes one place of the request, its own, and arrives there unharmed."""
    for arguments in full_arguments(operation):
        sent = sent_by(operation, arguments)
        taken: list[str] = []
        for parameter in parameters_of(operation):
            if parameter.name not in arguments:
                continue
            landed = _landing(operation, parameter)
            if parameter.whole:
                place, value = BODY, sent.body
            else:
                assert len(landed) == 1, f"{parameter.name} lands in {sorted(landed)}"
                (place,) = landed
                value = sent.places()[place]
            assert value in lands_as(sent, parameter, arguments[parameter.name], place), (
                parameter.name
            )
            taken.append(place)
        assert len(set(taken)) == len(taken)


@each_operation
def test_places(operation: Operation[Any]) -> None:
    """The recorded places of each parameter are those that its signature declares."""
    for parameter in parameters_of(operation):
        for place in _landing(operation, parameter):
            where, _, name = place.partition(" ")
            assert where == parameter.place.value, f"{parameter.name}: {place}"
            if parameter.place is Place.PATH:
                assert operation.parameters[int(name)] == parameter.wire
            elif parameter.place is Place.HEADER:
                assert name.partition(":")[0] == parameter.wire
            elif parameter.place is Place.BODY and not parameter.whole:
                assert name == parameter.name


@each_operation
def test_nothing_else_is_sent(operation: Operation[Any]) -> None:
    """With all arguments given, the request holds no other value."""
    for arguments in full_arguments(operation):
        places = sent_by(operation, arguments).places()
        expected = own_places(operation, places)
        expected = expected.union(*(destinations(operation)[name] for name in arguments))
        assert places.keys() == expected


@each_operation
def test_what_is_left_out_is_not_sent(operation: Operation[Any]) -> None:
    """With few arguments only these are sent, and defaults that say something."""
    arguments = least_arguments(operation)
    places = sent_by(operation, arguments).places()
    expected = own_places(operation, places)
    for parameter in parameters_of(operation):
        landed = _landing(operation, parameter)
        if parameter.name in arguments:
            expected |= landed
        elif parameter.shown_default is not None:
            expected |= landed
            assert {places[place] for place in landed} == {parameter.default}
    assert places.keys() == expected


def test_defaults_that_say_something() -> None:
    """Besides the length of a page, defaults that are sent are required, or a stable order."""
    found = {
        f"{operation.name} {parameter.name}": parameter.shown_default
        for operation in CALLABLE
        for parameter in parameters_of(operation)
        if parameter.shown_default is not None and parameter.name != "limit"
    }
    assert found == {
        "authentication.sign_up provider": "local",
        "authentication.sign_up_with_username provider": "local",
        # Without an order rows move between the pages while others write.
        "groups.iterate sort_by": "id",
        "jwt_templates.iterate sort_by": "id",
        "phone_numbers.iterate sort_by": "phoneNumber",
        "phone_numbers.iterate_v1 sort_by": "phoneNumber",
        "roles.iterate sort_by": "key",
        "sub_tenant_users.iterate sort_by": "id",
        "tenants.iterate sort_by": "tenantId",
        "user_emails.iterate sort_by": "email",
        "usernames.iterate sort_by": "username",
        "users.iterate sort_by": "id",
        "users.iterate_v2 sort_by": "id",
        "users.search sort_by": "id",
    }


@each_operation
def test_what_excludes_each_other(operation: Operation[Any]) -> None:
    """Parameters that are refused together, or without another, name each other."""
    told = signature_of(operation).documentation.parameters
    given = least_arguments(operation)
    doubtful = {
        parameter.name
        for parameter in parameters_of(operation)
        if (parameter.required, parameter.name in given) == (False, True)
        or any(parameter.name not in arguments for arguments in full_arguments(operation))
    }
    for name in doubtful:
        others = set(told) - {name}
        assert any(re.search(rf"\b{other}\b", told[name]) for other in others), name


@each_operation
def test_null_is_sent_where_it_is_taken(operation: Operation[Any]) -> None:
    """Where a field of the body takes None besides UNSET, None arrives as None."""
    for arguments in full_arguments(operation):
        for parameter in parameters_of(operation):
            place = f"{BODY} {parameter.name}"
            nullable = NoneType in arms_of(parameter.annotation)
            if nullable and parameter.name in arguments and place in _landing(operation, parameter):
                sent = sent_by(operation, {**arguments, parameter.name: None})
                assert sent.places()[place] is None
                # None as the default would be a null that no caller has asked for.
                assert parameter.required or parameter.default is UNSET


@each_operation
def test_path_values(operation: Operation[Any]) -> None:
    """There are as many path values as the route has, in its order, and they come first."""
    sent = sent_by(operation, least_arguments(operation))
    operation.path(sent.path)
    assert len(sent.path) == len(operation.parameters)
    first = parameters_of(operation)[: len(operation.parameters)]
    landed = [_landing(operation, parameter) for parameter in first]
    assert landed == [{f"path {at}"} for at in range(len(operation.parameters))]
    assert all(parameter.required for parameter in first)
    names = {parameter.name: at for at, parameter in enumerate(first)}
    for at, wire in enumerate(operation.parameters):
        # Renamed for Python or not, it is not the name of another one.
        assert names.get(snake_case(wire), at) == at


@each_operation
def test_body(operation: Operation[Any]) -> None:
    """The body is of the type that the operation says, however many arguments are given."""
    for arguments in (*full_arguments(operation), least_arguments(operation)):
        body = sent_by(operation, arguments).body
        if get_origin(operation.body) is tuple:
            items = cast("tuple[object, ...]", body)
            assert type(items) is tuple
            assert {type(item) for item in items} == {get_args(operation.body)[0]}
        else:
            assert type(body) in {
                get_origin(arm) or arm for arm in arms_of(operation.body or NoneType)
            }


@each_operation
def test_headers(operation: Operation[Any]) -> None:
    """A coroutine offers the headers that its operation takes, all of them and no other."""
    landed = destinations(operation)
    offered = {
        place: name
        for name, places in landed.items()
        for place in places
        if place.startswith("header ") and place != COOKIE_NAME
    }
    expected = {f"header {name}" for name in operation.headers}
    if operation.user is not UserHeader.NONE:
        expected.add(USER)
    # Where the name stands for something else already, views alone give the tenant.
    elsewhere = "tenant_id" in landed and TENANT not in landed["tenant_id"]
    if operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED} and not elsewhere:
        expected.add(TENANT)
    assert offered.keys() - ({TENANT} if elsewhere else set[str]()) == expected
    for place, name in ((TENANT, "tenant_id"), (USER, "user_id")):
        taken = name in landed and place not in landed[name]
        found = offered.get(place, name)
        assert found.endswith(f"_{name}") if taken and place in offered else found == name
    assert TENANT not in offered or operation.tenant not in {
        TenantHeader.NONE,
        TenantHeader.REFUSED,
    }


@each_operation
def test_signature(operation: Operation[Any]) -> None:
    """Absence is UNSET in the body, and parameters with a default are keyword-only."""
    kinds = inspect.signature(signature_of(operation).method).parameters
    for parameter in parameters_of(operation):
        if f"{BODY} {parameter.name}" in _landing(operation, parameter):
            assert (
                parameter.required
                or UnsetType in arms_of(parameter.annotation)
                or parameter.shown_default is not None
            )
        by_name = kinds[parameter.name].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.required or by_name, parameter.name


@each_operation
def test_docstring(operation: Operation[Any]) -> None:
    """A docstring ends with the route and the token, and explains all parameters or none."""
    documentation = signature_of(operation).documentation
    assert documentation.summary.endswith(".")
    route = f"{operation.method} {operation.template}"
    last = documentation.details[-1]
    if operation.limit_group in SHARED_ROUTES:
        assert last.startswith(f"{route} with")
        assert last.endswith(SUFFIXES[operation.token])
    else:
        assert last == route + SUFFIXES[operation.token]
    names = [parameter.name for parameter in parameters_of(operation)]
    assert list(documentation.parameters) in ([], names)
    if operation.deprecated:
        assert documentation.details[0].startswith("Deprecated by Frontegg")


def _landing(operation: Operation[Any], parameter: Parameter) -> frozenset[str]:
    return destinations(operation)[parameter.name]


def snake_case(wire: str) -> str:
    """Return a name of the wire as it is spelled in Python."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", wire.lstrip("_")).lower()
