"""Signatures of the endpoint coroutines: the parameters of each, and where their values go.

An endpoint declares this by its operation and by the names and types of its parameters:

    path     the first parameters, one for each {parameter} of the operation's path, in its order
    body     a parameter named like a field of the operation's body, or of the type of the body
    header   tenant_id and user_id where the operation takes these headers; a parameter named like
             one of its other headers; the two values of a cookie. All of them stand last.
    query    every other parameter

``tests/drift`` calls each coroutine, records the request, and compares it with this.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import Enum
from importlib import import_module
from itertools import takewhile
from types import NoneType
from typing import Any, Final, get_origin, get_type_hints

import msgspec
from msgspec import UNSET

from ..._core.secret import is_secret
from ...operation import Operation, TenantHeader, UserHeader
from .docstrings import Documentation
from .hints import arms_of, is_list, is_object, item_of, present, struct_of

TENANT_HEADER: Final = "frontegg-tenant-id"
USER_HEADER: Final = "frontegg-user-id"
COOKIE: Final = "Cookie"
_TENANT: Final = frozenset({"tenant_id", "current_tenant_id"})
_COOKIE_VALUES: Final = frozenset({"client_id", "refresh_token"})
"""The cookie with a refresh token is named after the client id."""


class Place(Enum):
    """The part of a request that the value of a parameter goes into."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of an endpoint's coroutine.

    Args:
        name: in Python.
        annotation: its type, None and UNSET included.
        default: ``inspect.Parameter.empty`` if it must be given.
        place: where its value goes.
        wire: its name in the path, in the body or among the headers; "" in the query and for a
            whole body.
        whole: True if it is the body itself, not a field of it.
        text: its description in the docstring.
    """

    name: str
    annotation: Any
    default: Any
    place: Place
    wire: str
    whole: bool
    text: str

    @property
    def hint(self) -> Any:
        """The type of a value that is given: ``annotation`` without None and UNSET.

        Of a file, whose path or handle a program may give as well, it is the content.
        """
        hint = present(self.annotation)
        return bytes if bytes in arms_of(hint) else hint

    @property
    def nullable(self) -> bool:
        """True if null may be sent, which differs from sending nothing."""
        return self.place is Place.BODY and NoneType in arms_of(self.annotation)

    @property
    def required(self) -> bool:
        """True if it must be given."""
        return self.default is inspect.Parameter.empty

    @property
    def shown_default(self) -> Any:
        """The value that is sent by default, or None if nothing is."""
        return None if self.required or self.default is UNSET else self.default

    @property
    def secret(self) -> bool:
        """True if it must not stand on a command line, which others can see."""
        return not self.whole and is_secret(self.name)

    @property
    def document_name(self) -> str | None:
        """Its name in the document of ``--body``, None if it cannot be given there.

        Secrets are given there wherever they are sent.
        """
        if self.place is Place.BODY:
            return None if self.whole else self.wire
        return _camel(self.name) if self.secret else None


class Signature(msgspec.Struct, frozen=True):
    """The coroutine behind an operation: its function, docstring and parameters in order."""

    method: Callable[..., Any]
    documentation: Documentation
    parameters: tuple[Parameter, ...]

    @classmethod
    def of(cls, operation: Operation[Any]) -> Signature | None:
        """Read the signature of an operation's coroutine; None if programs cannot call it."""
        method = find_method(operation)
        if method is None:
            return None
        documentation = Documentation.of(method)
        return cls(method, documentation, _parameters(operation, method, documentation))


def find_group(name: str) -> type[Any]:
    """Return the class of a group of operations."""
    module = import_module(f"frontegg_async.endpoints.{name}")
    return next(
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    )


def find_method(operation: Operation[Any]) -> Callable[..., Any] | None:
    """Return the function behind an operation, or None if programs cannot call it."""
    group, _, verb = operation.name.partition(".")
    method = getattr(find_group(group), verb, None)
    return method if inspect.isfunction(method) else None


def _parameters(
    operation: Operation[Any], method: Callable[..., Any], documentation: Documentation
) -> tuple[Parameter, ...]:
    annotations = get_type_hints(method)
    defaults = inspect.signature(method).parameters
    names = [name for name in defaults if name != "self"]
    # A tenant_id that does not stand last is a filter of users.iterate, in the query.
    in_headers = set(takewhile(lambda name: _header(operation, name), reversed(names)))
    body: dict[str, str] = {}
    if struct_of(operation.body) is not None:
        body = {each.name: each.encode_name for each in msgspec.structs.fields(operation.body)}
    found: list[Parameter] = []
    for index, name in enumerate(names):
        whole = False
        if index < len(operation.parameters):
            place, wire = Place.PATH, operation.parameters[index]
        elif name in body:
            place, wire = Place.BODY, body[name]
        elif _is_body(operation.body, present(annotations[name])):
            place, wire, whole = Place.BODY, "", True
        elif name in in_headers:
            place, wire = Place.HEADER, _header(operation, name)
        else:
            place, wire = Place.QUERY, ""
        found.append(
            Parameter(
                name=name,
                annotation=annotations[name],
                default=defaults[name].default,
                place=place,
                wire=wire,
                whole=whole,
                text=documentation.parameters.get(name, ""),
            )
        )
    return tuple(found)


def _header(operation: Operation[Any], name: str) -> str:
    """Return the header that a parameter of this name is sent as, or ""."""
    takes_tenant = operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED}
    if takes_tenant and name in _TENANT:
        return TENANT_HEADER
    if operation.user is not UserHeader.NONE and name == "user_id":
        return USER_HEADER
    if COOKIE in operation.headers and name in _COOKIE_VALUES:
        return COOKIE
    own = f"frontegg-{name.replace('_', '-')}"
    return own if own in operation.headers else ""


def _is_body(body: Any, hint: Any) -> bool:
    """Return whether a type is that of an operation's body."""
    if body is None:
        return False
    if get_origin(body) is tuple:
        return is_list(hint) and item_of(hint) == item_of(body)
    if is_object(body):
        return is_object(hint)
    return hint == body or set(arms_of(hint)) == set(arms_of(body))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
